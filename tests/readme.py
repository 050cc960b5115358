"""The README as data: its code blocks, the commands they name, and the part that the schema module writes.

``python -m tests.readme`` writes the data model into the README, between the two comments that mark it.
"""

import re
import shlex
from pathlib import Path

from warehouse.schema import data_model_markdown

README = Path(__file__).parent.parent / "README.md"
BEGIN = "<!-- data model: written by `python -m tests.readme` from warehouse/schema.py -->\n"
END = "<!-- end of the data model -->\n"


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


def data_model() -> str | None:
    """Return what stands between the data model's two comments; None if they are not there."""
    before, _, rest = text().partition(BEGIN)
    model, end, _ = rest.partition(END)
    return model.strip() + "\n" if before and end else None


def write_data_model() -> None:
    """Put the schema module's data model between the two comments."""
    before, _, rest = text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"README.md lacks the lines\n{BEGIN}{END}that mark the data model")
    README.write_text(f"{before}{BEGIN}\n{data_model_markdown()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write_data_model()
