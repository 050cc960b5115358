"""The relations of sweeps as SQL: views and macros over `runs`, `transitions`, `epochs` and the sweeps' own files.

Nothing is counted beforehand: each question is answered from the store as it is. Runs that are not done are in
none of the shares: with a stop condition the quick ones among them would count for more.
"""

import re
from collections.abc import Callable

from warehouse.schema import RELATIONS
from warehouse.sweep_tables import Z

_ROWS = re.compile(r"read_parquet\(_files\('(\w+)'\)\)")
_MEASURES = tuple(column.name for column in RELATIONS["epochs"].columns if column.name not in {"run", "epoch"})


def sweep_statements(rows_of: Callable[[str], str] | None = None) -> list[str]:
    """Return the statements that make the views and macros, in an order in which they can be made.

    ``rows_of``: what stands in them for the rows of a file of all sweeps and of `paper_shares`, by name; by default
    what the functions of a connection name.
    """
    if rows_of is not None:
        return [_ROWS.sub(lambda found: rows_of(found[1]), statement) for statement in sweep_statements()]
    return [
        *_WILSON,
        _SWEEP_RUNS,
        _SWEEPS,
        _PAPER_SHARES,
        _SWEEP_COMPARISONS,
        _SURVIVAL,
        _ONSET_SHARES,
        _FAN,
    ]


def _columns(relation: str, alias: str = "") -> str:
    return ", ".join(f"{alias}{name}" for name in RELATIONS[relation].names)


# As `analysis.samples.wilson`: exactly 0 and 1 where none or all were seen, and never past the share itself.
_Z2 = Z**2
_WILSON = (
    f"""CREATE MACRO wilson_low(found, size) AS CASE WHEN size = 0 THEN NULL WHEN found = 0 THEN 0.0::DOUBLE ELSE least(
        (found / size + {_Z2} / size / 2
         - sqrt({_Z2} / size * (found / size * (1 - found / size) + {_Z2} / size / 4))) / (1 + {_Z2} / size),
        found / size) END""",
    f"""CREATE MACRO wilson_high(found, size) AS CASE WHEN size = 0 THEN NULL WHEN found = size THEN 1.0::DOUBLE
        ELSE greatest(
        (found / size + {_Z2} / size / 2
         + sqrt({_Z2} / size * (found / size * (1 - found / size) + {_Z2} / size / 4))) / (1 + {_Z2} / size),
        found / size) END""",
)

_SWEEP_RUNS = f"""CREATE VIEW sweep_runs AS
    SELECT {_columns("sweep_runs")} FROM (
        SELECT p.*, least(coalesce(r.epochs, 0), p.planned_epochs) AS epochs, coalesce(r.status, 'planned') AS status,
            coalesce(r.status = 'complete' AND (r.epochs >= p.planned_epochs
                OR (e.ended_by <> 'epochs' AND r.epochs >= e.epochs)), false) AS done,
            CASE WHEN NOT done THEN NULL WHEN e.epochs < p.planned_epochs THEN coalesce(e.ended_by, 'epochs')
                 ELSE 'epochs' END AS ended_by,
            CASE WHEN done THEN t.epoch END AS onset_epoch,
            CASE WHEN NOT done THEN e.error END AS error
        FROM read_parquet(_files('sweep_plans')) AS p
        LEFT JOIN runs AS r USING (run)
        LEFT JOIN read_parquet(_files('sweep_ends')) AS e ON e.sweep = p.sweep AND e.run = p.run
        LEFT JOIN (SELECT run, epoch FROM transitions WHERE rank = 1) AS t
            ON t.run = p.run AND t.epoch <= p.planned_epochs)"""

_SWEEPS = """CREATE VIEW sweeps AS
    SELECT d.sweep, d.paper, count(DISTINCT s.condition) AS conditions, count(*) AS planned,
        count(*) FILTER (s.done) AS done, count(*) FILTER (s.status = 'running') AS running,
        count(*) FILTER (s.error IS NOT NULL) AS failed, count(s.onset_epoch) AS onsets, d.created_at, d.definition
    FROM read_parquet(_files('sweep_definitions')) AS d JOIN sweep_runs AS s USING (sweep)
    GROUP BY d.sweep, d.paper, d.created_at, d.definition"""


_PAPER_SHARES = (
    f"CREATE VIEW paper_shares AS SELECT {_columns('paper_shares')} FROM read_parquet(_files('paper_shares'))"
)

