"""Kernels run by the Python interpreter: a second opinion on how Numba read the same source."""

from collections.abc import Callable
from types import FunctionType
from typing import Any

from numba.core.dispatcher import Dispatcher

_interpreted: dict[Any, Callable[..., Any]] = {}


def interpreted(function: Any) -> Callable[..., Any]:
    """Return ``function`` and every kernel that it calls as plain Python."""
    source = getattr(function, "py_func", function)
    if source not in _interpreted:
        names = dict(source.__globals__)
        plain = FunctionType(source.__code__, names, source.__name__, source.__defaults__)
        _interpreted[source] = plain
        names.update({name: interpreted(value) for name, value in names.items() if isinstance(value, Dispatcher)})
    return _interpreted[source]
