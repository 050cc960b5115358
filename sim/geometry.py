"""Who meets whom in an epoch, whatever the geometry: the pairs, in order, and how many of them react."""

from typing import Any

import numpy as np

from sim.config import SoupConfig
from sim.lattice import Batch, draw_batch, state_after_init
from sim.log import Int32
from sim.neighbours import choose_neighbours, neighbour_lists
from sim.pairing import cycle, list_lefts, shuffle, shuffle_fixed
from sim.splitmix import mix_int


class Pairing:
    """An epoch's pairs: programs ``order[2k]`` (left) and ``order[2k + 1]``.

    The first `reactions` pairs react, all `pairs` of them may mutate. Of those that react `left` (int32[reactions],
    made anew for every epoch) has the left programs, ascending, and ``rows`` (int32[N]) the place of each in it.
    `batch` holds what a lattice has drawn.
    """

    def __init__(self, programs: int) -> None:
        self.order: Int32 = np.empty(programs, np.int32)
        self.rows: Int32 = np.empty(programs, np.int32)
        self.left: Int32 = np.empty(0, np.int32)
        self.epoch = -1
        self.pairs = self.reactions = programs // 2
        self.batch: Batch | None = None


class Geometry:
    """Makes the pairing of any epoch of a soup; for a lattice of epochs in order.

    ``generator``: a lattice's known point, (epoch, the generator's state after it).
    """

    def __init__(self, config: SoupConfig, generator: tuple[int, int] | None = None) -> None:
        self._config = config
        self._mixed_seed = np.uint64(mix_int(config.seed))
        self._scratch = np.empty(config.programs, np.int32)
        self._used = np.empty(config.programs, np.uint8)
        self._neighbours: tuple[Any, Any] | None = None
        if config.geometry in {"line", "grid", "graph"}:
            self._neighbours = neighbour_lists(config)
        self._generator = generator or (0, state_after_init(config.seed, config.cells))

    def pair(self, epoch: int, pairing: Pairing) -> None:
        """Fill ``pairing`` with the pairs of the reference's 0-based ``epoch``.

        Raises `ValueError` for an epoch of a lattice that lies before one it has made.
        """
        geometry, order = self._config.geometry, pairing.order
        if geometry == "lattice":
            pairing.batch = self._batch(epoch, order)
            pairing.pairs = pairing.reactions = pairing.batch.pairs
        elif geometry == "fixed":
            shuffle_fixed(epoch, order)
        elif geometry == "cyclic":
            cycle(epoch, order)
        else:
            shuffle(self._mixed_seed, epoch, order, self._scratch)
        if self._neighbours is not None:
            pairing.reactions = choose_neighbours(
                self._mixed_seed, epoch, *self._neighbours, order, self._scratch, self._used
            )
        left = np.empty(pairing.reactions + 1, np.int32)
        list_lefts(order, pairing.reactions, self._used, pairing.rows, left)
        pairing.left = left[:-1]
        pairing.epoch = epoch

    def _batch(self, epoch: int, order: Int32) -> Batch:
        config, (known, state) = self._config, self._generator
        if epoch < known:
            raise ValueError(f"epoch {epoch} of a lattice after epoch {known}")
        while True:
            batch = draw_batch(
                state, config.width, config.height, config.program_length, config.mutation, order, self._used
            )
            known, state = known + 1, batch.generator
            self._generator = known, state
            if known == epoch + 1:
                return batch
