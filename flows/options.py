"""The options of `run` as data: the command line and the TOML file are both made from this list.

An option is called `name` on the command line (``--mutation-rate``) and `key` in a TOML file
(``mutation_rate``). `Option.read` takes what a person typed, `Option.check` a value that TOML already typed;
both return the value or raise `ValueError` with what is wrong and what is allowed, without the place, which
only the caller knows. Nothing of ours is imported here, so that ``--help`` answers at once.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MOST_EPOCHS = 2**27 - 1  # a token's birth epoch has 27 bits
_WHOLE = re.compile(r"[+-]?[0-9]+")


class Kind(StrEnum):
    """What an option's value is."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "flag"
    PLANTS = "plants"


@dataclass(frozen=True)
class Option:
    """One option of `run`.

    - `default` is what holds when it is not given; `shown` is how help prints it ("" for not at all)
    - `low`, `high`: the least and the largest value allowed, `even` that only even ones are
    - `choices`: the values allowed
    - `metavar`: the value's place holder in help; empty for a flag
    - `repeatable`: may be given several times; the value is then a list
    """

    name: str
    kind: Kind
    default: Any
    help: str
    metavar: str = ""
    low: int | None = None
    high: int | None = None
    even: bool = False
    choices: tuple[str, ...] = ()
    repeatable: bool = False
    shown: str | None = None

    @property
    def key(self) -> str:
        """The option's name in a TOML file and in Python."""
        return self.name.replace("-", "_")

    @property
    def description(self) -> str:
        """The help text with its default."""
        shown = str(self.default) if self.shown is None else self.shown
        return f"{self.help} (default: {shown})" if shown and self.kind is not Kind.FLAG else self.help

    def allowed(self) -> str:
        """Return what the option takes, in words."""
        match self.kind:
            case Kind.FLAG:
                return "true, false"
            case Kind.PLANTS:
                return "PROGRAM=TEXT"
            case Kind.TEXT:
                return ", ".join(self.choices) or "a text"
        what = "even numbers" if self.even else "whole numbers" if self.kind is Kind.WHOLE else "numbers"
        return f"{what} from {self.low} on" if self.high is None else f"{what} from {self.low} to {self.high}"

    def read(self, text: Any) -> Any:
        """Return the value that ``text`` (a list of texts if `repeatable`, a bool if a flag) stands for."""
        match self.kind:
            case Kind.WHOLE if isinstance(text, str):
                if not _WHOLE.fullmatch(text.strip()):
                    raise ValueError(f"{text!r} is not a whole number; allowed: {self.allowed()}")
                return self.check(int(text))
            case Kind.NUMBER if isinstance(text, str):
                try:
                    return self.check(float(text))
                except ValueError:
                    raise ValueError(f"{text!r}; allowed: {self.allowed()}") from None
            case Kind.PLANTS:
                return self.check([_plant(one) for one in text])
        return self.check(text)

    def check(self, value: Any) -> Any:
        """Return ``value`` if the option takes it."""
        match self.kind:
            case Kind.FLAG if not isinstance(value, bool):
                raise ValueError(f"{value!r}; allowed: {self.allowed()}")
            case Kind.WHOLE if isinstance(value, bool) or not isinstance(value, int):
                raise ValueError(f"{value!r} is not a whole number; allowed: {self.allowed()}")
            case Kind.NUMBER if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
                raise ValueError(f"{value!r} is not a number; allowed: {self.allowed()}")
            case Kind.TEXT if not isinstance(value, str):
                raise ValueError(f"{value!r} is not a text; allowed: {self.allowed()}")
            case Kind.PLANTS:
                return _checked_plants(value)
        if self.kind in {Kind.WHOLE, Kind.NUMBER}:
            self._check_range(value)
        if self.choices and value not in self.choices:
            raise ValueError(f"{value!r}; allowed: {self.allowed()}")
        return value

    def _check_range(self, value: float) -> None:
        below = self.low is not None and value < self.low
        above = self.high is not None and value > self.high
        if below or above or (self.even and value % 2):
            raise ValueError(f"{value}; allowed: {self.allowed()}")


def _plant(text: str) -> dict[str, Any]:
    program, equals, planted = text.partition("=")
    if not equals or not re.fullmatch(r"[0-9]+", program.strip()):
        raise ValueError(f"{text!r}; allowed: PROGRAM=TEXT with PROGRAM a whole number, such as 3='[[{{.>]-]'")
    return {"program": int(program), "text": planted}


