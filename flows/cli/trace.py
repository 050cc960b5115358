"""`primordium trace`: one execution step by step, from the store or typed."""

import argparse
from itertools import islice
from typing import NamedTuple

from flows.cli.output import print_records
from flows.cli.parser import UsageError, add_format, whole

EXAMPLES = (
    "primordium trace RUN --epoch 512 --program 77",
    "primordium trace --language bff_noheads --left '[[{.>]-]' --right 0 --steps 40 --tape",
    "primordium trace --language bff --left=-+, --right 0  # with = where a text begins with a dash",
)
COLUMNS = ("step", "position", "byte", "instruction", "heads", "stack", "writes")


class Reaction(NamedTuple):
    """A tape to execute, as it stands before its first step, and where it comes from."""

    title: str
    language: str
    tape: bytes
    limit: int


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run's id or name")
    stored = parser.add_argument_group("a stored reaction")
    stored.add_argument("--epoch", type=whole("epoch", 1), metavar="E", help="the state that the reaction made")
    stored.add_argument("--program", type=whole("program"), metavar="P", help="one of its two programs")
    typed = parser.add_argument_group("a typed reaction")
    typed.add_argument("--language", metavar="L", help="the instruction set")
    typed.add_argument("--left", metavar="T", help="left program in its text form; zeros fill it up")
    typed.add_argument("--right", metavar="T", help="right program")
    typed.add_argument(
        "--step-limit",
        type=whole("step limit", 1, 2**31 - 1),
        metavar="N",
        help="stop after N steps (default: the language's)",
    )
    parser.add_argument("--steps", type=whole("number of steps", 1), metavar="N", help="show the first N steps only")
    parser.add_argument("--tape", action="store_true", help="show the tape after each step, its heads marked")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Print the steps."""
    reaction = _stored(arguments) if arguments.run is not None else _typed(arguments)
    if arguments.format == "table":
        from flows.cli.trace_page import print_trace

        print_trace(reaction, arguments.steps, with_tape=arguments.tape)
        return
    from sim import language

    steps = islice(language(reaction.language).walk(reaction.tape, reaction.limit), arguments.steps)
    records = (
        {
            "step": step.number,
            "position": step.position,
            "byte": step.byte,
            "instruction": step.name,
            "heads": list(step.heads),
            "stack": list(step.stack),
            "writes": [{"target": target, "source": source, "char": char} for target, source, char in step.writes],
        }
        for step in steps
    )
    print_records(records, arguments.format, COLUMNS)


def _typed(arguments: argparse.Namespace) -> Reaction:
    """Return the reaction of --left and --right, each filled up with zeros as the reference does."""
    from flows.cli.reading import typed_program
    from sim import language

    for name in ("language", "left", "right"):
        if getattr(arguments, name) is None:
            raise UsageError(f"trace: --{name} is missing; give RUN --epoch --program, or --language --left --right")
    for name in ("epoch", "program"):
        if getattr(arguments, name) is not None:
            raise UsageError(f"trace: --{name} needs a RUN")
    spoken = language(arguments.language)
    halves = [typed_program(spoken, name, getattr(arguments, name)) for name in ("left", "right")]
    limit = arguments.step_limit or spoken.step_limit
    return Reaction(f"typed reaction ({spoken.name})", spoken.name, b"".join(halves), limit)


def _stored(arguments: argparse.Namespace) -> Reaction:
    """Return the reaction that made a state from the one before it: the tape after mutation, before execution."""
    from analysis.reactions import reaction_of
    from flows.cli.reading import check_epoch, check_programs, open_history

    for name in ("language", "left", "right", "step_limit"):
        if getattr(arguments, name) is not None:
            raise UsageError(f"trace: --{name.replace('_', '-')} is for a typed reaction, without RUN")
    for name in ("epoch", "program"):
        if getattr(arguments, name) is None:
            raise UsageError(f"trace: --{name} is missing; a stored reaction needs RUN --epoch E --program P")
    epoch, program = arguments.epoch, arguments.program
    with open_history(arguments) as history:
        check_epoch(history, epoch, made=True)
        check_programs(history, (program,))
        config = history.config
        met = reaction_of(history, epoch, program)
    if met is None:
        raise UsageError(f"program: {program} took part in no reaction of epoch {epoch}; try another epoch or program")
    return Reaction(
        f"reaction of epoch {epoch}: programs {met.left} (left) and {met.right} (right), after mutation"
        f" ({config.language})",
        config.language,
        met.tape,
        config.step_limit,
    )
