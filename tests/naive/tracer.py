"""A soup whose every byte carries its token as a plain tuple, and the record of each epoch.

The paper's tracer (section 2.1) by definition: copying copies the token whole, ``+`` and ``-``
change only its char, a mutation makes a new token of the epoch n whose state first holds it. Beside
it travels the index of the tape's byte it came from, and mechanisms are read off at the end
(design sections 2 and 3).
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from tests.naive import bff, soup
from tests.naive.bff import L
from tests.naive.soup import Settings

Token = tuple[int, int, int]
"""(epoch born, cell born, char)."""


class Write(NamedTuple):
    """One changed byte of a tape: where, which byte came there (None: from nowhere), its increment."""

    target: int
    source: int | None
    delta: int


class Reaction(NamedTuple):
    """One execution: the programs, what it did (ascending target), and what it cost."""

    left: int
    right: int
    mechanism: tuple[Write, ...]
    steps: int
    operations: int


class Copy(NamedTuple):
    """One changed cell of an epoch; ``kind`` is copied or incremented."""

    program: int
    site: int
    from_program: int
    from_site: int
    delta: int
    kind: str


class Record(NamedTuple):
    """All that happened in the epoch that made state ``epoch``, and two counts of that state.

    ``reactions`` by ascending left program, ``mutations`` (cell, char) and ``copies`` by ascending cell.
    """

    epoch: int
    reactions: tuple[Reaction, ...]
    mutations: tuple[tuple[int, int], ...]
    copies: tuple[Copy, ...]
    changed_cells: int
    unique_origins: int


class TokenTape(bff.TracedTape):
    """A tape whose bytes carry their tokens through the execution."""

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(bytes(char for _, _, char in tokens))
        self.tokens = tokens

    def copy(self, target: int, source: int) -> None:
        super().copy(target, source)
        self.tokens[target] = self.tokens[source]

    def add(self, at: int, delta: int) -> None:
        super().add(at, delta)
        epoch, cell, char = self.tokens[at]
        self.tokens[at] = (epoch, cell, (char + delta) % 256)


def mechanism(before: bytes, after: bytes, sources: tuple[int, ...]) -> tuple[Write, ...]:
    """Return what turned ``before`` into ``after``: the bytes moved or incremented, by ascending target.

    A byte whose source is itself and whose char is as before is left out, whatever happened meanwhile. A source
    of 255 stands for none: the byte was computed from nowhere, and its delta is its char.
    """
    found = (
        Write(t, None, after[t]) if s == 255 else Write(t, s, (after[t] - before[s]) % 256)
        for t, s in enumerate(sources)
    )
    return tuple(write for write in found if write.source != write.target or write.delta != 0)


def mechanism_id(writes: tuple[Write, ...]) -> int:
    """Return a mechanism's id: 63 bits of BLAKE2b over its canonical list, 0 for the empty one."""
    if not writes:
        return 0
    canonical = bytes(field for w in writes for field in (w.target, 255 if w.source is None else w.source, w.delta))
    return int.from_bytes(hashlib.blake2b(canonical).digest()[:8], "little") & (2**63 - 1)


class TracedSoup:
    """A soup being simulated token by token. ``tokens[cell]`` are those of state ``epoch``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.epoch = 0
        self.tokens: list[Token] = [(0, c, char) for c, char in enumerate(soup.initial(settings))]

    @classmethod
    def at(cls, settings: Settings, tokens: list[Token], epoch: int) -> "TracedSoup":
        """Return the soup that holds ``tokens`` at state ``epoch``."""
        self = cls(settings)
        self.tokens, self.epoch = list(tokens), epoch
        return self

    @property
    def chars(self) -> bytes:
        """The soup's bytes."""
        return bytes(char for _, _, char in self.tokens)

    @property
    def unique_origins(self) -> int:
        """How many different (epoch born, cell born) the soup holds."""
        return len({(epoch, cell) for epoch, cell, _ in self.tokens})

    def advance(self) -> Record:
        """Make the next state; return what happened."""
        e, n = self.epoch, self.epoch + 1
        reactions: list[Reaction] = []
        mutated: list[tuple[int, int]] = []
        copies: list[Copy] = []
        for k, (left, right) in enumerate(soup.pairing(self.settings.programs, self.settings.seed, e)):
            cells = [program * L + site for program in (left, right) for site in range(L)]
            tokens = [self.tokens[cell] for cell in cells]
            for position, char in soup.mutations(self.settings, e, k):
                tokens[position] = (n, cells[position], char)
                mutated.append((cells[position], char))
            tape = TokenTape(tokens)
            before = bytes(tape.chars)
            cost = bff.execute(self.settings.language, tape, self.settings.step_limit)
            writes = mechanism(before, bytes(tape.chars), tuple(tape.sources))
            reactions.append(Reaction(left, right, writes, *cost))
            for target, source, delta in writes:
                assert source is not None, "no command of this family makes a byte from nowhere"
                kind = "incremented" if source == target else "copied"
                copies.append(Copy(*divmod(cells[target], L), *divmod(cells[source], L), delta, kind))
            for cell, token in zip(cells, tape.tokens, strict=True):
                self.tokens[cell] = token
        self.epoch = n
        return Record(
            n,
            tuple(sorted(reactions)),
            tuple(sorted(mutated)),
            tuple(sorted(copies)),
            len(copies),
            self.unique_origins,
        )

    def records(self, epochs: int) -> Iterator[Record]:
        """Advance ``epochs`` times, yielding each epoch's record while the soup stands at its state."""
        for _ in range(epochs):
            yield self.advance()
