"""`bff_noheads`: the paper's BFF (section 2): ASCII commands, both heads start at 0."""

from sim.heads import make_language

ASCII = {"0": (0,)} | {symbol: (ord(symbol),) for symbol in "[]+-.,<>{}"}

BFF_NOHEADS = make_language("bff_noheads", ASCII, heads_on_tape=False, summary="the paper's BFF: both heads start at 0")
