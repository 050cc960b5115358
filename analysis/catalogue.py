"""The analyses of a run, in order: each after those it needs, `measures` before all.

Each has a version, which changes when its results do. A result is stale, and made again, when its own
version, one of those it was made from (however indirectly) or the run's last stored state is another than
when it was made. All come from the store alone: states by replay, nothing executed but single programs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.confidence import find_censuses, find_confidence, find_shares
from analysis.distillation import find_distillations
from analysis.emergence import find_emergence
from analysis.families import find_families, find_succession
from analysis.founders import find_founders
from analysis.measures import measure
from analysis.parasites import find_parasites
from analysis.phases import describe_phases
from analysis.replicators import find_replicators
from analysis.spawning import find_spawn_rates
from analysis.species import find_diversity, find_species
from analysis.species_lives import find_lives
from analysis.transitions import find_transitions
from analysis.trends import find_trends
from sim import InputError
from warehouse.compaction import compact, compact_store
from warehouse.errors import ThinnedError
from warehouse.kept import told
from warehouse.reader import History
from warehouse.results import is_stale, read_measures, read_result, result_notes, write_measures, write_result
from warehouse.store import Store

Row = dict[str, Any]
Progress = Callable[[str], None]
#: (history, rows of the analyses it needs by name, progress) -> rows
Make = Callable[[History, Mapping[str, Sequence[Row]], Progress | None], list[Row]]

MEASURES = "measures"
MEASURES_VERSION = 1


@dataclass(frozen=True)
class Analysis:
    """An analysis whose result is one relation of a run.

    - `name`: of the analysis and of its relation
    - `version`: changes when its results do
    - `inputs`: the analyses it needs
    - `make`: makes its rows; gets those of its inputs except `measures`, which are in the history
    """

    name: str
    version: int
    inputs: tuple[str, ...]
    make: Make


ANALYSES = (
    Analysis("transitions", 1, (MEASURES,), lambda history, _, progress: find_transitions(history, progress)),
    Analysis(
        "founders",
        1,
        ("transitions",),
        lambda history, of, progress: find_founders(history, of["transitions"], progress),
    ),
    Analysis(
        "replicators",
        1,
        ("founders",),
        lambda history, of, progress: find_replicators(history, of["founders"], progress),
    ),
    Analysis(
        "founder_shares",
        1,
        ("transitions", "founders"),
        lambda history, of, progress: find_shares(history, of["transitions"], of["founders"], progress),
    ),
    Analysis(
        "founder_censuses",
        1,
        ("transitions", "founders"),
        lambda history, of, progress: find_censuses(history, of["transitions"], of["founders"], progress),
    ),
    Analysis(
        "founder_confidence",
        1,
        ("founders", "founder_shares", "founder_censuses"),
        lambda _, of, __: find_confidence(of),
    ),
    Analysis(
        "emergence",
        1,
        ("transitions", "founders"),
        lambda history, of, progress: find_emergence(history, of["transitions"], of["founders"], progress),
    ),
    Analysis(
        "spawn_rates",
        1,
        ("founders",),
        lambda history, of, progress: find_spawn_rates(history, of["founders"], progress),
    ),
    Analysis(
        "distillations",
        1,
        ("founders", "replicators"),
        lambda history, of, progress: find_distillations(history.config, of["founders"], of["replicators"], progress),
    ),
    Analysis("trends", 1, (), lambda history, _, progress: find_trends(history, progress)),
    Analysis(
        "phases",
        1,
        ("transitions", "trends"),
        lambda history, of, _: describe_phases(history, of["transitions"], of["trends"]),
    ),
    Analysis(
        "species",
        1,
        ("transitions", "founders"),
        lambda history, of, progress: find_species(history, of["transitions"], of["founders"], progress),
    ),
    Analysis(
        "diversity",
        1,
        ("transitions", "founders"),
        lambda history, of, progress: find_diversity(history, of["transitions"], of["founders"], progress),
    ),
    Analysis(
        "species_lives", 1, ("species",), lambda history, of, progress: find_lives(history, of["species"], progress)
    ),
    Analysis("families", 1, ("species",), lambda _, of, __: find_families(of["species"])),
    Analysis("succession", 1, ("families",), lambda _, of, __: find_succession(of["families"])),
    Analysis(
        "parasites",
        1,
        ("transitions", "replicators"),
        lambda history, of, progress: find_parasites(history, of["transitions"], of["replicators"], progress),
    ),
)
NAMES = (MEASURES, *(analysis.name for analysis in ANALYSES))
#: Those made at the end of every run. The others take as long as simulating does, and wait until they are asked for.
AT_END = (MEASURES, "transitions", "founders", "replicators")
_BY_NAME = {analysis.name: analysis for analysis in ANALYSES}


def analyze(
    store: Store,
    run: str,
    only: str | None = None,
    *,
    rebuild: bool = False,
    at_end: bool = False,
    progress: Progress | None = None,
) -> list[Row]:
    """Bring the analyses of ``run`` (id or name) up to date; return, in order, what was looked at.

    ``only`` names one analysis: it and what it needs are looked at. ``rebuild`` makes again even what is up
    to date, with ``only`` nothing but that one; same store, same bytes. ``at_end``: only what every run gets
    (`AT_END`) and what was made of it before. Each returned row has `analysis`, the number of its `rows`, and
    whether it was `made`. ``progress`` takes lines. An analysis that needs what was thinned away is left as it was,
    and those that need it; its row says why (`note`), and what result of it stands.

    Raises `InputError` for an unknown analysis or run, `ThinnedError` if ``only`` needs what was thinned away,
    `StoreFault` for damaged history.
    """
    check_analysis(only)
    run = store.find(run).run
    wanted = NAMES if only is None else (*_needs(only), only)
    if at_end:
        kept = {*AT_END, *store.files(run).results}
        kept |= {needed for name in kept for needed in _needs(name)}
        wanted = tuple(name for name in wanted if name in kept)
    remade = set(wanted if only is None else (only,)) if rebuild else set()
    done: list[Row] = []
    old: set[str] = set()
    for name in wanted:
        with History(store, run) as history:  # anew each time: what was measured shows in its `epochs`
            if history.last < 0:
                raise InputError(f"run {run}: nothing of it is stored yet; `primordium run` goes on with it")
            try:
                done.append(_current(store, history, name, old, again=name in remade, progress=progress))
            except ThinnedError as error:
                if only is not None:
                    raise ThinnedError(_cannot_be_made(store, history, only, {name} - {only})) from error
                reason = _cannot_be_made(store, history, name, old)
                try:  # what cannot be made again may be up to date all the same
                    row = _current(store, history, name, old, again=False, progress=None)
                except ThinnedError:
                    old.add(name)
                    row = {"analysis": name, "rows": _rows_of(store, run, name), "made": False}
                done.append(row | {"note": reason})
                if progress is not None:
                    progress(reason)
    if any(row["made"] for row in done):
        compact_store(store)
    return done


def check_analysis(name: str | None) -> None:
    """Raise `InputError` if there is no analysis of that name; None is all of them."""
    if name is not None and name not in NAMES:
        raise InputError(f"no analysis {name!r}; known: {', '.join(NAMES)}")


def is_current(history: History, name: str) -> bool:
    """Tell whether an analysis other than `measures` need not be made, for there is a result of the run as it is."""
    return not is_stale(history.store, history.run, name, _version(name), fingerprint(name, history.last))


def fingerprint(name: str, last: int) -> dict[str, int]:
    """Return what a result depends on besides its own version: the last state, and the versions it builds on."""
    return {"last_epoch": last} | {needed: _version(needed) for needed in _needs(name)}


def measured_epochs(start: int, stop: int, every: int, last: int, first: int = 0) -> list[int]:
    """Return the states of a segment that are measured: those divisible by ``every``, the run's first and its last.

    The segment holds states ``start`` + 1 to ``stop``, that which begins with the run's ``first`` state this too.
    """
    begin = start if start == first else start + 1
    return [n for n in range(begin, stop + 1) if n % every == 0 or n in (first, last)]


def _needs(name: str) -> tuple[str, ...]:
    """Return all analyses that ``name`` builds on, in the order in which they are made."""
    if name == MEASURES:
        return ()
    direct = _BY_NAME[name].inputs
    needed = {*direct, *(indirect for each in direct for indirect in _needs(each))}
    return tuple(each for each in NAMES if each in needed)


def _version(name: str) -> int:
    return MEASURES_VERSION if name == MEASURES else _BY_NAME[name].version


def _cannot_be_made(store: Store, history: History, name: str, old: set[str]) -> str:
    """Return in a line why thinning keeps an analysis from being made, and what stands instead."""
    run, gone = history.run, told(history.kept.gone)
    needs = ", ".join(each for each in _needs(name) if each in old)
    why = f", which needs {needs}, " if needs else " "
    notes = None if name == MEASURES else result_notes(store, run, name)
    if name == MEASURES:
        stands = "the measures that were made stand"
    elif notes is None:
        stands = "it was not made before"
    else:
        whole = "when everything was kept" if "retention" not in notes else f"with --keep {notes['retention']}"
        stands = f"its result of states {history.first} to {notes['inputs']['last_epoch']} stands, made {whole}"
    return (
        f"run {run} was thinned (--keep {history.retention}): the logs of epochs {gone} are gone (relation kept);"
        f" analysis {name}{why}cannot be made of states {history.first} to {history.last}; {stands} (relation results)"
    )


def _rows_of(store: Store, run: str, name: str) -> int | None:
    """Return how many rows the stored result of an analysis has, None if there is none (or it is no relation)."""
    rows = None if name == MEASURES else read_result(store, run, name)
    return None if rows is None else len(rows)


def _current(
    store: Store, history: History, name: str, old: set[str], *, again: bool, progress: Progress | None
) -> Row:
    """Make an analysis if it is stale or asked for ``again``; return its line of the report.

    ``old``: analyses that could not be brought up to date. Raises `ThinnedError` if it would be made of one.
    """
    if name == MEASURES:
        return _measured(store, history, again=again, progress=progress)
    return _analysed(store, history, _BY_NAME[name], old, again=again, progress=progress)


def _analysed(
    store: Store, history: History, analysis: Analysis, old: set[str], *, again: bool, progress: Progress | None
) -> Row:
    """Make an analysis other than `measures`, as `_current` does."""
    name, inputs = analysis.name, fingerprint(analysis.name, history.last)
    made = again or is_stale(store, history.run, name, analysis.version, inputs)
    if made:
        if lacking := old.intersection(_needs(name)):
            raise ThinnedError(f"it needs {', '.join(sorted(lacking))}")
        if progress is not None:
            progress(f"analysis: {name}")
        of = {needed: read_result(store, history.run, needed) or [] for needed in analysis.inputs if needed != MEASURES}
        rows = analysis.make(history, of, progress)
        write_result(store, history.run, name, rows, analysis.version, inputs, retention=history.retention)
    else:
        rows = read_result(store, history.run, name) or []
    return {"analysis": name, "rows": len(rows), "made": made}


def _measured(store: Store, history: History, *, again: bool, progress: Progress | None) -> Row:
    """Measure, segment by segment, what is missing or was measured by another rule; return the report's line."""
    every, last, run = history.record.settings.measure_every, history.last, history.run
    made, count = False, 0
    for segment in history.segments:
        epochs = measured_epochs(segment.start, segment.stop, every, last, history.first)
        count += len(epochs)
        stored = None if again else read_measures(store, run, segment.start, segment.stop)
        known = {row["epoch"]: row for row in stored[0]} if stored is not None and stored[1] == MEASURES_VERSION else {}
        if list(known) == epochs:
            continue
        missing = [epoch for epoch in epochs if epoch not in known]
        if missing and progress is not None:
            progress(f"measuring states {segment.start} to {segment.stop} by replay")
        for epoch, replay in history.states(missing):
            known[epoch] = {"epoch": epoch} | measure(replay.chars, *replay.token_counts())
        rows = [known[epoch] for epoch in epochs]
        write_measures(store, run, segment.start, segment.stop, rows, MEASURES_VERSION)
        made = True
    if made and store.files(run).compact is not None:
        compact(store, run)  # it holds the measures too
    return {"analysis": MEASURES, "rows": count, "made": made}