def _checked_plants(value: Any) -> list[tuple[int, str]]:
    """Return [(program, text)] of TOML's ``[{program = 3, text = "..."}]``."""
    form = '[{program = 3, text = "..."}]'
    if not isinstance(value, list):
        raise ValueError(f"{value!r}; allowed: {form}")
    plants = []
    for plant in value:
        if not isinstance(plant, Mapping) or set(plant) != {"program", "text"}:
            raise ValueError(f"{plant!r}; allowed: {form}")
        program, text = plant["program"], plant["text"]
        if isinstance(program, bool) or not isinstance(program, int) or program < 0:
            raise ValueError(f"program {program!r}; allowed: whole numbers from 0 on")
        if not isinstance(text, str):
            raise ValueError(f"text {text!r} of program {program} is not a text")
        plants.append((program, text))
    return plants


OPTIONS: tuple[Option, ...] = (
    Option("language", Kind.TEXT, "bff_noheads", "instruction set", "NAME"),
    Option(
        "programs",
        Kind.WHOLE,
        None,
        "programs in the soup, an even number",
        "N",
        low=2,
        even=True,
        shown="131072; width x height on a grid or lattice",
    ),
    Option("seed", Kind.WHOLE, 0, "seed of all randomness, 0 to 2^64 - 1", "S", low=0, high=2**64 - 1),
    Option(
        "epochs", Kind.WHOLE, 2048, "state to reach; an existing run is extended to it", "E", low=0, high=MOST_EPOCHS
    ),
    Option(
        "mutation-rate",
        Kind.NUMBER,
        None,
        "chance that a byte mutates in an epoch, 0 to 1; on a lattice the mutations for a reaction",
        "P",
        low=0,
        high=1,
        shown="0.000244140625; 0.0625 on a lattice",
    ),
    Option(
        "step-limit",
        Kind.WHOLE,
        None,
        "steps that a tape may run",
        "K",
        low=1,
        high=2**31 - 1,
        shown="the language's, 8192 as a rule",
    ),
    Option(
        "geometry",
        Kind.TEXT,
        None,
        "who may meet whom: mixed (all at random), fixed or cyclic (an order that only the epoch decides),"
        " neighbours on a line, a grid or a graph, or adjacent programs of a lattice in batches",
        "NAME",
        choices=("mixed", "fixed", "cyclic", "line", "grid", "graph", "lattice"),
        shown="the language's, mixed as a rule",
    ),
    Option("width", Kind.WHOLE, None, "programs in a row of the grid or lattice", "W", low=1, high=2**28, shown=""),
    Option("height", Kind.WHOLE, None, "rows of the grid or lattice", "H", low=1, high=2**28, shown=""),
    Option(
        "radius", Kind.WHOLE, None, "how far neighbours are on a line or grid", "R", low=1, high=2**28, shown="2 there"
    ),
    Option(
        "interactions",
        Kind.TEXT,
        None,
        "file of a graph: pairs of program numbers, each a program and one that it may meet",
        "FILE",
        shown="",
    ),
    Option(
        "reset-interval",
        Kind.WHOLE,
        None,
        "make the programs anew every so many epochs, from the first on",
        "R",
        low=1,
        high=2**31 - 1,
        shown="never",
    ),
    Option("initial-soup", Kind.TEXT, "uniform", "uniform random bytes, or zero", "KIND", choices=("uniform", "zero")),
    Option(
        "initial-program",
        Kind.TEXT,
        None,
        "text to plant from program 0 on, in the language's text form (one that begins with - needs a = before it)",
        "TEXT",
        shown="",
    ),
    Option(
        "plant",
        Kind.PLANTS,
        [],
        "text to plant from a program on; repeatable; texts may not overlap or end past the soup",
        "PROGRAM=TEXT",
        repeatable=True,
        shown="",
    ),
    Option(
        "until-transition",
        Kind.FLAG,
        False,
        "stop after the first transition, at --epochs at the latest; what sinks again within --then epochs is none",
    ),
    Option("then", Kind.WHOLE, 256, "epochs to go on after the transition was seen", "E", low=0, high=MOST_EPOCHS),
    Option(
        "measure-every", Kind.WHOLE, 64, "measure states divisible by this and the last", "E", low=1, high=MOST_EPOCHS
    ),
    Option("keyframe-every", Kind.WHOLE, 256, "keep states divisible by this whole", "E", low=1, high=MOST_EPOCHS),
    Option("threads", Kind.WHOLE, None, "threads to compute with", "T", low=1, high=1024, shown="all cores"),
    Option("name", Kind.TEXT, None, "name of the run in its store", "NAME", shown=""),
    Option(
        "store",
        Kind.TEXT,
        None,
        "folder of the store, or s3://bucket/prefix",
        "DIR",
        shown="$PRIMORDIUM_STORE, else ./store",
    ),
    Option("direct", Kind.FLAG, False, "run the same stages without Prefect"),
    Option("force", Kind.FLAG, False, "run even if the disk looks too small"),
)

BY_KEY = {option.key: option for option in OPTIONS}
