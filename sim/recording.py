"""Arrays that note what is written to them, so that a step's own rule tells what it did."""


class Recording(list[int]):
    """A list of ints that keeps, in order, the places written since they were last taken."""

    def __init__(self, values: "bytes | range") -> None:
        super().__init__(values)
        self._written: dict[int, None] = {}

    def __setitem__(self, place: int, value: int) -> None:  # type: ignore[override]
        super().__setitem__(place, int(value))
        self._written[int(place)] = None

    def taken(self) -> list[int]:
        """Return the places written since the last call, each once, and forget them."""
        places = list(self._written)
        self._written.clear()
        return places
