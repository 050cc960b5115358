"""What an instruction set is: the contract every language's file fulfils.

Adding a language is one file that makes a `Language`, one line in the registry
(`sim.languages`) and one test file. The plain interpreter is enough; a family may add an engine that
does the same faster, and every engine is tested against the plain interpreter.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import FunctionType
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from sim.errors import InputError
from sim.intrinsics import first_byte
from sim.jit import declared, pasted, read_only

Bytes = NDArray[np.uint8]

#: (tape, sources, their length, limit, table, its length) -> steps << 32 | operations. Pointers, for an array would be
#: passed as seven values and its references counted, which takes as long as a short tape's execution.
EXECUTE = types.int64(
    types.CPointer(types.uint8), types.CPointer(types.uint8), types.int64, types.int64, types.CPointer(types.uint8),
    types.int64,
)  # fmt: skip

#: Longest tape or table, in bytes: kernels keep theirs on the stack.
LONGEST = 512

#: In `sources`, the mark of a byte computed from nowhere.
NOWHERE = 255


class Outcome(NamedTuple):
    """What one execution did: the tape after it, where each byte came from, and what it cost.

    `sources[i]` is the position, on the tape before execution, of the byte that now stands at i; 255 if
    it was computed from nowhere.
    """

    tape: bytes
    sources: Bytes
    steps: int
    operations: int


class Step(NamedTuple):
    """One step of an execution, as `Language.walk` tells it.

    `number` counts from 1; `position` is where the instruction stands, `byte` what it is, `name` its
    printed form, `heads` where the heads stand before it (empty for languages without heads), `writes`
    the bytes it wrote: (target, source or None, char), the source being where the byte now at the target stood
    before execution; `stack` what lies on the stack before it, the top last (empty for languages without one).
    """

    number: int
    position: int
    byte: int
    name: str
    heads: tuple[int, ...]
    writes: tuple[tuple[int, int | None, int], ...]
    stack: tuple[int, ...] = ()


class Survey(NamedTuple):
    """How soon soups pass a transition: what `benchmarks.survey` found.

    Of `soups` soups of `programs` programs, all else by default, those listed in `passed` had a complexity of at
    least 1 first at that state, in ascending order; the others had none up to state `epochs`.
    """

    programs: int
    epochs: int
    soups: int
    passed: tuple[int, ...]


class Demonstration(NamedTuple):
    """A soup that passes a transition soon, for whoever wants to see one.

    `options` are fields of `SoupConfig` beside the language; its onset is the state `onset`, and `epochs` show it.
    """

    options: Mapping[str, int]
    epochs: int
    onset: int


@dataclass(frozen=True, eq=False)
class Language:
    """An instruction set: how tapes of it are executed, written and shown.

    - `version` grows when results change, and only then: it is part of a run's identity.
    - `execute(tape, sources, limit, table)` runs `tape` (uint8[2L]) in place for at most `limit` steps and
      returns ``steps << 32 | operations``. `sources` (uint8[2L], 0..2L-1 on entry) moves with the bytes: a
      copy copies the source, arithmetic keeps it, a byte from nowhere gets 255. Plain Python that Numba
      compiles as it is; `table` is the language's own constant.
    - `engine` does exactly what `execute` does, faster; without it `execute` is compiled.
    - `step_limit` and `geometry` are what a soup of it has by default.
    - `summary` says in a line what it is; `survey` and `demonstration` when its soups pass a transition, where
      that is known.
    - `parse` reads the language's text form (raises `InputError`), `format` prints it, `disassemble` names
      each byte's instruction, `colour` gives a byte's colour as (red, green, blue) or None for plain,
      `walk` tells an execution step by step.
    """

    name: str
    execute: Callable[[Any, Any, int, Any], int]
    parse: Callable[[str], bytes]
    format: Callable[[bytes], str]
    disassemble: Callable[[bytes], list[str]]
    colour: Callable[[int], tuple[int, int, int] | None]
    walk: Callable[[bytes, int], Iterator[Step]]
    version: int = 1
    program_length: int = 64
    step_limit: int = 8192
    geometry: str = "mixed"
    summary: str = ""
    survey: Survey | None = None
    demonstration: Demonstration | None = None
    table: Bytes = field(default_factory=lambda: np.zeros(1, np.uint8))
    engine: Callable[[Any, Any, int, Any], int] | None = None

    @cached_property
    def compiled(self) -> Any:
        """The machine code that simulation runs, with the signature `EXECUTE`."""
        return _compiled(self.engine or self.execute)

    @cached_property
    def plain(self) -> Any:
        """The plain interpreter's machine code: the oracle for `compiled`."""
        return _compiled(self.execute)

    def run(self, left: bytes, right: bytes, limit: int = 8192, *, plain: bool = False) -> Outcome:
        """Execute ``left + right`` for at most ``limit`` steps, nothing mutated.

        Raises `InputError` if either is not `program_length` bytes or the limit is not in 0..2^31-1.
        """
        for part, program in (("left", left), ("right", right)):
            if len(program) != self.program_length:
                raise InputError(
                    f"{part} program: {len(program)} bytes; a {self.name} program has {self.program_length}"
                )
        if not 0 <= limit < 2**31:
            raise InputError(f"step limit: {limit}; allowed: 0 to {2**31 - 1}")
        tape = np.frombuffer(left + right, np.uint8).copy()
        sources = np.arange(len(tape), dtype=np.uint8)
        packed: int = _execute_once(self.plain if plain else self.compiled, tape, sources, limit, self.table)
        return Outcome(tape.tobytes(), sources, packed >> 32, packed & 0xFFFFFFFF)


_by_function: dict[Callable[..., int], Any] = {}


def _engine(tape: Any, sources: Any, limit: int, table: Any) -> int:
    """Stand for the function that `_by_pointers` is to call."""
    raise NotImplementedError


def _by_pointers(tape: Any, sources: Any, size: int, limit: int, table: Any, entries: int) -> int:
    return _engine(carray(tape, (size,)), carray(sources, (size,)), limit, carray(table, (entries,)))


def _compiled(function: Callable[[Any, Any, int, Any], int]) -> Any:
    """Return ``function`` compiled to `EXECUTE`; one build serves every language that shares it."""
    if function not in _by_function:
        source = getattr(function, "py_func", function)
        # A function of its own name for each, not a closure: Numba's cache finds no closure over a compiled function.
        # It looks at the caller's text only: what is not of this package, whose text names its folder, stays out.
        name = f"{source.__module__.replace('.', '_')}_{source.__qualname__}"
        template = _by_pointers.__code__.replace(co_name=name, co_qualname=name)
        caller = FunctionType(template, {"_engine": pasted(source), "carray": carray}, name)
        caller.__module__ = __name__
        own = source.__module__.startswith(f"{__package__}.")
        _by_function[function] = numba.njit(EXECUTE, cache=own, nogil=True, error_model="numpy")(caller)
    return _by_function[function]


@declared(
    lambda: types.int64(
        types.FunctionType(EXECUTE), types.uint8[::1], types.uint8[::1], types.int64, read_only(types.uint8)
    )
)
def _execute_once(execute: Any, tape: Any, sources: Any, limit: int, table: Any) -> Any:
    return execute(first_byte(tape), first_byte(sources), len(tape), limit, first_byte(table), len(table))
