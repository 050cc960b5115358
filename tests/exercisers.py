"""Public exercisers of processors, run on a plain 64 KB memory: ``python -m tests.exercisers z80 FILE.com ...``.

They are CP/M programs: loaded at 0x100, they print by calling 5 (C = 2: the character in E; C = 9: the text at DE, up
to a ``$``) and end by jumping to 0. They are not part of this repository.
"""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim import halves, i8080, z80, z80_registers

_HALT = 0x76
#: Instructions at a time, so that a long program can be interrupted.
_STRETCH = 100_000_000


class Processor(NamedTuple):
    """What an exerciser needs of a processor: its registers' number, how they start, and how to run."""

    registers: int
    reset: Callable[[Any], None]
    run: Callable[[Any, Any, Any, int], int]


PROCESSORS = {
    "i8080": Processor(i8080.REGISTERS, i8080.reset, i8080.run),
    "z80": Processor(
        z80_registers.REGISTERS, z80.reset, lambda r, memory, sources, limit: z80.run(r, memory, sources, limit, 0)
    ),
}


class Exerciser:
    """A CP/M program on a bare processor; iterating yields what it prints, until it ends."""

    def __init__(self, processor: str, program: bytes) -> None:
        self.processor = PROCESSORS[processor]
        self.memory = np.zeros(65536, np.uint8)
        self.memory[0x100 : 0x100 + len(program)] = np.frombuffer(program, np.uint8)
        # Both places to which a program goes to be served hold a HALT; the word at 6 is where free memory ends.
        self.memory[[0, 5]] = _HALT
        self.memory[[6, 7]] = 0x00, 0xF0
        self.steps = 0

    def __iter__(self) -> Iterator[str]:
        sources = np.full(65536, halves.FROM_NOWHERE >> 8, np.uint8)
        r = np.zeros(self.processor.registers, np.int64)
        self.processor.reset(r)
        r[halves.PC] = 0x100
        while True:
            steps = self.processor.run(r, self.memory, sources, _STRETCH)
            self.steps += steps
            if steps == _STRETCH:
                continue
            if r[halves.PC] != 6:
                return
            yield self._printed(r)
            top = self._pair(r, halves.SP)
            r[halves.PC] = int(self.memory[top]) | int(self.memory[(top + 1) & 0xFFFF]) << 8
            top += 2
            r[halves.SP], r[halves.SP + 1] = top >> 8 & 0xFF, top & 0xFF

    def _printed(self, r: Any) -> str:
        """Return what the call at 5 prints."""
        function = int(r[halves.C]) & 0xFF
        if function == 2:
            return chr(int(r[halves.E]) & 0xFF)
        if function == 9:
            text = self.memory[self._pair(r, halves.D) :].tobytes()
            return text[: text.index(b"$")].decode("latin-1")
        return ""

    @staticmethod
    def _pair(r: Any, register: int) -> int:
        return (int(r[register]) & 0xFF) << 8 | int(r[register + 1]) & 0xFF


def main() -> None:
    """Print each program's own report, then its instructions and the time they took."""
    processor, *files = sys.argv[1:]
    for file in files:
        exerciser = Exerciser(processor, Path(file).read_bytes())
        start = time.perf_counter()
        for text in exerciser:
            sys.stdout.write(text.replace("\r", ""))
            sys.stdout.flush()
        seconds = time.perf_counter() - start
        sys.stdout.write(
            f"\n{Path(file).name}: {exerciser.steps:,} instructions in {seconds:.1f} s"
            f" ({exerciser.steps / seconds / 1e6:.0f} million a second)\n"
        )


if __name__ == "__main__":
    main()