# A run that was cut before `until_epoch` without an onset tells nothing of what comes till then, and a condition
# that plans fewer epochs would tell of its quick runs only.
_SWEEP_COMPARISONS = """CREATE VIEW sweep_comparisons AS
    SELECT sweep, paper, condition, counts, after_epoch, until_epoch, paper_share, runs, found,
        found / nullif(runs, 0) AS share, wilson_low(found, runs) AS low, wilson_high(found, runs) AS high, programs,
        share - paper_share - sqrt((share - low) ** 2 + (paper_high - paper_share) ** 2) <= 0
            AND share - paper_share + sqrt((high - share) ** 2 + (paper_share - paper_low) ** 2) >= 0 AS agrees
    FROM (
        SELECT w.sweep, w.paper, p.condition, p.counts, p.after_epoch, p.until_epoch, p.share AS paper_share,
            p.low AS paper_low, p.high AS paper_high, count(s.run) AS runs,
            count(*) FILTER (CASE p.counts
                WHEN 'onset' THEN s.onset_epoch > p.after_epoch AND s.onset_epoch <= p.until_epoch
                WHEN 'no onset' THEN s.onset_epoch IS NULL OR s.onset_epoch > p.until_epoch
                ELSE s.ended_by = 'complexity' OR s.complexity >= 1 END) AS found,
            CASE WHEN min(s.programs) = max(s.programs) THEN min(s.programs) END AS programs
        FROM sweeps AS w JOIN paper_shares AS p ON p.paper = w.paper
        LEFT JOIN (
            SELECT s.sweep, s.condition, s.run, s.planned_epochs, s.epochs, s.onset_epoch, s.ended_by, r.programs,
                e.complexity
            FROM sweep_runs AS s JOIN runs AS r USING (run)
            LEFT JOIN epochs AS e ON e.run = s.run AND e.epoch = s.planned_epochs
            WHERE s.done) AS s
            ON s.sweep = w.sweep AND s.condition = p.condition AND s.planned_epochs >= p.until_epoch
            AND (s.epochs >= p.until_epoch OR s.ended_by = 'complexity'
                 OR (p.counts <> 'end' AND s.onset_epoch IS NOT NULL))
        GROUP BY ALL)
    ORDER BY sweep, paper, condition, counts DESC, after_epoch"""

_SURVIVAL = f"""CREATE MACRO survival(of_sweep) AS TABLE
    WITH lives AS (
        SELECT s.condition, s.condition_rank, coalesce(s.onset_epoch, s.epochs) AS epoch,
            (s.onset_epoch IS NOT NULL)::INTEGER AS onset
        FROM sweep_runs AS s WHERE s.sweep = of_sweep::VARCHAR AND s.done),
    times AS (
        SELECT condition, condition_rank, epoch, sum(onset)::BIGINT AS onsets, count(*) - sum(onset)::BIGINT AS censored
        FROM lives GROUP BY ALL
        UNION ALL
        SELECT condition, condition_rank, 0, 0, 0 FROM lives GROUP BY ALL HAVING min(epoch) > 0),
    risks AS (
        SELECT *, sum(onsets + censored) OVER (PARTITION BY condition ORDER BY epoch DESC)::BIGINT AS at_risk
        FROM times),
    curve AS (
        SELECT *, product(1 - onsets / at_risk) OVER so_far AS survival,
            sum(CASE WHEN onsets < at_risk THEN onsets / (at_risk * (at_risk - onsets)) END) OVER so_far AS variance
        FROM risks WINDOW so_far AS (PARTITION BY condition ORDER BY epoch)),
    bands AS (
        SELECT *, CASE WHEN survival > 0 AND survival < 1
                       THEN {Z} * sqrt(variance) / abs(ln(survival)) END AS spread
        FROM curve)
    SELECT condition, condition_rank, epoch, at_risk, onsets, censored, survival,
        survival ** exp(spread) AS low, survival ** exp(-spread) AS high
    FROM bands ORDER BY condition_rank, epoch"""

_ONSET_SHARES = """CREATE MACRO onset_shares(of_sweep, stretch) AS TABLE
    SELECT condition, condition_rank, after_epoch, until_epoch, runs, onsets, onsets / nullif(runs, 0) AS share,
        wilson_low(onsets, runs) AS low, wilson_high(onsets, runs) AS high
    FROM (
        SELECT s.condition, s.condition_rank, b.after_epoch, b.after_epoch + stretch::INTEGER AS until_epoch,
            count(*) FILTER (s.epochs >= b.after_epoch + stretch::INTEGER OR s.onset_epoch IS NOT NULL) AS runs,
            count(*) FILTER (s.onset_epoch > b.after_epoch AND s.onset_epoch <= b.after_epoch + stretch::INTEGER)
                AS onsets
        FROM sweep_runs AS s, LATERAL (
            SELECT unnest(range(0, greatest(s.planned_epochs - stretch::INTEGER + 1, 0), stretch::INTEGER))::INTEGER
                AS after_epoch) AS b
        WHERE s.sweep = of_sweep::VARCHAR AND s.done GROUP BY ALL)
    ORDER BY condition_rank, after_epoch"""

_CASES = " ".join(f"WHEN '{name}' THEN e.{name}::DOUBLE" for name in _MEASURES)
_FAN = f"""CREATE MACRO fan(of_sweep, measure) AS TABLE
    SELECT condition, condition_rank, epoch, count(*) AS runs,
        {", ".join(f"quantile_cont(value, 0.{share}) AS p{share}" for share in ("05", "25", "50", "75", "95"))}
    FROM (
        SELECT s.condition, s.condition_rank, e.epoch, CASE measure::VARCHAR {_CASES}
            ELSE error('fan: no measure ' || measure::VARCHAR || '; allowed: {", ".join(_MEASURES)}')::DOUBLE END
            AS value
        FROM sweep_runs AS s JOIN runs AS r USING (run) JOIN epochs AS e USING (run)
        WHERE s.sweep = of_sweep::VARCHAR AND s.done AND e.epoch <= s.planned_epochs
            AND (e.epoch % r.measure_every = 0 OR e.epoch = s.planned_epochs))
    WHERE value IS NOT NULL GROUP BY ALL ORDER BY condition_rank, epoch"""
