"""What is known of a founder beside its row, for people: how sure it is, three acts of emergence, what it spawns."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from flows.cli.terminal import Page, byte_style, facts, program_text
from sim import Language

if TYPE_CHECKING:
    from analysis.reactions import Reaction

Row = Mapping[str, Any]

_JOINED = 6  # epochs at which bytes joined, those with most
_STRETCHES = 16  # of writes
_COPIES = 6  # reactions that copied it


def print_known(page: Page, language: Language, founder: Row, reaction: "Reaction | None") -> None:
    """Print what the analyses tell of ``founder``; ``reaction`` is the one that assembled it."""
    if founder["confidence"] is not None:
        page.print("  how sure it is")
        facts(page, _sure(founder, founder["confidence"]), indent="    ")
    acts = {act: [row for row in founder["emergence"] if row["act"] == act] for act in (1, 2, 3)}
    if acts[1]:
        page.print("  act 1: its bytes come together")
        facts(page, _coming(acts[1]), indent="    ")
    if reaction is not None and acts[2]:
        _print_assembly(page, language, reaction, acts[2])
    if acts[3]:
        page.print("  act 3: it copies itself")
        for row in acts[3][:_COPIES]:
            page.print(f"    {_copying(row)}")
    if founder["spawn_rates"]:
        page.print("  spawn rates: how often joining it with random food yields a replicator")
        for row in founder["spawn_rates"]:
            page.print(f"    {_spawning(row)}")


def _sure(founder: Row, known: Row) -> Iterator[tuple[str, str]]:
    """Yield what is told of a founder's confidence, name by name."""
    yield "verdict", known["verdict"]
    after = "" if known["next_share"] is None else f", {known['next_share']:.1%} one state later"
    halved = "" if known["halved_epoch"] is None else f", less than half of it from state {known['halved_epoch']}"
    yield "share", f"{known['share']:.1%} in its state{after}{halved}"
    if known["second_program"] is not None:
        yield "second", f"program {known['second_program']} held {known['second_share']:.2%} in the founder's state"
    if known["rival_program"] is not None:
        rival = f"program {known['rival_program']} in state {known['rival_epoch']}"
        yield "best rival", f"{rival}: {known['rival_share']:.2%}, from no founder"
    later = [row for row in founder["censuses"] if row["census_epoch"] != founder["census_epoch"]]
    if later:
        told = ", ".join(f"{row['relation']} ({row['census_epoch']})" for row in later)
        yield "later censuses", f"{sum(row['agrees'] for row in later)} of {len(later)} agree: {told}"


def _coming(births: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Yield when and whence a founder's bytes joined, the epochs with most of them, in order."""
    joined = Counter((row["epoch"], row["from_program"]) for row in births)
    chosen = sorted(sorted(joined, key=lambda place: (-joined[place], place[0]))[:_JOINED], key=lambda place: place[0])
    for epoch, program in chosen:
        whence = f"from program {program}" if program is not None else "born there" if epoch else "from the start"
        yield f"state {epoch}", f"{_bytes(joined[epoch, program])} {whence}"
    if left := sum(joined.values()) - sum(joined[place] for place in chosen):
        yield "", f"{_bytes(left)} at other times"


def _bytes(count: int) -> str:
    return f"{count} byte{'s' * (count != 1)}"


def _print_assembly(page: Page, language: Language, reaction: "Reaction", writes: Sequence[Row]) -> None:
    half = language.program_length
    page.print(f"  act 2: programs {reaction.left} (left) and {reaction.right} (right) react in epoch {reaction.epoch}")
    after = bytearray(reaction.tape)
    for row in writes:
        after[row["target"]] = row["char"]
    for name, tape in (("before", reaction.tape), ("after", bytes(after))):
        shown = Text(f"    {name:6}  ").append_text(program_text(language, tape[:half]))
        page.print(shown.append("|").append_text(program_text(language, tape[half:])))
    told = list(stretches(writes))
    for rows in told[:_STRETCHES]:
        line = Text(f"    {_steps(rows):>15}  ").append(
            rows[0]["instruction"], _style(language, rows[0]["instruction"])
        )
        page.print(line.append(f"  {_moved(rows, half)}"))
    if len(told) > _STRETCHES:
        page.print(f"    and {sum(map(len, told[_STRETCHES:]))} more bytes (--format json has them all)")


def _style(language: Language, instruction: str) -> str:
    """Return the colour of an instruction that is one character of the text form; "" for others."""
    return byte_style(language, language.parse(instruction)[0]) if len(instruction) == 1 else ""


def stretches(writes: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield writes in runs: of one instruction, at one pace, targets side by side, sources equally far apart."""
    run: list[Row] = []
    for row in writes:
        if run and not _goes_on(run, row):
            yield from _whole(run)
            run = []
        run.append(row)
    yield from _whole(run)


def _whole(run: list[Row]) -> Iterator[list[Row]]:
    """Yield a run, or its rows alone if they are only two and not neighbours: any two have some distance."""
    if len(run) == 2 and abs(run[1]["source"] - run[0]["source"]) != 1:
        yield from ([row] for row in run)
    elif run:
        yield run


def _goes_on(run: Sequence[Row], row: Row) -> bool:
    stride = _stride(run[-1], row)
    return stride is not None and (len(run) == 1 or stride == _stride(run[-2], run[-1]))


def _stride(one: Row, other: Row) -> tuple[int, int, int] | None:
    """Return by how much steps, targets and sources differ; None where targets are no neighbours."""
    if one["instruction"] != other["instruction"] or None in (one["source"], other["source"]):
        return None
    step, target, source = (other[name] - one[name] for name in ("step", "target", "source"))
    return (step, target, source) if abs(target) == 1 else None


def _steps(rows: Sequence[Row]) -> str:
    first, last = rows[0]["step"], rows[-1]["step"]
    return f"step {first}" if first == last else f"steps {first}-{last}"


def _moved(rows: Sequence[Row], half: int) -> str:
    """Say which bytes some writes moved, and between which halves of the tape."""
    first, last = rows[0], rows[-1]
    if first["source"] is None:
        return f"{first['target']} from nowhere"
    sides = ["left" if place < half else "right" for place in (first["source"], first["target"])]
    way = f"{sides[0]} to {sides[1]}" if sides[0] != sides[1] else f"within {sides[0]}"
    if first["source"] == first["target"] and len(rows) == 1:
        return f"{first['target']} in place"
    if len(rows) == 1:
        return f"{first['target']} <- {first['source']}, {way}"
    places = f"{first['target']}..{last['target']} <- {first['source']}..{last['source']}"
    pace = rows[1]["step"] - first["step"]
    return f"{places}, {way}: {len(rows)} bytes, one every {pace} steps"


def _copying(row: Row) -> str:
    other = row["right_program"] if row["from_program"] == row["left_program"] else row["left_program"]
    return (
        f"epoch {row['epoch']}: {row['from_program']} into {other}, {row['received']} bytes; "
        f"{row['copies']} copies in that state"
    )


def _spawning(row: Row) -> str:
    return (
        f"{row['role']:12}  as {row['side']:5} half: {row['rate']:6.1%} ({row['low']:.1%} to {row['high']:.1%}), "
        f"{row['spawned']} of {row['trials']}; the food itself became one {row['fed']} times"
    )
