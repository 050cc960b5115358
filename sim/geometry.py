"""Who meets whom in an epoch, whatever the geometry: the pairs, in order, and how many of them react."""

from typing import Any

import numpy as np

from sim.config import SoupConfig
from sim.lattice import Batch, draw_batch, state_after_init
from sim.log import Bytes, Int32
from sim.neighbours import choose_neighbours, neighbour_lists
from sim.pairing import cycle, list_pairs, shuffle, shuffle_fixed
from sim.splitmix import mix_int


class Pairing:
    """An epoch's `pairs`: programs `left` and `right` (int32[pairs], made anew for every epoch).

    The first `reactions` of them react, by ascending left program; all may mutate. `places` (int32[pairs]) are theirs
    in the order that pairs are made in, which says where their draws of mutations are. `suspects` (uint8[N / 2]), by
    that place, is left to be filled. `batch` holds what a lattice has drawn.
    """

    def __init__(self, programs: int) -> None:
        self.left = self.right = self.places = np.empty(0, np.int32)
        self.suspects: Bytes = np.zeros(programs // 2, np.uint8)
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
        self._order = np.empty(config.programs, np.int32)
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
        geometry, order = self._config.geometry, self._order
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
        left, places = (np.empty(pairing.pairs + 1, np.int32) for _ in range(2))
        pairing.right = np.empty(pairing.pairs, np.int32)
        list_pairs(order, pairing.reactions, self._scratch, left, pairing.right, places)
        pairing.left, pairing.places = left[:-1], places[:-1]
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
