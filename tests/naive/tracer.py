"""A soup whose every byte carries its token as a plain tuple, and the record of each epoch.

The paper's tracer (section 2.1): a byte's token is born with it, in state 0, by a mutation (of the epoch
n whose state first holds it) or from nowhere during a reaction. After a reaction a byte has the origin of
the tape's byte that its twin says it came from, and its own char; mechanisms are read off in the same
way (design sections 2 and 3).
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from tests.naive import lattice, soup
from tests.naive.bff import NOWHERE, L
from tests.naive.lattice import Generator
from tests.naive.soup import Execute, Pairing, Settings
from tests.naive.twins import run

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
    """One changed cell of an epoch; ``kind`` is copied, incremented or born (from nowhere: no from-place)."""

    program: int
    site: int
    from_program: int | None
    from_site: int | None
    delta: int
    kind: str


class Record(NamedTuple):
    """All that happened in the epoch that made state ``epoch``, and two counts of that state.

    ``reactions`` by ascending left program, ``mutations`` (cell, char) and ``copies`` by ascending cell; of
    several mutations of one cell the last stands. Before both comes the reset number ``reset_index``, if it is
    not 0, which wrote ``reset`` to the first cells. ``mutations_after``: mutations came after the reactions.
    ``generator``: the state of a lattice's generator after the epoch. ``length``: bytes of a program.
    """

    epoch: int
    reactions: tuple[Reaction, ...]
    mutations: tuple[tuple[int, int], ...]
    copies: tuple[Copy, ...]
    changed_cells: int
    unique_origins: int
    reset_index: int = 0
    reset: bytes = b""
    mutations_after: bool = False
    generator: int | None = None
    length: int = L


def mechanism(before: bytes, after: bytes, sources: tuple[int, ...]) -> tuple[Write, ...]:
    """Return what turned ``before`` into ``after``: bytes moved, incremented or born, by ascending target.

    A byte whose source is itself and whose char is as before is left out, whatever happened meanwhile. One
    from nowhere is always in, with its char as the increment (design section 3).
    """
    found = (
        Write(t, None, after[t]) if s == NOWHERE else Write(t, s, (after[t] - before[s]) % 256)
        for t, s in enumerate(sources)
    )
    return tuple(write for write in found if write.source != write.target or write.delta != 0)


def mechanism_id(writes: tuple[Write, ...]) -> int:
    """Return a mechanism's id: 63 bits of BLAKE2b over its canonical list, 0 for the empty one."""
    if not writes:
        return 0
    canonical = bytes(field for w in writes for field in (w.target, 255 if w.source is None else w.source, w.delta))
    return int.from_bytes(hashlib.blake2b(canonical).digest()[:8], "little") & (2**63 - 1)


def edge(cells: list[int], write: Write) -> Copy:
    """Return what ``write`` did to the soup, given the soup's cell of each byte of the tape (design section 5)."""
    target, source, delta = write
    length = len(cells) // 2
    if source is None:
        return Copy(*divmod(cells[target], length), None, None, delta, "born")
    kind = "incremented" if source == target else "copied"
    return Copy(*divmod(cells[target], length), *divmod(cells[source], length), delta, kind)


class TracedSoup:
    """A soup being simulated token by token. ``tokens[cell]`` are those of state ``epoch``.

    ``execute`` executes tapes: the languages' plain interpreters, unless told otherwise.
    """

    def __init__(self, settings: Settings, execute: Execute = run) -> None:
        self.settings = settings
        self.execute = execute
        self.epoch = 0
        self.generator = soup.start_generator(settings)
        self.tokens: list[Token] = [(0, c, char) for c, char in enumerate(soup.initial(settings))]

    @classmethod
    def at(
        cls, settings: Settings, tokens: list[Token], epoch: int, generator: int = 0, execute: Execute = run
    ) -> "TracedSoup":
        """Return the soup that holds ``tokens`` at state ``epoch``; ``generator``: the state of a lattice's."""
        self = cls(settings, execute)
        self.tokens, self.epoch = list(tokens), epoch
        if self.generator is not None:
            self.generator = Generator(generator)
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
        settings, e, n = self.settings, self.epoch, self.epoch + 1
        index, made_anew = soup.reset(settings, e)
        for cell, char in enumerate(made_anew):
            self.tokens[cell] = (n, cell, char)
        if self.generator is None:
            pairs = soup.pairing(settings, e)
        else:
            pairs = Pairing(lattice.draw_pairs(self.generator, settings.width, settings.height), [])
        reactions: list[Reaction] = []
        mutated: dict[int, int] = {}
        copies: list[Copy] = []
        for k, (left, right) in enumerate(pairs.reacting + pairs.idle):
            cells = [program * settings.length + site for program in (left, right) for site in range(settings.length)]
            if self.generator is None:
                self.mutate({cells[position]: char for position, char in soup.mutations(settings, e, k)}, mutated)
            if k < len(pairs.reacting):
                reactions.append(self.react(left, right, cells))
                copies += [edge(cells, write) for write in reactions[-1].mechanism]
        if self.generator is not None:
            self.mutate(dict(soup.lattice_mutations(settings, self.generator, len(pairs.reacting))), mutated)
        self.epoch = n
        return Record(
            n,
            tuple(sorted(reactions)),
            tuple(sorted(mutated.items())),
            tuple(sorted(copies)),
            len(copies),
            self.unique_origins,
            index,
            made_anew,
            self.generator is not None,
            None if self.generator is None else self.generator.state,
            settings.length,
        )

    def mutate(self, written: dict[int, int], mutated: dict[int, int]) -> None:
        """Write new chars to cells, in the epoch after state ``epoch``, and note them in ``mutated``."""
        for cell, char in written.items():
            self.tokens[cell] = (self.epoch + 1, cell, char)
            mutated[cell] = char

    def react(self, left: int, right: int, cells: list[int]) -> Reaction:
        """Execute the tape of two programs, which lies in these cells of the soup."""
        tokens = [self.tokens[cell] for cell in cells]
        before = bytes(char for _, _, char in tokens)
        outcome = self.execute(self.settings.language, before, self.settings.step_limit)
        for cell, char, source in zip(cells, outcome.tape, outcome.sources, strict=True):
            origin = (self.epoch + 1, cell) if source == NOWHERE else tokens[source][:2]
            self.tokens[cell] = (*origin, char)
        writes = mechanism(before, outcome.tape, outcome.sources)
        return Reaction(left, right, writes, outcome.steps, outcome.operations)

    def records(self, epochs: int) -> Iterator[Record]:
        """Advance ``epochs`` times, yielding each epoch's record while the soup stands at its state."""
        for _ in range(epochs):
            yield self.advance()
