"""Every table and column of the store as data: name, Arrow type, unit and meaning.

From here come the Arrow schemas of the files, the SQL relations, the README's data model and tests.
`FILES` are the tables as they lie in files (without `run`, which is the folder's name); `RELATIONS` are
what SQL shows. Integers are signed and wide enough to calculate with in SQL: Parquet stores a narrow
value in few bits whatever its declared width. Words and meanings: design, sections 2 to 5.
"""

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

INTEGER = pa.int32()
BIGINT = pa.int64()
DOUBLE = pa.float64()
BOOLEAN = pa.bool_()
TEXT = pa.string()
BLOB = pa.binary()
SEED = pa.uint64()
MOMENT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Column:
    """One column: `unit` is "" for names and texts; `nullable` columns say in `meaning` when they are null."""

    name: str
    type: pa.DataType
    unit: str
    meaning: str
    nullable: bool = False

    @property
    def field(self) -> pa.Field:
        """The column as an Arrow field."""
        return pa.field(self.name, self.type, self.nullable)


@dataclass(frozen=True)
class Table:
    """One table: `grain` says what a row is, `key` names the columns that identify it."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    arguments: tuple[str, ...] = ()

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the columns, in order."""
        return pa.schema([column.field for column in self.columns])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column called ``name``; `KeyError` if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}; it has {', '.join(self.names)}")


RUN = Column("run", TEXT, "", "the run's id, 16 hex digits")
EPOCH = Column("epoch", INTEGER, "epochs", "n of the state: the soup after n epochs; state 0 is the initial soup")
PROGRAM = Column("program", INTEGER, "index", "program of the soup, 0 to programs - 1")
SITE = Column("site", INTEGER, "bytes", "place within the program, 0 to program_length - 1")
CELL = Column("cell", INTEGER, "bytes", "place in the soup: program * program_length + site")
CHAR = Column("char", INTEGER, "byte", "the byte's value, 0 to 255")
LEFT = Column("left_program", INTEGER, "index", "program that formed the tape's first half")
RIGHT = Column("right_program", INTEGER, "index", "program that formed the tape's second half")
SCORE = Column(
    "score", INTEGER, "bytes", "self-replication score of the reference, 0 to program_length; 5 or more replicates"
)
PROGRAM_TEXT = Column("text", TEXT, "", "the program in the text form of its language")
PROGRAM_BYTES = Column("bytes", BLOB, "", "the program's bytes")
TOKEN = Column("token", BIGINT, "", "identity of the byte: born_epoch << 36 | born cell << 8 | char")
BORN_EPOCH = Column("born_epoch", INTEGER, "epochs", "first state that held the byte: 0 for the initial soup")
BORN_PROGRAM = Column("born_program", INTEGER, "index", "program in which the byte was born")
BORN_SITE = Column("born_site", INTEGER, "bytes", "site at which the byte was born")
FROM_PROGRAM = Column(
    "from_program",
    INTEGER,
    "index",
    "program the byte came from in state epoch - 1; null if it came from none",
    nullable=True,
)
FROM_SITE = Column(
    "from_site",
    INTEGER,
    "bytes",
    "site the byte came from in state epoch - 1; null if it came from none",
    nullable=True,
)
DELTA = Column(
    "delta", INTEGER, "byte", "by how much the reaction incremented the byte, modulo 256; a born byte's char"
)
STEPS = Column("steps", INTEGER, "steps", "steps executed, no-ops included")
OPERATIONS = Column("operations", INTEGER, "operations", "operations executed, as the reference counts them")
MECHANISM = Column("mechanism", BIGINT, "", "what the reaction did to its tape: key of `mechanisms`; 0 changed nothing")

WRITE = pa.struct(
    [
        pa.field("target", INTEGER, nullable=False),
        pa.field("source", INTEGER, nullable=True),
        pa.field("delta", INTEGER, nullable=False),
    ]
)
WRITES = Column(
    "writes",
    pa.list_(pa.field("element", WRITE, nullable=False)),
    "bytes",
    "the changed bytes of the tape, by ascending target: each has its target, the source it came from"
    " (places on the tape after mutation and before execution; null: from nowhere) and its delta",
)

