"""How fast a soup is simulated and traced when nothing is stored."""

import time

from benchmarks.report import Figure
from sim import Soup, SoupConfig, Tokens

#: Epochs timed together.
SPAN = 64


def warm_up(config: SoupConfig) -> Figure:
    """Compile (or load from the cache) what ``config`` needs on a small soup; return the seconds it took."""
    began = time.perf_counter()
    soup = Soup(SoupConfig(language=config.language, programs=256, seed=config.seed))
    soup.begin_segment()
    for _ in range(4):
        soup.advance()
    soup.token_counts()
    soup.close()
    return Figure(
        "kernels compiled or loaded", time.perf_counter() - began, "s", "from cold only if the cache was empty"
    )


def simulate(config: SoupConfig, epochs: int, keep: list[int]) -> tuple[list[Figure], dict[int, Tokens]]:
    """Simulate to state ``epochs``; return the speeds, and the tokens of the states in ``keep``."""
    soup = Soup(config)
    kept = {}
    seconds: list[float] = []
    for epoch in range(epochs + 1):
        if epoch in keep:
            kept[epoch] = soup.tokens()
        if epoch % SPAN == 0:
            soup.begin_segment()
        if epoch < epochs:
            began = time.perf_counter()
            soup.advance()
            seconds.append(time.perf_counter() - began)
    soup.close()
    return speeds("simulated and traced", seconds), kept


def speeds(what: str, seconds: list[float], how: str = "") -> list[Figure]:
    """Return epochs per second over all epochs, over the first and over the last of them."""
    spans = {f"all {len(seconds)} epochs": seconds}
    if len(seconds) > 2 * SPAN:
        spans |= {f"first {SPAN}": seconds[:SPAN], f"last {SPAN}": seconds[-SPAN:]}
    return [Figure(f"{what}, {name}", len(some) / sum(some), "epochs/s", how) for name, some in spans.items()]
