"""The relations of sweeps, column by column: what lies in a sweep's files, and what SQL makes of them."""

from warehouse.columns import BIGINT, BOOLEAN, DOUBLE, INTEGER, MOMENT, RUN, SEED, TEXT, Column, Table

#: Standard errors to either side of an estimate that hold 95 % of them.
Z = 1.96

SWEEP = Column("sweep", TEXT, "", "the sweep's name")
CONDITION = Column(
    "condition", TEXT, "", "what its runs have in common, all but the seed: `mutation_rate=0.001`; '' if all have all"
)
RANK = Column("condition_rank", INTEGER, "order", "conditions in the order of the sweep's definition, from 1")
SEEDED = Column("seed", SEED, "", "the run's seed")
GRID = Column("grid", TEXT, "JSON", "the condition's options and their values")
PLANNED = Column(
    "planned_epochs", INTEGER, "epochs", "the state that the sweep wants to see, unless a run stops before"
)
ENDED_BY = Column(
    "ended_by",
    TEXT,
    "",
    "why the sweep took it to its end: epochs (all of them), complexity, replicators or wall_time; null before",
    nullable=True,
)
ERROR = Column("error", TEXT, "", "why it failed when it was last tried; null if it did not", nullable=True)
LOW = Column(
    "low", DOUBLE, "share", "lower end of its 95 % interval (Wilson's); null where there are no runs", nullable=True
)
HIGH = Column("high", DOUBLE, "share", "upper end; null where there are no runs", nullable=True)
PAPER = Column(
    "paper", TEXT, "", "figure of the paper that it repeats: figure-5 and so on; null for none", nullable=True
)
AFTER = Column("after_epoch", INTEGER, "epochs", "epochs counted: those after this one")
UNTIL = Column("until_epoch", INTEGER, "epochs", "epochs counted: those up to this one")

#: As they lie in files under `sweeps/<name>/`, without the column `sweep`, which is the folder's name.
SWEEP_FILES = (
    Table(
        "sweep_plans",
        "a run of the sweep, in a condition",
        ("condition_rank", "run"),
        (RUN, CONDITION, RANK, SEEDED, GRID, PLANNED),
    ),
    Table(
        "sweep_ends",
        "a run that the sweep took to its end, or that failed",
        ("run",),
        (
            RUN,
            Column("epochs", INTEGER, "epochs", "the run's last state then"),
            ENDED_BY,
            ERROR,
        ),
    ),
    Table(
        "sweep_definitions",
        "the sweep",
        (),
        (
            PAPER,
            Column("definition", TEXT, "JSON", "the sweep's file, as it was read"),
            Column("created_at", MOMENT, "UTC", "when the sweep was first asked for"),
        ),
    ),
)  # fmt: skip

