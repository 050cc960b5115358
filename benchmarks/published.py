"""The published grid of Z80 programs (zff) as yardstick: its own C core, built natively, in its own loop.

Its page runs two WebAssembly modules: one for the grid, one in each worker that executes pairs. Both are built as
they are published, into one folder, which is given by path; nothing of them is part of this project. As in the page,
messages about unknown opcodes go nowhere: there are thousands in a second, and printing them would take its time.

    echo 'int fprintf(void *file, const char *format, ...) { return 0; }' > quiet.c
    cc -O3 -shared -fPIC -o grid.so wasm/main.c
    cc -O3 -fno-builtin-fprintf -Wl,-Bsymbolic -shared -fPIC -o core.so wasm/z80worker.c external/z80.c quiet.c

The loop is the page's without what it draws: draw a batch's pairs, execute them in parts of equal size, one for each
processor, write them back, mutate.
"""

import ctypes
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.measures import complexity
from benchmarks.reference import INTERVAL, Finished
from benchmarks.states import State
from sim import InputError
from sim.config import RATE_UNIT
from sim.lattice import MOST_PAIRS


class _Worker:
    """One of the grid's workers: the core's buffer of ``size`` bytes, and its own threadless loop over pairs."""

    def __init__(self, library: Any, size: int) -> None:
        self.batch = _buffer(library.get_batch, np.uint8, size)
        self.run = library.run


def advance(folder: Path, state: State, epochs: int) -> Finished:
    """Let the published grid go on from ``state`` for ``epochs`` batches; the soup is compressed after every 64.

    Raises `InputError` if ``folder`` does not hold its libraries, or they are of a grid of another size.
    """
    config = state.config
    with TemporaryDirectory(prefix="primordium-grid-") as copies:
        grid = _library(folder, "grid", Path(copies, "grid.so"))
        if (grid.get_soup_width(), grid.get_soup_height()) != (config.width, config.height):
            raise InputError(f"--zff {folder}: its grid is not of {config.width} x {config.height} programs")
        size = MOST_PAIRS * 2 * config.program_length
        count = os.cpu_count() or 1
        # A library's buffers exist once for each file that it is loaded from.
        workers = [_Worker(_library(folder, "core", Path(copies, f"core{k}.so")), size) for k in range(count)]
        batch, soup = _buffer(grid.get_batch, np.uint8, size), _buffer(grid.get_soup, np.uint8, config.cells)
        soup[:] = state.tokens.chars
        _buffer(grid.get_rng_state, np.uint64, 1)[0] = state.generator
        with ThreadPoolExecutor(count) as pool:
            began = time.perf_counter()
            for done in range(1, epochs + 1):
                pairs = grid.prepare_batch()
                _execute(pool, workers, batch[: pairs * 2 * config.program_length], pairs, config.step_limit)
                grid.absorb_batch()
                grid.mutate(int(pairs * config.mutation / RATE_UNIT))
                if done % INTERVAL == 0:
                    complexity(soup)
            return Finished(time.perf_counter() - began, soup.tobytes())


def _execute(pool: ThreadPoolExecutor, workers: list[_Worker], batch: NDArray[Any], pairs: int, limit: int) -> None:
    """Execute a batch's pairs, each worker its part of them."""

    def work(worker: _Worker, part: NDArray[Any]) -> None:
        worker.batch[: part.size] = part.ravel()
        worker.run(len(part), limit)
        part[:] = worker.batch[: part.size].reshape(part.shape)

    parts = np.array_split(batch.reshape(pairs, -1), len(workers))
    list(pool.map(work, workers, parts))


def _library(folder: Path, name: str, copy: Path) -> Any:
    """Return a library of ``folder``, loaded from a file of its own."""
    try:
        shutil.copyfile(folder / f"{name}.so", copy)
        return ctypes.CDLL(str(copy))
    except OSError as error:
        raise InputError(f"--zff {folder}: {name}.so cannot be loaded: {error.strerror or error}") from None


def _buffer(where: Any, element: Any, size: int) -> NDArray[Any]:
    """Return ``size`` elements of a library's memory, at the address that ``where`` returns."""
    where.restype = ctypes.c_void_p
    kind = np.ctypeslib.as_ctypes_type(element) * size
    return np.ctypeslib.as_array(kind.from_address(where()))
