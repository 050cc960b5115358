"""Scores of programs that stand in no soup: pieces, variants and repairs of those that do."""

import numpy as np
from numpy.typing import NDArray

from sim import SoupConfig, self_replication_scores
from sim.log import Int64


def score_programs(config: SoupConfig, contents: NDArray[np.uint8], trial: int = 0) -> Int64:
    """Return the self-replication score (int64[K], 0 to L) of programs given by their bytes.

    ``contents`` is uint8[K, L]; language, step limit and seed are those of ``config``. The random foods are the
    ones that programs 0 to K - 1 of a soup get in the reference's 0-based epoch ``trial``: another trial, other foods.
    """
    count = len(contents) + len(contents) % 2
    soup = SoupConfig(
        language=config.language,
        programs=max(count, 2),
        seed=config.seed,
        step_limit=config.step_limit,
        geometry="mixed",
    )
    return self_replication_scores(soup, contents.ravel(), trial, np.arange(len(contents), dtype=np.int64))
