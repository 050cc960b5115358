"""Machine code made before a run begins: with none at hand by two processes, as in one Numba compiles one at a time."""

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from flows.children import start_deaf
from flows.estimate import cores
from sim import LANGUAGES, Soup, SoupConfig
from sim.jit import CACHE_FOLDER

#: The language whose engine is compiled soonest: all else that a soup needs is every language's.
_QUICK = "subleq"


def make_machine_code(config: SoupConfig) -> None:
    """Let the smallest soup of the language go through all that is done with the real one.

    Where nothing was ever compiled, the language's own engine is made here while another process makes what all
    languages share, and leaves it in the cache; each takes some ten seconds.
    """
    if _may_share():
        with _the_shared_made_beside():
            _ = LANGUAGES[config.language].compiled
    _run_smallest(config)


def _run_smallest(config: SoupConfig) -> None:
    soup = Soup(SoupConfig(language=config.language, geometry="mixed", programs=2, seed=config.seed), 1)
    soup.advance()
    soup.token_counts()
    soup.tokens()
    soup.close()


def _may_share() -> bool:
    """Tell whether there is enough to be made, another processor to do it, and leave to start a process."""
    others = cores() > 1 and not multiprocessing.current_process().daemon
    return others and next(CACHE_FOLDER.rglob("*.nbi"), None) is None  # Numba's; empty folders are there already


@contextmanager
def _the_shared_made_beside() -> Iterator[None]:
    """Have another process compile what soups of all languages share, and wait for it unless there was an error.

    Should it die, nothing is lost: what is not in the cache is compiled here.
    """
    process = multiprocessing.get_context("spawn").Process(target=_make_the_shared, daemon=True, name="machine code")
    start_deaf(process, [signal.SIGINT])
    try:
        yield
        process.join()
    finally:
        process.kill()
        process.join()


def _make_the_shared() -> None:
    _run_smallest(SoupConfig(language=_QUICK))