COUNTS = (
    Column("operations", BIGINT, "operations", "operations of all reactions of the epoch"),
    Column("steps", BIGINT, "steps", "steps of all reactions of the epoch, no-ops included"),
    Column("reactions", BIGINT, "reactions", "tapes executed in the epoch"),
    Column("empty_reactions", BIGINT, "reactions", "reactions that changed no cell"),
    Column(
        "changed_cells", BIGINT, "cells", "cells that the epoch's reactions changed: source elsewhere or delta not 0"
    ),
    Column("mutations", BIGINT, "cells", "cells mutated in the epoch, those given an equal byte included"),
    Column("unique_origins", BIGINT, "origins", "distinct origins (epoch and cell of birth) in the state"),
)
MEASURES = (
    Column("unique_tokens", BIGINT, "tokens", "distinct tokens in the state; null where not measured", nullable=True),
    Column(
        "top32_share",
        DOUBLE,
        "share of cells",
        "cells with one of the 32 most frequent tokens; null where not measured",
        nullable=True,
    ),
    Column("zero_share", DOUBLE, "share of cells", "cells that hold byte 0; null where not measured", nullable=True),
    Column(
        "shannon_entropy",
        DOUBLE,
        "bits per byte",
        "Shannon entropy of the bytes; null where not measured",
        nullable=True,
    ),
    Column(
        "brotli_size",
        BIGINT,
        "bytes",
        "size of the soup compressed by brotli, quality 2, window 24; null where not measured",
        nullable=True,
    ),
    Column("bits_per_byte", DOUBLE, "bits per byte", "8 x brotli_size / cells; null where not measured", nullable=True),
    Column(
        "complexity",
        DOUBLE,
        "bits per byte",
        "high-order entropy: shannon_entropy - bits_per_byte; null where not measured",
        nullable=True,
    ),
)
RESET_COLUMNS = (
    Column("epoch", INTEGER, "epochs", "the epoch that began with the reset"),
    Column("reset_index", INTEGER, "order", "number of the reset, from 1: its bytes follow from it and the seed"),
    Column("programs", INTEGER, "programs", "programs 0 to programs - 1 were made anew"),
)
TRANSITION_COLUMNS = (
    Column("rank", INTEGER, "order", "onsets in order of time, from 1"),
    Column("epoch", INTEGER, "epochs", "the onset: first state with complexity of at least 1"),
    Column(
        "ended_epoch",
        INTEGER,
        "epochs",
        "first later lattice state with complexity below 1; null while it lasts",
        nullable=True,
    ),
    Column(
        "kind", TEXT, "", "transition (lasted 256 epochs or more), surge (ended sooner) or open (the run stops sooner)"
    ),
    Column("peak_complexity", DOUBLE, "bits per byte", "greatest complexity of a lattice state between onset and end"),
    Column(
        "founders_sought",
        BOOLEAN,
        "",
        "whether founders are sought: of transitions and open onsets, and of the 8 surges with the highest peaks",
    ),
)
BORN = pa.struct(
    [
        pa.field("site", INTEGER, nullable=False),
        pa.field("char", INTEGER, nullable=False),
        pa.field("born_epoch", INTEGER, nullable=False),
        pa.field("born_program", INTEGER, nullable=False),
        pa.field("born_site", INTEGER, nullable=False),
    ]
)
FOUNDER_COLUMNS = (
    Column("onset_epoch", INTEGER, "epochs", "the onset that it founded: `transitions.epoch`"),
    Column("rank", INTEGER, "order", "founders of an onset by share, from 1"),
    Column("census_epoch", INTEGER, "epochs", "the state whose dominant cells were followed back"),
    Column("program", INTEGER, "index", "the founder: program that the dominant cells' bytes stood in"),
    Column("epoch", INTEGER, "epochs", "newest state at which they stood there"),
    Column("share", DOUBLE, "share of dominant cells", "dominant cells whose byte stood in the founder"),
    Column("assembled_epoch", INTEGER, "epochs", "oldest state from which on one program held its dominant bytes"),
    Column("assembled_program", INTEGER, "index", "that program at assembled_epoch"),
    Column(
        "left_program",
        INTEGER,
        "index",
        "left parent: of the reaction that assembled it; null at state 0",
        nullable=True,
    ),
    Column("right_program", INTEGER, "index", "right parent; null at state 0", nullable=True),
    Column(
        "made_epoch", INTEGER, "epochs", "newest state up to epoch that changed, moved or mutated a dominant byte of it"
    ),
    Column("score", INTEGER, "bytes", "self-replication score of the founder at epoch"),
    PROGRAM_TEXT,
    Column("bytes", BLOB, "", "the founder's bytes at epoch"),
    Column(
        "born",
        pa.list_(pa.field("element", BORN, nullable=False)),
        "bytes",
        "each of its bytes by site: char, and where and when it was born",
    ),
)
ONSET = Column("onset_epoch", INTEGER, "epochs", "the founder's onset: `founders.onset_epoch`")
RANK = Column("rank", INTEGER, "order", "the founder's rank: `founders.rank`")
FOUNDER_SHARE_COLUMNS = (
    Column("onset_epoch", INTEGER, "epochs", "the onset: `transitions.epoch`"),
    Column(
        "rank",
        INTEGER,
        "order",
        "the founder's rank; one more than the last founder's: what descends from no founder, and its best rival",
    ),
    Column("epoch", INTEGER, "epochs", "state from which on it was so, up to the state before the next row's"),
    Column("program", INTEGER, "index", "program in which the bytes of most dominant cells stood"),
    Column(
        "share",
        DOUBLE,
        "share of dominant cells",
        "those whose byte stood there; of rank 2 and on without those that descend from a founder found before",
    ),
)
FOUNDER_CENSUS_COLUMNS = (
    ONSET,
    RANK,
    Column("census_epoch", INTEGER, "epochs", "the onset's own census, then five later ones"),
    Column(
        "program",
        INTEGER,
        "index",
        "founder of this census that shares most descendants with the recorded one; null if none does",
        nullable=True,
    ),
    Column("epoch", INTEGER, "epochs", "its state; null if there is none", nullable=True),
    Column(
        "share",
        DOUBLE,
        "share of dominant cells",
        "those of this census that descend from it; null if there is none",
        nullable=True,
    ),
    Column(
        "recorded_share",
        DOUBLE,
        "share of dominant cells",
        "those of this census that descend from the recorded founder",
    ),
    Column(
        "common_share",
        DOUBLE,
        "share of cells",
        "of the dominant cells that descend from the later of the two, those that descend from both",
    ),
    Column(
        "relation",
        TEXT,
        "",
        "to the recorded founder: same (program and epoch), descends or precedes (common_share at least 0.9), other,"
        " none (no descendant in common)",
    ),
    Column("agrees", BOOLEAN, "", "whether relation is same, descends or precedes"),
    Column(
        "second_program",
        INTEGER,
        "index",
        "program that held most of this census's dominant bytes at the recorded founder's state, after it; null if"
        " none did",
        nullable=True,
    ),
    Column("second_share", DOUBLE, "share of dominant cells", "those whose byte stood in second_program"),
)
FOUNDER_CONFIDENCE_COLUMNS = (
    ONSET,
    RANK,
    Column("share", DOUBLE, "share of dominant cells", "those that descend from the founder: `founders.share`"),
    Column(
        "next_share",
        DOUBLE,
        "share of dominant cells",
        "the most that one program held one state after the founder's; null where that is the census",
        nullable=True,
    ),
    Column(
        "halved_epoch",
        INTEGER,
        "epochs",
        "first state after the founder's at which no program holds half as much; null if there is none",
        nullable=True,
    ),
    Column(
        "second_program",
        INTEGER,
        "index",
        "program that held most at the founder's state, after the founder; null if none did",
        nullable=True,
    ),
    Column("second_share", DOUBLE, "share of dominant cells", "those whose byte stood in second_program"),
    Column(
        "rival_program",
        INTEGER,
        "index",
        "best rival: program that at rival_epoch held most of the dominant bytes that descend from no founder; null"
        " if all descend from one",
        nullable=True,
    ),
    Column(
        "rival_epoch",
        INTEGER,
        "epochs",
        "newest state from which on it held that much; null if there is none",
        nullable=True,
    ),
    Column("rival_share", DOUBLE, "share of dominant cells", "those whose byte stood in the best rival"),
    Column("later_censuses", INTEGER, "censuses", "later censuses asked for the founder again"),
    Column(
        "agreement",
        DOUBLE,
        "share of censuses",
        "later censuses whose founder is the same or of one line of descent with it; null if none was asked",
        nullable=True,
    ),
    Column(
        "verdict",
        TEXT,
        "",
        "certain (4 times the share of the best rival, all later censuses agree), likely (twice, and half of them) or"
        " doubtful",
    ),
)
EMERGENCE_COLUMNS = (
    ONSET,
    RANK,
    Column("act", INTEGER, "order", "1 its bytes are born and join, 2 a reaction assembles it, 3 it copies itself"),
    Column("number", INTEGER, "order", "rows of the act in order of time, from 1"),
    Column(
        "epoch", INTEGER, "epochs",
        "act 1: oldest state from which on the byte stood in the program with most of the others; acts 2 and 3: the"
        " state that the reaction made",
    ),
    *(
        Column(name, kind, unit, f"act {act}: {meaning}; null in others", nullable=True)
        for name, kind, unit, act, meaning in (
            ("left_program", INTEGER, "index", "2 and 3", "the reaction's left program"),
            ("right_program", INTEGER, "index", "2 and 3", "the reaction's right program"),
            (
                "from_program", INTEGER, "index", "1 and 3",
                "program that the byte came from (null if it was born there), or that was copied",
            ),
            ("site", INTEGER, "bytes", "1", "the byte's site in the founder"),
            ("char", INTEGER, "byte", "1 and 2", "the founder's byte at that site, or the byte written"),
            ("born_epoch", INTEGER, "epochs", "1", "first state that held the byte: 0 for the initial soup"),
            ("born_program", INTEGER, "index", "1", "program in which the byte was born"),
            ("born_site", INTEGER, "bytes", "1", "site at which the byte was born"),
            ("descendants", BIGINT, "cells", "1", "dominant cells of the census that descend from the byte"),
            ("step", INTEGER, "steps", "2", "number of the step that brought the byte that stayed, from 1"),
            ("position", INTEGER, "bytes", "2", "place on the tape of that step's instruction"),
            ("instruction", TEXT, "", "2", "the instruction's printed form"),
            (
                "heads", pa.list_(pa.field("element", INTEGER, nullable=False)), "bytes", "2",
                "places of the heads before the step; empty for languages without heads",
            ),
            ("target", INTEGER, "bytes", "2", "place on the tape that was changed"),
            (
                "source", INTEGER, "bytes", "2",
                "place on the tape where the byte stood before execution (null: from nowhere)",
            ),
            ("writes", INTEGER, "steps", "2", "steps that wrote the target"),
            (
                "received", INTEGER, "bytes", "3",
                "bytes descending from the founder's that the other half got from from_program",
            ),
            ("copies", INTEGER, "programs", "3", "copies of the founder in the state"),
        )
    ),
)  # fmt: skip
SPAWN_RATE_COLUMNS = (
    ONSET,
    RANK,
    Column("role", TEXT, "", "founder, left parent or right parent"),
    EPOCH,
    PROGRAM,
    SCORE,
    Column("side", TEXT, "", "the half of the tape that it formed: left or right; the other was random food"),
    Column("trials", INTEGER, "tapes", "foods it was joined with"),
    Column("spawned", INTEGER, "tapes", "those of which, executed once, a half scored 5 or more"),
    Column("fed", INTEGER, "tapes", "those of which the half that was food did"),
    Column("rate", DOUBLE, "share of tapes", "the spawn rate: spawned / trials"),
    Column("low", DOUBLE, "share of tapes", "lower end of its 95 % interval (Wilson)"),
    Column("high", DOUBLE, "share of tapes", "upper end"),
)
REPLICATOR_COLUMNS = (
    EPOCH,
    PROGRAM,
    SCORE,
    PROGRAM_TEXT,
    Column("copies", INTEGER, "programs", "programs of the state with exactly these bytes"),
    PROGRAM_BYTES,
)

