"""Which state a run is to reach, if it goes on until its transition.

The complexity of the lattice states (divisible by 64) alone decides, so that the answer is the same however
often a run was interrupted or continued, and whatever was measured.
"""

from analysis.transitions import SPACING, THRESHOLD, lattice, measured_complexities, replayed_complexities
from flows.progress import Reporter
from warehouse.reader import History


class Goal:
    """The state to reach, `epoch`: the one asked for, or an earlier one that follows from a transition.

    The first lattice state at the threshold after one below it shows an onset; the run stops ``then``
    epochs later. If a lattice state before that is below again, it was a surge, and the watch goes on.
    With ``then`` of 256 or more what is found is a `transition` in the sense of `analysis.transitions`.
    ``then`` of None: whatever happens, the run goes to the state asked for. ``first``: the run's first state,
    which is looked at too.
    """

    def __init__(self, epochs: int, then: int | None, first: int = 0) -> None:
        self._epochs, self._then, self._first = epochs, then, first
        self._values: dict[int, float] = {}
        self._onset: int | None = None

    @property
    def epoch(self) -> int:
        """The state to reach, as it is known now."""
        if self._then is None or self._onset is None:
            return self._epochs
        return min(self._onset + self._then, self._epochs)

    def wants(self, epoch: int) -> bool:
        """Whether `see` must be told of state ``epoch``: it is on the lattice and may change the goal."""
        looked_at = epoch % SPACING == 0 or epoch == self._first
        return self._then is not None and looked_at and epoch < self.epoch

    def see(self, epoch: int, complexity: float) -> None:
        """Take the complexity (bits per byte) of a wanted state; call in ascending order."""
        before = self._values.get(max((epoch - 1) // SPACING * SPACING, self._first))
        if complexity < THRESHOLD:
            self._onset = None
        elif self._onset is None and before is not None and before < THRESHOLD:
            self._onset = epoch
        self._values[epoch] = complexity

    def forget_after(self, epoch: int) -> None:
        """Be as when state ``epoch`` was the last: the later ones are simulated again."""
        values, self._values, self._onset = self._values, {}, None
        for seen in [each for each in values if each <= epoch]:
            self.see(seen, values[seen])

    def follow(self, history: History, reporter: Reporter) -> None:
        """See what is stored of a run; what was not measured is made by replay."""
        if self._then is None:
            return
        complexities = replayed_complexities(history, measured_complexities(history), reporter.stage)
        for epoch, value in complexities(lattice(history.last, history.first)):
            if self.wants(epoch):
                self.see(epoch, value)
