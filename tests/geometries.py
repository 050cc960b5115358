"""Small soups of every geometry, as the naive tracer takes them: who meets whom, resets, mutation before and after."""

from typing import Any, NamedTuple

from tests.naive.soup import Settings


class Told(NamedTuple):
    """A soup and for how many epochs it is worth following."""

    settings: Settings
    epochs: int


#: A graph in which 0 has no list, 5 meets nobody, 3 is liked twice as much and 11 only ever stands on the right.
INTERACTIONS = (
    *((1, 3), (1, 3), (1, 0), (2, 1), (4, 3), (3, 4), (3, 2), (6, 7), (7, 6), (7, 8), (8, 11)),
    *((9, 10), (10, 9), (10, 11), (2, 0), (6, 11)),
)

#: What makes each geometry, by name; all of them with few programs.
GEOMETRIES: dict[str, dict[str, Any]] = {
    "mixed": {"programs": 10},
    "fixed": {"programs": 16, "geometry": "fixed"},
    "fixed of two": {"programs": 2, "geometry": "fixed"},
    "cyclic": {"programs": 10, "geometry": "cyclic"},
    "line": {"programs": 14, "geometry": "line", "radius": 2},
    "line all across": {"programs": 6, "geometry": "line", "radius": 40},
    "grid": {"programs": 20, "geometry": "grid", "width": 5, "height": 4, "radius": 1},
    "narrow grid": {"programs": 14, "geometry": "grid", "width": 2, "height": 7, "radius": 3},
    "grid of a row": {"programs": 12, "geometry": "grid", "width": 12, "height": 1, "radius": 1},
    "graph": {"programs": 12, "geometry": "graph", "interactions": INTERACTIONS},
    "lattice": {"programs": 20, "geometry": "lattice", "width": 5, "height": 4},
    "least lattice": {"programs": 4, "geometry": "lattice", "width": 2, "height": 2},
}


def settings_of(name: str, language: str, mutation: int | None = None, **options: Any) -> Settings:
    """Return the soup of a geometry above; ``mutation`` is the geometry's default if it is None."""
    chosen = {**GEOMETRIES[name], **options}
    if mutation is None:
        mutation = 2**26 if chosen.get("geometry") == "lattice" else 2**18
    return Settings(language, mutation=mutation, **chosen)


def _resets() -> dict[str, Told]:
    """Return soups large enough to be reset, all or in part, one with nothing to reset, one to zeros."""
    line: dict[str, Any] = {"geometry": "line", "radius": 1}
    grid: dict[str, Any] = {"geometry": "grid", "width": 6, "height": 6, "radius": 2}
    return {
        "mixed, reset in part": Told(Settings("bff_noheads", 34, 5, 2**22, 300, reset_interval=7), 30),
        "mixed, reset in each epoch": Told(Settings("forthtrivial_reset", 32, 6, 0, 400, reset_interval=1), 12),
        "mixed, nothing to reset": Told(Settings("bff", 30, 7, 2**22, 300, reset_interval=3), 12),
        "mixed, reset to zeros": Told(Settings("bff_noheads_4bit", 64, 8, 2**24, 300, zero=True, reset_interval=5), 18),
        "line, reset": Told(Settings("bff", 66, 9, 2**24, 300, reset_interval=4, **line), 18),
        "grid, reset": Told(Settings("forthtrivial", 36, 10, 2**28, 300, reset_interval=6, **grid), 20),
        "all mutated, reset in each epoch": Told(
            Settings("forthtrivial_reset", 64, 12, 2**30, 300, geometry="fixed", reset_interval=1), 8
        ),
        "cyclic, reset": Told(Settings("bff_noheads", 32, 11, 0, 300, geometry="cyclic", reset_interval=9), 30),
    }


#: By name: each geometry without mutation, with the default and with a lot of it; resets.
SOUPS: dict[str, Told] = {
    **{
        f"{name}, {language}": Told(settings_of(name, language, mutation, seed=seed, step_limit=500), 25)
        for seed, name in enumerate(GEOMETRIES)
        for language, mutation in (("bff_noheads", 0), ("bff", None), ("forthtrivial_reset", 2**28))
    },
    **_resets(),
}