RUN_COLUMNS = (
    RUN,
    Column("name", TEXT, "", "the run's name, unique in the store; null if it has none", nullable=True),
    Column("language", TEXT, "", "the instruction set"),
    Column("geometry", TEXT, "", "who may meet whom: mixed, fixed, cyclic, line, grid, graph or lattice"),
    Column("width", INTEGER, "programs", "of the grid or lattice; null elsewhere", nullable=True),
    Column("height", INTEGER, "programs", "of the grid or lattice; null elsewhere", nullable=True),
    Column("radius", INTEGER, "programs", "how far neighbours are on a line or grid; null elsewhere", nullable=True),
    Column("reset_interval", INTEGER, "epochs", "from one reset to the next; null without resets", nullable=True),
    Column("programs", INTEGER, "programs", "programs of the soup"),
    Column("program_length", INTEGER, "bytes", "bytes of a program"),
    Column("seed", SEED, "", "the seed of all randomness"),
    Column(
        "mutation_rate",
        DOUBLE,
        "chance",
        "chance that a byte mutates in an epoch; on a lattice the mutations for a reaction",
    ),
    Column("mutation_order", TEXT, "", "whether an epoch's mutations come before or after its reactions"),
    Column("step_limit", INTEGER, "steps", "steps after which an execution is stopped"),
    Column("initial_soup", TEXT, "", "what the soup began as: uniform random bytes or zero"),
    Column("epochs", INTEGER, "epochs", "epochs done: the last stored state"),
    Column("status", TEXT, "", "complete, running (a writer is at it), interrupted or failed"),
    Column("retention", TEXT, "", "what is kept of the history: all"),
    Column("requested_epochs", INTEGER, "epochs", "how far the run was last asked to go"),
    Column("measure_every", INTEGER, "epochs", "states divisible by it are measured"),
    Column("keyframe_every", INTEGER, "epochs", "states divisible by it are kept whole"),
    Column("segment_length", INTEGER, "epochs", "epochs that are committed together"),
    Column("created_at", MOMENT, "UTC", "when the run was begun"),
    Column("updated_at", MOMENT, "UTC", "when its record last changed"),
    Column("configuration", TEXT, "JSON", "what the history depends on, canonical: the run's id is a hash of it"),
    Column("provenance", TEXT, "JSON", "each stretch of work: software, kernel digest, environment, resources, times"),
)


