"""What a file of deployments may say, and how it is refused."""

from pathlib import Path

import pytest

from flows.deployments import FLOWS, Deployment, default_plan, read_plan
from sim import InputError


def write(folder: Path, text: str) -> Path:
    path = folder / "serve.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_each_flow_has_a_deployment_and_a_schedule_is_that_of_run() -> None:
    plan = default_plan(2, cron="0 22 * * *")
    assert plan.limit == 2
    assert [(each.flow, each.name, each.cron) for each in plan.deployments] == [
        ("run", "run", "0 22 * * *"),
        ("analyze", "analyze", None),
        ("sweep", "sweep", None),
    ]
    assert set(FLOWS) == {each.flow for each in plan.deployments}


def test_a_file_says_when_with_what_and_how_many(tmp_path: Path) -> None:
    plan = read_plan(
        write(
            tmp_path,
            """
            limit = 2
            [[deployment]]
            flow = "run"
            name = "nightly"
            cron = "0 22 * * *"
            timezone = "Europe/Berlin"
            limit = 1
            tags = ["paper"]
            description = "the paper's soup"
            parameters = {seed = 18446744073709551615, plant = [{program = 3, text = "+"}]}
            [[deployment]]
            flow = "analyze"
            """,
        )
    )
    assert plan.limit == 2
    parameters = {"seed": 2**64 - 1, "plant": [{"program": 3, "text": "+"}]}
    assert plan.deployments == (
        Deployment(
            "run", "nightly", "0 22 * * *", None, "Europe/Berlin", 1, ("paper",), "the paper's soup", parameters
        ),
        Deployment("analyze", "analyze", description=FLOWS["analyze"].description),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ": deployment: missing; write at least one table"),
        ("deployment = 3", ": deployment: missing; write at least one table"),
        ("limit = 0\n[[deployment]]\nflow = 'run'", ": limit: 0; allowed: whole numbers from 1 to 1024"),
        ("speed = 1\n[[deployment]]\nflow = 'run'", ": speed: unknown key; allowed: limit, and tables [[deployment]]"),
        ("[[deployment]]\nname = 'x'", ": deployment 1: flow: missing; allowed: run, analyze, sweep"),
        ("[[deployment]]\nflow = 'walk'", ": deployment 1: flow: 'walk'; allowed: run, analyze, sweep"),
        ("[[deployment]]\nflow = 'run'\nschedule = 1", ": deployment 1: schedule: unknown key; allowed: flow, name"),
        ("[[deployment]]\nflow = 'run'\nname = 'a/b'", ": deployment 1: name: 'a/b'; allowed: a text without / and %"),
        ("[[deployment]]\nflow = 'run'\ncron = '* * * * *'\ninterval = 60", ": deployment 1: cron and interval: give"),
        ("[[deployment]]\nflow = 'run'\ninterval = 5", ": deployment 1: interval: 5; allowed: whole numbers from 60"),
        ("[[deployment]]\nflow = 'run'\ntimezone = 'UTC'", ": deployment 1: timezone: applies only with cron"),
        ("[[deployment]]\nflow = 'run'\ntags = 'x'", ": deployment 1: tags: 'x'; allowed: a list of texts"),
        ("[[deployment]]\nflow = 'run'\nparameters = 3", ": deployment 1: parameters: 3; allowed: a table such as"),
        (
            "[[deployment]]\nflow = 'run'\nparameters = {epochs = -5}",
            ": deployment 1: parameters: epochs: -5; allowed: ",
        ),
        ("[[deployment]]\nflow = 'run'\nparameters = {speed = 5}", ": deployment 1: parameters: speed: unknown key"),
        ("[[deployment]]\nflow = 'run'\nparameters = {store = 'x'}", ": deployment 1: parameters: store: unknown key"),
        (
            "[[deployment]]\nflow = 'run'\nparameters = {then = 5}",
            ": deployment 1: parameters: then: applies only with",
        ),
        (
            "[[deployment]]\nflow = 'analyze'\ninterval = 60",
            ": deployment 1: parameters: run: missing; a scheduled analyze needs it",
        ),
        (
            "[[deployment]]\nflow = 'run'\n[[deployment]]\nflow = 'run'",
            ": name: 'run' is that of two deployments; give each its own",
        ),
    ],
)
def test_what_a_file_cannot_say_is_refused_naming_file_place_and_key(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_plan(path)
    assert str(caught.value).startswith(f"{path}{said}")
    assert "\n" not in str(caught.value)
