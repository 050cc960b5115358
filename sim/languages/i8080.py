"""`i8080`: an Intel 8080, all of it; the tape is its memory.

Tracing rule (as `sim.i8080` says in full): moves, loads, exchanges, pushes and pops copy a byte with its identity, a
constant brings its cell's; arithmetic and rotation keep the identity of the byte that they change; flags, return
addresses, port input and the registers at the start come from nowhere.
"""

from sim import i8080
from sim.i8080_opcodes import colour, instruction
from sim.language import Demonstration, Survey
from sim.processors import Processor, make_language

I8080 = make_language(
    "i8080",
    Processor(
        registers=i8080.REGISTERS,
        reset=i8080.reset,
        step=lambda r, memory, sources: i8080.run(r, memory, sources, 1),
        instruction=instruction,
        colour=colour,
    ),
    i8080.execute,
    engine=i8080.execute_fast,
    summary="an Intel 8080; the tape of two 16-byte programs is its memory",
    survey=Survey(8192, 512, 4, (64, 64, 64, 64)),
    demonstration=Demonstration({"programs": 8192, "seed": 0}, 320, 1),
)
