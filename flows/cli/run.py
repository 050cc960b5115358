"""`primordium run`: simulate, store, analyse one soup."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from flows.options import OPTIONS, Kind, Option

if TYPE_CHECKING:
    from flows.request import RunRequest

EXAMPLES = (
    "primordium run --language bff_noheads_4bit --programs 4096 --seed 0 --epochs 512 --direct",
    "primordium run soup.toml --seed 7  # options win over the file",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options, as the list that the TOML file is read by has them."""
    parser.add_argument(
        "config", metavar="CONFIG.toml", nargs="?", type=Path, help="options as TOML: mutation_rate = 0"
    )
    for option in OPTIONS:
        if option.name != "store":  # every sub-command has it
            add_option(parser, option)


def add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    """Add one of the options of `run`."""
    # argparse reads % in help as a place holder. Values stay text: the request checks them, wherever they come from.
    help_text = option.description.replace("%", "%%")
    flag = f"--{option.name}"
    if option.kind is Kind.FLAG:
        parser.add_argument(flag, action="store_true", default=None, help=help_text)
    elif option.repeatable:
        parser.add_argument(flag, action="append", metavar=option.metavar, help=help_text)
    else:
        parser.add_argument(flag, metavar=option.metavar, help=help_text)


def execute(arguments: argparse.Namespace) -> None:
    """Run; the run's id is the last line printed."""
    from flows.request import read_request

    given = {option.key: getattr(arguments, option.key, None) for option in OPTIONS}
    start(read_request(given, arguments.config))


def start(request: "RunRequest") -> None:
    """Do what is asked, through Prefect or without; the run's id is the last line printed."""
    if request.direct:
        from flows.pipeline import run_direct as run
    else:
        from flows.prefect_flow import run_with_prefect as run
    print(run(request))
