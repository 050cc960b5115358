"""A run's record: its identity, what was fixed when it was created, and its provenance.

The id is a hash of the canonical configuration alone (design, section 4, "Identity"). The record is one
row of `runs.parquet`, replaced atomically; times and hosts live here and never in the history's files.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from sim import InputError, SoupConfig, Start
from warehouse.errors import StoreFault
from warehouse.schema import FILES
from warehouse.sealed import read_sealed, write_sealed

#: What of a history is kept, from all of it to the least (see `retention`).
RETENTIONS = ("everything", "transition", "keyframes", "epochs")
_RETENTION_ONCE = {"all": "everything"}  # as older records have it
ID = re.compile(r"[0-9a-f]{16}")
NAME = re.compile(r"[^\W_][\w .+-]{0,99}")
SEGMENT_CELLS = 1 << 25
_OWN = ("width", "height", "radius", "interactions", "reset_interval")


@dataclass(frozen=True)
class RunSettings:
    """What is fixed when a run is created and does not affect its history.

    - `name`: unique in the store, or None; can be changed later
    - `measure_every`: states divisible by it are measured, and the last one
    - `keyframe_every`: states divisible by it are kept whole
    - `retention`: what is kept of the history; `everything` until the run is thinned

    Raises `InputError` naming the field and what is allowed.
    """

    name: str | None = None
    measure_every: int = 64
    keyframe_every: int = 256
    retention: str = "everything"

    def __post_init__(self) -> None:
        if self.name is not None:
            check_name(self.name)
        for name in ("measure_every", "keyframe_every"):
            value: Any = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**27:
                raise InputError(f"{name}: {value!r}; allowed: whole numbers from 1 to {2**27 - 1}")
        if self.retention not in RETENTIONS:
            raise InputError(f"retention: {self.retention!r}; allowed: {', '.join(RETENTIONS)}")


def check_name(name: str) -> None:
    """Raise `InputError` if ``name`` cannot name a run: it must be short and plain and not look like an id."""
    if ID.fullmatch(name.lower()):
        raise InputError(f"name: {name!r} looks like a run's id; choose one that is not 16 hex digits")
    if not NAME.fullmatch(name) or name != name.strip():
        raise InputError(
            f"name: {name!r}; allowed: 1 to 100 letters, digits and - _ + . or spaces, beginning with a letter or digit"
        )


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What the store knows of a run besides its history.

    `epochs` is the last stored state (the first where not even that is: `RunFiles.last` tells); `status` is
    derived when the record is read: `complete`, `running` (a writer holds its lock), `interrupted` or
    `failed`. `provenance` has an entry for each stretch of work. `configuration` is the canonical text of which the id
    is the hash; that of `config` as the language is now if it is left empty.
    """

    run: str
    config: SoupConfig
    settings: RunSettings
    epochs: int = 0
    status: str = "running"
    requested_epochs: int = 0
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    provenance: tuple[dict[str, Any], ...] = ()
    configuration: str = ""

    @property
    def name(self) -> str | None:
        """The run's name, if it has one."""
        return self.settings.name

    @property
    def semantics_version(self) -> int:
        """The version of the language by which the run was made; that of its `config` may be newer."""
        made_by: int = json.loads(self.row()["configuration"])["semantics_version"]
        return made_by

    @property
    def segment_length(self) -> int:
        """Epochs committed together."""
        return segment_length(self.config.programs)

    def row(self) -> dict[str, Any]:
        """Return the record as a row of the relation `runs`."""
        config, settings = self.config, self.settings
        return {
            "run": self.run,
            "name": settings.name,
            "language": config.language,
            "geometry": config.geometry,
            "width": config.width or None,
            "height": config.height or None,
            "radius": config.radius or None,
            "reset_interval": config.reset_interval or None,
            "programs": config.programs,
            "program_length": config.program_length,
            "seed": config.seed,
            "mutation_rate": config.mutation_rate,
            "mutation_order": config.mutation_order,
            "step_limit": config.step_limit,
            "initial_soup": "checkpoint" if config.start else config.initial_soup,
            "epochs": self.epochs,
            "status": self.status,
            "retention": settings.retention,
            "requested_epochs": self.requested_epochs,
            "measure_every": settings.measure_every,
            "keyframe_every": settings.keyframe_every,
            "segment_length": self.segment_length,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "configuration": self.configuration or canonical_configuration(config),
            "provenance": json.dumps(self.provenance, sort_keys=True),
        }


