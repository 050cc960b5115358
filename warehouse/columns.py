"""What a column and a table are, and the columns that several relations share; all there are stand in `schema`."""

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
