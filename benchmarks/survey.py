"""How soon soups of a language pass a transition: ``python -m benchmarks.survey --language bff_perm``.

Soups that differ in nothing but the seed, 0, 1, 2 and so on, run until their complexity is first at least 1 (as in
the paper's figure 6), looked at every 64 epochs. The last line printed is what the language's file says of itself.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from analysis.measures import complexity
from analysis.transitions import SPACING, THRESHOLD
from sim import LANGUAGES, InputError, Soup, SoupConfig, Survey, language


def main(argv: Sequence[str] | None = None) -> int:
    """Survey what ``argv`` asks for, print it, and return the exit code (2 for bad input)."""
    arguments = _parser().parse_args(argv)
    try:
        configs = [_config(arguments, seed) for seed in range(arguments.first, arguments.first + arguments.soups)]
    except InputError as error:
        print(f"benchmarks.survey: {error}", file=sys.stderr)
        return 2
    passed = []
    with ProcessPoolExecutor(arguments.processes) as pool:
        onsets = pool.map(partial(onset, epochs=arguments.epochs), configs)
        for config, epoch in zip(configs, onsets, strict=True):
            print(f"seed {config.seed}: {epoch if epoch is not None else 'none'}", flush=True)
            passed += [] if epoch is None else [epoch]
    print(Survey(configs[0].programs, arguments.epochs, len(configs), tuple(sorted(passed))))
    return 0


def onset(config: SoupConfig, epochs: int) -> int | None:
    """Return the first state up to ``epochs``, of those divisible by `SPACING`, that passes an onset's threshold."""
    soup = Soup(config, threads=1)
    try:
        while soup.epoch < epochs:
            if soup.epoch % SPACING == 0:
                soup.begin_segment()
            soup.advance()
            if soup.epoch % SPACING == 0 and complexity(soup.chars) >= THRESHOLD:
                return soup.epoch
    finally:
        soup.close()
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.survey", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--language", required=True, choices=LANGUAGES)
    parser.add_argument("--programs", type=int, default=8192, help="of a soup without sides (default: %(default)s)")
    parser.add_argument("--side", type=int, default=200, help="of a lattice, in programs (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=4096, help="at most (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: %(default)s)")
    parser.add_argument("--soups", type=int, default=8, help="seeds from the first on (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="soups at a time (default: %(default)s)")
    return parser


def _config(arguments: argparse.Namespace, seed: int) -> SoupConfig:
    if language(arguments.language).geometry == "lattice":
        return SoupConfig(language=arguments.language, seed=seed, width=arguments.side, height=arguments.side)
    return SoupConfig(language=arguments.language, seed=seed, programs=arguments.programs)


if __name__ == "__main__":
    raise SystemExit(main())
