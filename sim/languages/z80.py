"""`z80`: a Zilog Z80, all of it; the tape is its memory.

Tracing rule (as `sim.z80` says in full): loads, exchanges, pushes, pops and block moves copy a byte with its identity,
a constant brings its cell's; arithmetic and rotation keep the identity of the byte that they change; flags, return
addresses, port input, I, R and the registers at the start come from nowhere. By default its soup
is a lattice, with the paper's 256 steps a tape.
"""

from sim.language import Demonstration, Survey
from sim.languages.z80_zff import make_z80

Z80 = make_z80(
    "z80",
    published=False,
    geometry="lattice",
    step_limit=256,
    summary="a Zilog Z80, undocumented opcodes and flags included; 16-byte programs",
    survey=Survey(40000, 512, 8, (64, 64, 64, 64, 64, 64, 64, 64)),
    demonstration=Demonstration({"width": 200, "height": 200, "seed": 0}, 2048, 1563),
)
