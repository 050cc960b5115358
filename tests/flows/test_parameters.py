"""The options of the command line as parameters of a served flow: all there, the same defaults, the same limits."""

import inspect
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from flows.deployments import FLOWS
from flows.options import OPTIONS, Kind, Option
from flows.parameters import Checked, given, json_schema, taking

RUN = FLOWS["run"].options
NUMBERS = [option for option in RUN if option.kind in {Kind.WHOLE, Kind.NUMBER}]


def takes(schema: dict[str, Any], value: Any) -> bool:
    """Tell whether a JSON schema without combinations takes a value; written from its specification."""
    kinds: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
        "array": (list,),
        "object": (dict,),
    }
    if not isinstance(value, kinds[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
        return False
    if isinstance(value, list):
        return all(takes(schema["items"], item) for item in value)
    if isinstance(value, dict):
        known = schema["properties"]
        return set(schema["required"]) <= set(value) <= set(known) and all(takes(known[k], v) for k, v in value.items())
    return (
        value in schema.get("enum", [value])
        and not ("minimum" in schema and value < schema["minimum"])
        and not ("maximum" in schema and value > schema["maximum"])
        and not ("multipleOf" in schema and value % schema["multipleOf"])
    )


def checks(option: Option, value: Any) -> bool:
    try:
        Checked(option).validated(value)
    except ValueError:
        return False
    return True


def test_a_served_run_takes_every_option_of_the_command_but_the_one_against_prefect() -> None:
    assert [option.key for option in RUN] == [option.key for option in OPTIONS if option.key != "direct"]


def test_its_defaults_are_the_commands() -> None:
    @taking(RUN)
    def flow(**asked: Any) -> None: ...

    parameters = inspect.signature(flow).parameters
    assert {key: parameter.default for key, parameter in parameters.items()} == {o.key: o.default for o in RUN}


def test_a_required_parameter_has_no_default() -> None:
    @taking(FLOWS["analyze"].options, FLOWS["analyze"].required)
    def flow(**asked: Any) -> None: ...

    bare = [p.name for p in inspect.signature(flow).parameters.values() if p.default is inspect.Parameter.empty]
    assert bare == ["run"]


@pytest.mark.parametrize("option", RUN, ids=lambda option: option.name)
def test_every_parameter_is_described_and_takes_its_default(option: Option) -> None:
    schema = json_schema(option)
    assert schema["description"].startswith(option.help)
    assert option.default is None or takes(schema, option.default)


@pytest.mark.parametrize("option", NUMBERS, ids=lambda option: option.name)
@examples(data=st.data())
def test_the_schema_takes_the_numbers_that_the_command_line_takes(option: Option, data: st.DataObject) -> None:
    limits = [limit for limit in (option.low, option.high) if limit is not None]
    near = st.sampled_from(limits).flatmap(lambda limit: st.integers(limit - 2, limit + 2))
    value = data.draw(st.one_of(near, st.integers(), st.floats(allow_nan=False), st.booleans(), st.text(max_size=3)))
    assert takes(json_schema(option), value) == checks(option, value)


@pytest.mark.parametrize(
    "value",
    [
        [],
        [{"program": 3, "text": "+"}],
        [{"program": -3, "text": "+"}],
        [{"program": 3}],
        [{"program": 3, "text": "+", "site": 1}],
        [{"program": True, "text": "+"}],
        ["3=+"],
        "3=+",
        {"program": 3, "text": "+"},
    ],
)
def test_the_schema_takes_the_plants_that_a_file_may_have(value: Any) -> None:
    [option] = [option for option in RUN if option.key == "plant"]
    assert takes(json_schema(option), value) == checks(option, value)


def test_what_is_not_given_is_not_checked_and_what_equals_its_default_is_not_given() -> None:
    [then] = [option for option in RUN if option.key == "then"]
    assert Checked(then).validated(None) is None
    filled = {option.key: option.default for option in RUN}
    assert given(RUN, filled | {"seed": 7, "epochs": 2048, "name": None}) == {"seed": 7}
