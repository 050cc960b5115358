"""`primordium` from its arguments to its exit code.

Exit codes: 0 done, 2 bad input, 1 failure; for the last two exactly one line on standard error.
"""

import argparse
import importlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

from flows.cli.failures import report
from flows.cli.parser import Parser, UsageError, add_store, joined


class Command(NamedTuple):
    """A sub-command: its name, its module in this package, and its line in the overview."""

    name: str
    module: str
    summary: str


class CommandModule(Protocol):
    """What a sub-command's module offers."""

    EXAMPLES: tuple[str, ...]

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the sub-command's options."""

    def execute(self, arguments: argparse.Namespace) -> None:
        """Do it: results on standard output, progress on standard error."""


COMMANDS = (
    Command("run", "run", "simulate a soup, store every epoch, analyse it"),
    Command(
        "languages", "languages", "list the instruction sets, how soon a replicator appears, and a soup that shows one"
    ),
    Command("runs", "runs", "list the runs of a store"),
    Command("show", "show", "summarise a run; draw its figure"),
    Command("sql", "sql", "ask the store in SQL; without a query, a prompt"),
    Command("analyze", "analyze", "make analyses (again) from the store, never simulating"),
    Command("lineage", "lineage", "the history of a byte, or of a whole program's bytes"),
    Command("descendants", "descendants", "what became of a byte: every copy, change and loss"),
    Command("ancestry", "ancestry", "where a whole program came from: its bytes, and the programs that gave them"),
    Command("replicator", "replicator", "a run's founders: parents, scores, where their bytes were born"),
    Command("distil", "distil", "a program's working core, how it copies itself, and how true its copies stay"),
    Command("score", "score", "self-replication scores of a state's programs"),
    Command("trends", "trends", "a run's replicators, turnover and copies over time, every 64 epochs"),
    Command("program", "program", "print programs in their text form and colours, disassembled"),
    Command("trace", "trace", "follow one execution step by step"),
    Command("species", "species", "a state's species; which families of them followed one another"),
    Command("sweep", "sweep", "many runs over a grid and seeds, completed when asked again; what they tell together"),
    Command("search", "search", "find programs by text, bytes, regular expression or within some edits"),
    Command("serve", "serve", "offer runs and analyses to a Prefect server: by hand, by schedule, for workers"),
    Command("verify", "verify", "check the store's word: checksums, and keyframes by replay"),
    Command(
        "export", "export", "write tokens, a checkpoint or log of the reference, or figures' data, for other tools"
    ),
    Command("import", "importing", "begin a run with a checkpoint of the reference"),
    Command("thin", "thin", "keep less of a run: what happened around its transitions, keyframes, or counts alone"),
    Command("copy", "copy", "copy runs to another store, checked on the way"),
    Command("rename", "rename", "give a run another name"),
    Command("rm", "rm", "remove runs from the store"),
    Command("du", "du", "what runs take on the disk"),
    Command("compact", "compact", "gather small files, and remove what no longer counts"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (the process's own by default); return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    _print_what_can_be_printed()
    try:
        arguments = build_parser(words).parse_args(words)
        if arguments.command is None:
            raise UsageError(f"no command given; commands: {', '.join(command.name for command in COMMANDS)}")
        if argv is None:  # the process is ours
            from warehouse.without_pandas import without_pandas

            without_pandas()
        _module(arguments.command).execute(arguments)
        sys.stdout.flush()
    except SystemExit as finished:  # argparse leaves this way after --help and --version
        return finished.code if isinstance(finished.code, int) else 0
    except BrokenPipeError:
        # The reader (head, a pager) has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as error:
        if argv is None:  # the process is ending: more of the same would only print a traceback over our line
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return report(error)
    except Exception as error:  # noqa: BLE001 - every failure ends as one line and an exit code
        return report(error)
    return 0


def build_parser(words: Sequence[str]) -> Parser:
    """Return the parser; only sub-commands named in ``words`` are imported and get their options."""
    parser = Parser(
        prog="primordium",
        description="Simulate primordial soups of self-modifying programs, keep every byte's history, ask it in SQL.",
        epilog=joined(
            (
                "primordium run --language bff_noheads_4bit --programs 4096 --seed 0 --epochs 512 --direct",
                'primordium sql "SELECT epoch, complexity FROM epochs WHERE complexity IS NOT NULL"',
            )
        ),
    )
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="print the version and exit")
    add_store(parser)
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        added = commands.add_parser(command.name, help=command.summary, description=_sentence(command.summary))
        if command.name in words:
            module = _module(command.name)
            add_store(added)
            module.configure(added)
            added.epilog = joined(module.EXAMPLES)
    return parser


class _ShowVersion(argparse.Action):
    """--version; the package's metadata is read only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"primordium {version('primordium')}")
        parser.exit()


def _module(name: str) -> CommandModule:
    module = next(command.module for command in COMMANDS if command.name == name)
    return cast("CommandModule", importlib.import_module(f"flows.cli.{module}"))


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


def _print_what_can_be_printed() -> None:
    """Let a terminal that cannot show a program's glyphs show their numbers, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
