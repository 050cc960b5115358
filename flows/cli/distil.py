"""`primordium distil`: from a program to its working core, from the store or typed."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flows.cli.output import print_records
from flows.cli.parser import UsageError, add_format, whole

if TYPE_CHECKING:
    from rich.text import Text

    from sim import Language

EXAMPLES = (
    "primordium distil RUN --epoch 512 --program 77",
    "primordium distil --language forthtrivial --text 0C0804812CC4",
    "primordium distil --language bff_noheads --text=--[{.>] # with = where a text begins with a dash",
)
_STORED = ("epoch", "program")
_TYPED = ("language", "text", "step_limit")
_WIDTH = 12  # of the names before the lines


class Subject(NamedTuple):
    """A program to distil, and where it comes from; `epoch` and `program` are None if it was typed."""

    title: str
    epoch: int | None
    program: int | None
    language: str
    content: bytes
    step_limit: int


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run's id or name")
    stored = parser.add_argument_group("a stored program")
    stored.add_argument("--epoch", type=whole("epoch"), metavar="E", help="state, 0 is the initial soup")
    stored.add_argument("--program", type=whole("program"), metavar="P", help="program, from 0 on")
    typed = parser.add_argument_group("a typed program")
    typed.add_argument("--language", metavar="L", help="the instruction set")
    typed.add_argument("--text", metavar="T", help="the program in its text form; zeros fill it up")
    typed.add_argument(
        "--step-limit",
        type=whole("step limit", 1, 2**31 - 1),
        metavar="N",
        help="steps a tape may run (default: the language's)",
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Print what distillation tells."""
    subject = _stored(arguments) if arguments.run is not None else _typed(arguments)
    from analysis.distillation import distil
    from sim import SoupConfig

    config = SoupConfig(language=subject.language, programs=2, geometry="mixed", step_limit=subject.step_limit)
    told = distil(config, subject.content)
    if arguments.format == "table":
        _print_for_people(subject, told, config.instruction_set)
        return
    record = {"epoch": subject.epoch, "program": subject.program} | told
    print_records([record], arguments.format, tuple(record))


def _typed(arguments: argparse.Namespace) -> Subject:
    from flows.cli.reading import typed_program
    from sim import language

    for name in ("language", "text"):
        if getattr(arguments, name) is None:
            raise UsageError(f"distil: --{name} is missing; give RUN --epoch --program, or --language --text")
    for name in _STORED:
        if getattr(arguments, name) is not None:
            raise UsageError(f"distil: --{name} needs a RUN")
    spoken = language(arguments.language)
    content = typed_program(spoken, "text", arguments.text)
    limit = arguments.step_limit or spoken.step_limit
    return Subject(f"typed program ({spoken.name})", None, None, spoken.name, content, limit)


def _stored(arguments: argparse.Namespace) -> Subject:
    from flows.cli.reading import check_epoch, check_programs, open_history

    for name in _TYPED:
        if getattr(arguments, name) is not None:
            raise UsageError(f"distil: --{name.replace('_', '-')} is for a typed program, without RUN")
    for name in _STORED:
        if getattr(arguments, name) is None:
            raise UsageError(f"distil: --{name} is missing; a stored program needs RUN --epoch E --program P")
    epoch, program = arguments.epoch, arguments.program
    with open_history(arguments) as history:
        check_epoch(history, epoch)
        check_programs(history, (program,))
        config = history.config
        content = history.tokens_at(epoch).chars.reshape(-1, config.program_length)[program].tobytes()
    title = f"program {program} in state {epoch} ({config.language})"
    return Subject(title, epoch, program, config.language, content, config.step_limit)


def _print_for_people(subject: Subject, told: dict[str, Any], spoken: "Language") -> None:
    from rich.text import Text

    from flows.cli.terminal import Page

    page = Page()

    def line(name: str, text: "str | Text") -> None:
        page.print(Text(name.ljust(_WIDTH)).append_text(Text(text) if isinstance(text, str) else text))

    page.print(subject.title)
    line("text", _marked(spoken, subject.content, told["working"]))
    if told["working"] is None:
        line("score", f"{told['score']}: no replicator, nothing to distil")
    else:
        line("", _classes(spoken, subject.content, told["essential"], told["working"]))
        line("sanitised", _marked(spoken, spoken.parse(told["sanitised_text"]), told["working"]))
        line("core", _marked(spoken, bytes(subject.content[site] for site in told["working"]), None))
        work, length = told["working_bytes"], len(subject.content)
        alone = len(set(told["essential"]) & set(told["working"]))
        line("working", f"{work} of {length} bytes (+); {alone} of them are missed even alone (^)")
        line("score", f"{told['score']}, sanitised {told['sanitised_score']}")
    for number, part in enumerate(told["description"].split("; ")):
        line("" if number else "how", part)
    for name, text in _fidelity(told["fidelity"]):
        line(name, text)
    line("last score", str(told["last_score"]))


def _marked(spoken: "Language", content: bytes, working: Sequence[int] | None) -> "Text":
    """Return a program with its working bytes standing out; all as they are if ``working`` is None."""
    from flows.cli.terminal import byte_style, styled

    if working is None:
        return styled(spoken, [(byte, byte_style(spoken, byte)) for byte in content])
    standing_out = {site: f"bold reverse {byte_style(spoken, content[site])}".strip() for site in working}
    return styled(spoken, [(byte, standing_out.get(site, "dim")) for site, byte in enumerate(content)])


def _classes(spoken: "Language", content: bytes, essential: Sequence[int], working: Sequence[int]) -> str:
    """Return a mark under each byte that works: ^ if it is missed even alone."""
    marks = {site: "^" if site in essential else "+" for site in working}
    return "".join(
        marks.get(site, " ") * len(spoken.format(bytes((byte,)))) for site, byte in enumerate(content)
    ).rstrip()


def _fidelity(generations: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the lines about how true copies stay, a column a generation."""
    yield "generation", "".join(f"{row['generation']:>5}" for row in generations)
    # Cut off, not rounded: 100 are all.
    yield "equal %", "".join(f"{int(100 * row['equal_share']):>5}" for row in generations)
    yield "least bytes", "".join(f"{row['least_equal']:>5}" for row in generations)
