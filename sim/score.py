"""The self-replication score (semantics.md section 1, "CheckSelfRep"): do a program's copies copy themselves."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numba import types
from numba.np.numpy_support import carray

from sim.config import SoupConfig
from sim.errors import InputError
from sim.intrinsics import atomic_add, copy_items, stack_bytes
from sim.jit import declared, read_only
from sim.language import EXECUTE, LONGEST
from sim.log import Bytes, Int64
from sim.splitmix import draw_int, mix

TRIALS = 13
#: A byte counts if more than a quarter of the trials agree on it.
AGREE = TRIALS // 4
GENERATIONS = 4


def _signature() -> Any:
    u8, i64 = types.uint8[::1], types.int64[::1]
    return types.void(
        types.FunctionType(EXECUTE), u8, read_only(types.uint8), i64, types.uint64, types.int64, types.int64, i64, i64
    )


@declared(_signature)
def _score(
    execute: Any, table: Any, chars: Any, chosen: Any, base: Any, length: int, limit: int, shared: Any, scores: Any
) -> None:
    size = 2 * length
    usize = np.uint64(size)
    # On the stack: arrays of the heap are counted, atomically, at every execution.
    tape_at, sources_at, table_at = stack_bytes(LONGEST), stack_bytes(LONGEST), stack_bytes(LONGEST)
    tape = carray(tape_at, (size,))
    sources = carray(sources_at, (size,))
    constants = carray(table_at, (len(table),))
    copy_items(constants, 0, table, 0, len(table))
    for i in range(size):
        # All alike, for only bytes are asked for here: cycles end when the bytes are the same again.
        sources[i] = 0
    # All that a food's draws have in common over the programs.
    places = np.empty((TRIALS, length), np.uint64)
    for trial in range(TRIALS):
        for j in range(length):
            places[trial, j] = mix(np.uint64((trial + 1) * length + j))
    noise = np.empty(length, np.uint8)
    trials = np.empty(TRIALS * size, np.uint8)
    counts = np.empty(size, np.uint8)
    agreed = np.empty(size, np.bool_)
    while True:
        k = atomic_add(shared, 0, 1)
        if k >= len(chosen):
            break
        program = chosen[k]
        start = program * length
        local = mix(base + np.uint64(program))
        for trial in range(TRIALS):
            for j in range(np.uint64(length)):
                noise[j] = np.uint8(mix(local ^ places[trial, j]))
            copy_items(tape, 0, chars, start, length)
            copy_items(tape, length, noise, 0, length)
            execute(tape_at, sources_at, size, limit, table_at, len(table))
            for _ in range(GENERATIONS):
                copy_items(tape, 0, tape, length, length)
                copy_items(tape, length, noise, 0, length)
                execute(tape_at, sources_at, size, limit, table_at, len(table))
            copy_items(trials, trial * size, tape, 0, size)
        agreed[:] = False
        counts[:] = 0
        for a in range(np.uint64(TRIALS)):
            for i in range(np.uint64(length)):
                counts[i] += trials[a * usize + i] == chars[np.uint64(start) + i]
            counts[length:] = 0
            for b in range(np.uint64(TRIALS)):
                for i in range(np.uint64(length), np.uint64(size)):
                    counts[i] += trials[a * usize + i] == trials[b * usize + i]
            for i in range(np.uint64(length), np.uint64(size)):
                agreed[i] |= counts[i] > AGREE
        right = 0
        for i in range(length, size):
            right += agreed[i]
        left = 0
        for i in range(length):
            left += counts[i] > AGREE
        scores[k] = min(left, right)


def self_replication_scores(
    config: SoupConfig, chars: Bytes, epoch0: int, programs: Int64 | None = None, threads: int | None = None
) -> Int64:
    """Return the score (0..L) of programs of a soup: how many of its bytes a program's copies keep.

    ``chars`` (uint8[cells]) is the soup, ``epoch0`` the reference's 0-based epoch of the draws (state n:
    n - 1, state 0: 0), ``programs`` which to score (int64[K], default all). Each is run with 13 random
    foods, five generations deep. Raises `InputError` for a program that is not in the soup.
    """
    chosen = np.arange(config.programs) if programs is None else np.ascontiguousarray(programs, np.int64)
    if len(chosen) and not 0 <= chosen.min() <= chosen.max() < config.programs:
        raise InputError(f"program: {chosen.max()}; allowed: 0 to {config.programs - 1}")
    base = np.uint64(config.programs * draw_int(config.seed, epoch0) % 2**64)
    language = config.instruction_set
    shared, scores = np.zeros(1, np.int64), np.zeros(len(chosen), np.int64)
    content = np.ascontiguousarray(chars)

    def work(_: int) -> None:
        _score(
            language.compiled, language.table, content, chosen, base, config.program_length, config.step_limit,
            shared, scores,
        )  # fmt: skip

    count = threads if threads is not None else numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, range(count)))
    return scores
