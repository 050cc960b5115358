"""The relations that analyses make, column by column; `analysis.catalogue` says which makes which, from what."""

import pyarrow as pa

from warehouse.columns import (
    BIGINT,
    BLOB,
    BOOLEAN,
    DOUBLE,
    EPOCH,
    INTEGER,
    PROGRAM,
    PROGRAM_BYTES,
    PROGRAM_TEXT,
    SCORE,
    TEXT,
    Column,
    Table,
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

TREND_COLUMNS = (
    Column("epoch", INTEGER, "epochs", "a state of the lattice: those divisible by 64, and the last"),
    Column("sample", INTEGER, "programs", "programs scored: drawn by seed and epoch, all of a smaller soup"),
    Column("replicators", INTEGER, "programs", "of the sample, those that score 5 or more"),
    Column("replicating_share", DOUBLE, "share of programs", "replicators / sample"),
    Column("replicating_low", DOUBLE, "share of programs", "lower end of its 95 % interval (Wilson's)"),
    Column("replicating_high", DOUBLE, "share of programs", "upper end of its 95 % interval"),
    Column("mean_score", DOUBLE, "bytes", "mean self-replication score of the sample"),
    Column("mean_score_error", DOUBLE, "bytes", "standard error of mean_score; 0 where all were scored"),
    Column("distinct_programs", INTEGER, "programs", "different programs of the state, byte by byte"),
    Column("largest_clone", INTEGER, "programs", "programs that hold the bytes of the most frequent one"),
    Column(
        "turnover",
        DOUBLE,
        "share of cells",
        "cells whose byte has another origin than the cell's byte 64 epochs before; null before state 64",
        nullable=True,
    ),
    Column(
        "byte_turnover",
        DOUBLE,
        "share of cells",
        "cells that hold another char than 64 epochs before; null before state 64",
        nullable=True,
    ),
    Column("copied_cells", INTEGER, "cells", "cells that the epoch's reactions copied to; this and the next: `copies`"),
    Column("incremented_cells", INTEGER, "cells", "cells incremented in place in the epoch"),
    Column("born_cells", INTEGER, "cells", "cells whose byte came from nowhere in the epoch"),
    Column("copied_right", INTEGER, "cells", "copied cells of right programs whose byte came from the left one"),
    Column("copied_left", INTEGER, "cells", "copied cells of left programs whose byte came from the right one"),
    Column(
        "mean_distance",
        DOUBLE,
        "bytes",
        "mean distance of target and source on the tape, of copied cells; null where there are none",
        nullable=True,
    ),
    Column(
        "forward_cells",
        INTEGER,
        "cells",
        "copied cells next to a copied one before it on the tape, their sources one after the other in the same order",
    ),
    Column("reversed_cells", INTEGER, "cells", "the same with sources in the opposite order: a mirrored copy"),
    Column("copied_zeros", INTEGER, "cells", "copied cells that hold byte 0 in the state"),
    Column("mutations_kept", INTEGER, "cells", "mutated cells that no copy or birth of the same epoch wrote over"),
    Column("zero_cells", INTEGER, "cells", "cells of the state that hold byte 0"),
)
PHASE_COLUMNS = (
    Column("rank", INTEGER, "order", "phases in order of time, from 1; they leave no state out"),
    Column("phase", TEXT, "", "pre-life, transition, takeover, steady or collapse"),
    Column("first_epoch", INTEGER, "epochs", "its first state"),
    Column("last_epoch", INTEGER, "epochs", "its last state"),
    Column("reason", TEXT, "", "what began it"),
    Column("first_origins", BIGINT, "origins", "distinct origins in its first state"),
    Column("last_origins", BIGINT, "origins", "distinct origins in its last state"),
    Column(
        "replicating_share",
        DOUBLE,
        "share of programs",
        "mean of `trends.replicating_share` over its states there; null if none is",
        nullable=True,
    ),
    Column(
        "peak_zero_share",
        DOUBLE,
        "share of cells",
        "greatest share of zero bytes over the states of `trends` there; null if none is",
        nullable=True,
    ),
)
SPECIES = Column(
    "species",
    TEXT,
    "",
    "the instructions in their order, other bytes left out, in the text form; where every byte acts, the whole program",
)
INSTRUCTIONS = Column("instructions", BLOB, "", "the species' bytes, one byte for all that mean the same")
ABUNDANCE = Column("abundance", INTEGER, "programs", "programs of the state that belong to it")
PROGRAM_SHARE = Column("share", DOUBLE, "share of programs", "abundance divided by the programs of the soup")
STATE_SPECIES = (
    SPECIES,
    INSTRUCTIONS,
    ABUNDANCE,
    PROGRAM_SHARE,
    Column("variants", INTEGER, "programs", "distinct programs of the species in the state"),
    Column("program", INTEGER, "index", "smallest index that belongs to the species"),
    Column("text", TEXT, "", "the species' most frequent program (of equals the smallest index's), whole"),
)
SPECIES_COLUMNS = (
    EPOCH,
    Column("rank", INTEGER, "order", "species of the state by abundance, from 1; of equals the smaller program first"),
    *STATE_SPECIES,
)


def _diversity(kind: str, what: str) -> tuple[Column, ...]:
    return (
        Column(f"{kind}_richness", INTEGER, what, f"how many {what} the state has"),
        Column(f"{kind}_shannon", DOUBLE, "bits", f"Shannon entropy of the shares of its {what}"),
        Column(f"{kind}_simpson", DOUBLE, "chance", f"chance that two of its programs are different {what} (Simpson)"),
    )


DIVERSITY_COLUMNS = (EPOCH, *_diversity("program", "distinct programs"), *_diversity("species", "species"))
LIFE_COLUMNS = (
    SPECIES,
    INSTRUCTIONS,
    Column("seen_epoch", INTEGER, "epochs", "first of the states looked at (those of `species`) with any"),
    Column("peak_epoch", INTEGER, "epochs", "state looked at with the most of them; the earliest of equals"),
    Column("peak_abundance", INTEGER, "programs", "how many there were then"),
    Column("last_epoch", INTEGER, "epochs", "last state looked at with any"),
    Column(
        "extinct_epoch",
        INTEGER,
        "epochs",
        "next state looked at, which had none; null if they live in the last",
        nullable=True,
    ),
    Column(
        "born_epoch",
        INTEGER,
        "epochs",
        "exactly the first state with any after the one looked at before seen_epoch, found by replay;"
        " null where the bounded replay did not get to it",
        nullable=True,
    ),
    Column("born_program", INTEGER, "index", "program that was the first; null if born_epoch is", nullable=True),
    Column(
        "left_program",
        INTEGER,
        "index",
        "left parent: of the reaction that made it; null where there was none or born_epoch is null",
        nullable=True,
    ),
    Column("right_program", INTEGER, "index", "right parent; null likewise", nullable=True),
    Column("left_bytes", INTEGER, "bytes", "bytes of the newborn from the left parent; null likewise", nullable=True),
    Column("right_bytes", INTEGER, "bytes", "bytes of it from the right parent; null likewise", nullable=True),
    Column("other_bytes", INTEGER, "bytes", "bytes of it that came from nowhere; null likewise", nullable=True),
    Column(
        "mutated_bytes",
        INTEGER,
        "bytes",
        "bytes of it, among these, that mutated in that epoch; null if born_epoch is null or 0",
        nullable=True,
    ),
)
FAMILY = Column("family", INTEGER, "number", "the family, the same in all states: 1 had the greatest abundance")
FAMILY_COLUMNS = (
    EPOCH,
    Column("rank", INTEGER, "order", "families of the state by abundance, from 1; 1 dominates"),
    FAMILY,
    Column("abundance", INTEGER, "programs", "programs of the family's species that `species` lists in the state"),
    Column("share", DOUBLE, "share of programs", "abundance divided by the programs of the soup"),
    Column("members", INTEGER, "species", "how many of its species `species` lists in the state"),
    Column("species", TEXT, "", "the most abundant of them: its instructions in the text form"),
    Column("instructions", BLOB, "", "the most abundant of them: its instructions as bytes"),
    PROGRAM_TEXT,
)
SUCCESSION_COLUMNS = (
    Column("rank", INTEGER, "order", "stretches in order of time, from 1"),
    Column("epoch", INTEGER, "epochs", "first state looked at in which the family dominates"),
    Column("last_epoch", INTEGER, "epochs", "last state looked at of the stretch"),
    FAMILY,
    Column("species", TEXT, "", "the family's most abundant species at peak_epoch"),
    Column("peak_epoch", INTEGER, "epochs", "state of the stretch in which the family's share was greatest"),
    Column("peak_share", DOUBLE, "share of programs", "its share then"),
    Column("replaced_family", INTEGER, "number", "family that dominated before; null for the first", nullable=True),
    Column("replaced_species", TEXT, "", "species of the stretch before; null for the first", nullable=True),
)
PARASITE_COLUMNS = (
    EPOCH,
    PROGRAM,
    Column("copies", INTEGER, "programs", "programs of the state with exactly these bytes"),
    SCORE,
    Column("host_program", INTEGER, "index", "the replicator that copies it most often; of equals the most frequent"),
    Column("host_text", TEXT, "", "the host in the text form of its language"),
    Column("copied", INTEGER, "meetings", "how often it was copied when it met one of the most frequent replicators"),
    Column("meetings", INTEGER, "meetings", "how often it met one: each on its left and on its right"),
    Column("copied_alone", INTEGER, "meetings", "how often it was copied when it met a random program"),
    Column("meetings_alone", INTEGER, "meetings", "how often it met one: each on its left and on its right"),
    PROGRAM_TEXT,
    PROGRAM_BYTES,
)
_SITES = pa.list_(pa.field("element", INTEGER, nullable=False))
_NOT_DISTILLED = "; null where nothing was distilled, for the score is below 5"
GENERATION = pa.struct(
    [
        pa.field("generation", INTEGER, nullable=False),
        pa.field("equal_share", DOUBLE, nullable=False),
        pa.field("least_equal", INTEGER, nullable=False),
    ]
)
DISTILLATION_COLUMNS = (
    EPOCH,
    PROGRAM,
    Column("origin", TEXT, "", "founder or replicator: the relation that named the program"),
    PROGRAM_TEXT,
    PROGRAM_BYTES,
    Column("score", INTEGER, "bytes", "median self-replication score over 4 x program_length random foods"),
    Column("required_score", INTEGER, "bytes", "the score that no loss of a byte may fall below, at least 5"),
    Column(
        "essential",
        _SITES,
        "",
        f"sites of the bytes in whose place a neutral one loses the score{_NOT_DISTILLED}",
        nullable=True,
    ),
    Column(
        "working",
        _SITES,
        "",
        f"sites of the bytes that are left when all that can be spared together is replaced{_NOT_DISTILLED}",
        nullable=True,
    ),
    Column("working_bytes", INTEGER, "bytes", f"how many bytes work{_NOT_DISTILLED}", nullable=True),
    Column("core", TEXT, "", f"the working bytes alone, one after the other{_NOT_DISTILLED}", nullable=True),
    Column(
        "sanitised_text",
        TEXT,
        "",
        f"the program with the neutral byte wherever none works{_NOT_DISTILLED}",
        nullable=True,
    ),
    Column(
        "sanitised_score", INTEGER, "bytes", f"median score of the sanitised program{_NOT_DISTILLED}", nullable=True
    ),
    Column("description", TEXT, "", "how it copies itself, in words"),
    Column(
        "copy_order",
        TEXT,
        "",
        "direct, reversed, repeated (a few bytes over and over), scattered or none: the order of the copied bytes",
    ),
    Column("copied", INTEGER, "bytes", "bytes of the right half that come from the program with most foods"),
    Column(
        "shift",
        INTEGER,
        "bytes",
        "how far on a byte stands in the copy, of a reversed one in its mirror image; null in no one order",
        nullable=True,
    ),
    Column(
        "period", INTEGER, "bytes", "after how many bytes a copy repeats itself; null if it does not", nullable=True
    ),
    Column("instruction", TEXT, "", "the instruction that copies; null where nothing is copied", nullable=True),
    Column("reader", INTEGER, "head", "head that stands where a byte is read; null without heads", nullable=True),
    Column("writer", INTEGER, "head", "head that stands where a byte is written; null without heads", nullable=True),
    Column(
        "reader_moves",
        INTEGER,
        "bytes",
        "how far the place read usually lies from the one before, to the right; null where nothing is copied",
        nullable=True,
    ),
    Column("writer_moves", INTEGER, "bytes", "the same of the place written; null where that is", nullable=True),
    Column("steps", INTEGER, "steps", "steps of a full copy; null if no one execution makes it", nullable=True),
    Column(
        "steps_per_byte",
        INTEGER,
        "steps",
        "usual steps from one copied byte to the next; null where nothing is copied",
        nullable=True,
    ),
    Column("as_left", DOUBLE, "share of bytes", "what its partner has from it in the end, as the left program"),
    Column("as_right", DOUBLE, "share of bytes", "what its partner has from it in the end, as the right program"),
    Column("damaged", INTEGER, "bytes", "bytes of its own half that usually end changed"),
    Column(
        "mirrored", INTEGER, "bytes", "sites whose byte is that of the mirrored site; program_length in a palindrome"
    ),
    Column("text_period", INTEGER, "bytes", "the period of its bytes; null if they have none", nullable=True),
    Column(
        "fidelity",
        pa.list_(pa.field("element", GENERATION, nullable=False)),
        "",
        "of 32 lineages in random food, generations 1 to 16: the share of bytes equal to the program's, and the fewest"
        " equal bytes of a copy; one that reverses and is no palindrome comes back every second generation",
    ),
    Column("last_score", INTEGER, "bytes", "median score of the 16th generation's programs"),
)
#: The results of analyses: their files' tables, in the order in which the data model tells of them.
RESULT_TABLES: tuple[Table, ...] = (
    Table("transitions", "an onset", ("rank",), TRANSITION_COLUMNS),
    Table("founders", "a founder of an onset", ("onset_epoch", "rank"), FOUNDER_COLUMNS),
    Table("replicators", "a replicating program of a state", ("epoch", "program"), REPLICATOR_COLUMNS),
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
    Table("distillations", "a founder or frequent replicator", ("epoch", "program"), DISTILLATION_COLUMNS),
    Table("trends", "a state of the lattice", ("epoch",), TREND_COLUMNS),
    Table("phases", "a phase", ("rank",), PHASE_COLUMNS),
    Table("species", "an abundant species of a state", ("epoch", "rank"), SPECIES_COLUMNS),
    Table("diversity", "a state looked at", ("epoch",), DIVERSITY_COLUMNS),
    Table("species_lives", "a species that was among a state's first", ("instructions",), LIFE_COLUMNS),
    Table("families", "a family of abundant species in a state", ("epoch", "rank"), FAMILY_COLUMNS),
    Table("succession", "a stretch of states in which one family dominates", ("rank",), SUCCESSION_COLUMNS),
    Table("parasites", "a parasite of a state", ("epoch", "program"), PARASITE_COLUMNS),
)
