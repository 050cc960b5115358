"""Views that any DuckDB can make over a store's files alone: `views.sql` in the store's folder.

The views name files relative to the store's folder: run DuckDB there, `.read views.sql`. They match an
empty file of each relation besides (under `empty/`), so that they can be made before anything is stored.
What no longer counts lies there while somebody still reads it; its rows are left out: a shorter tail that a longer
segment replaced, and all segments of before a run was thinned.
"""

from pathlib import Path

import pyarrow.parquet as pq

from warehouse.files import replacing
from warehouse.paper import paper_table
from warehouse.schema import FILES, RELATIONS, RESULTS, SEGMENT_FILES
from warehouse.sweep_relations import sweep_statements
from warehouse.sweep_tables import SWEEP_FILES

_SPAN = "0000000000-0000000000"
#: Relation of files, and where its files lie under a run's folder.
_PLACES = {
    "runs": "runs.parquet",
    **{name: f"segments*/*/{name}.parquet" for name in SEGMENT_FILES},
    "measures": "analyses/measures/*.parquet",
    **{name: f"analyses/{name}.parquet" for name in RESULTS},
}
_HEADER = """-- Plain views over the files of this store, for any DuckDB started in this folder:
--     duckdb -cmd ".read views.sql"
-- `primordium sql` has these and more (tokens of any epoch, lineage, scores). `runs.epochs` and `runs.status`
-- are as last recorded, and those of `sweep_runs` with them; the other views show what is stored now.
"""


def plain_views() -> str:
    """Return the statements of `views.sql`."""
    return "\n".join([_HEADER, *(statement.strip() + ";\n" for statement in _statements())])


def write_plain_views(store: Path) -> None:
    """Write `views.sql` and the empty files into the store's folder ``store``; the caller holds its lock."""
    for relation, place in _PLACES.items():
        path = (
            store
            / "empty"
            / "run=none"
            / place.replace("segments*", "segments").replace("*.parquet", f"{_SPAN}.parquet").replace("*", _SPAN)
        )
        with replacing(path) as part:
            pq.write_table(FILES[relation].schema.empty_table(), part)
    for table in SWEEP_FILES:
        with replacing(store / "empty" / "none" / f"{table.name}.parquet") as part:
            pq.write_table(table.schema.empty_table(), part)
    with replacing(store / "views.sql") as part:
        part.write_text(plain_views())


def renew_plain_views(store: Path) -> None:
    """Write `views.sql` again if an older version wrote it; the caller holds the store's lock."""
    path = store / "views.sql"
    if not path.exists() or path.read_text() != plain_views():
        write_plain_views(store)