def _placed(*columns: Column) -> tuple[Column, ...]:
    return (RUN, *columns)


#: What is told of founders beside `founders`, as it lies in files.
FOUNDING: tuple[Table, ...] = (
    Table(
        "founder_shares",
        "a state at which another program, or another share, is the most",
        ("onset_epoch", "rank", "epoch"),
        FOUNDER_SHARE_COLUMNS,
    ),
    Table(
        "founder_censuses",
        "a census asked for a founder",
        ("onset_epoch", "rank", "census_epoch"),
        FOUNDER_CENSUS_COLUMNS,
    ),
    Table("founder_confidence", "a founder", ("onset_epoch", "rank"), FOUNDER_CONFIDENCE_COLUMNS),
    Table(
        "emergence", "an event of a founder's emergence", ("onset_epoch", "rank", "act", "number"), EMERGENCE_COLUMNS
    ),
    Table(
        "spawn_rates",
        "a side on which a founder or parent met random food",
        ("onset_epoch", "rank", "role", "side"),
        SPAWN_RATE_COLUMNS,
    ),
)

#: Tables as they lie in files; the folder `run=<id>` holds the column `run` (the record has it inside too).
FILES: dict[str, Table] = {
    table.name: table
    for table in (
        Table("runs", "a run", ("run",), RUN_COLUMNS),
        Table("epochs", "a state", ("epoch",), (EPOCH, *COUNTS)),
        Table("measures", "a measured state", ("epoch",), (EPOCH, *MEASURES)),
        Table("compact", "a state", ("epoch",), (EPOCH, *COUNTS, *MEASURES)),
        Table(
            "reactions",
            "a tape executed, by epoch and left program",
            ("epoch", "left_program"),
            (EPOCH, LEFT, RIGHT, MECHANISM, STEPS, OPERATIONS),
        ),
        Table("mechanisms", "a mechanism that the segment uses, by id", ("mechanism",), (MECHANISM, WRITES)),
        Table(
            "mutations", "a mutated cell, by epoch and cell", ("epoch", "program", "site"), (EPOCH, PROGRAM, SITE, CHAR)
        ),
        Table("resets", "a periodic reset", ("epoch",), RESET_COLUMNS),
        Table(
            "keyframes",
            "a cell of a state kept whole, by epoch and cell",
            ("epoch", "cell"),
            (
                EPOCH,
                PROGRAM,
                SITE,
                CELL,
                BORN_EPOCH,
                Column("born_relative", INTEGER, "bytes", "cell where the byte was born, minus its own cell"),
                CHAR,
            ),
        ),
        Table("transitions", "an onset", ("rank",), TRANSITION_COLUMNS),
        Table("founders", "a founder of an onset", ("onset_epoch", "rank"), FOUNDER_COLUMNS),
        Table("replicators", "a replicating program of a state", ("epoch", "program"), REPLICATOR_COLUMNS),
        *FOUNDING,
    )
}

