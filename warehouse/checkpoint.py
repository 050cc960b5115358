"""The reference's checkpoint files: three little-endian uint64 and the soup's bytes in program order.

The three: the number of the next reset, the number of programs, and n of the state (the file's *name* carries
n - 1). A program has 64 bytes. What made the soup (language, seed, mutation, geometry) is not in the file.
"""

import hashlib
import struct
from pathlib import Path
from typing import NamedTuple

from sim import InputError, Start
from sim.config import MAX_CELLS
from warehouse.errors import StoreError
from warehouse.export import outside
from warehouse.files import replacing
from warehouse.reader import History

PROGRAM_LENGTH = 64
_HEADER = struct.Struct("<3Q")


class Checkpoint(NamedTuple):
    """The content of a file: `reset_index` of the next reset, n of the state (`epoch`), and its bytes (`soup`)."""

    reset_index: int
    epoch: int
    soup: bytes

    @property
    def programs(self) -> int:
        """How many programs the soup has."""
        return len(self.soup) // PROGRAM_LENGTH

    @property
    def start(self) -> Start:
        """What a configuration says of it; `InputError` for an epoch or number of a reset out of range."""
        return Start(epoch=self.epoch, reset_index=self.reset_index, sha256=hashlib.sha256(self.soup).hexdigest())


def read_checkpoint(path: Path) -> Checkpoint:
    """Return what the file ``path`` holds; `InputError` naming it if it cannot be read or is no checkpoint."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size:
                raise InputError(f"{path}: {size} bytes; a checkpoint of the reference begins with {_HEADER.size}")
            reset_index, programs, epoch = _HEADER.unpack(header)
            expected = _HEADER.size + PROGRAM_LENGTH * programs
            if size != expected or not 2 <= programs <= MAX_CELLS // PROGRAM_LENGTH:
                raise InputError(
                    f"{path}: {size} bytes with {programs} programs named in it; a checkpoint of the reference has"
                    f" {_HEADER.size} and {PROGRAM_LENGTH} for each of 2 to {MAX_CELLS // PROGRAM_LENGTH} programs"
                )
            return Checkpoint(reset_index, epoch, file.read())
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None


def export_checkpoint(history: History, epoch: int, path: Path) -> None:
    """Write state ``epoch`` as the reference would; a file of that name is replaced.

    Raises `StoreError` for a state that is not stored, programs of another length, a place in the store or
    one that cannot be written.
    """
    config = history.config
    if config.program_length != PROGRAM_LENGTH:
        raise StoreError(
            f"checkpoint: programs of {config.language} have {config.program_length} bytes,"
            f" those of the reference's files {PROGRAM_LENGTH}"
        )
    path = outside(history, path)
    [(_, chars)] = history.chars([epoch])
    with replacing(path) as part:
        part.write_bytes(_HEADER.pack(config.next_reset(epoch), config.programs, epoch) + chars.tobytes())
