"""Opening what a sub-command reads, and checking the places it was asked for."""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flows.cli.parser import UsageError, store_path

if TYPE_CHECKING:  # help and bad usage answer at once, without numba and pyarrow
    from sim import Language
    from warehouse.reader import History
    from warehouse.store import Store


def open_store(arguments: argparse.Namespace) -> "Store":
    """Open the store for reading; `StoreError` if there is none."""
    from warehouse.store import Store

    return Store.open(store_path(arguments))


def open_history(arguments: argparse.Namespace) -> "History":
    """Open the history of the run that the arguments name."""
    from warehouse.reader import History

    return History(open_store(arguments), arguments.run)


def check_epoch(history: "History", epoch: int, *, made: bool = False) -> None:
    """Raise `UsageError` unless state ``epoch`` is stored, and ``made`` by an epoch of the log if that is asked."""
    first = history.first + made
    if not first <= epoch <= history.last:
        raise UsageError(f"epoch: {epoch}; allowed: {first} to {history.last}, the last stored epoch of {history.run}")


def check_programs(history: "History", programs: Iterable[int]) -> None:
    """Raise `UsageError` unless the soup has every one of ``programs``."""
    last = history.config.programs - 1
    for program in programs:
        if not 0 <= program <= last:
            raise UsageError(f"program: {program}; allowed: 0 to {last} in {history.run}")


def check_site(history: "History", site: int) -> None:
    """Raise `UsageError` unless programs have a byte at ``site``."""
    last = history.config.program_length - 1
    if not 0 <= site <= last:
        raise UsageError(f"site: {site}; allowed: 0 to {last} in {history.config.language}")


def typed_program(language: "Language", name: str, text: str) -> bytes:
    """Return the program that ``text`` spells, filled up with zeros as the reference does; ``name`` is for messages."""
    content = language.parse(text)
    if len(content) > language.program_length:
        raise UsageError(f"{name}: {len(content)} bytes; a {language.name} program has {language.program_length}")
    return content.ljust(language.program_length, b"\0")
