"""What a policy keeps of a run's history, and thinning a run to it.

From each policy on to the next less is kept, and what is thinned away does not come back; so a run can be thinned
again to the same policy (of what was added since) or to a stricter one. What the policies keep:

- `everything`: the whole history
- `transition`: every epoch from `MARGIN` before to `MARGIN` after what happened around each transition (and each onset
  still open): from the assembly of its founders, or the onset if that was earlier, to its census; the keyframes
- `keyframes`: the keyframes
- `epochs`: none of the states

All keep the relation `epochs` with its measures and the results of analyses. `transition` and `keyframes` keep
besides what extending the run begins with: its last epoch, and the state at which its last segment begins if that is
not whole. Where a stretch of the log begins at a state that is no keyframe, that is made one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from warehouse.decoding import read_manifest
from warehouse.errors import StoreError
from warehouse.kept import Stretch, common, joined, logs_of
from warehouse.locks import exclusive
from warehouse.plain_views import renew_plain_views
from warehouse.reader import History
from warehouse.record import RETENTIONS, updated
from warehouse.removal import clear_staging, remove_superseded, writing_alone
from warehouse.results import read_result, result_notes
from warehouse.sizes import bytes_of_run
from warehouse.store import Store
from warehouse.thinning import SegmentPlan, publish_thinned

#: Policies by name, from the one that keeps most, and what each keeps in a few words.
POLICIES: dict[str, str] = dict(
    zip(
        RETENTIONS,
        (
            "the whole history",
            "every epoch around each transition and its founders' ancestry, keyframes elsewhere",
            "keyframes, counts and measures",
            "counts, measures and results of analyses",
        ),
        strict=True,
    )
)
#: Epochs kept before and after what happened around a transition.
MARGIN = 64

_KINDS = ("transition", "open")

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Thinned:
    """What thinning did: the run's id, whether anything had to be done, its bytes before and after.

    `cleared`: whether what no longer counts is off the disk; else readers still hold it, and the next who writes the
    run, thins or compacts it takes it away.
    """

    run: str
    made: bool
    bytes_before: int
    bytes_after: int
    cleared: bool


def thin(store: Store, run: str, policy: str, progress: Progress | None = None) -> Thinned:
    """Thin a run (id or name) to what ``policy`` keeps, at one moment: readers see all of before or all of after.

    Readers that are open keep what they saw. The files are a function of the run and the policy alone. To the policy
    a run has already only what was added since is thinned. ``progress`` takes lines.

    Raises `StoreError` if there is no such run or policy, the run keeps less already, is being written, or (for
    `transition`) its founders are not known.
    """
    check_policy(policy)
    tell = progress or (lambda _: None)
    run = store.find(run).run
    with writing_alone(store, run):
        clear_staging(store, run)
        before = bytes_of_run(store.files(run))
        with History(store, run) as history:
            _check(history, policy)
            plans = plan(history, policy)
            made = policy != history.retention or any(each.changes for each in plans)
            if made:
                publish_thinned(history, plans, store.thinned_folder(run, policy), tell)
        with exclusive(store.path / ".lock"):
            renew_plain_views(store.path)
            stored = store.stored_record(run)
            now = store.as_now(stored, store.files(run))
            if now.settings != stored.settings:
                store.put_record(updated(stored, settings=now.settings))
        cleared = remove_superseded(store, run)
        clear_staging(store, run)
        return Thinned(run, made, before, bytes_of_run(store.files(run)), cleared)


def check_policy(policy: str) -> None:
    """Raise `StoreError` if there is no such policy."""
    if policy not in POLICIES:
        raise StoreError(f"policy {policy!r}; allowed: {', '.join(POLICIES)}")


def plan(history: History, policy: str) -> list[SegmentPlan]:
    """Return what each segment is to hold under ``policy``."""
    manifests = [read_manifest(segment) for segment in history.segments]
    if policy == RETENTIONS[0]:
        return [_unchanged(each, manifest) for each, manifest in zip(history.segments, manifests, strict=True)]
    regular = {epoch for manifest in manifests for epoch in manifest["keyframes"]}
    regular -= {epoch for manifest in manifests for epoch in manifest.get("added", ())}
    logs: list[Stretch] = []
    if policy != RETENTIONS[-1]:
        windows = _windows(history) if policy == RETENTIONS[1] else ()
        wanted = [(first + 1, last) for first, last in windows] + [(history.last, history.last)]
        logs = common(joined(stretch for stretch in wanted if stretch[0] <= stretch[1]), history.kept.logs)
        begin = _tail_start(history)
        needed = {first - 1 for first, _ in logs} | ({begin} if begin < history.last else set())
        added = {epoch for epoch in needed - regular if history.kept.has_state(epoch)}
    else:
        regular, added = set(), set()
    plans = []
    for segment, manifest in zip(history.segments, manifests, strict=True):
        states = range(segment.start + (segment.start > history.first), segment.stop + 1)
        plans.append(
            SegmentPlan(
                segment,
                manifest,
                keyframes=[epoch for epoch in states if epoch in regular or epoch in added],
                added=[epoch for epoch in states if epoch in added],
                logs=common(logs, [(segment.start + 1, segment.stop)]),
            )
        )
    return plans


def _unchanged(segment: Any, manifest: dict[str, Any]) -> SegmentPlan:
    added = list(manifest.get("added", ()))
    return SegmentPlan(segment, manifest, manifest["keyframes"], added, logs_of(segment, manifest))


def _check(history: History, policy: str) -> None:
    has = history.retention
    if history.last < 0:
        raise StoreError(f"run {history.run}: nothing of it is stored yet")
    if RETENTIONS.index(policy) < RETENTIONS.index(has):
        raise StoreError(
            f"run {history.run} was thinned to {has}: what {policy} keeps besides does not come back;"
            f" `primordium rm {history.run}` and run it again"
        )


def _tail_start(history: History) -> int:
    """Return the state from which simulating goes on when the run is extended."""
    length = history.record.segment_length
    return max(history.last // length * length, history.first)


def _windows(history: History) -> Iterator[Stretch]:
    """Yield the first and last state of each stretch that `transition` keeps whole."""
    run = history.run
    notes = [result_notes(history.store, run, name) for name in ("transitions", "founders")]
    known = min((int(each["inputs"]["last_epoch"]) if each else -1 for each in notes), default=-1)
    if known < history.last and (known < 0 or history.retention == RETENTIONS[0]):
        raise StoreError(
            f"run {run}: its founders are not known up to state {history.last}: `primordium analyze {run}`"
        )
    if known < history.last:  # founders of what was thinned cannot be found again: what came since is all kept
        yield known, history.last
    founders = read_result(history.store, run, "founders") or []
    for onset in read_result(history.store, run, "transitions") or []:
        if onset["kind"] in _KINDS:
            own = [row for row in founders if row["onset_epoch"] == onset["epoch"]]
            first = min([onset["epoch"], *(row["assembled_epoch"] for row in own)])
            last = max([onset["epoch"], *(row["census_epoch"] for row in own)])
            yield max(first - MARGIN, history.first), min(last + MARGIN, history.last)
