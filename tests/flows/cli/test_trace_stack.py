"""A trace of a language with a stack shows it before each step, for people and for programs."""

from tests.flows.cli.conftest import call

TYPED = ("trace", "--language", "forthtrivial", "--left", "4A450C", "--right", "00")


def test_the_stack_is_shown_top_last() -> None:
    shown = call(*TYPED, "--steps", 3).out.splitlines()
    assert [line.split() for line in shown[3:6]] == [
        ["1", "0", "PUSH", "10"],
        ["2", "1", "PUSH", "5", "0A"],
        ["3", "2", "COPY0", "0A", "05", "69", "<-", "5", "00"],
    ]


def test_only_the_top_of_a_deep_stack_is_shown() -> None:
    deep = call("trace", "--language", "forth", "--left", "41" * 64, "--right", "00", "--steps", 10).out
    assert "5+01 01 01 01" in deep


def test_records_have_the_whole_stack() -> None:
    steps = call(*TYPED, "--steps", 3, "--format", "json").json
    assert [(step["position"], step["stack"]) for step in steps] == [(0, []), (1, [10]), (2, [10, 5])]
    jumped = call(
        "trace", "--language", "forth", "--left", "81", "--right", "00", "--steps", 2, "--format", "json"
    ).json
    assert [step["position"] for step in jumped] == [0, 2]
