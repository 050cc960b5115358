"""Who may meet whom: the neighbours of each program on a line, a grid or a graph (semantics.md section 1)."""

from typing import Any

import numpy as np

from sim.config import SoupConfig
from sim.jit import kernel
from sim.log import Int32, Int64
from sim.splitmix import draw


def neighbour_lists(config: SoupConfig) -> tuple[Int64, Int32]:
    """Return the neighbours of each program in the reference's order: starts (int64[N + 1]) and neighbours (int32).

    A line's are -r..-1, 1..r; a grid's the square of radius r around a program, row by row, nothing beyond
    the edges; a graph's in the order of its list, a pair given twice counting twice.
    """
    if config.geometry == "graph":
        pairs = np.array(config.interactions, np.int32).reshape(-1, 2)
        order = np.argsort(pairs[:, 0], kind="stable")
        counts = np.bincount(pairs[:, 0], minlength=config.programs)
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]), np.ascontiguousarray(pairs[order, 1])
    width, height = (config.programs, 1) if config.geometry == "line" else (config.width, config.height)
    starts = np.zeros(config.programs + 1, np.int64)
    across, down = (_reach(size, config.radius) for size in (width, height))
    starts[1:] = np.cumsum((np.outer(down, across) - 1).ravel())
    neighbours = np.empty(int(starts[-1]), np.int32)
    _fill_grid(width, height, config.radius, neighbours)
    return starts, neighbours


def _reach(size: int, radius: int) -> Int64:
    """Return how many places each place of a line reaches, itself included."""
    place = np.arange(size)
    return np.minimum(place + radius, size - 1) - np.maximum(place - radius, 0) + 1


@kernel
def _fill_grid(width: int, height: int, radius: int, neighbours: Any) -> None:
    at = 0
    for row in range(height):
        for column in range(width):
            for other_row in range(max(row - radius, 0), min(row + radius, height - 1) + 1):
                for other_column in range(max(column - radius, 0), min(column + radius, width - 1) + 1):
                    if other_row != row or other_column != column:
                        neighbours[at] = other_row * width + other_column
                        at += 1


@kernel
def choose_neighbours(
    mixed_seed: Any, epoch: int, starts: Any, neighbours: Any, order: Any, queue: Any, used: Any
) -> int:
    """Turn ``order`` (int32[N]), a shuffle of all programs, into pairs of neighbours; return how many react.

    Programs take their turn in the order of the shuffle, each drawing one neighbour; a pair is made if both
    are free. The programs that are left follow, ascending: they mutate and do not react. ``queue`` (int32[N])
    and ``used`` (uint8[N]) are scratch.
    """
    programs = len(order)
    queue[:] = order
    used[:] = 0
    of_epoch = draw(mixed_seed, np.uint64(epoch))
    pairs = 0
    for k in range(programs):
        program = queue[k]
        count = starts[program + 1] - starts[program]
        if count == 0:
            continue
        drawn = draw(mixed_seed, of_epoch ^ draw(mixed_seed, np.uint64(program)))
        other = neighbours[starts[program] + np.int64(drawn % np.uint64(count))]
        if used[program] == 0 and used[other] == 0:
            used[program] = used[other] = 1
            order[2 * pairs] = program
            order[2 * pairs + 1] = other
            pairs += 1
    at = 2 * pairs
    for program in range(programs):
        if used[program] == 0:
            order[at] = program
            at += 1
    return pairs
