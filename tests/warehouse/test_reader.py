"""Reading: what was written comes back, in either direction, and every state by replay."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from sim import EpochLog, MechanismTable, Soup, Tokens
from tests.warehouse.making import CONFIG, SETTINGS, make_run, measured
from warehouse.errors import StoreError
from warehouse.reader import History
from warehouse.store import Store
from warehouse.writer import RunWriter

LAST = 150


@pytest.fixture(scope="module")
def simulated() -> tuple[list[EpochLog], list[Tokens]]:
    """The run's own logs and tokens, straight from the soup."""
    soup = Soup(CONFIG, 1)
    logs, tokens = [], [soup.tokens()]
    for _ in range(LAST):
        logs.append(soup.advance())
        tokens.append(soup.tokens())
    soup.close()
    return logs, tokens


@pytest.fixture
def history(store: Store, run: str) -> Iterator[History]:
    with History(store, run) as opened:
        yield opened


def lists(log: EpochLog) -> list[list[int]]:
    return [log.mechanisms.list_of(index).tolist() for index in log.mechanism.tolist()]


def assert_same(stored: EpochLog, given: EpochLog, *, costs: bool = True) -> None:
    assert stored.epoch == given.epoch
    for name in ("left", "right", "mutated_cells", "mutated_chars", *(("steps", "operations") if costs else ())):
        one, other = getattr(stored, name), getattr(given, name)
        assert one.dtype == other.dtype, name
        np.testing.assert_array_equal(one, other, name)
    np.testing.assert_array_equal(stored.mechanisms.ids[stored.mechanism], given.mechanisms.ids[given.mechanism])
    assert lists(stored) == lists(given)
    assert (stored.changed_cells, stored.unique_origins) == (given.changed_cells, given.unique_origins)


def test_logs_come_back_as_they_were_given(history: History, simulated: tuple[list[EpochLog], list[Tokens]]) -> None:
    stored = list(history.logs(1, LAST, with_costs=True))
    assert len(stored) == LAST
    for log, given in zip(stored, simulated[0], strict=True):
        assert_same(log, given)
        assert log.empty_reactions == given.empty_reactions


def test_logs_are_read_backwards_too(history: History, simulated: tuple[list[EpochLog], list[Tokens]]) -> None:
    stored = list(history.logs(60, 130, reverse=True))
    assert [log.epoch for log in stored] == list(range(130, 59, -1))
    for log in stored:
        assert log.steps is None
        assert_same(log, simulated[0][log.epoch - 1], costs=False)


