"""What `primordium serve` offers to Prefect: its flows, and the deployments that a person wants of them.

Without a file there is one deployment of each flow, named like it. A file says more:

    limit = 2                      # runs at once in this process
    [[deployment]]
    flow = "run"                   # the word of the command line
    name = "nightly"               # Prefect's name: primordium/nightly
    cron = "0 22 * * *"            # or: interval = 3600, in seconds
    timezone = "Europe/Berlin"     # of cron; UTC if it is not given
    limit = 1                      # runs at once wherever they run; more wait
    tags = ["paper"]
    description = "the paper's soup"
    parameters = {seed = 29, epochs = 1280}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.catalogue import NAMES
from flows.options import OPTIONS, Kind, Option
from flows.request import read_table, read_toml
from sim import LANGUAGES, InputError

_STORE = next(option for option in OPTIONS if option.key == "store")


@dataclass(frozen=True)
class Served:
    """A flow that can be served.

    - `entrypoint`: where it is, a module's path and a name
    - `options`: what it takes; `required`: those without a default
    - `description`: a line for Prefect's pages
    """

    entrypoint: str
    options: tuple[Option, ...]
    description: str
    required: tuple[str, ...] = ()


def _run_options() -> tuple[Option, ...]:
    """Return the options of `run`, without `direct`, which would be against itself here."""
    served = (option for option in OPTIONS if option.key != "direct")
    return tuple(replace(o, choices=tuple(LANGUAGES)) if o.key == "language" else o for o in served)


#: The one place where a flow is registered, by its word on the command line.
FLOWS: dict[str, Served] = {
    "run": Served("flows.served.run", _run_options(), "simulate a soup, store every epoch, analyse it"),
    "analyze": Served(
        "flows.served.analyze",
        (
            Option("run", Kind.TEXT, None, "a run's id or name", "RUN"),
            Option("only", Kind.TEXT, None, "one analysis, with those that it needs", "NAME", choices=NAMES, shown=""),
            Option("rebuild", Kind.FLAG, False, "make it again although it is there and current"),
            _STORE,
        ),
        "make analyses (again) from the store, never simulating",
        required=("run",),
    ),
    "sweep": Served(
        "flows.served.sweep",
        (
            Option("sweep", Kind.TEXT, None, "a TOML file where the run is started, or a ready sweep", "SWEEP"),
            Option("full", Kind.FLAG, False, "in the full size of the file's table [full]"),
            Option("workers", Kind.WHOLE, None, "runs at once", "N", low=1, high=1024, shown="all cores"),
            Option("force", Kind.FLAG, False, "even if the disk looks too small"),
            _STORE,
        ),
        "do what is missing of many runs over a grid and seeds",
        required=("sweep",),
    ),
}


@dataclass(frozen=True)
class Deployment:
    """A flow with a name, and when and with what it runs. See the module's text for what each field says."""

    flow: str
    name: str
    cron: str | None = None
    interval: int | None = None
    timezone: str | None = None
    limit: int | None = None
    tags: tuple[str, ...] = ()
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What one process serves: its deployments, and how many of their runs it has going at once (None: any number)."""

    deployments: tuple[Deployment, ...]
    limit: int | None = None


#: What a file may say, checked as options are.
_KEYS = {
    option.key: option
    for option in (
        Option("flow", Kind.TEXT, None, "flow", choices=tuple(FLOWS)),
        Option("name", Kind.TEXT, None, "name"),
        Option("cron", Kind.TEXT, None, "when, as cron has it"),
        Option("interval", Kind.WHOLE, None, "seconds from start to start", low=60, high=2**31 - 1),
        Option("timezone", Kind.TEXT, None, "of cron"),
        Option("limit", Kind.WHOLE, None, "runs at once", low=1, high=1024),
        Option("description", Kind.TEXT, None, "a line"),
    )
}


def default_plan(limit: int | None = None, cron: str | None = None, interval: int | None = None) -> Plan:
    """Return one deployment of each flow; a schedule is that of `run`, with the command line's defaults."""
    deployments = [Deployment(name, name, description=served.description) for name, served in FLOWS.items()]
    if cron is not None or interval is not None:
        deployments[0] = replace(deployments[0], cron=cron, interval=interval)
    return Plan(tuple(deployments), limit)


def read_plan(path: Path) -> Plan:
    """Return what a file says. Raises `InputError` naming the file, the deployment and the key."""
    table = read_toml(path)
    for key in table:
        if key not in {"limit", "deployment"}:
            raise InputError(f"{path}: {key}: unknown key; allowed: limit, and tables [[deployment]]")
    limit = _checked(path, "limit", table.get("limit"))
    entries = table.get("deployment")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f'{path}: deployment: missing; write at least one table [[deployment]] with flow = "run"')
    deployments = tuple(_deployment(f"{path}: deployment {number}", entry) for number, entry in enumerate(entries, 1))
    names = [each.name for each in deployments]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path}: name: {name!r} is that of two deployments; give each its own")
    return Plan(deployments, limit)


def _deployment(place: str, entry: Mapping[str, Any]) -> Deployment:
    for key in entry:
        if key not in _KEYS and key not in {"tags", "parameters"}:
            raise InputError(f"{place}: {key}: unknown key; allowed: {', '.join([*_KEYS, 'tags', 'parameters'])}")
    values = {key: _checked(place, key, entry.get(key)) for key in _KEYS}
    if values["flow"] is None:
        raise InputError(f"{place}: flow: missing; allowed: {', '.join(FLOWS)}")
    if values["cron"] is not None and values["interval"] is not None:
        raise InputError(f"{place}: cron and interval: give one of them")
    if values["timezone"] is not None and values["cron"] is None:
        raise InputError(f"{place}: timezone: applies only with cron")
    served = FLOWS[values["flow"]]
    values["name"] = values["name"] or values["flow"]
    if "/" in values["name"] or "%" in values["name"]:
        raise InputError(f"{place}: name: {values['name']!r}; allowed: a text without / and %")
    values["description"] = values["description"] or served.description
    tags = entry.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise InputError(f"{place}: tags: {tags!r}; allowed: a list of texts")
    parameters = entry.get("parameters", {})
    scheduled = values["cron"] is not None or values["interval"] is not None
    _check_parameters(f"{place}: parameters", values["flow"], parameters, scheduled=scheduled)
    return Deployment(**values, tags=tuple(tags), parameters=parameters)


def _check_parameters(place: str, flow: str, parameters: Any, *, scheduled: bool) -> None:
    if not isinstance(parameters, dict):
        raise InputError(f"{place}: {parameters!r}; allowed: a table such as {{seed = 29}}")
    served = FLOWS[flow]
    options = {option.key: option for option in served.options}
    for key, value in parameters.items():
        if key not in options or key == _STORE.key:
            allowed = ", ".join(sorted(options.keys() - {_STORE.key}))
            raise InputError(f"{place}: {key}: unknown key; allowed: {allowed}")
        _checked(place, key, value, options[key])
    for key in served.required:
        if scheduled and key not in parameters:
            raise InputError(f"{place}: {key}: missing; a scheduled {flow} needs it")
    if flow == "run":
        read_table(parameters, place)


def _checked(place: str | Path, key: str, value: Any, option: Option | None = None) -> Any:
    if value is None:
        return None
    try:
        return (option or _KEYS[key]).check(value)
    except ValueError as error:
        raise InputError(f"{place}: {key}: {error}") from None


def names_of(deployments: Sequence[Deployment]) -> str:
    """Return the deployments' names as Prefect has them."""
    return ", ".join(f"primordium/{each.name}" for each in deployments)
