"""The registry: one line an instruction set."""

from sim.errors import InputError
from sim.language import Language
from sim.languages.bff import BFF
from sim.languages.bff_noheads import BFF_NOHEADS
from sim.languages.bff_noheads_4bit import BFF_NOHEADS_4BIT
from sim.languages.i8080 import I8080
from sim.languages.z80 import Z80
from sim.languages.z80_zff import Z80_ZFF

LANGUAGES: dict[str, Language] = {
    found.name: found
    for found in (
        BFF,
        BFF_NOHEADS,
        BFF_NOHEADS_4BIT,
        I8080,
        Z80,
        Z80_ZFF,
    )
}


def language(name: str) -> Language:
    """Return the language called ``name``; raises `InputError` naming those there are."""
    if name not in LANGUAGES:
        raise InputError(f"language: {name!r}; allowed: {', '.join(LANGUAGES)}")
    return LANGUAGES[name]
