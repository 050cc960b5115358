"""What a person asks of `sweep`, checked: a TOML file becomes a `Sweep`, the requests of all its runs.

Whatever is wrong raises `InputError` with one line that names the file and its key, and what is allowed.
"""

import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.options import BY_KEY
from flows.request import RunRequest, make_request, read_toml, taken
from sim import InputError
from warehouse.paper import FIGURES
from warehouse.record import RETENTIONS, check_name, run_id
from warehouse.sweeps import PlannedRun

READY = Path(__file__).parent / "sweeps"
_KEYS = ("name", "paper", "keep", "run", "grid", "condition", "seeds", "stop_when", "full")
#: What `run` has and a sweep says otherwise.
_ELSEWHERE = {
    "seed": "give `seeds`",
    "name": "runs of a sweep have no names",
    "store": "give --store",
    "direct": "give --direct",
    "force": "give --force",
    "threads": "runs of a sweep have one thread each; give --workers",
    "until_transition": "give [stop_when] complexity = 1.0",
    "then": "give [stop_when] held = 256",
}
_SEED = BY_KEY["seed"]
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_MOST_RUNS = 1_000_000


@dataclass(frozen=True)
class Member:
    """A run of a sweep: what is asked of it, and its row of the plan."""

    request: RunRequest
    planned: PlannedRun


@dataclass(frozen=True)
class Sweep:
    """A sweep's definition.

    - `name`; `paper`: the paper's figure that it repeats, if any
    - `definition`: what was read, as JSON
    - `members`: its runs, the first seed in all conditions, then the second, and so on
    - `keep`: the policy to which each run is thinned at its end
    """

    name: str
    paper: str | None
    definition: str
    members: tuple[Member, ...]
    keep: str = RETENTIONS[0]


def find_sweep(name: str) -> Path | None:
    """Return the file of a sweep: ``name`` is its path, or the name of a ready one; None if there is neither."""
    if Path(name).suffix == ".toml" or Path(name).is_file():
        return Path(name)
    ready = READY / f"{name}.toml"
    return ready if ready.is_file() else None


def ready_sweeps() -> list[str]:
    """Return the names of the ready sweeps."""
    return sorted(path.stem for path in READY.glob("*.toml"))


def sweep_name(path: Path, *, full: bool = False) -> str:
    """Return the name of the sweep in a file, nothing else of it read."""
    return _name(path, _merged(read_toml(path), path, full=full), full=full)


def read_sweep(path: Path, *, store: Path, full: bool = False, force: bool = False) -> Sweep:
    """Return the sweep in a TOML file; ``full``: as its table `full` changes it. Raises `InputError`."""
    table = _merged(read_toml(path), path, full=full)
    for key in table:
        if key not in _KEYS:
            raise InputError(f"{path}: {key}: unknown key; allowed: {', '.join(_KEYS)}")
    paper = table.get("paper")
    if paper is not None and paper not in FIGURES:
        raise InputError(f"{path}: paper: {paper!r}; allowed: {', '.join(FIGURES)}")
    keep = table.get("keep", RETENTIONS[0])
    if keep not in RETENTIONS:
        raise InputError(f"{path}: keep: {keep!r}; allowed: {', '.join(RETENTIONS)}")
    name, stops = _name(path, table, full=full), _stops(path, table.get("stop_when", {}))
    seeds = _seeds(path, table.get("seeds"))
    conditions = list(_conditions(path, table))
    if len(seeds) * len(conditions) > _MOST_RUNS:
        raise InputError(f"{path}: {len(seeds) * len(conditions)} runs; allowed: up to {_MOST_RUNS}")
    fixed = {"store": str(store), "direct": True, "threads": 1, "force": force}
    members, seen = [], dict[tuple[str, str], str]()
    # One request is checked and made for each condition; other seeds only change its seed.
    made = [make_request({**values, **fixed, "seed": 0}, places) for _, _, values, places in conditions]
    for seed in seeds:
        for rank, ((label, grid, _, _), request) in enumerate(zip(conditions, made, strict=True), 1):
            asked = replace(request, config=replace(request.config, seed=seed), **stops)
            run, where = run_id(asked.config), f"condition {label!r}, seed {seed}"
            other = seen.setdefault((run, f"{asked.epochs}"), where)
            if other != where:
                raise InputError(f"{path}: {where} is the same run as {other}; leave one of them out")
            members.append(Member(asked, PlannedRun(run, label, rank, seed, json.dumps(grid), asked.epochs)))
    definition = json.dumps({**table, "name": name}, sort_keys=True)
    return Sweep(name, paper, definition, tuple(members), keep)


def _merged(table: dict[str, Any], path: Path, *, full: bool) -> dict[str, Any]:
    """Return a file's table, with what its table `full` has in the place of what it names, if asked for."""
    changes = table.pop("full", None)
    if not full:
        return table
    if not isinstance(changes, dict):
        raise InputError(f"{path}: full: missing; --full needs a table [full] of what is different at full size")
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(table.get(key), dict) and key in {"run", "grid", "stop_when"}
        table[key] = {**table[key], **value} if both else value
    return table


def _name(path: Path, table: Mapping[str, Any], *, full: bool) -> str:
    name = table.get("name")
    if not isinstance(name, str):
        raise InputError(f"{path}: name: missing or no text; give the sweep a name such as: name = 'rates'")
    name = f"{name}-full" if full else name
    try:
        check_name(name)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return name


