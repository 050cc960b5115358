"""`bff`: ASCII commands, both heads start where the tape's first two bytes say."""

from sim.heads import make_language
from sim.language import Demonstration, Survey
from sim.languages.bff_noheads import ASCII

BFF = make_language(
    "bff",
    ASCII,
    heads_on_tape=True,
    summary="BFF whose heads start where the tape's first two bytes say",
    survey=Survey(8192, 4096, 32, (896, 1216, 1664)),
    demonstration=Demonstration({"programs": 8192, "seed": 12}, 1536, 862),
)