#: Relations of a segment, one file each.
SEGMENT_FILES: tuple[str, ...] = ("epochs", "reactions", "mechanisms", "mutations", "resets", "keyframes")
#: Analyses whose results lie in `analyses/<name>.parquet`.
RESULTS: tuple[str, ...] = (
    "transitions", "founders", "replicators", *(table.name for table in FOUNDING),
)  # fmt: skip

TOKEN_COLUMNS = (PROGRAM, SITE, TOKEN, BORN_EPOCH, BORN_PROGRAM, BORN_SITE, CHAR)

#: Relations of SQL, table macros among them (those with `arguments`).
RELATIONS: dict[str, Table] = {
    table.name: table
    for table in (
        Table("runs", "a run", ("run",), RUN_COLUMNS),
        Table("epochs", "a state of a run", ("run", "epoch"), _placed(EPOCH, *COUNTS, *MEASURES)),
        Table(
            "reactions",
            "a tape executed",
            ("run", "epoch", "left_program"),
            _placed(EPOCH, LEFT, RIGHT, MECHANISM, STEPS, OPERATIONS),
        ),
        Table("mechanisms", "a mechanism of a run", ("run", "mechanism"), _placed(MECHANISM, WRITES)),
        Table("mutations", "a mutated cell", ("run", "epoch", "program", "site"), _placed(EPOCH, PROGRAM, SITE, CHAR)),
        Table(
            "resets",
            "a periodic reset",
            ("run", "epoch"),
            _placed(*RESET_COLUMNS),
        ),
        Table(
            "copies",
            "a changed cell",
            ("run", "epoch", "program", "site"),
            _placed(
                EPOCH,
                PROGRAM,
                SITE,
                FROM_PROGRAM,
                FROM_SITE,
                DELTA,
                Column(
                    "kind",
                    TEXT,
                    "",
                    "copied (moved, whatever its delta), incremented (in place) or born (from nowhere)",
                ),
            ),
        ),
        Table(
            "tokens",
            "a cell of a keyframe's state",
            ("run", "epoch", "program", "site"),
            _placed(EPOCH, *TOKEN_COLUMNS),
        ),
        Table("transitions", "an onset of a run", ("run", "rank"), _placed(*TRANSITION_COLUMNS)),
        Table("founders", "a founder of an onset", ("run", "onset_epoch", "rank"), _placed(*FOUNDER_COLUMNS)),
        Table(
            "replicators", "a replicating program of a state", ("run", "epoch", "program"), _placed(*REPLICATOR_COLUMNS)
        ),
        *(Table(each.name, each.grain, ("run", *each.key), _placed(*each.columns)) for each in FOUNDING),
        Table("tokens_at", "a cell of the state", ("program", "site"), TOKEN_COLUMNS, ("run", "epoch")),
        Table(
            "programs_at",
            "a program of the state",
            ("program",),
            (
                PROGRAM,
                PROGRAM_BYTES,
                PROGRAM_TEXT,
                Column("x", INTEGER, "programs", "column on a grid: program modulo the width"),
                Column("y", INTEGER, "programs", "row on a grid: program divided by the width"),
            ),
            ("run", "epoch"),
        ),
        Table("scores_at", "a program of the state", ("program",), (PROGRAM, SCORE), ("run", "epoch")),
        Table("pairings", "a tape of the epoch", ("left_program",), (LEFT, RIGHT), ("run", "epoch")),
        Table(
            "lineage",
            "an event in the history of one byte, newest first",
            ("epoch",),
            (
                EPOCH,
                PROGRAM,
                SITE,
                CHAR,
                Column(
                    "event",
                    TEXT,
                    "",
                    "copied, incremented, mutated, born or initial; place and char are those after it",
                ),
                FROM_PROGRAM,
                FROM_SITE,
                Column(
                    "delta",
                    INTEGER,
                    "byte",
                    "by how much the event incremented the byte; null if it is no reaction",
                    nullable=True,
                ),
            ),
            ("run", "epoch", "program", "site"),
        ),
    )
}