def segment_length(programs: int) -> int:
    """Return how many epochs of a soup are committed together: a power of two, 64 to 8192.

    Smaller soups have longer segments, so that a segment's rows are of one order whatever the soup.
    """
    epochs = min(max(SEGMENT_CELLS // programs, 64), 8192)
    return 1 << (epochs.bit_length() - 1)


def canonical_configuration(config: SoupConfig) -> str:
    """Return the configuration as canonical JSON: all that affects results, nothing else, always the same text."""
    # What only some geometries have is left out elsewhere: a field that is new here changes no older run's id.
    own: dict[str, Any] = {name: getattr(config, name) for name in _OWN if getattr(config, name)}
    if config.start is not None:
        own["start"] = vars(config.start)
    return _canonical(
        own
        | {
            "language": config.language,
            "semantics_version": config.semantics_version,
            "geometry": config.geometry,
            "programs": config.programs,
            "program_length": config.program_length,
            "seed": config.seed,
            "mutation": config.mutation,
            "step_limit": config.step_limit,
            "initial_soup": config.initial_soup,
            "plants": [[cell, content.hex()] for cell, content in config.plants],
        }
    )


def _canonical(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def run_id(config: SoupConfig) -> str:
    """Return the id of the run with this configuration, 16 hex digits."""
    return _hashed(canonical_configuration(config))


def earlier_ids(config: SoupConfig) -> dict[str, int]:
    """Return the ids that a run of this configuration had by each earlier version of its language, with the version."""
    versions = range(1, config.semantics_version)
    values = json.loads(canonical_configuration(config)) if versions else {}
    return {_hashed(_canonical(values | {"semantics_version": version})): version for version in versions}


def _hashed(configuration: str) -> str:
    return hashlib.blake2b(configuration.encode(), digest_size=8).hexdigest()


def parse_configuration(text: str) -> SoupConfig:
    """Return the configuration that `canonical_configuration` wrote.

    A language whose semantics have changed since makes another id: the old run stays readable, for replay
    executes nothing, and is never extended.
    """
    values = json.loads(text)
    for derived in ("semantics_version", "program_length"):
        values.pop(derived)
    plants = tuple((cell, bytes.fromhex(content)) for cell, content in values.pop("plants"))
    interactions = tuple((one, other) for one, other in values.pop("interactions", ()))
    start = Start(**values.pop("start")) if "start" in values else None
    return SoupConfig(plants=plants, interactions=interactions, start=start, **values)


def write_record(record: RunRecord, path: Path) -> None:
    """Write the record to ``path`` as a file of one row, replacing it atomically."""
    write_sealed(path, "runs", pa.Table.from_pylist([record.row()], FILES["runs"].schema))


def read_record(path: Path) -> RunRecord:
    """Return the record in the file ``path``; its `epochs` and `status` as they were written.

    Raises `StoreFault` naming a damaged file, `FileNotFoundError` if there is none.
    """
    rows = read_sealed(path, "runs")[0].to_pylist()
    if len(rows) != 1:
        raise StoreFault(f"damaged record {path}: {len(rows)} rows instead of one")
    return parse_record(rows[0], path)


def parse_record(row: Mapping[str, Any], path: Path) -> RunRecord:
    """Return the record with this row of the file ``path``; `StoreFault` naming it if it contradicts itself."""
    try:
        config = parse_configuration(row["configuration"])
        retention = _RETENTION_ONCE.get(row["retention"], row["retention"])
        if _hashed(row["configuration"]) != row["run"]:
            raise ValueError("id and configuration disagree")
        return RunRecord(
            run=row["run"],
            config=config,
            settings=RunSettings(row["name"], row["measure_every"], row["keyframe_every"], retention),
            epochs=row["epochs"],
            status=row["status"],
            requested_epochs=row["requested_epochs"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            provenance=tuple(json.loads(row["provenance"])),
            configuration=row["configuration"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreFault(f"damaged record {path}: {' '.join(str(error).split())}") from error


def updated(record: RunRecord, **changes: Any) -> RunRecord:
    """Return the record with ``changes``, stamped with the present time."""
    return replace(record, updated_at=datetime.now(UTC), **changes)
