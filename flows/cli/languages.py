"""`primordium languages`: the instruction sets there are, and a soup of each in which a replicator appears soon."""

import argparse
from typing import TYPE_CHECKING

from flows.cli.output import print_rows
from flows.cli.parser import add_format

if TYPE_CHECKING:
    from sim import Language

EXAMPLES = ("primordium languages", "primordium languages --format json")

COLUMNS = ("language", "what", "program_length", "geometry", "transitions", "try")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """List the registry."""
    from sim import LANGUAGES

    print_rows(COLUMNS, (row(found) for found in LANGUAGES.values()), arguments.format)


def row(found: "Language") -> tuple[str | int | None, ...]:
    """Return what `COLUMNS` say of a language; null where nothing is known."""
    return found.name, found.summary, found.program_length, found.geometry, transitions(found), example(found)


def transitions(found: "Language") -> str | None:
    """Return in words how many of the soups surveyed passed a transition, and when."""
    if found.survey is None:
        return None
    soups = f"{found.survey.soups} soups of {found.survey.programs} programs"
    passed = found.survey.passed
    if not passed:
        return f"none of {soups} by epoch {found.survey.epochs}"
    if len(passed) * 2 <= found.survey.soups:
        return f"{len(passed)} of {soups} by epoch {found.survey.epochs}, the first at {passed[0]}"
    half = passed[(found.survey.soups - 1) // 2]
    if len(passed) < found.survey.soups:
        return f"{len(passed)} of {soups} by epoch {found.survey.epochs}, half by {half}"
    return f"all {soups} by epoch {passed[-1]}" + (f", half by {half}" if half < passed[-1] else "")


def example(found: "Language") -> str | None:
    """Return the command that shows a transition soon."""
    if found.demonstration is None:
        return None
    options = dict(found.demonstration.options) | {"epochs": found.demonstration.epochs}
    words = [f"--{name.replace('_', '-')} {value}" for name, value in options.items()]
    return " ".join(["primordium run --language", found.name, *words])