def test_small_row_groups_change_nothing(
    store: Store, short_segments: None, simulated: tuple[list[EpochLog], list[Tokens]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert short_segments is None
    monkeypatch.setattr("warehouse.encoding.GROUP_ROWS", 100)
    monkeypatch.setattr("warehouse.encoding.KEYFRAME_GROUP_ROWS", 1000)
    with History(store, make_run(store, LAST)) as history:
        for reverse in (False, True):
            stored = list(history.logs(1, LAST, reverse=reverse, with_costs=True))
            for log, given in zip(reversed(stored) if reverse else stored, simulated[0], strict=True):
                assert_same(log, given)
        assert np.array_equal(history.tokens_at(128).origins, simulated[1][128].origins)


def test_logs_of_a_segment_share_their_mechanisms(history: History) -> None:
    tables = {id(log.mechanisms) for log in list(history.logs(1, LAST))}
    assert len(tables) == len(history.segments) == 3


@pytest.mark.parametrize("epoch", [0, 1, 31, 32, 33, 64, 65, 127, 150])
def test_tokens_of_any_state_are_those_of_the_soup(
    history: History, simulated: tuple[list[EpochLog], list[Tokens]], epoch: int
) -> None:
    tokens = history.tokens_at(epoch)
    np.testing.assert_array_equal(tokens.origins, simulated[1][epoch].origins)
    np.testing.assert_array_equal(tokens.chars, simulated[1][epoch].chars)


@pytest.mark.parametrize("epochs", [[], [0], [150], [0, 1, 2], [5, 40, 41, 100, 149], list(range(151))])
@pytest.mark.parametrize("loading", [0, 4])
def test_states_stand_at_each_epoch_asked_for(
    history: History,
    simulated: tuple[list[EpochLog], list[Tokens]],
    epochs: list[int],
    loading: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("warehouse.reader.LOADING", loading)
    seen = []
    for epoch, replay in history.states(epochs):
        assert replay.epoch == epoch
        np.testing.assert_array_equal(replay.tokens().origins, simulated[1][epoch].origins)
        np.testing.assert_array_equal(replay.chars, simulated[1][epoch].chars)
        seen.append(epoch)
    assert seen == epochs


def test_keyframes_stand_where_they_should(history: History) -> None:
    assert history.keyframe_epochs == [0, 32, 64, 96, 128]


def test_epochs_are_the_same_from_the_compacted_file(
    history: History, simulated: tuple[list[EpochLog], list[Tokens]]
) -> None:
    compacted, segments = history.epochs(), history.epochs(compacted=False)
    assert list(compacted) == list(segments)
    for name, column in compacted.items():
        np.testing.assert_array_equal(column, segments[name], name)
    logs = simulated[0]
    assert compacted["epoch"].tolist() == list(range(LAST + 1))
    assert compacted["operations"][0] == compacted["reactions"][0] == 0
    assert compacted["unique_origins"][0] == CONFIG.cells
    assert compacted["operations"][1:].tolist() == [log.total_operations for log in logs]
    assert compacted["steps"][1:].tolist() == [log.total_steps for log in logs]
    assert compacted["empty_reactions"][1:].tolist() == [log.empty_reactions for log in logs]
    assert compacted["mutations"][1:].tolist() == [log.mutations for log in logs]
    assert compacted["changed_cells"][1:].tolist() == [log.changed_cells for log in logs]


def test_measures_stand_at_measured_states_only(history: History) -> None:
    columns = history.epochs()
    for epoch in range(LAST + 1):
        if epoch % 16 == 0 or epoch == LAST:
            assert {name: columns[name][epoch] for name in measured(epoch)} == measured(epoch)
        else:
            assert np.isnan(columns["complexity"][epoch])
            assert columns["unique_tokens"][epoch] == -1


@pytest.mark.parametrize(
    "ask",
    [
        lambda history, epoch: history.tokens_at(epoch),
        lambda history, epoch: history.segment_of(epoch),
        lambda history, epoch: list(history.states([epoch])),
        lambda history, epoch: list(history.logs(epoch, max(epoch, 1))),
    ],
    ids=["tokens_at", "segment_of", "states", "logs"],
)
@pytest.mark.parametrize("epoch", [-1, 151, 10**6])
def test_epochs_beyond_the_last_are_refused_naming_it(
    history: History, ask: Callable[[History, int], object], epoch: int
) -> None:
    with pytest.raises(StoreError, match="its last stored epoch is 150") as caught:
        ask(history, epoch)
    assert "\n" not in str(caught.value)


def test_a_run_of_which_nothing_is_stored_says_so(store: Store) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        history = History(store, writer.run)
    assert history.last == -1
    assert history.epochs()["epoch"].tolist() == []
    assert list(history.logs(1, 0)) == []
    with pytest.raises(StoreError, match="nothing of it is stored yet"):
        history.tokens_at(0)


def test_a_history_is_found_by_name_and_stays_as_it_was(store: Store, run: str) -> None:
    store.rename(run, "soup")
    with History(store, "soup") as history:
        make_run(store, 192)
        assert (history.run, history.last) == (run, LAST)
        assert history.segment_of(128).stop == 128
        assert history.segment_of(129).stop == 150


def test_an_unfinished_pass_ends_at_once(history: History) -> None:
    logs = history.logs(1, LAST)
    assert next(logs).epoch == 1
    logs.close()  # type: ignore[attr-defined]
    assert next(history.logs(1, LAST)).epoch == 1


def test_a_table_without_the_empty_mechanism_gets_it(store: Store, short_segments: None) -> None:
    assert short_segments is None
    table = MechanismTable(
        np.array([0, 77, 5], np.int64), np.array([0, 0, 2, 3], np.int64), np.array([65792, 255, 131073], np.uint32)
    )
    log = EpochLog(
        epoch=1,
        left=np.array([0, 2], np.int32),
        right=np.array([1, 3], np.int32),
        mechanism=np.array([1, 2], np.int32),
        mechanisms=table,
        mutated_cells=np.empty(0, np.int32),
        mutated_chars=np.empty(0, np.uint8),
        steps=np.array([1, 2], np.int32),
        operations=np.array([1, 1], np.int32),
        changed_cells=3,
        unique_origins=4096,
    )
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        staged = writer.stage(0, 1)
        staged.initial(4096)
        staged.append(log)
        staged.finish()
        staged.commit()
    [read] = History(store, writer.run).logs(1, 1)
    assert read.mechanisms.ids.tolist() == [0, 5, 77]
    assert lists(read) == [[65792, 255], [131073]]
    assert read.empty_reactions == 0