def _seeds(path: Path, value: Any) -> list[int]:
    place, form = f"{path}: seeds", "a list of whole numbers, or {first = 0, count = 100}"
    if isinstance(value, dict) and set(value) == {"first", "count"}:
        first, count = (taken(f"{place}.{key}", _whole(0 if key == "first" else 1), value[key]) for key in value)
        first, count = (first, count) if next(iter(value)) == "first" else (count, first)
        seeds = [first + place for place in range(min(count, _MOST_RUNS + 1))]
    elif isinstance(value, list) and value:
        seeds = [taken(place, _SEED.check, seed) for seed in value]
        if len(set(seeds)) < len(seeds):
            raise InputError(f"{place}: a seed is there twice; allowed: {form}, each once")
    else:
        raise InputError(f"{place}: {'missing' if value is None else repr(value)}; allowed: {form}")
    taken(place, _SEED.check, seeds[-1])
    return seeds


def _conditions(path: Path, table: Mapping[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any], dict[str, str]]]:
    """Yield each condition: its label, its grid's values, all options checked, and where each was given."""
    fixed, places = _options(path, "run", table.get("run", {}), lambda check, value: check(value))
    grid, of_grid = _options(path, "grid", table.get("grid", {}), _each)
    named = table.get("condition", [{}])
    if not isinstance(named, list) or not named or not all(isinstance(each, dict) for each in named):
        raise InputError(f"{path}: condition: write a table [[condition]] with a name and options for each")
    labels = set[str]()
    for number, each in enumerate(named, 1):
        options, title = dict(each), each.get("name", "")
        if "condition" in table:
            options.pop("name", None)
            if not isinstance(title, str) or not title.strip() or title in labels:
                raise InputError(f"{path}: condition: number {number} needs a name of its own, a text")
            labels.add(title)
        own, of_own = _options(path, f"condition {title}", options, lambda check, value: check(value))
        for values in itertools.product(*grid.values()):
            point = dict(zip(grid, values, strict=True))
            shown = {key: table["grid"][key][grid[key].index(value)] for key, value in point.items()}
            label = ", ".join(filter(None, [title, *(f"{key}={_told(value)}" for key, value in shown.items())]))
            yield label, {**options, **shown}, {**fixed, **own, **point}, {**places, **of_own, **of_grid}


def _options(
    path: Path, where: str, table: Any, take: Callable[[Callable[[Any], Any], Any], Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values of a table of run's options, as ``take`` has them checked, and the place of each."""
    if not isinstance(table, dict):
        raise InputError(f"{path}: {where}: is no table; write options of `run` in a table [{where.partition(' ')[0]}]")
    allowed = sorted(set(BY_KEY) - set(_ELSEWHERE))
    values, places = {}, {}
    for key, value in table.items():
        places[key] = f"{path}: {where}.{key}"
        if key in _ELSEWHERE:
            raise InputError(f"{places[key]}: cannot be given here; {_ELSEWHERE[key]}")
        if key not in BY_KEY:
            raise InputError(f"{places[key]}: unknown key; allowed: {', '.join(allowed)}")
        values[key] = taken(places[key], lambda given, check=BY_KEY[key].check: take(check, given), value)
    return values, places


def _each(check: Callable[[Any], Any], values: Any) -> list[Any]:
    if not isinstance(values, list) or not values:
        raise ValueError(f"{values!r}; allowed: a list of values")
    checked = [check(value) for value in values]
    if any(value in checked[:place] for place, value in enumerate(checked)):
        raise ValueError(f"{values!r} has a value twice; allowed: each once")
    return checked


def _stops(path: Path, table: Any) -> dict[str, Any]:
    """Return what a table `stop_when` changes of every run's request."""
    allowed: dict[str, Callable[[Any], Any]] = {
        "complexity": _above_zero, "held": _whole(0), "replicators": _whole(1), "wall_time": _seconds
    }  # fmt: skip
    if not isinstance(table, dict):
        raise InputError(f"{path}: stop_when: is no table; write [stop_when] and complexity = 1.0 under it")
    for key in table:
        if key not in allowed:
            raise InputError(f"{path}: stop_when.{key}: unknown key; allowed: {', '.join(allowed)}")
    found = {key: taken(f"{path}: stop_when.{key}", allowed[key], value) for key, value in table.items()}
    if "held" in found and "complexity" not in found:
        raise InputError(
            f"{path}: stop_when.held: applies only with complexity; add complexity = 1.0 or leave this out"
        )
    stops: dict[str, Any] = {"replicators": found.get("replicators"), "seconds": found.get("wall_time")}
    if "complexity" in found:
        stops |= {"until_transition": True, "threshold": found["complexity"], "then": found.get("held", 256)}
    return stops


def _whole(least: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{value!r}; allowed: whole numbers from {least} on")
        return value

    return check


def _above_zero(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 8 or math.isnan(value):
        raise ValueError(f"{value!r}; allowed: bits per byte above 0, up to 8")
    return float(value)


def _seconds(value: Any) -> float:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *(s|min|h|d)", value) if isinstance(value, str) else None
    if match is None or not float(match[1]):
        raise ValueError(f"{value!r}; allowed: a time such as '90 s', '30 min', '2h' or '1 d'")
    return float(match[1]) * _UNITS[match[2]]


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
