"""What a served flow takes: the command line's options as a signature, from which Prefect makes its schema.

Each parameter's annotation carries its `Option`. Its limits become JSON schema, by which Prefect's server refuses what
is submitted and its pages draw a form; its own check, the command line's, is made once more before the flow begins.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from flows.options import Kind, Option

Function = TypeVar("Function", bound=Callable[..., Any])

_TYPES = {Kind.TEXT: "string", Kind.WHOLE: "integer", Kind.NUMBER: "number", Kind.FLAG: "boolean"}
_PLANTS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"program": {"type": "integer", "minimum": 0}, "text": {"type": "string"}},
        "required": ["program", "text"],
        "additionalProperties": False,
    },
}


@dataclass(frozen=True)
class Checked:
    """An option in an annotation. The methods are those that pydantic looks for, by name alone."""

    option: Option

    def validated(self, value: Any) -> Any:
        """Return ``value`` as it came, if the option takes it or it is None, not given; else raise `ValueError`."""
        if value is not None:
            self.option.check(value)
        return value

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> dict[str, Any]:
        return {"type": "function-plain", "function": {"type": "no-info", "function": self.validated}}

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: Any) -> dict[str, Any]:
        return json_schema(self.option)


def json_schema(option: Option) -> dict[str, Any]:
    """Return what the option takes, and what for, as JSON schema."""
    schema: dict[str, Any] = {"description": option.description}
    if option.kind is Kind.PLANTS:
        return schema | _PLANTS
    schema["type"] = _TYPES[option.kind]
    limits = {"minimum": option.low, "maximum": option.high, "multipleOf": 2 if option.even else None}
    schema |= {name: limit for name, limit in limits.items() if limit is not None}
    if option.choices:
        schema["enum"] = list(option.choices)
    return schema


def taking(options: Sequence[Option], required: Sequence[str] = ()) -> Callable[[Function], Function]:
    """Give a function of keywords the signature that has these options; those named in ``required`` have no default."""

    def give(function: Function) -> Function:
        parameters = [
            inspect.Parameter(
                option.key,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if option.key in required else option.default,
                annotation=Annotated[Any, Checked(option)],
            )
            for option in options
        ]
        vars(function)["__signature__"] = inspect.Signature(parameters)  # where `inspect` looks first
        return function

    return give


def given(options: Sequence[Option], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of ``asked`` differs from the defaults: Prefect fills those in, so that they count as not given."""
    defaults = {option.key: option.default for option in options}
    return {key: value for key, value in asked.items() if value is not None and value != defaults[key]}
