"""`bff_noheads`: the paper's BFF (section 2): ASCII commands, both heads start at 0."""

from sim.heads import make_language
from sim.language import Demonstration, Survey

ASCII = {"0": (0,)} | {symbol: (ord(symbol),) for symbol in "[]+-.,<>{}"}

BFF_NOHEADS = make_language(
    "bff_noheads",
    ASCII,
    heads_on_tape=False,
    summary="the paper's BFF: both heads start at 0",
    survey=Survey(8192, 4096, 8, ()),
    demonstration=Demonstration({"programs": 131072, "seed": 29}, 1280, 911),
)
