"""The relations of single states, computed from a run's history: tokens, programs, scores and pairings."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim import Language, Replay, self_replication_scores
from warehouse.populations import cut, forms_of, lengths_of, population_of
from warehouse.reader import History
from warehouse.schema import RELATIONS

Check = Callable[[], None]
State = tuple[int, pa.Table]

_SCORED_AT_ONCE = 512


def replayed(history: History, epochs: Sequence[int], check: Check) -> Iterator[tuple[int, Replay]]:
    """Yield (epoch, replay standing at it) for ascending ``epochs``; ``check`` is called at every state passed."""
    wanted = set(epochs)
    history.kept.check_states(sorted(wanted))
    path: list[int] = []
    for epoch in sorted(wanted):
        keyframe = max(known for known in history.keyframe_epochs if known <= epoch)
        path += range(max(keyframe, path[-1] + 1 if path else 0), epoch + 1)
    for epoch, replay in history.states(path):
        check()
        if epoch in wanted:
            yield epoch, replay


def bytes_of(history: History, epochs: Sequence[int], check: Check) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield (epoch, the state's bytes by cell): first of states kept whole, read without tokens, then of others."""
    kept = sorted(set(epochs) & set(history.keyframe_epochs))
    for epoch, chars in history.chars(kept):
        check()
        yield epoch, chars
    for epoch, replay in replayed(history, sorted(set(epochs).difference(kept)), check):
        yield epoch, replay.chars


def tokens(history: History, epochs: Sequence[int], check: Check) -> Iterator[State]:
    """Yield each state's tokens in cell order: program and token; the rest follows from these."""
    length = history.config.program_length
    program = np.repeat(np.arange(history.config.programs, dtype=np.int32), length)
    for epoch, replay in replayed(history, epochs, check):
        yield epoch, pa.table({"program": program, "token": replay.tokens().packed()})


def programs(history: History, epochs: Sequence[int], check: Check) -> Iterator[State]:
    """Yield each state's programs: bytes and text."""
    config = history.config
    for epoch, state in bytes_of(history, epochs, check):
        chars = state.reshape(config.programs, config.program_length)
        content = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(config.program_length), config.programs, [None, pa.py_buffer(chars.tobytes())]
        )
        program = np.arange(config.programs, dtype=np.int32)
        y, x = np.divmod(program, np.int32(config.width or config.programs))
        lines = texts(config.instruction_set, chars)
        shown = species_texts(config.instruction_set, forms_of(config.instruction_set, chars))
        columns = {"program": program, "bytes": content, "text": lines, "x": x, "y": y, "species": shown}
        yield epoch, pa.table(columns)


def scores(history: History, epochs: Sequence[int], check: Check) -> Iterator[State]:
    """Yield each state's programs with their self-replication scores (design, section 3, "Score in state n")."""
    for epoch, replay in replayed(history, epochs, check):
        chars, found = replay.chars.copy(), []
        for start in range(0, history.config.programs, _SCORED_AT_ONCE):
            check()
            some = np.arange(start, min(start + _SCORED_AT_ONCE, history.config.programs), dtype=np.int64)
            found.append(self_replication_scores(history.config, chars, max(epoch - 1, 0), some))
        score = np.concatenate(found).astype(np.int32)
        yield epoch, pa.table({"program": np.arange(len(score), dtype=np.int32), "score": score})


def species(history: History, epochs: Sequence[int], check: Check) -> Iterator[State]:
    """Yield each state's species, the most abundant first."""
    language, count = history.config.instruction_set, history.config.programs
    for epoch, chars in bytes_of(history, epochs, check):
        found = population_of(language, chars)
        programs = chars.reshape(count, -1)
        yield (
            epoch,
            pa.table(
                {
                    "species": species_texts(language, found.forms),
                    "instructions": cut(language, found.forms),
                    "abundance": found.abundance.astype(np.int32),
                    "share": found.abundance / count,
                    "variants": found.variants.astype(np.int32),
                    "program": found.program.astype(np.int32),
                    "text": texts(language, programs[found.commonest]),
                },
                schema=RELATIONS["species_at"].schema,
            ),
        )


def pairings(history: History, epochs: Sequence[int], check: Check) -> Iterator[State]:
    """Yield the tapes of each epoch by left program; the first state was made by none."""
    for epoch in sorted(set(epochs)):
        check()
        if epoch == history.first:
            yield epoch, pa.table({name: pa.array([], pa.int32()) for name in ("left_program", "right_program")})
            continue
        for log in history.logs(epoch, epoch):
            yield epoch, pa.table({"left_program": log.left, "right_program": log.right})


STATES: dict[str, Callable[[History, Sequence[int], Check], Iterator[State]]] = {
    "tokens_at": tokens,
    "programs_at": programs,
    "scores_at": scores,
    "species_at": species,
    "pairings": pairings,
}


def texts(language: Language, chars: NDArray[np.uint8]) -> pa.Array:
    """Return the text form of programs (uint8[K, L]) as an Arrow array of K strings.

    All languages write byte by byte, each byte with the same number of characters; one that does not is
    written program by program.
    """
    forms = [language.format(bytes([byte])) for byte in range(256)]
    if len(chars) == 0 or len({len(form) for form in forms}) > 1:
        return pa.array([language.format(bytes(row)) for row in chars], pa.string())
    points = np.array([[ord(character) for character in form] for form in forms], np.uint32)
    lines: NDArray[Any] = points[chars].reshape(len(chars), -1)
    return pa.array(lines.view(f"<U{lines.shape[1]}").reshape(len(chars)), pa.string())


def species_texts(language: Language, forms: NDArray[np.uint8]) -> list[str]:
    """Return the text form of species (uint8[K, L], as `forms_of` gives them)."""
    widths = {len(language.format(bytes([byte]))) for byte in range(256)}
    if len(widths) > 1:
        return [language.format(species) for species in cut(language, forms)]
    width = widths.pop()
    lines, lengths = texts(language, forms).to_pylist(), lengths_of(language, forms).tolist()
    return [line[: width * length] for line, length in zip(lines, lengths, strict=True)]
