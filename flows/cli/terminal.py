"""Text for people: colours on a terminal, plain characters elsewhere (NO_COLOR is honoured)."""

import itertools
import sys
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import itemgetter
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from sim import Language


class Page(Console):
    """Standard output. Lines are never wrapped: a tape of 128 bytes is one line, whatever the terminal's width."""

    def __init__(self) -> None:
        super().__init__(highlight=False, soft_wrap=True, markup=False, emoji=False)

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to `main`: rich would end the process with exit code 1."""
        raise BrokenPipeError


def program_text(language: Language, content: bytes) -> Text:
    """Return bytes in the language's text form, each in its colour."""
    return styled(language, [(byte, byte_style(language, byte)) for byte in content])


def styled(language: Language, bytes_and_styles: Iterable[tuple[int, str]]) -> Text:
    """Return bytes in the text form, each in the style given with it."""
    text = Text()
    for style, group in groupby(bytes_and_styles, key=itemgetter(1)):
        text.append(language.format(bytes(byte for byte, _ in group)), style=style)
    return text


def byte_style(language: Language, byte: int) -> str:
    """Return rich's name of a byte's colour; "" for plain."""
    colour = language.colour(byte)
    return "" if colour is None else "rgb({},{},{})".format(*colour)


def note(message: str) -> None:
    """Print a line of progress on standard error."""
    print(message, file=sys.stderr, flush=True)


def passing(epoch: int, every: int = 1024) -> Callable[[], None]:
    """Return what to call at each epoch of a walk back from state ``epoch``: it tells how far the walk has come."""
    reached = itertools.count(epoch, -1)

    def passed() -> None:
        state = next(reached)
        if state % every == 0 and 0 < state < epoch:
            note(f"followed back to state {state}")

    return passed


def facts(page: Console, pairs: Iterable[tuple[str, object]], indent: str = "") -> None:
    """Print names and values, aligned; a value may be a `Text`."""
    listed = list(pairs)
    width = max((len(name) for name, _ in listed), default=0)
    for name, value in listed:
        line = Text(f"{indent}{name.ljust(width)}  ")
        line.append_text(value) if isinstance(value, Text) else line.append(str(value))
        page.print(line)
