"""How true copies stay: a program's right neighbour, that one's, and so on, each grown in random food."""

from typing import NamedTuple

import numpy as np

from analysis.foods import random_foods
from analysis.scoring import score_programs
from sim import Language, SoupConfig

GENERATIONS = 16
LINEAGES = 32


class Generation(NamedTuple):
    """The copies of one generation over all lineages.

    - `generation`: from 1, the program's own copies
    - `equal`: their bytes that are those of the program at the same site, 0 to `LINEAGES` * L
    - `least`: the same of the copy that has fewest, 0 to L
    """

    generation: int
    equal: int
    least: int


def follow_copies(language: Language, program: bytes, step_limit: int) -> tuple[tuple[Generation, ...], int]:
    """Return the generations of ``program`` (L bytes), and the median score of the last one's programs.

    Each generation is the right half of a tape of the one before it and a food of its own, executed for at most
    ``step_limit`` steps. Of two middle scores the smaller counts.
    """
    length = language.program_length
    own = np.frombuffer(program, np.uint8)
    lineages = [program] * LINEAGES
    generations = []
    for generation in range(1, GENERATIONS + 1):
        foods = random_foods(LINEAGES, length, generation * LINEAGES)
        lineages = [
            language.run(parent, food.tobytes(), step_limit).tape[length:]
            for parent, food in zip(lineages, foods, strict=True)
        ]
        equal = (_texts(lineages) == own).sum(axis=1)
        generations.append(Generation(generation, int(equal.sum()), int(equal.min())))
    judge = SoupConfig(language=language.name, programs=LINEAGES, step_limit=step_limit, geometry="mixed")
    scores = np.sort(score_programs(judge, _texts(lineages)))
    return tuple(generations), int(scores[(LINEAGES - 1) // 2])


def _texts(programs: list[bytes]) -> np.ndarray:
    return np.stack([np.frombuffer(program, np.uint8) for program in programs])
