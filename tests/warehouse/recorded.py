"""Small runs in a store, simulated for real, and the same soups as the naive tracer has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim import Soup, SoupConfig
from tests.naive.soup import Settings
from tests.naive.tracer import Record, Token, TracedSoup
from tests.sim.comparing import execute
from warehouse.reader import History
from warehouse.record import RunSettings
from warehouse.store import Store
from warehouse.writer import RunWriter


def record(store: Store, config: SoupConfig, epochs: int, settings: RunSettings | None = None) -> str:
    """Simulate a soup up to state ``epochs`` into the store, from where it stands; return the run's id."""
    with RunWriter.open(store, config, settings or RunSettings()) as writer:
        for start, stop in writer.plan(epochs):
            segment = writer.stage(start, stop)
            tokens = History(store, writer.run).tokens_at(start) if start else None
            soup = Soup(config) if tokens is None else Soup.resume(config, tokens, start)
            if start == 0:
                segment.initial(soup.unique_origins)
                segment.keyframe(0, soup.tokens())
            for epoch in range(start + 1, stop + 1):
                segment.append(soup.advance())
                if segment.wants_keyframe(epoch, config.cells):
                    segment.keyframe(epoch, soup.tokens())
            segment.commit()
            soup.close()
        writer.finish(epochs, "complete")
        return writer.run


def settings_of(config: SoupConfig) -> Settings:
    """Return the naive soup of a configuration."""
    found = {name: getattr(config, name) for name in Settings._fields if name != "zero"}
    return Settings(**found, zero=config.initial_soup == "zero")


@dataclass(frozen=True)
class Twin:
    """A soup by the naive tracer: `states[n]` are the tokens of state n, `records[n - 1]` made it."""

    states: Sequence[Sequence[Token]]
    records: Sequence[Record]

    @classmethod
    def of(cls, config: SoupConfig, epochs: int) -> "Twin":
        """Trace the soup of this configuration up to state ``epochs``."""
        soup = TracedSoup(settings_of(config), execute)
        states, records = [list(soup.tokens)], []
        for found in soup.records(epochs):
            records.append(found)
            states.append(list(soup.tokens))
        return cls(states, records)

    @property
    def initial(self) -> bytes:
        """The bytes of state 0."""
        return bytes(char for _, _, char in self.states[0])


def make(path: Path, config: SoupConfig, epochs: int, settings: RunSettings | None = None) -> Store:
    """Return a new store in ``path`` with one run."""
    store = Store.open(path, create=True)
    record(store, config, epochs, settings)
    return store
