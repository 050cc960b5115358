"""Every table and column of the store as data: name, Arrow type, unit and meaning.

From here come the Arrow schemas of the files, the SQL relations, the README's data model and tests.
`FILES` are the tables as they lie in files (without `run`, which is the folder's name); `RELATIONS` are
what SQL shows. Integers are signed and wide enough to calculate with in SQL: Parquet stores a narrow
value in few bits whatever its declared width. Words and meanings: design, sections 2 to 5.
"""

import pyarrow as pa

from warehouse.columns import (
    BIGINT,
    BORN_EPOCH,
    BORN_PROGRAM,
    BORN_SITE,
    CELL,
    CHAR,
    DELTA,
    DOUBLE,
    EPOCH,
    FROM_PROGRAM,
    FROM_SITE,
    INTEGER,
    LEFT,
    MECHANISM,
    MOMENT,
    OPERATIONS,
    PROGRAM,
    PROGRAM_BYTES,
    PROGRAM_TEXT,
    RIGHT,
    RUN,
    SCORE,
    SEED,
    SITE,
    STEPS,
    TEXT,
    TOKEN,
    Column,
    Table,
    sql_type,
)
from warehouse.result_tables import (
    RESULT_TABLES,
    SPECIES,
    STATE_SPECIES,
)
from warehouse.sweep_tables import SWEEP_FILES, SWEEP_RELATIONS

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
    Column("initial_soup", TEXT, "", "what the soup began as: uniform random bytes, zero, or a checkpoint"),
    Column("epochs", INTEGER, "epochs", "epochs done: the last stored state"),
    Column("status", TEXT, "", "complete, running (a writer is at it), interrupted or failed"),
    Column(
        "retention",
        TEXT,
        "",
        "to what the run was thinned: everything (never), transition, keyframes or epochs; see kept",
    ),
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
        *RESULT_TABLES,
        *SWEEP_FILES,
    )
}

#: Relations of a segment, one file each.
SEGMENT_FILES: tuple[str, ...] = ("epochs", "reactions", "mechanisms", "mutations", "resets", "keyframes")
#: Analyses whose results lie in `analyses/<name>.parquet`.
RESULTS: tuple[str, ...] = tuple(table.name for table in RESULT_TABLES)

#: Relations that say what is stored of runs, made when they are asked for.
OF_RUNS: tuple[str, ...] = ("runs", "kept", "results", "sizes")

TOKEN_COLUMNS = (PROGRAM, SITE, TOKEN, BORN_EPOCH, BORN_PROGRAM, BORN_SITE, CHAR)

