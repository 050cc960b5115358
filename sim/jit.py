"""How kernels are compiled and cached.

Numba's cache is keyed by the text of a function's own file only: after an edit to a helper in another
file the old machine code would be served. The cache therefore lives in a folder named by a digest of
every file of this package, set before any kernel is decorated. The same digest is a run's provenance.
"""

import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import types


def kernel_digest() -> str:
    """Return 16 hex digits that name the source text of every kernel (all files of this package)."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """Return the folder for compiled kernels: PRIMORDIUM_CACHE, else the user's cache folder."""
    chosen = os.environ.get("PRIMORDIUM_CACHE")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "primordium"


F = TypeVar("F", bound=Callable[..., Any])

CACHE_FOLDER = _cache_folder() / f"kernels-{kernel_digest()}"
numba.config.CACHE_DIR = str(CACHE_FOLDER)  # type: ignore[attr-defined]


def kernel(function: F) -> F:
    """Compile ``function`` on its first call, without the GIL, and keep the machine code on disk."""
    return cast("F", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def inlined(function: F) -> F:
    """Compile a small helper of other kernels; LLVM inlines it where it is called."""
    return cast("F", numba.njit(nogil=True, error_model="numpy")(function))


def pasted(function: F) -> F:
    """Compile a helper as if its text stood where it is called.

    Calls of an `inlined` one still count the references to each of its arrays, which costs more than a short
    helper does; but this one's text is compiled anew for every call.
    """
    return cast("F", numba.njit(nogil=True, error_model="numpy", inline="always")(function))


def declared(signature: Callable[[], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a kernel for one declared signature only, on its first call.

    For kernels that get read-only arrays from some callers and writable ones from others (declared
    read-only they take both, inferred each combination would be compiled anew) or function pointers.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        build = functools.cache(lambda: numba.njit(signature(), cache=True, nogil=True, error_model="numpy")(function))

        @functools.wraps(function)
        def call(*arguments: Any) -> Any:
            return build()(*arguments)

        return call

    return decorate


def read_only(element: Any) -> Any:
    """Return the type of a read-only one-dimensional contiguous array."""
    return types.Array(element, 1, "C", readonly=True)
