"""Which state a run is to reach, if it may stop before the one asked for.

The lattice states (divisible by 64) alone decide, by their complexity or their replicators, so that the answer is
the same however often a run was interrupted or continued, and whatever was measured. Only a limit of wall time
makes the end a matter of the machine.
"""

import time

from analysis.transitions import SPACING, THRESHOLD, lattice, measured_complexities, replayed_complexities
from analysis.trends import replication
from flows.progress import Reporter
from sim import SoupConfig
from sim.log import Bytes
from warehouse.reader import History


class Goal:
    """The state to reach, `epoch`: the one asked for, or an earlier one at which the run may stop.

    The first lattice state at the ``threshold`` of complexity after one below it shows an onset; the run stops
    ``then`` epochs later. If a lattice state before that is below again, it was a surge, and the watch goes on.
    With ``then`` of 256 or more what is found is a `transition` in the sense of `analysis.transitions`.
    ``then`` of None: complexity stops nothing. ``first``: the run's first state, which is looked at too.
    ``replicators``: the run stops at the first lattice state of which so many programs replicate, by a sample.
    ``seconds``: it stops so long after it was begun or taken up.
    """

    def __init__(
        self,
        epochs: int,
        then: int | None,
        *,
        first: int = 0,
        threshold: float = THRESHOLD,
        replicators: int | None = None,
        seconds: float | None = None,
    ) -> None:
        self._epochs, self._then, self._first = epochs, then, first
        self._threshold, self._replicators = threshold, replicators
        self._until = None if seconds is None else time.monotonic() + seconds
        self._values: dict[int, float] = {}
        self._onset: int | None = None
        self._crowded: int | None = None  # the state with replicators enough
        self._late: int | None = None  # the state at which the time was over

    @property
    def epoch(self) -> int:
        """The state to reach, as it is known now."""
        return min(self._ends().values())

    @property
    def ended_by(self) -> str:
        """What set the state to reach: epochs (the one asked for), complexity, replicators or wall_time."""
        ends = self._ends()
        return min(ends, key=lambda reason: ends[reason])

    def _ends(self) -> dict[str, int]:
        """Return the states at which the run ends, by reason; of equal ones the first reason counts."""
        ends = {"epochs": self._epochs}
        if self._then is not None and self._onset is not None:
            ends["complexity"] = self._onset + self._then
        if self._crowded is not None:
            ends["replicators"] = self._crowded
        if self._late is not None:
            ends["wall_time"] = self._late
        return ends

    def wants(self, epoch: int) -> bool:
        """Whether `see` must be told of state ``epoch``: it is on the lattice and may change the goal."""
        looked_at = epoch % SPACING == 0 or epoch == self._first
        return self._then is not None and looked_at and epoch < self.epoch

    def wants_programs(self, epoch: int) -> bool:
        """Whether `see_programs` must be told of state ``epoch``; not of the first, which was planted or drawn."""
        return self._replicators is not None and epoch % SPACING == 0 and self._first < epoch < self.epoch

    def see_programs(self, config: SoupConfig, epoch: int, chars: Bytes) -> None:
        """Take the bytes (uint8[cells]) of a wanted state: a sample of its programs is scored."""
        found = replication(config, chars, epoch)
        if self._replicators is not None and found["replicating_share"] * config.programs >= self._replicators:
            self._crowded = epoch

    def tick(self, epoch: int) -> None:
        """State ``epoch`` is reached; if the time is over, the run ends there."""
        if self._until is not None and epoch < self.epoch and time.monotonic() >= self._until:
            self._late = epoch

    def see(self, epoch: int, complexity: float) -> None:
        """Take the complexity (bits per byte) of a wanted state; call in ascending order."""
        before = self._values.get(max((epoch - 1) // SPACING * SPACING, self._first))
        if complexity < self._threshold:
            self._onset = None
        elif self._onset is None and before is not None and before < self._threshold:
            self._onset = epoch
        self._values[epoch] = complexity

    def forget_after(self, epoch: int) -> None:
        """Be as when state ``epoch`` was the last: the later ones are simulated again."""
        values, self._values, self._onset = self._values, {}, None
        for seen in [each for each in values if each <= epoch]:
            self.see(seen, values[seen])
        self._crowded = None if self._crowded is None or self._crowded > epoch else self._crowded
        self._late = None

    def follow(self, history: History, reporter: Reporter) -> None:
        """See what is stored of a run; what was not measured is made by replay."""
        if self._then is not None:
            complexities = replayed_complexities(history, measured_complexities(history), reporter.stage)
            for epoch, value in complexities(lattice(history.last, history.first)):
                if epoch >= self.epoch:
                    break
                if self.wants(epoch):
                    self.see(epoch, value)
        if self._replicators is not None:
            wanted = [epoch for epoch in lattice(history.last, history.first) if self.wants_programs(epoch)]
            for epoch, chars in history.chars(wanted):
                if epoch >= self.epoch:
                    break
                self.see_programs(history.config, epoch, chars)