#: Scalar macros: name with arguments, and meaning.
MACROS: dict[str, str] = {
    "token_epoch(t)": "epoch in which the token was born",
    "token_cell(t)": "cell in which the token was born",
    "token_char(t)": "the token's char",
    "program_text(run, epoch, program)": "the text of one program of a state",
}


def sql_type(column: Column) -> str:
    """Return DuckDB's name of the column's type."""
    return _sql_type(column.type)


_SQL_TYPES: dict[pa.DataType, str] = {
    BOOLEAN: "BOOLEAN",
    INTEGER: "INTEGER",
    BIGINT: "BIGINT",
    DOUBLE: "DOUBLE",
    TEXT: "VARCHAR",
    BLOB: "BLOB",
    SEED: "UBIGINT",
    MOMENT: "TIMESTAMP WITH TIME ZONE",
}


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"{_sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return f"STRUCT({', '.join(f'{field.name} {_sql_type(field.type)}' for field in kind)})"
    return _SQL_TYPES[kind]


def data_model_markdown() -> str:
    """Return the README's data model: every relation with its columns, and the scalar macros."""
    parts = [_described(table) for table in RELATIONS.values()]
    macros = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in MACROS.items())
    return "\n\n".join([*parts, f"**Scalar macros**\n\n| macro | meaning |\n|---|---|\n{macros}"]) + "\n"


def _described(table: Table) -> str:
    call = f"({', '.join(table.arguments)})" if table.arguments else ""
    lines = [f"**`{table.name}{call}`**: one row for {table.grain}; key {', '.join(table.key)}", ""]
    lines += ["| column | type | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | {sql_type(c)} | {c.unit} | {c.meaning} |" for c in table.columns]
    return "\n".join(lines)
