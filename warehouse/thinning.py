"""Writing a run's segments anew with less in them, and making them count by one rename."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from warehouse.encoding import (
    EventFile,
    FileFacts,
    RelationFile,
    enter_mutations,
    enter_reactions,
    keyframe_groups,
    mechanism_groups,
    mechanism_rows,
)
from warehouse.files import make_folder, remove_tree, sync_file, sync_folder, writing
from warehouse.kept import Stretch, logs_of
from warehouse.reader import History
from warehouse.store import Span

_LOG = ("reactions", "mechanisms", "mutations")


@dataclass(frozen=True)
class SegmentPlan:
    """What a segment is to hold: states kept whole, those of them that were not before any thinning, and logs.

    `manifest` is the segment's as it is.
    """

    segment: Span
    manifest: dict[str, Any]
    keyframes: Sequence[int]
    added: Sequence[int]
    logs: Sequence[Stretch]

    @property
    def changes_logs(self) -> bool:
        """Whether it is to hold other logs than it does."""
        return list(self.logs) != logs_of(self.segment, self.manifest)

    @property
    def changes_keyframes(self) -> bool:
        """Whether it is to hold other keyframes than it does."""
        stored: list[int] = self.manifest["keyframes"]
        return list(self.keyframes) != stored

    @property
    def changes(self) -> bool:
        """Whether it is to hold anything else than it does."""
        return self.changes_logs or self.changes_keyframes


def publish_thinned(history: History, plans: Sequence[SegmentPlan], target: Path, tell: Callable[[str], None]) -> None:
    """Write segments as planned and let them count, all at once: as the folder ``target``.

    The caller is the run's writer. What is the same as before is linked, not copied, where the disk can do that.
    """
    staged = target.parent / "staging" / target.name
    make_folder(staged.parent)
    with writing(f"thinning {target.parent}"):
        try:
            staged.mkdir()
            for plan in plans:
                tell(f"thinning states {plan.segment.start} to {plan.segment.stop}")
                folder = staged / plan.segment.path.name
                folder.mkdir()
                _write_segment(history, plan, folder)
                sync_folder(folder)
            sync_folder(staged)
            staged.rename(target)
            sync_folder(target.parent)
        except BaseException:
            remove_tree(staged)
            raise


def _write_segment(history: History, plan: SegmentPlan, folder: Path) -> None:
    changed: dict[str, FileFacts] = {}
    if plan.changes_keyframes:
        changed["keyframes"] = _write_keyframes(history, plan, folder)
    if plan.changes_logs:
        changed |= _write_logs(history, plan, folder)
    for name in plan.manifest["files"]:
        if name.removesuffix(".parquet") in changed:
            sync_file(folder / name)
        else:
            _link(plan.segment.path / name, folder / name)
    if not plan.changes:
        _link(plan.segment.path / "manifest.json", folder / "manifest.json")
        return
    manifest = plan.manifest | {
        "keyframes": list(plan.keyframes),
        "added": list(plan.added),
        "logs": [list(stretch) for stretch in plan.logs],
        "files": plan.manifest["files"] | {f"{name}.parquet": vars(facts) for name, facts in changed.items()},
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    sync_file(path)


def _write_keyframes(history: History, plan: SegmentPlan, folder: Path) -> FileFacts:
    file = RelationFile(folder / "keyframes.parquet", "keyframes")
    for epoch, replay in history.states(plan.keyframes):
        for group in keyframe_groups(epoch, replay.tokens(), history.config.program_length):
            file.write_group(group)
    return file.close()


def _write_logs(history: History, plan: SegmentPlan, folder: Path) -> dict[str, FileFacts]:
    """Write the logs that stay, in the order and the row groups that a writer would give them."""
    reactions, mutations = (EventFile(folder / f"{name}.parquet", name) for name in ("reactions", "mutations"))
    mechanisms = RelationFile(folder / "mechanisms.parquet", "mechanisms")
    used, table = np.empty(0, np.bool_), None
    for first, last in plan.logs:
        for log in history.logs(first, last, with_costs=True):
            if table is None:
                used, table = np.zeros(len(log.mechanisms), np.bool_), log.mechanisms
            enter_reactions(log, used, reactions.room(log.epoch, log.reactions))
            enter_mutations(log, history.config.program_length, mutations.room(log.epoch, log.mutations))
    if table is not None:
        for group in mechanism_groups(*mechanism_rows(table, np.flatnonzero(used))):
            mechanisms.write_group(group)
    files = {"reactions": reactions.close(), "mechanisms": mechanisms.close(), "mutations": mutations.close()}
    assert tuple(files) == _LOG
    return files


def _link(path: Path, other: Path) -> None:
    """Let the file be there under another name too; files of segments never change."""
    try:
        os.link(path, other)
    except OSError:  # not every file system has links
        shutil.copyfile(path, other)
        sync_file(other)
