"""The registry: one line an instruction set; those of installed packages are found by themselves."""

from importlib.metadata import EntryPoint, entry_points

from sim.errors import InputError
from sim.language import Language
from sim.languages.bff import BFF
from sim.languages.bff8 import BFF8
from sim.languages.bff8_noheads import BFF8_NOHEADS
from sim.languages.bff_noheads import BFF_NOHEADS
from sim.languages.bff_noheads_4bit import BFF_NOHEADS_4BIT
from sim.languages.bff_perm import BFF_PERM
from sim.languages.bff_selfmove import BFF_SELFMOVE
from sim.languages.forth import FORTH
from sim.languages.forthcopy import FORTHCOPY
from sim.languages.forthtrivial import FORTHTRIVIAL
from sim.languages.forthtrivial_reset import FORTHTRIVIAL_RESET
from sim.languages.i8080 import I8080
from sim.languages.rsubleq4 import RSUBLEQ4
from sim.languages.subleq import SUBLEQ
from sim.languages.z80 import Z80
from sim.languages.z80_zff import Z80_ZFF

#: Where an installed package names its languages: ``[project.entry-points."primordium.languages"]``.
GROUP = "primordium.languages"

LANGUAGES: dict[str, Language] = {
    found.name: found
    for found in (
        BFF,
        BFF_NOHEADS,
        BFF_NOHEADS_4BIT,
        BFF_PERM,
        BFF_SELFMOVE,
        BFF8,
        BFF8_NOHEADS,
        FORTH,
        FORTHCOPY,
        FORTHTRIVIAL,
        FORTHTRIVIAL_RESET,
        SUBLEQ,
        RSUBLEQ4,
        I8080,
        Z80,
        Z80_ZFF,
    )
}


#: The languages of this package; the registry may have more.
BUILT_IN = tuple(LANGUAGES)

#: What is wrong with languages of installed packages, by the name of their entry point.
REFUSED: dict[str, str] = {}


def register(point: EntryPoint) -> None:
    """Enter the language that an entry point names; one that cannot be is told when somebody asks for it."""
    try:
        found = point.load()
    except Exception as error:  # noqa: BLE001 -- another's package may raise anything
        REFUSED[point.name] = f"{point.value} cannot be loaded: {' '.join(str(error).split())}"
        return
    if not isinstance(found, Language):
        REFUSED[point.name] = f"{point.value} is no sim.Language"
    elif found.name != point.name:
        REFUSED[point.name] = f"{point.value} calls itself {found.name!r}"
    elif found.name in LANGUAGES:
        REFUSED.setdefault(point.name, f"{point.value} bears the name of another language")
    else:
        LANGUAGES[found.name] = found


for _point in entry_points(group=GROUP):
    register(_point)


def language(name: str) -> Language:
    """Return the language called ``name``; raises `InputError` naming those there are."""
    if name in LANGUAGES:
        return LANGUAGES[name]
    if name in REFUSED:
        raise InputError(f"language: {name!r} of an installed package: {REFUSED[name]}")
    raise InputError(f"language: {name!r}; allowed: {', '.join(LANGUAGES)}")
