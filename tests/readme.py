"""The README as data: its code blocks, the commands they name, and the parts that the code writes.

``python -m tests.readme`` writes the data model and the table of languages into the README, each between the two
comments that mark it.
"""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from flows.cli.languages import example, transitions
from sim.languages import BUILT_IN, LANGUAGES
from warehouse.schema import data_model_markdown

README = Path(__file__).parent.parent / "README.md"


class Section(NamedTuple):
    """A part of the README that is made from the code: its name, from what, and how."""

    name: str
    source: str
    make: Callable[[], str]

    @property
    def begin(self) -> str:
        return f"<!-- {self.name}: written by `python -m tests.readme` from {self.source} -->\n"

    @property
    def end(self) -> str:
        return f"<!-- end of the {self.name} -->\n"


def text() -> str:
    """Return the README."""
    return README.read_text(encoding="utf-8")


def blocks(*languages: str) -> list[str]:
    """Return the fenced code blocks marked with one of ``languages``."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text(), flags=re.MULTILINE | re.DOTALL)
    return [code for language, code in found if language in languages]


def commands(program: str) -> list[list[str]]:
    """Return the arguments of each call of ``program`` in the README's shell blocks, comments and pipes cut off."""
    found = []
    for block in blocks("sh", "bash", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            words = words_of(line)
            if words[:2] == ["uv", "run"]:
                words = words[2:]
            if words and Path(words[0]).name == program:
                found.append(words[1:])
    return found


def words_of(line: str) -> list[str]:
    """Return a shell line's words up to a comment, pipe or redirection, variables set before it left out."""
    try:
        words = shlex.split(line.removeprefix("$ "), comments=True)
    except ValueError:  # output shown in a console block, with an apostrophe in it
        return []
    ends = [index for index, word in enumerate(words) if word in {"|", ">", ">>", "2>", "&&", ";", "&"}]
    words = words[: ends[0]] if ends else words
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    return words


def languages_table() -> str:
    """Return the table of the built-in languages."""
    lines = ["| language | what | transitions | a soup that shows one |", "|---|---|---|---|"]
    for found in (LANGUAGES[name] for name in BUILT_IN):
        shown = f"`{example(found)}`: epoch {found.demonstration.onset}" if found.demonstration else ""
        lines.append(f"| `{found.name}` | {found.summary} | {transitions(found)} | {shown} |")
    return "\n".join(lines) + "\n"


SECTIONS = (
    Section("data model", "warehouse/schema.py", data_model_markdown),
    Section("table of languages", "sim/languages", languages_table),
)


def written(section: Section) -> str | None:
    """Return what stands between a section's two comments; None if they are not there."""
    before, _, rest = text().partition(section.begin)
    made, end, _ = rest.partition(section.end)
    return made.strip() + "\n" if before and end else None


def write(section: Section) -> None:
    """Make a section anew between its two comments."""
    before, _, rest = text().partition(section.begin)
    _, end, after = rest.partition(section.end)
    if not end:
        raise SystemExit(f"README.md lacks the lines\n{section.begin}{section.end}that mark the {section.name}")
    README.write_text(f"{before}{section.begin}\n{section.make()}\n{section.end}{after}", encoding="utf-8")


if __name__ == "__main__":
    for each in SECTIONS:
        write(each)
