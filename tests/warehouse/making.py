"""How the tests of the store make runs: real soups, small ones, in segments short enough to have several."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from sim import Soup, SoupConfig
from warehouse.reader import History
from warehouse.record import RunSettings
from warehouse.store import Store
from warehouse.writer import RunWriter

CONFIG = SoupConfig(language="bff_noheads_4bit", programs=64, seed=3, mutation=1 << 22)
SETTINGS = RunSettings(measure_every=16, keyframe_every=32)
SEGMENT = 64


def shorten_segments(epochs: int = SEGMENT) -> None:
    """Let every run of this process have segments of so many epochs."""
    import warehouse.record

    warehouse.record.segment_length = lambda programs: epochs  # noqa: ARG005 -- a stand-in has the same parameters


def measured(epoch: int) -> dict[str, float]:
    return {
        "epoch": epoch,
        "unique_tokens": 10 * epoch,
        "top32_share": 0.1,
        "zero_share": 0.25,
        "shannon_entropy": 7.5,
        "brotli_size": 1000 + epoch,
        "bits_per_byte": 2.0,
        "complexity": 1 / (epoch + 1),
    }


def make_run(
    store: Store,
    epochs: int,
    config: SoupConfig = CONFIG,
    settings: RunSettings = SETTINGS,
    wait: Callable[[str], None] | None = None,
    *,
    threads: int = 1,
    finish: bool = True,
) -> str:
    """Store a run up to ``epochs``, going on from what is there as the pipeline does; return its id."""
    with RunWriter.open(store, config, settings, wait) as writer:
        writer.check_last(threads)
        soup = None
        for start, stop in writer.plan(epochs):
            if soup is None:
                soup = _soup_at(store, writer.run, config, start, threads)
            _write_segment(writer, soup, start, stop)
            _measure(writer, start, stop, epochs)
        if soup is not None:
            soup.close()
        for start, stop in writer.missing_measures():  # a kill came between a segment and its measures
            _measure(writer, start, stop, epochs)
        if finish:
            writer.finish(epochs)
        return writer.run


def _soup_at(store: Store, run: str, config: SoupConfig, epoch: int, threads: int) -> Soup:
    if epoch == 0:
        return Soup(config, threads)
    with History(store, run) as history:
        return Soup.resume(config, history.tokens_at(epoch), epoch, threads, generator=history.generator(epoch))


def _write_segment(writer: RunWriter, soup: Soup, start: int, stop: int) -> None:
    soup.begin_segment()
    staged = writer.stage(start, stop)
    if start == 0:
        staged.initial(soup.unique_origins)
        staged.keyframe(0, soup.tokens())
    while soup.epoch < stop:
        staged.append(soup.advance())
        if staged.wants_keyframe(soup.epoch, len(soup.chars)):
            staged.keyframe(soup.epoch, soup.tokens())
    staged.finish()
    staged.commit()


def _measure(writer: RunWriter, start: int, stop: int, epochs: int) -> None:
    every = writer.record.settings.measure_every
    states = [n for n in range(start + (start > 0), stop + 1) if n % every == 0 or n == epochs]
    writer.write_measures(start, stop, [measured(n) for n in states])


def history_bytes(store: Store, run: str) -> dict[str, str]:
    """Return a digest of every file of a run's history and measures, by path; the record and locks left out."""
    folder = store.run_folder(run)
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix in {".parquet", ".json"}]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != "runs.parquet"
    }


def flip(path: Path, place: float) -> None:
    """Alter one byte of a file, at this share of its length."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 0x55
    path.write_bytes(content)
