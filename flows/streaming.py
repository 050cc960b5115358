"""How a soup goes over a segment: what happens is staged epoch by epoch, and what is due is measured and kept."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NamedTuple

from analysis.measures import complexity
from flows.progress import Reporter
from flows.sampling import Row, Sampler
from flows.stopping import Goal
from sim import Soup
from warehouse.staging import StagedSegment


class Segment(NamedTuple):
    """The states start + 1 to stop (and start, if the run begins there)."""

    start: int
    stop: int

    def __str__(self) -> str:
        return f"{self.start}-{self.stop}"


@dataclass
class Work:
    """A segment on its way from simulation to its measures.

    - `staged`: its files; `rows`: the measures of its states, being made
    - `reached`: the last state simulated, less than its stop if it was cut
    - `failure`: what kept it from being committed
    """

    staged: StagedSegment
    reached: int
    rows: list["Future[Row]"] = field(default_factory=list)
    failure: BaseException | None = None


@dataclass
class Stream:
    """What stays from segment to segment. The first state is measured, and those divisible by `measure_every`."""

    measure_every: int
    sampler: Sampler
    goal: Goal
    reporter: Reporter

    def over(self, segment: Segment, soup: Soup, work: Work, stopping: Callable[[], bool]) -> None:
        """Advance the soup, in the segment's first state, to its end; to the goal if that is nearer, or to a stop."""
        soup.begin_segment()
        if soup.epoch == soup.config.first:
            work.staged.initial(soup.unique_origins)
            self._observe(soup, work)
        while soup.epoch < min(segment.stop, self.goal.epoch) and not stopping():
            work.staged.append(soup.advance())
            work.reached = soup.epoch
            self._observe(soup, work)
            self.goal.tick(soup.epoch)
            self.reporter.advance(soup.epoch)
        if (stopping() or soup.epoch >= self.goal.epoch) and not self._measures(soup):
            work.rows.append(self.sampler.take(soup))

    def _observe(self, soup: Soup, work: Work) -> None:
        """Measure the present state and keep it whole, if it is due."""
        epoch = soup.epoch
        measured = self._measures(soup)
        if measured:
            work.rows.append(self.sampler.take(soup))
        if work.staged.wants_keyframe(epoch, len(soup.chars)):
            work.staged.keyframe(epoch, soup.tokens())
        if self.goal.wants(epoch):
            value = work.rows[-1].result()["complexity"] if measured else complexity(soup.chars)
            self.goal.see(epoch, value)
            self.reporter.aim(self.goal.epoch)
        if self.goal.wants_programs(epoch):
            self.goal.see_programs(soup.config, epoch, soup.chars)
            self.reporter.aim(self.goal.epoch)

    def _measures(self, soup: Soup) -> bool:
        """Whether the present state is measured wherever the run ends: the first one is, and those divisible."""
        return soup.epoch == soup.config.first or soup.epoch % self.measure_every == 0