#: Relations of SQL, table macros among them (those with `arguments`).
RELATIONS: dict[str, Table] = {
    table.name: table
    for table in (
        Table("runs", "a run", ("run",), RUN_COLUMNS),
        Table(
            "kept",
            "a stretch of a run's history that is there",
            ("run", "what", "first_epoch"),
            _placed(
                Column("first_epoch", INTEGER, "epochs", "first state or epoch of the stretch"),
                Column("last_epoch", INTEGER, "epochs", "last one, included"),
                Column(
                    "what",
                    TEXT,
                    "",
                    "counts (rows of `epochs`), states (that tokens_at and its kind tell) or logs (reactions,"
                    " mutations and copies); a run that was not thinned has one stretch of each",
                ),
            ),
        ),
        Table(
            "results",
            "an analysis that was made of a run",
            ("run", "analysis"),
            _placed(
                Column("analysis", TEXT, "", "its name, which is that of its relation"),
                Column("version", INTEGER, "order", "of the analysis: changes when its results do"),
                Column("rows", BIGINT, "rows", "rows of its relation"),
                Column(
                    "last_epoch",
                    INTEGER,
                    "epochs",
                    "last state of the history that it was made of; null if it does not say",
                    nullable=True,
                ),
                Column(
                    "retention",
                    TEXT,
                    "",
                    "what was kept of that history as it was made: everything, or as `runs.retention`; a result made"
                    " before the run was thinned stays true",
                ),
            ),
        ),
        Table(
            "sizes",
            "a relation of a run, as it lies in files",
            ("run", "relation"),
            _placed(
                Column(
                    "relation",
                    TEXT,
                    "",
                    "a relation of files (`measures` and `compact` are parts of `epochs`); other: manifests, locks,"
                    " what no longer counts",
                ),
                Column("files", BIGINT, "files", "files that it lies in"),
                Column("rows", BIGINT, "rows", "rows in them; null for other", nullable=True),
                Column("bytes", BIGINT, "bytes", "bytes of the files on the disk"),
            ),
        ),
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
        *(Table(each.name, each.grain, ("run", *each.key), _placed(*each.columns)) for each in RESULT_TABLES),
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
                SPECIES,
            ),
            ("run", "epoch"),
        ),
        Table("scores_at", "a program of the state", ("program",), (PROGRAM, SCORE), ("run", "epoch")),
        Table("species_at", "a species of the state", ("instructions",), STATE_SPECIES, ("run", "epoch")),
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
                    "copied, incremented, mutated, born or initial; place and char are those after it; thinned: the log"
                    " before it was thinned away",
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
        Table(
            "descendants",
            "an event in which a descendant of the byte came to be, changed or was lost",
            ("epoch", "program", "site", "event"),
            (
                EPOCH,
                PROGRAM,
                SITE,
                Column("char", INTEGER, "byte", "the byte's value after the event; null when lost", nullable=True),
                Column(
                    "event",
                    TEXT,
                    "",
                    "copied (came to be), incremented (in place) or lost (its cell was overwritten, mutated or reset)",
                ),
                Column("by", TEXT, "", "what did it: reaction, mutation or reset"),
                Column("from_program", INTEGER, "index", "program it came from; null when lost", nullable=True),
                Column("from_site", INTEGER, "bytes", "site it came from; null when lost", nullable=True),
                Column(
                    "delta",
                    INTEGER,
                    "byte",
                    "by how much it was incremented, modulo 256; null when lost",
                    nullable=True,
                ),
            ),
            ("run", "epoch", "program", "site", "until"),
        ),
        Table(
            "descendant_counts",
            "a state from the byte's own on",
            ("epoch",),
            (
                EPOCH,
                Column(
                    "descendants",
                    BIGINT,
                    "cells",
                    "cells of the state that hold a descendant, the byte itself included; where site is null one of any"
                    " byte of the program",
                ),
                Column("programs", BIGINT, "programs", "programs of the state that hold any"),
                Column("reached_programs", BIGINT, "programs", "programs that held any in this state or one before"),
                Column("copied", BIGINT, "cells", "descendants that came to be in the making of the state"),
                Column("crossed", BIGINT, "cells", "of those copied, those that came from another program"),
                Column("incremented", BIGINT, "cells", "descendants that were incremented in place"),
                Column("lost", BIGINT, "cells", "descendants lost: descendants fall by lost and rise by copied"),
                Column("overwritten", BIGINT, "cells", "of those lost, those that a reaction overwrote"),
                Column("mutated", BIGINT, "cells", "of those lost, those that mutated"),
                Column("reset", BIGINT, "cells", "of those lost, those that a reset made anew"),
            ),
            ("run", "epoch", "program", "site", "until"),
        ),
        Table(
            "ancestry",
            "a byte of the program",
            ("site",),
            (
                SITE,
                CHAR,
                BORN_EPOCH,
                BORN_PROGRAM,
                BORN_SITE,
                Column("born_char", INTEGER, "byte", "its value when it was born"),
                Column("birth", TEXT, "", "how it was born: mutated, born (from nowhere or by a reset) or initial"),
                Column(
                    "joined_epoch",
                    INTEGER,
                    "epochs",
                    "oldest state from which on its ancestor stood in the carrier at every state; the carrier is the"
                    " program itself, and a state earlier the program that held the most of the carrier's bytes",
                ),
                Column("joined_program", INTEGER, "index", "the carrier at joined_epoch"),
                Column(
                    "joined_from",
                    INTEGER,
                    "index",
                    "program that its ancestor stood in one state before it joined; null if it was born then",
                    nullable=True,
                ),
                Column(
                    "met_epoch", INTEGER, "epochs", "oldest state at which its ancestor stood in the carrier at all"
                ),
                Column("copied", INTEGER, "copies", "how often it was copied on its way"),
                Column("crossed", INTEGER, "copies", "of these, how often from one program to another"),
                Column("incremented", INTEGER, "reactions", "how often it was incremented in place"),
                Column("changed_epoch", INTEGER, "epochs", "newest state that moved or changed it"),
            ),
            ("run", "epoch", "program"),
        ),
        Table(
            "parents",
            "a program's gift to another on the way to the program asked about, or a birth, newest first",
            ("epoch", "program", "from_program"),
            (
                EPOCH,
                Column("program", INTEGER, "index", "program that holds the ancestors at state epoch"),
                Column(
                    "from_program",
                    INTEGER,
                    "index",
                    "program that held them at state epoch - 1; null: they were born in this epoch",
                    nullable=True,
                ),
                Column("cells", INTEGER, "cells", "cells of program whose bytes came this way"),
                Column("weight", INTEGER, "bytes", "bytes of the program asked about that descend from them"),
            ),
            ("run", "epoch", "program"),
        ),
        Table(
            "contributors",
            "a program that held ancestors at the state, or in which some were born later",
            ("epoch", "program"),
            (
                Column("epoch", INTEGER, "epochs", "the state; of ancestors born later the epoch in which they were"),
                Column("program", INTEGER, "index", "program that held them, or in which they were born"),
                Column("cells", INTEGER, "cells", "cells of it that held ancestors"),
                Column(
                    "weight",
                    INTEGER,
                    "bytes",
                    "bytes of the program asked about that descend from them; they sum to its length",
                ),
            ),
            ("run", "epoch", "program", "state"),
        ),
        *SWEEP_RELATIONS,
    )
}

#: Scalar macros: name with arguments, and meaning.
MACROS: dict[str, str] = {
    "token_epoch(t)": "epoch in which the token was born",
    "token_cell(t)": "cell in which the token was born",
    "token_char(t)": "the token's char",
    "program_text(run, epoch, program)": "the text of one program of a state",
    "wilson_low(found, size)": "lower end of Wilson's 95 % interval of a share of which `found` of `size` show some",
    "wilson_high(found, size)": "its upper end",
}


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
