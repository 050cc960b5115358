"""The relations and macros of a SQL connection as statements: over files that registered functions name.

``_files('reactions')`` and its kind are functions of `functions.Functions`. DuckDB calls them anew
each time it binds a query, so the views stay while a session moves on to newer files. In a table macro a
column with the name of an argument must be qualified, or it is the argument.
"""

from warehouse.schema import OF_RUNS, RELATIONS, RESULTS
from warehouse.sweep_relations import sweep_statements

_HIVE = "hive_partitioning = true, hive_types = {'run': VARCHAR}"
_LENGTH = "hive_partitioning = true, hive_types = {'run': VARCHAR, 'length': INTEGER}"
_STATE = "hive_partitioning = true, hive_types = {'run': VARCHAR, 'length': INTEGER, 'state': INTEGER}"
_CELL = (1 << 28) - 1


def statements() -> list[str]:
    """Return the statements that make every view and macro, in an order in which they can be made."""
    return [*_views(), *_table_macros(), *_scalar_macros(), *sweep_statements()]


def _columns(relation: str, alias: str = "") -> str:
    return ", ".join(f"{alias}{name}" for name in RELATIONS[relation].names)


def _views() -> list[str]:
    gathered = [
        f"CREATE VIEW {name} AS SELECT {_columns(name)} FROM read_parquet(_files('{name}'))"
        for name in (*OF_RUNS, *RESULTS)
    ]
    plain = [
        f"CREATE VIEW {name} AS SELECT {_columns(name)} FROM read_parquet(_files('{name}'), {_HIVE})"
        for name in ("reactions", "mutations", "resets")
    ]
    return [
        *gathered,
        *plain,
        f"""CREATE VIEW epochs AS SELECT {_columns("epochs")}
            FROM read_parquet(_files('epochs'), hive_partitioning = true, hive_types_autocast = false)""",
        f"""CREATE VIEW mechanisms AS SELECT run, mechanism, first(writes) AS writes
            FROM read_parquet(_files('mechanisms'), {_HIVE}) GROUP BY run, mechanism""",
        _COPIES,
        _TOKENS,
    ]


# One list of writes for each reaction, looked up in its own segment: a join with the view `mechanisms` would
# read those of all segments, whatever epochs are asked for.
_COPIES = f"""CREATE VIEW copies AS
    SELECT run, epoch,
        CASE WHEN w.target < length THEN left_program ELSE right_program END AS program,
        w.target % length AS site,
        CASE WHEN w.source < length THEN left_program WHEN w.source IS NOT NULL THEN right_program END AS from_program,
        w.source % length AS from_site,
        w.delta AS delta,
        CASE WHEN w.source IS NULL THEN 'born' WHEN w.source = w.target THEN 'incremented' ELSE 'copied' END AS kind
    FROM (SELECT run, epoch, length, left_program, right_program, unnest(_writes(run, epoch, mechanism)) AS w
          FROM read_parquet(_files('copies'), {_LENGTH}) WHERE mechanism <> 0)"""

_TOKENS = f"""CREATE VIEW tokens AS
    SELECT run, epoch, program, site,
        ((born_epoch::BIGINT << 36) | ((cell + born_relative)::BIGINT << 8) | char)::BIGINT AS token,
        born_epoch,
        (cell + born_relative) // length AS born_program,
        (cell + born_relative) % length AS born_site,
        char
    FROM read_parquet(_files('tokens'), {_LENGTH})"""


def _table_macros() -> list[str]:
    return [_TOKENS_AT, _PROGRAMS_AT, _SCORES_AT, _SPECIES_AT, _PAIRINGS, _LINEAGE, *_DESCENTS, *_ANCESTRIES]


def _state(relation: str) -> str:
    return f"read_parquet(_state('{relation}', run::VARCHAR, epoch::VARCHAR), {_STATE}, file_row_number = true) AS t"


_TOKENS_AT = f"""CREATE MACRO tokens_at(run, epoch) AS TABLE
    SELECT t.program, (t.file_row_number % t.length)::INTEGER AS site, t.token,
        (t.token >> 36)::INTEGER AS born_epoch,
        ((t.token >> 8) & {_CELL})::INTEGER // t.length AS born_program,
        ((t.token >> 8) & {_CELL})::INTEGER % t.length AS born_site,
        (t.token & 255)::INTEGER AS char,
        t.state AS epoch
    FROM {_state("tokens_at")}"""

# A soup that is no grid is a line: as wide as it has programs.
_PROGRAMS_AT = f"""CREATE MACRO programs_at(run, epoch) AS TABLE
    SELECT t.program, t.bytes, t.text, t.x, t.y, t.species, t.state AS epoch FROM {_state("programs_at")}"""

_SCORES_AT = f"""CREATE MACRO scores_at(run, epoch) AS TABLE
    SELECT t.program, t.score, t.state AS epoch FROM {_state("scores_at")}"""

_SPECIES_AT = f"""CREATE MACRO species_at(run, epoch) AS TABLE
    SELECT {", ".join(f"t.{name}" for name in RELATIONS["species_at"].names)}, t.state AS epoch
    FROM {_state("species_at")}"""

_PAIRINGS = f"""CREATE MACRO pairings(run, epoch) AS TABLE
    SELECT t.left_program, t.right_program, t.state AS epoch FROM {_state("pairings")}"""

_LINEAGE = f"""CREATE MACRO lineage(run, epoch, program, site) AS TABLE
    SELECT {_columns("lineage", "t.")}
    FROM read_parquet(_lineage(run::VARCHAR, epoch::BIGINT, program::BIGINT, site::BIGINT)) AS t"""


_DESCENTS = [
    f"""CREATE MACRO {relation}(run, epoch, program, site, until) AS TABLE
    SELECT {_columns(relation, "t.")} FROM read_parquet(_descent('{relation}',
        run::VARCHAR, epoch::BIGINT, program::BIGINT, site::BIGINT, until::BIGINT)) AS t"""
    for relation in ("descendants", "descendant_counts")
]

_ANCESTRIES = [
    f"""CREATE MACRO {relation}({", ".join(RELATIONS[relation].arguments)}) AS TABLE
    SELECT {_columns(relation, "t.")} FROM read_parquet(_ancestry('{relation}',
        run::VARCHAR, epoch::BIGINT, program::BIGINT, {state}::BIGINT)) AS t"""
    for relation, state in (("ancestry", "epoch"), ("parents", "epoch"), ("contributors", "state"))
]


def _scalar_macros() -> list[str]:
    return [
        "CREATE MACRO token_epoch(t) AS (t::BIGINT >> 36)::INTEGER",
        f"CREATE MACRO token_cell(t) AS ((t::BIGINT >> 8) & {_CELL})::INTEGER",
        "CREATE MACRO token_char(t) AS (t::BIGINT & 255)::INTEGER",
        "CREATE MACRO program_text(run, epoch, program) AS _program_text(run::VARCHAR, epoch::BIGINT, program::BIGINT)",
    ]
