"""`z80_zff`: the Z80 of the published grid, bit for bit; where it differs from a Z80: semantics.md section 5.

Tracing rule: that of `z80`. By default its soup is that grid: a lattice, on which mutations follow the
reactions, and 128 steps a tape.
"""

from functools import partial
from typing import Any

import numpy as np

from sim import z80
from sim.language import Demonstration, Language, Survey
from sim.processors import Processor, make_language
from sim.z80_registers import REGISTERS
from sim.z80_text import colour, instruction


def make_z80(name: str, *, published: bool, **options: Any) -> Language:
    """Return a language whose processor is a Z80, or the published core; ``options`` are fields of `Language`."""
    processor = Processor(
        registers=REGISTERS,
        reset=z80.reset,
        step=lambda r, memory, sources: z80.run(r, memory, sources, 1, int(published)),
        instruction=partial(instruction, published=published),
        colour=colour,
    )
    table = np.array([published], np.uint8)
    return make_language(name, processor, z80.execute, engine=z80.execute_fast, table=table, **options)


Z80_ZFF = make_z80(
    "z80_zff",
    published=True,
    geometry="lattice",
    step_limit=128,
    summary="the Z80 core of the published grid, bit for bit; 16-byte programs",
    survey=Survey(40000, 512, 8, (64, 64, 64, 64, 64, 64, 64, 64)),
    demonstration=Demonstration({"width": 200, "height": 200, "seed": 1878}, 2048, 292),
)
