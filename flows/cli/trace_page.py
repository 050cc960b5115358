"""A trace for people: the tape before and after, and a line a step with heads, colours and bytes moved."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from rich.text import Text

from flows.cli.terminal import Page, byte_style, styled
from sim import Language, language
from sim.language import Step

if TYPE_CHECKING:
    from flows.cli.trace import Reaction

_POINTER = "reverse"
_HEADS = ("on blue", "on dark_green")


def print_trace(reaction: "Reaction", shown: int | None, *, with_tape: bool) -> None:
    """Print the first ``shown`` steps (all if None), then the tape and the costs of the whole execution."""
    page, spoken = Page(), language(reaction.language)
    page.print(reaction.title)
    page.print(Text("before  ").append_text(_tape(spoken, reaction.tape)))
    page.print(f"{'step':>6}  {'at':>4}  {'does':7}  {'heads, stack':15}  wrote")
    for step, tape in _steps(spoken, reaction, shown):
        page.print(_line(spoken, step))
        if with_tape:
            page.print(Text("        ").append_text(_tape(spoken, tape, step)))
    length = spoken.program_length
    outcome = spoken.run(reaction.tape[:length], reaction.tape[length:], reaction.limit)
    if shown is not None and outcome.steps > shown:
        page.print(f"   ...  {outcome.steps - shown} more steps")
    page.print(Text("after   ").append_text(_tape(spoken, outcome.tape)))
    changed = sum(before != after for before, after in zip(reaction.tape, outcome.tape, strict=True))
    ending = ", stopped by the step limit" if outcome.steps >= reaction.limit else ""
    page.print(f"{outcome.steps} steps{ending}, {outcome.operations} operations, {changed} bytes differ")


def _steps(spoken: Language, reaction: "Reaction", shown: int | None) -> Iterator[tuple[Step, bytes]]:
    """Yield each step with the tape after it."""
    tape = bytearray(reaction.tape)
    for step in islice(spoken.walk(reaction.tape, reaction.limit), shown):
        for target, _, char in step.writes:
            tape[target] = char
        yield step, bytes(tape)


def _line(spoken: Language, step: Step) -> Text:
    """Return a step: its number, where it is, what it does, where the heads stand or what is stacked, what it wrote."""
    line = Text(f"{step.number:>6}  {step.position:>4}  ")
    line.append(f"{step.name:7}", style=byte_style(spoken, step.byte))
    line.append("  ")
    heads = Text()
    for index, head in enumerate(step.heads):
        heads.append(" " if index else "").append(f"{head:>3}", style=_HEADS[index % 2])
    if step.stack:
        # The top stands last and is always shown; what lies deeper only counts.
        shown = step.stack[-4:]
        deeper = len(step.stack) - len(shown)
        heads.append(f"{deeper}+" if deeper else "").append(" ".join(f"{entry:02X}" for entry in shown))
    line.append_text(heads).append(" " * (15 - len(heads)))
    for target, source, char in step.writes:
        line.append(f"  {target:>3} <- {'nowhere' if source is None else f'{source:>3}'} ")
        line.append(spoken.format(bytes((char,))), style=byte_style(spoken, char))
    line.rstrip()
    return line


def _tape(spoken: Language, tape: bytes, step: Step | None = None) -> Text:
    """Return a tape, its halves apart; of ``step``, the instruction and the heads are marked."""
    styles = [[byte_style(spoken, byte)] for byte in tape]
    if step is not None:
        styles[step.position].append(_POINTER)
        for index, head in enumerate(step.heads):
            styles[head].append(_HEADS[index % 2])
    shown = [(byte, " ".join(filter(None, names))) for byte, names in zip(tape, styles, strict=True)]
    half = spoken.program_length
    return styled(spoken, shown[:half]).append("|").append_text(styled(spoken, shown[half:]))
