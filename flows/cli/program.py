"""`primordium program`: programs of a state in their language's text form and colours, disassembled."""

import argparse
from typing import TYPE_CHECKING

from flows.cli.output import print_records
from flows.cli.parser import add_format, add_run, span, whole
from flows.cli.reading import check_epoch, check_programs, open_history

if TYPE_CHECKING:
    from sim import Language

EXAMPLES = (
    "primordium program RUN --epoch 512 --program 77",
    "primordium program RUN --epoch 512 --program 0:16 --text",
)
COLUMNS = ("epoch", "program", "text", "hex", "disassembly")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    parser.add_argument("--epoch", type=whole("epoch"), required=True, metavar="E", help="state, 0 is the initial soup")
    parser.add_argument(
        "--program",
        type=span("program"),
        required=True,
        action="append",
        metavar="P|A:B",
        help="a program, or those from A up to and without B; repeatable",
    )
    parser.add_argument("--text", action="store_true", help="one line a program, not disassembled")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Print the programs."""
    with open_history(arguments) as history:
        check_epoch(history, arguments.epoch)
        for programs in arguments.program:
            check_programs(history, (programs.start, programs.stop - 1))
        language = history.config.instruction_set
        chars = history.tokens_at(arguments.epoch).chars.reshape(-1, language.program_length)
    contents = {program: chars[program].tobytes() for programs in arguments.program for program in programs}
    if arguments.format == "table":
        _print_for_people(arguments, contents, language)
        return
    records = (
        {
            "epoch": arguments.epoch,
            "program": program,
            "text": language.format(content),
            "hex": content.hex(),
            "disassembly": language.disassemble(content),
        }
        for program, content in contents.items()
    )
    print_records(records, arguments.format, COLUMNS)


def _print_for_people(arguments: argparse.Namespace, contents: dict[int, bytes], language: "Language") -> None:
    from rich.text import Text

    from flows.cli.terminal import Page, byte_style, program_text

    page = Page()
    for program, content in contents.items():
        if arguments.text:
            page.print(Text(f"{program:>8}  ").append_text(program_text(language, content)))
            continue
        page.print(f"program {program} in state {arguments.epoch} ({language.name})")
        page.print(program_text(language, content))
        for site, (byte, meaning) in enumerate(zip(content, language.disassemble(content), strict=True)):
            page.print(Text(f"{site:>6}  {byte:02x}  ").append(meaning, style=byte_style(language, byte)))