SWEEP_RELATIONS = (
    Table(
        "sweeps",
        "a sweep",
        ("sweep",),
        (
            SWEEP,
            PAPER,
            Column("conditions", BIGINT, "conditions", "its conditions"),
            Column("planned", BIGINT, "runs", "runs planned, each in its condition"),
            Column("done", BIGINT, "runs", "of these, those done"),
            Column("running", BIGINT, "runs", "those that a process is at now"),
            Column("failed", BIGINT, "runs", "those that failed when they were last tried"),
            Column("onsets", BIGINT, "runs", "those done that have an onset"),
            Column("created_at", MOMENT, "UTC", "when the sweep was first asked for"),
            Column("definition", TEXT, "JSON", "the sweep's file, as it was read"),
        ),
    ),
    Table(
        "sweep_runs",
        "a run of a sweep, in a condition",
        ("sweep", "condition", "run"),
        (
            SWEEP,
            CONDITION,
            RANK,
            RUN,
            SEEDED,
            GRID,
            PLANNED,
            Column("epochs", INTEGER, "epochs", "states stored, those beyond planned_epochs not counted"),
            Column("status", TEXT, "", "planned (not begun), or the run's: complete, running, interrupted, failed"),
            Column("done", BOOLEAN, "", "whether the sweep wants nothing more of it: all planned, or stopped before"),
            ENDED_BY,
            Column(
                "onset_epoch",
                INTEGER,
                "epochs",
                "its first onset up to planned_epochs; null if it has none, or is not done",
                nullable=True,
            ),
            ERROR,
        ),
    ),
    Table(
        "survival",
        "an epoch at which runs of a condition had their first onset or ended without one, and epoch 0",
        ("condition", "epoch"),
        (
            CONDITION,
            RANK,
            Column("epoch", INTEGER, "epochs", "first onset of some runs, or last state of some that had none"),
            Column("at_risk", BIGINT, "runs", "runs seen up to this epoch that had no onset before it"),
            Column("onsets", BIGINT, "runs", "runs with their first onset at this epoch"),
            Column("censored", BIGINT, "runs", "runs that ended at this epoch without an onset"),
            Column("survival", DOUBLE, "share", "Kaplan and Meier's share of soups without an onset up to this epoch"),
            Column(
                "low",
                DOUBLE,
                "share",
                "lower end of its 95 % band (Greenwood's variance, log-log); null where survival is 0 or 1",
                nullable=True,
            ),
            Column("high", DOUBLE, "share", "upper end; null where survival is 0 or 1", nullable=True),
        ),
        ("of_sweep",),
    ),
    Table(
        "onset_shares",
        "a stretch of epochs of a condition",
        ("condition", "after_epoch"),
        (
            CONDITION,
            RANK,
            AFTER,
            UNTIL,
            Column("runs", BIGINT, "runs", "runs done that were seen up to until_epoch, or had an onset before"),
            Column("onsets", BIGINT, "runs", "of these, those whose first onset lies in the stretch"),
            Column("share", DOUBLE, "share", "onsets / runs; null where there are no runs", nullable=True),
            LOW,
            HIGH,
        ),
        ("of_sweep", "stretch"),
    ),
    Table(
        "fan",
        "a measured state of a condition's runs",
        ("condition", "epoch"),
        (
            CONDITION,
            RANK,
            Column("epoch", INTEGER, "epochs", "the state"),
            Column("runs", BIGINT, "runs", "runs done that have it"),
            *(
                Column(name, DOUBLE, "the measure's", f"{share} of the runs have this value or less, interpolated")
                for name, share in (("p05", "5 %"), ("p25", "a quarter"), ("p50", "half"), ("p75", "three quarters"),
                                    ("p95", "95 %"))
            ),
        ),
        ("of_sweep", "measure"),
    ),
    Table(
        "paper_shares",
        "a share of runs that the paper reports",
        ("paper", "condition", "counts", "until_epoch"),
        (
            Column("paper", TEXT, "", "the figure: figure-5 and so on"),
            Column("condition", TEXT, "", "the sweep's condition that repeats it; '' if it has only one"),
            Column(
                "counts",
                TEXT,
                "",
                "what is counted: onset (the first one lies in the epochs), no onset (none up to until_epoch) or end"
                " (complexity of at least 1 in state until_epoch)",
            ),
            AFTER,
            UNTIL,
            Column("share", DOUBLE, "share", "the paper's share of runs"),
            Column("low", DOUBLE, "share", "lower end of its 95 % interval (Wilson's), or least that its words allow"),
            Column("high", DOUBLE, "share", "upper end"),
            Column("runs", INTEGER, "runs", "the paper's runs"),
            Column("programs", INTEGER, "programs", "of the paper's soups"),
        ),
    ),
    Table(
        "sweep_comparisons",
        "a share of the paper's beside a sweep's",
        ("sweep", "condition", "counts", "until_epoch"),
        (
            SWEEP,
            Column("paper", TEXT, "", "the figure: figure-5 and so on"),
            CONDITION,
            Column("counts", TEXT, "", "what is counted: see `paper_shares`"),
            AFTER,
            UNTIL,
            Column("paper_share", DOUBLE, "share", "the paper's share of runs"),
            Column("runs", BIGINT, "runs", "the sweep's runs that were seen so far; 0 where it plans fewer epochs"),
            Column("found", BIGINT, "runs", "of these, those that are counted"),
            Column("share", DOUBLE, "share", "found / runs; null where there are no runs", nullable=True),
            LOW,
            HIGH,
            Column("programs", INTEGER, "programs", "of the sweep's soups; null if it has several sizes or no runs",
                   nullable=True),
            Column(
                "agrees",
                BOOLEAN,
                "",
                "whether the 95 % interval of the difference of both shares (Newcombe's) holds 0, at the size that was"
                " run; null where there are no runs",
                nullable=True,
            ),
        ),
    ),
)  # fmt: skip
