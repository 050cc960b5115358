"""`bff_noheads_4bit`: the low nibble decides, so a random byte is a command ten times in sixteen."""

from sim.heads import make_language
from sim.language import Demonstration, Survey

NIBBLES = {symbol: tuple(range(nibble, 256, 16)) for nibble, symbol in ((0, "0"), *enumerate("[]+-.,<>{}", start=6))}

BFF_NOHEADS_4BIT = make_language(
    "bff_noheads_4bit",
    NIBBLES,
    heads_on_tape=False,
    fold=0x0F,
    summary="BFF commands in the low four bits of a byte",
    survey=Survey(8192, 4096, 8, (64, 64, 128, 128, 128, 256, 384, 512)),
    demonstration=Demonstration({"programs": 4096, "seed": 0}, 512, 52),
)
