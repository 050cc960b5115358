"""What a person asks of `run`, checked: options and TOML file become one `RunRequest`.

Options win over the file, the file over the defaults. Whatever is wrong raises `InputError` with one line
that names the option, or the file and its key, and what is allowed.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flows.options import BY_KEY, OPTIONS, Option
from sim import InputError, SoupConfig, Start, language
from sim.config import OWN_FIELDS
from warehouse.checkpoint import PROGRAM_LENGTH, read_checkpoint
from warehouse.record import RunSettings

__all__ = ["OPTIONS", "Option", "RunRequest", "read_import", "read_request", "read_table", "read_toml"]

STORE_VARIABLE = "PRIMORDIUM_STORE"
DEFAULT_STORE = "store"
#: How far the paper's neighbours are.
DEFAULT_RADIUS = 2
_PLACE = ("width", "height", "radius", "reset_interval")


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """One call of `run`.

    - `config`: what determines the history; `settings`: what is fixed when the run is first made
    - `epochs`: the state to reach; with `until_transition` the latest state at which to stop
    - `then`: epochs to go on after the lattice state that showed the transition
    - `threshold`: the complexity at which a transition is seen, in bits per byte
    - `replicators`: stop at the first state of the lattice with so many, None for never; `seconds`: stop when so much
      time has passed since it was begun or taken up
    - `threads`: None for all cores
    - `direct`: without Prefect; `force`: even if the disk looks too small
    - `given`: keys that were given, not left to their defaults
    - `imported`: the bytes of the state that an imported soup begins with
    """

    config: SoupConfig
    settings: RunSettings = field(default_factory=RunSettings)
    epochs: int = 2048
    store: Path = Path(DEFAULT_STORE)
    until_transition: bool = False
    then: int = 256
    threshold: float = 1.0
    replicators: int | None = None
    seconds: float | None = None
    threads: int | None = None
    direct: bool = False
    force: bool = False
    given: frozenset[str] = frozenset()
    imported: bytes | None = field(default=None, repr=False)

    @property
    def may_stop(self) -> bool:
        """Whether the run may end before the state asked for."""
        return self.until_transition or self.replicators is not None or self.seconds is not None

    def described(self) -> dict[str, Any]:
        """Return what is asked in plain values, for people to read on a page."""
        config = self.config
        return {
            "language": config.language,
            "programs": config.programs,
            "seed": str(config.seed),  # JSON readers round what has more than 53 bits
            "mutation_rate": config.mutation_rate,
            "step_limit": config.step_limit,
            "geometry": config.geometry,
            **{name: getattr(config, name) for name in _PLACE if getattr(config, name)},
            "initial_soup": config.initial_soup,
            "plants": [{"cell": cell, "bytes": content.hex()} for cell, content in config.plants],
            **({"imported_epoch": config.first, "imported_sha256": config.start.sha256} if config.start else {}),
            "epochs": self.epochs,
            "until_transition": self.until_transition,
            "then": self.then,
            "measure_every": self.settings.measure_every,
            "keyframe_every": self.settings.keyframe_every,
            "name": self.settings.name,
            "store": str(self.store),
        }


def read_request(given: Mapping[str, Any], config_file: Path | None = None) -> RunRequest:
    """Return the request made by the options ``given`` (key -> text as typed) and a TOML file.

    A flag's value is a bool, a repeatable option's a list of texts; a value of None counts as not given.
    Raises `InputError`.
    """
    places: dict[str, str] = {}
    values: dict[str, Any] = {}
    if config_file is not None:
        _take_table(read_toml(config_file), str(config_file), values, places)
    for key, text in given.items():
        if text is not None:
            places[key] = f"--{BY_KEY[key].name}"
            values[key] = taken(places[key], BY_KEY[key].read, text)
    return make_request(values, places)


def read_import(given: Mapping[str, Any], path: Path) -> RunRequest:
    """Return the request to begin a run with the checkpoint in the file ``path``; ``given`` as for `read_request`.

    The state to reach is that of the checkpoint if none is given. Raises `InputError`.
    """
    values, places = {}, {"programs": f"{path}: programs"}
    for key, text in given.items():
        if text is not None:
            places[key] = f"--{BY_KEY[key].name}"
            values[key] = taken(places[key], BY_KEY[key].read, text)
    if "language" not in values:
        raise InputError("--language: missing; a checkpoint does not say in what language its programs are")
    checkpoint = read_checkpoint(path)
    spoken = language(values["language"])
    if spoken.program_length != PROGRAM_LENGTH:
        raise InputError(
            f"--language: programs of {spoken.name} have {spoken.program_length} bytes;"
            f" those of a checkpoint have {PROGRAM_LENGTH}"
        )
    try:
        start = checkpoint.start
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if values.setdefault("epochs", start.epoch) < start.epoch:
        raise InputError(f"--epochs: {values['epochs']}; {path} holds state {start.epoch}: give this or a later one")
    asked = make_request(values | {"programs": checkpoint.programs}, places, start)
    return replace(asked, imported=checkpoint.soup)


def read_table(table: Mapping[str, Any], origin: str) -> RunRequest:
    """Return the request made by a table of keys and values as TOML and JSON have them; ``origin`` is where it stands.

    Raises `InputError`.
    """
    places: dict[str, str] = {}
    values: dict[str, Any] = {}
    _take_table(table, origin, values, places)
    return make_request(values, places)


def _take_table(table: Mapping[str, Any], origin: str, values: dict[str, Any], places: dict[str, str]) -> None:
    for key, value in table.items():
        if key not in BY_KEY:
            raise InputError(f"{origin}: {key}: unknown key; allowed: {', '.join(sorted(BY_KEY))}")
        places[key] = f"{origin}: {key}"
        values[key] = taken(places[key], BY_KEY[key].check, value)


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds; `InputError` naming it if it cannot be read or is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; write TOML such as: seed = 29") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not TOML: {error}") from None


def taken(place: str, check: Any, value: Any) -> Any:
    """Return what ``check`` makes of a value; what it says is wrong becomes an `InputError` that names the place."""
    try:
        return check(value)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None


def make_request(given: dict[str, Any], places: Mapping[str, str], start: Start | None = None) -> RunRequest:
    """Return the request of checked values by key; ``places`` says where each was given, for messages.

    ``start``: the state that an imported run begins with.
    """
    values = {option.key: option.default for option in OPTIONS} | given
    if "then" in given and not values["until_transition"]:
        raise InputError(f"{places['then']}: applies only with until-transition; add it or leave this out")
    return RunRequest(
        config=_config(values, places, start),
        settings=_settings(values, places),
        epochs=values["epochs"],
        store=Path(values["store"] or os.environ.get(STORE_VARIABLE) or DEFAULT_STORE),
        until_transition=values["until_transition"],
        then=values["then"],
        threads=values["threads"],
        direct=values["direct"],
        force=values["force"],
        given=frozenset(given),
    )


def _settings(values: Mapping[str, Any], places: Mapping[str, str]) -> RunSettings:
    try:
        return RunSettings(
            name=values["name"], measure_every=values["measure_every"], keyframe_every=values["keyframe_every"]
        )
    except InputError as error:
        raise _placed(error, places) from None


def _config(values: Mapping[str, Any], places: Mapping[str, str], start: Start | None) -> SoupConfig:
    try:
        mutation = values["mutation_rate"]
        fields = {
            "programs": values["programs"],
            "mutation": None if mutation is None else SoupConfig.mutation_from_rate(mutation),
            "step_limit": values["step_limit"],
            **_geometry(values, places),
        }
        bare = SoupConfig(
            language=values["language"],
            seed=values["seed"],
            initial_soup=values["initial_soup"],
            start=start,
            **{name: value for name, value in fields.items() if value is not None},
        )
    except InputError as error:
        raise _placed(error, places) from None
    plants = _plants(bare, values, places)
    try:
        return replace(bare, plants=plants)
    except InputError as error:
        place = places.get("plant") or places["initial_program"]
        raise InputError(f"{place}: {str(error).removeprefix('plants: ')}") from None


def _geometry(values: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    """Return who may meet whom as fields of a configuration; None for a field that has its default."""
    geometry = values["geometry"] or language(values["language"]).geometry
    fields: dict[str, Any] = {name: values[name] for name in ("width", "height", "radius", "reset_interval")}
    fields["geometry"] = geometry
    for name in OWN_FIELDS.get(geometry, ()):
        if name == "radius" and values[name] is None:
            fields[name] = DEFAULT_RADIUS
        elif values[name] is None:
            raise InputError(f"--{name}: missing; the geometry {geometry} needs it")
    if values["interactions"] is not None:
        fields["interactions"] = _interactions(Path(values["interactions"]), places["interactions"])
    return fields


def _interactions(path: Path, place: str) -> tuple[tuple[int, int], ...]:
    """Return the pairs of an interactions file: whole numbers, two by two, parted by white space."""
    try:
        words = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise InputError(f"{place}: {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise InputError(f"{place}: {path} is not text; write pairs of program numbers such as: 0 1") from None
    for number, word in enumerate(words):
        if not word.isascii() or not word.isdigit():
            raise InputError(f"{place}: {path}: word {number + 1}, {word!r}, is no program number; write pairs: 0 1")
    if len(words) % 2 or not words:
        raise InputError(f"{place}: {path} has {len(words)} numbers; write pairs of program numbers such as: 0 1")
    numbers = iter(map(int, words))
    return tuple(zip(numbers, numbers, strict=True))


def _placed(error: InputError, places: Mapping[str, str]) -> InputError:
    """Return the error with the place in front instead of the field that the other packages name first."""
    key, colon, rest = str(error).partition(": ")
    return InputError(f"{places[key]}{colon}{rest}") if key in places else error


def _plants(config: SoupConfig, values: Mapping[str, Any], places: Mapping[str, str]) -> tuple[tuple[int, bytes], ...]:
    """Return the (cell, bytes) that the texts ask for."""
    texts = [(places["plant"], program, text) for program, text in values["plant"]]
    if values["initial_program"] is not None:
        texts.append((places["initial_program"], 0, values["initial_program"]))
    parse, plants = language(config.language).parse, []
    for place, program, text in texts:
        if program >= config.programs:
            raise InputError(f"{place}: there is no program {program}; allowed: 0 to {config.programs - 1}")
        try:
            plants.append((program * config.program_length, parse(text)))
        except InputError as error:
            raise InputError(f"{place}: {error}") from None
    return tuple(plants)