def _statements() -> list[str]:
    return [
        f"CREATE OR REPLACE VIEW runs AS SELECT {_columns('runs')} FROM {_files('runs')}",
        # Of a run's folders of segments only that of the last thinning counts, in it of the spans with one start only
        # the longest.
        f"""CREATE OR REPLACE VIEW segments AS
    SELECT run, thinnings, start, max(stop) AS stop FROM (
        SELECT run, start, stop, thinnings, max(thinnings) OVER (PARTITION BY run) AS last FROM (
            SELECT DISTINCT run, {_start("file")} AS start, {_stop("file")} AS stop, {_thinnings("file")} AS thinnings
            FROM {_files("epochs")}))
    WHERE thinnings = last GROUP BY run, thinnings, start""",
        f"""CREATE OR REPLACE VIEW epochs AS
    SELECT {_columns("epochs", "e.", "m.")}
    FROM ({_current("epochs")}) AS e LEFT JOIN ({_current("measures")}) AS m USING (run, epoch)""",
        *(
            f"CREATE OR REPLACE VIEW {name} AS SELECT {_columns(name)} FROM ({_current(name)})"
            for name in ("reactions", "mutations", "resets")
        ),
        f"""CREATE OR REPLACE VIEW mechanisms AS
    SELECT run, mechanism, first(writes) AS writes FROM ({_current("mechanisms")}) GROUP BY run, mechanism""",
        f"""CREATE OR REPLACE VIEW tokens AS
    SELECT k.run, k.epoch, k.program, k.site,
        ((k.born_epoch::BIGINT << 36) | ((k.cell + k.born_relative)::BIGINT << 8) | k.char)::BIGINT AS token,
        k.born_epoch,
        (k.cell + k.born_relative) // r.program_length AS born_program,
        (k.cell + k.born_relative) % r.program_length AS born_site,
        k.char
    FROM ({_current("keyframes")}) AS k JOIN runs AS r USING (run)""",
        f"""CREATE OR REPLACE VIEW copies AS
    SELECT c.run, c.epoch,
        CASE WHEN c.w.target < r.program_length THEN c.left_program ELSE c.right_program END AS program,
        c.w.target % r.program_length AS site,
        CASE WHEN c.w.source < r.program_length THEN c.left_program
             WHEN c.w.source IS NOT NULL THEN c.right_program END AS from_program,
        c.w.source % r.program_length AS from_site,
        c.w.delta AS delta,
        CASE WHEN c.w.source IS NULL THEN 'born'
             WHEN c.w.source = c.w.target THEN 'incremented' ELSE 'copied' END AS kind
    FROM (SELECT run, epoch, left_program, right_program, unnest(writes) AS w
          FROM ({_current("reactions")}) JOIN mechanisms USING (run, mechanism)) AS c JOIN runs AS r USING (run)""",
        *(f"CREATE OR REPLACE VIEW {name} AS SELECT {_columns(name)} FROM {_files(name)}" for name in RESULTS),
        *(each.replace("CREATE ", "CREATE OR REPLACE ", 1) for each in sweep_statements(_rows_of_sweeps)),
    ]


def _rows_of_sweeps(relation: str) -> str:
    """Return a query of the rows of a file of all sweeps, whose folders have their names, or of the paper's shares."""
    if relation == "paper_shares":
        rows = ", ".join(f"({', '.join(map(_literal, row.values()))})" for row in paper_table().to_pylist())
        return f"(VALUES {rows}) AS p({_columns(relation)})"
    return (
        f"(SELECT regexp_extract(file, '([^/]+)/{relation}.parquet$', 1) AS sweep, * EXCLUDE (file)"
        f" FROM read_parquet('*/*/{relation}.parquet', filename = 'file'))"
    )


def _literal(value: object) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"{value!r}::DOUBLE" if isinstance(value, float) else f"{value!r}"


def _files(relation: str) -> str:
    return (
        f"read_parquet('*/run=*/{_PLACES[relation]}', hive_partitioning = true,"
        " hive_types_autocast = false, filename = 'file')"
    )


def _current(relation: str) -> str:
    """Return a query of the rows of a relation of segments that count."""
    thinned = f" AND {_thinnings('f.file')} = s.thinnings" if relation in SEGMENT_FILES else ""
    return (
        f"SELECT f.* FROM {_files(relation)} AS f SEMI JOIN segments AS s"
        f" ON f.run = s.run AND {_start('f.file')} = s.start AND {_stop('f.file')} = s.stop{thinned}"
    )


def _start(file: str) -> str:
    return rf"regexp_extract({file}, '(\d{{10}})-\d{{10}}', 1)"


def _stop(file: str) -> str:
    return rf"regexp_extract({file}, '\d{{10}}-(\d{{10}})', 1)"


def _thinnings(file: str) -> str:
    return rf"coalesce(try_cast(regexp_extract({file}, 'segments-(\d+)-', 1) AS INTEGER), 0)"


def _columns(relation: str, first: str = "", rest: str = "") -> str:
    """Return the columns of a relation; those of `measures` qualified with ``rest``, the others with ``first``."""
    measured = set(FILES["measures"].names) - set(FILES["epochs"].names)
    return ", ".join((rest if name in measured else first) + name for name in RELATIONS[relation].names)
