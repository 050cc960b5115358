"""A soup being simulated and traced, epoch by epoch."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np

from sim.census import count_holders, count_marks, mark_numbers, name_distinct, renumber, token_counts
from sim.config import SoupConfig
from sim.epoch import (
    CHANGED,
    CHUNK,
    GAIN,
    NEXT_CHUNK,
    NEXT_NUMBER,
    Cells,
    Events,
    collect_mutations,
    react,
    rename,
)
from sim.errors import InputError
from sim.geometry import Geometry, Pairing
from sim.initial import initial_chars, reset_chars
from sim.lattice import Batch, mutate
from sim.log import CELL_BITS, Bytes, EpochLog, Int32, Int64, Reset, Tokens
from sim.mechanisms import Mechanisms, make_table
from sim.mutation import find_suspects
from sim.splitmix import draw_int

#: Origins are counted by reference while at most this share of the cells changes, else by a full pass.
#: The two bounds differ so that a soup at the border does not switch every epoch.
_FEW, _MANY = 0.03, 0.06


class Soup:
    """A soup in some state, its tokens with it; `advance` makes the next state and tells how.

    ``threads``: how many cores to use (default: all). Results do not depend on it.
    """

    def __init__(
        self,
        config: SoupConfig,
        threads: int | None = None,
        *,
        state: tuple[Tokens, int] | None = None,
        generator: tuple[int, int] | None = None,
    ) -> None:
        cells, programs = config.cells, config.programs
        self.config = config
        self.epoch = 0 if state is None else state[1]
        self.threads = max(1, threads if threads is not None else numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
        self._language = config.instruction_set
        # Numbers are used up by births; when they run out, the living ones are renumbered.
        # Renumbering takes a pass over all: beside room for every cell being born at once there is some for hundreds
        # of epochs of mutations, even in a soup that loses no origin.
        capacity = 2 * cells + cells // 8 + 64
        origins = np.empty(capacity, np.int64)
        if state is None:
            used, numbers = cells, np.arange(cells, dtype=np.uint32)
            origins[:cells] = numbers
        else:
            numbers = np.empty(cells, np.uint32)
            origins[:cells] = state[0].origins
            used = name_distinct(origins, cells, numbers)
        # A program of 64 bytes is then one line of the processor's cache, not two.
        chars = np.empty(cells + 64, np.uint8)
        start = -chars.ctypes.data % 64
        chars = chars[start : start + cells]
        chars[:] = initial_chars(config) if state is None else state[0].chars
        self._cells = Cells(chars, numbers, origins, np.zeros(capacity, np.int32))
        self._counting = True
        self.unique_origins = int(count_holders(numbers, self._cells.holders, used))
        chunks = (programs // 2 + CHUNK - 1) // CHUNK
        shared = np.zeros(2, np.int64)
        shared[NEXT_NUMBER] = used
        self._geometry = Geometry(config, generator)
        self._pairings = [Pairing(programs) for _ in range(2)]
        each = np.empty(0, np.int32)  # every epoch brings its own
        self._events = Events(
            left=each,
            right=each,
            places=each,
            suspects=np.empty(0, np.uint8),
            mechanism=each,
            steps=each,
            operations=each,
            mutated_cells=np.empty(cells, np.int32),
            mutated_chars=np.empty(cells, np.uint8),
            mutated_counts=np.zeros(chunks, np.int64),
            shared=shared,
        )
        self._fresh = [make_table(programs // 2 + 1, cells + 2 * config.program_length) for _ in range(self.threads)]
        self._tally = np.zeros((self.threads, 2), np.int64)
        self._marks = np.zeros(capacity, np.uint8)
        self._mechanisms = Mechanisms()
        self._pool = ThreadPoolExecutor(self.threads - 1) if self.threads > 1 else None

    @classmethod
    def resume(
        cls,
        config: SoupConfig,
        tokens: Tokens,
        epoch: int,
        threads: int | None = None,
        *,
        generator: tuple[int, int] | None = None,
    ) -> "Soup":
        """Return the soup of ``config`` in state ``epoch``, whose tokens are ``tokens``.

        ``generator``: an earlier epoch of a lattice and its generator's state after it, to start from (default:
        from the seed, which takes longer).
        """
        if len(tokens.chars) != config.cells or len(tokens.origins) != config.cells:
            raise InputError(f"tokens: {len(tokens.chars)} cells; a soup of this configuration has {config.cells}")
        return cls(config, threads, state=(tokens, epoch), generator=generator)

    @property
    def chars(self) -> Bytes:
        """The soup's bytes, uint8[cells], read only; they change with the next `advance`."""
        view = self._cells.chars.view()
        view.flags.writeable = False
        return view

    def begin_segment(self) -> None:
        """Forget the mechanisms met so far: later logs refer to a table of their own."""
        self._mechanisms = Mechanisms()

    def advance(self) -> EpochLog:
        """Make the next state; return what happened. The log's arrays are its own."""
        config, events, cells = self.config, self._events, self._cells
        zero_based = self.epoch
        self._reserve_numbers()
        if self._pairings[0].epoch != zero_based:
            self._pair(zero_based, self._pairings[0])
        pairing, following = self._pairings
        reset = self._reset()
        events.shared[NEXT_CHUNK] = 0
        mechanism, steps, operations = (np.empty(pairing.reactions, np.int32) for _ in range(3))
        events = events._replace(
            left=pairing.left,
            right=pairing.right,
            places=pairing.places,
            suspects=pairing.suspects,
            mechanism=mechanism,
            steps=steps,
            operations=operations,
        )
        arguments = (self._language.table, cells, events, self._mechanisms.table)
        physics = (
            config.program_length,
            pairing.reactions,
            self._draws_of(zero_based),
            config.mutation if pairing.batch is None else 0,
            config.step_limit,
            (zero_based + 1) << CELL_BITS,
            len(reset.chars) if reset else 0,
            self._counting,
        )

        def work(thread: int) -> None:
            if thread == 0:
                # The next pairing needs nothing of this epoch: one thread makes it, the others go ahead.
                self._pair(zero_based + 1, following)
            react(
                self._language.compiled, *arguments, self._fresh[thread], self._tally[thread],
                thread, self.threads, *physics,
            )  # fmt: skip

        self._in_threads(work)
        self._pairings.reverse()
        self.epoch += 1
        changed = int(self._tally[:, CHANGED].sum())
        if pairing.batch is not None:
            self._mutate(pairing.batch)
        self._count_origins(changed)
        return self._log(changed, pairing, events, reset)

    def tokens(self) -> Tokens:
        """Return the tokens of the present state (copies)."""
        return Tokens(self._cells.origins[self._cells.numbers], self._cells.chars.copy())

    def token_counts(self) -> tuple[int, Int64]:
        """Return how many distinct tokens there are, and how often the 32 most frequent occur, descending."""
        return token_counts(self._cells.numbers, self._cells.chars, int(self._events.shared[NEXT_NUMBER]))

    def close(self) -> None:
        """Let the threads go; the soup stays readable."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
            self.threads = 1
            self._tally = self._tally[:1]

    def _pair(self, epoch: int, pairing: Pairing) -> None:
        """Fill ``pairing`` for the reference's 0-based ``epoch``."""
        config = self.config
        self._geometry.pair(epoch, pairing)
        if pairing.batch is None and config.mutation > 0:
            suspects = pairing.suspects[: pairing.pairs]
            find_suspects(self._draws_of(epoch), 2 * config.program_length, config.mutation, suspects)

    def _draws_of(self, epoch: int) -> np.uint64:
        """Return N * S(epoch): the first pair's place among all draws of mutations."""
        return np.uint64(self.config.programs * draw_int(self.config.seed, epoch) % 2**64)

    def _in_threads(self, work: Any) -> None:
        waiting = [self._pool.submit(work, thread) for thread in range(1, self.threads)] if self._pool else []
        work(0)
        for future in waiting:
            future.result()

    def _reset(self) -> Reset | None:
        """Make the programs anew if a reset is due before the next state."""
        cells, shared = self._cells, self._events.shared
        index = self.config.reset_index(self.epoch + 1)
        if index == 0:
            return None
        chars = reset_chars(self.config, index)
        count, used = len(chars), int(shared[NEXT_NUMBER])
        birth = np.int64(self.epoch + 1) << CELL_BITS
        cells.chars[:count] = chars
        cells.numbers[:count] = np.arange(used, used + count, dtype=np.uint32)
        cells.origins[used : used + count] = birth | np.arange(count)
        shared[NEXT_NUMBER] = used + count
        if self._counting:
            self.unique_origins = int(count_holders(cells.numbers, cells.holders, used + count))
        return Reset(index, chars)

    def _mutate(self, batch: Batch) -> None:
        """Carry out mutations that come after the reactions; each is one of a cell of its own."""
        chars, numbers, origins, holders = self._cells
        gain = mutate(
            batch.mutated_cells, batch.mutated_chars, self.epoch << CELL_BITS, self._counting,
            chars, numbers, origins, holders, self._events.shared,
        )  # fmt: skip
        self._tally[0, GAIN] += gain

    def _log(self, changed: int, pairing: Pairing, events: Events, reset: Reset | None) -> EpochLog:
        renamed = [self._mechanisms.absorb(fresh) for fresh in self._fresh[: self.threads]]
        most = max(1, *(len(names) for names in renamed))
        names = np.zeros((self.threads, most), np.int32)
        for thread, found in enumerate(renamed):
            names[thread, : len(found)] = found
        rename(events.mechanism, names, self.threads)
        cells, chars = self._mutations(pairing)
        return EpochLog(
            epoch=self.epoch,
            left=pairing.left[: pairing.reactions],
            right=pairing.right[: pairing.reactions],
            mechanism=events.mechanism,
            steps=events.steps,
            operations=events.operations,
            mechanisms=self._mechanisms.view(),
            mutated_cells=cells,
            mutated_chars=chars,
            changed_cells=changed,
            unique_origins=self.unique_origins,
            mutations_after=pairing.batch is not None,
            reset=reset,
            generator=pairing.batch.generator if pairing.batch is not None else None,
        )

    def _mutations(self, pairing: Pairing) -> tuple[Int32, Bytes]:
        """Return the epoch's mutations by ascending cell."""
        if pairing.batch is not None:
            return pairing.batch.mutated_cells, pairing.batch.mutated_chars
        events = self._events
        chunks = (pairing.pairs + CHUNK - 1) // CHUNK
        count = int(events.mutated_counts[:chunks].sum())
        cells, chars = np.empty(count, np.int32), np.empty(count, np.uint8)
        collect_mutations(events, chunks, CHUNK * 2 * self.config.program_length, cells, chars)
        order = np.argsort(cells)
        return cells[order], chars[order]

    def _count_origins(self, changed: int) -> None:
        """Bring `unique_origins` up to date, and choose how the next epoch is counted."""
        cells = self._cells
        used = int(self._events.shared[NEXT_NUMBER])
        if self._counting:
            self.unique_origins += int(self._tally[:, GAIN].sum())
            # Where many cells change their tokens move 16 at a time, within a program.
            self._counting = changed <= _MANY * len(cells.chars) or self.config.program_length % 16 > 0
        elif changed < _FEW * len(cells.chars):
            self.unique_origins = int(count_holders(cells.numbers, cells.holders, used))
            self._counting = True
        else:
            parts = np.array_split(cells.numbers, self.threads)
            self._in_threads(lambda thread: mark_numbers(parts[thread], self._marks))
            self.unique_origins = int(count_marks(self._marks, used))

    def _reserve_numbers(self) -> None:
        """Renumber the living origins if this epoch's births might not find numbers enough."""
        cells, shared = self._cells, self._events.shared
        used = int(shared[NEXT_NUMBER])
        # Room for every cell being born once; beside it, hot tables stay small after a takeover.
        if used + len(cells.chars) > len(cells.origins) or used > 4 * self.unique_origins + 65536:
            shared[NEXT_NUMBER] = renumber(cells.numbers, cells.origins, self._marks, used)
            if self._counting:
                count_holders(cells.numbers, cells.holders, int(shared[NEXT_NUMBER]))
