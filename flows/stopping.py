"""When a run that is simulated until its transition stops.

The complexity of the lattice states (divisible by 64) alone decides, so that the answer is the same however
often a run was interrupted or continued, and whatever was measured.
"""

from analysis.transitions import SPACING, THRESHOLD


class StopRule:
    """Tells the state at which to stop, from the complexities of the lattice states in order.

    The first lattice state at the threshold after one below it shows an onset; the run stops ``then``
    epochs later. If a lattice state before that is below again, it was a surge, and the watch goes on.
    With ``then`` of 256 or more what is found is a `transition` in the sense of `analysis.transitions`.
    """

    def __init__(self, then: int) -> None:
        self._then = then
        self._below = False
        self._seen: int | None = None

    @property
    def stop(self) -> int | None:
        """The state at which to stop, as far as it is known; None while there is no onset."""
        return None if self._seen is None else self._seen + self._then

    def wants(self, epoch: int) -> bool:
        """Whether `see` must be told of state ``epoch``: it is on the lattice and could change `stop`."""
        return epoch % SPACING == 0 and (self.stop is None or epoch < self.stop)

    def see(self, epoch: int, complexity: float) -> None:
        """Take the complexity (bits per byte) of lattice state ``epoch``; call in ascending order."""
        if complexity < THRESHOLD:
            self._below, self._seen = True, None
        elif self._below and self._seen is None:
            self._seen = epoch
