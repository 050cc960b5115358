"""Which file may import what: read from the source text, so that an import inside a function counts too."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: Imports flow one way: a package may import those before it.
PACKAGES = ("sim", "warehouse", "analysis", "flows")

#: The only places that know a library.
HOMES = {
    "pyarrow": ("warehouse/",),
    "duckdb": ("warehouse/",),
    "fsspec": ("warehouse/",),
    "boto3": ("warehouse/object_client.py",),
    "botocore": ("warehouse/object_client.py",),
    "prefect": ("flows/",),
    "distributed": ("flows/dask_workers.py",),
    "rich": ("flows/",),
    "matplotlib": ("analysis/figures.py", "analysis/figure_assembly.py", "analysis/figure_sweep.py"),
    "llvmlite": ("sim/intrinsics.py", "sim/blake2b.py"),
    "brotli": ("analysis/measures.py",),
}

#: What `sim` may take from the standard library: nothing that sees a path, a clock, a terminal or a network.
PURE = {
    "__future__", "abc", "bisect", "collections", "concurrent", "contextlib", "dataclasses", "enum", "functools",
    "hashlib", "heapq", "itertools", "math", "operator", "queue", "re", "string", "struct", "threading", "types",
    "typing", "weakref",
}  # fmt: skip

#: Machine code is cached in a folder, and that folder has a path; languages of other packages are to be found.
IMPURE_BY_NEED = {"sim/jit.py": {"os", "pathlib"}, "sim/languages/__init__.py": {"importlib"}}

FORBIDDEN_CALLS = {"print", "input", "open", "breakpoint", "exec", "eval"}


def _sources(*folders: str) -> list[str]:
    return sorted(p.relative_to(ROOT).as_posix() for folder in folders for p in (ROOT / folder).rglob("*.py"))


def _tree(source: str) -> ast.Module:
    return ast.parse((ROOT / source).read_text(encoding="utf-8"), source)


def _imports(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name of the module) of each import of a file, relative ones made absolute."""
    package = source.split("/")[:-1]
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield node.lineno, ".".join([*base, *(node.module or "").split(".")])


def _libraries(source: str) -> set[str]:
    """Return the top-level names of all imports that are neither ours nor the standard library's."""
    ours = {*PACKAGES, "tests", "benchmarks"}
    tops = {name.split(".")[0] for _, name in _imports(source)}
    return tops - ours - sys.stdlib_module_names


@pytest.mark.parametrize("source", _sources(*PACKAGES))
def test_imports_flow_one_way(source: str) -> None:
    own = PACKAGES.index(source.split("/", maxsplit=1)[0])
    for line, name in _imports(source):
        top = name.split(".")[0]
        assert top not in {"tests", "benchmarks"}, f"{source}:{line} imports {name}"
        if top in PACKAGES:
            assert PACKAGES.index(top) <= own, f"{source}:{line} imports {name}; imports flow {' <- '.join(PACKAGES)}"


@pytest.mark.parametrize("source", _sources(*PACKAGES))
def test_each_library_is_known_in_one_place(source: str) -> None:
    for line, name in _imports(source):
        homes = HOMES.get(name.split(".")[0])
        assert homes is None or source.startswith(homes), f"{source}:{line} imports {name}; only {homes} may"


@pytest.mark.parametrize("source", _sources("sim"))
def test_sim_is_pure(source: str) -> None:
    allowed = {"sim", "numpy", "numba", "llvmlite"} | PURE | IMPURE_BY_NEED.get(source, set())
    for line, name in _imports(source):
        assert name.split(".")[0] in allowed, f"{source}:{line} imports {name}: sim has no paths, clocks, prints"
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"{source}:{node.lineno} calls {node.func.id}"
        if isinstance(node, ast.Attribute) and node.attr == "random":
            # Randomness is a function of (seed, epoch, index); a generator has a state.
            pytest.fail(f"{source}:{node.lineno} uses a random generator")


@pytest.mark.parametrize("source", _sources("tests/naive"))
def test_naive_twins_are_independent_of_what_they_test(source: str) -> None:
    for line, name in _imports(source):
        assert name.split(".")[0] not in PACKAGES, f"{source}:{line} imports {name}"
        assert name.split(".")[0] != "numba", f"{source}:{line} imports numba: a twin is plain Python"


def test_every_imported_library_is_declared_and_every_declared_one_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    needed = [*project["dependencies"], *optional["s3"], *optional["dask"]]
    declared = {_distribution(requirement) for requirement in needed}
    imported = {library for source in _sources(*PACKAGES) for library in _libraries(source)}
    # fastapi and sqlalchemy are only named to bound the versions that Prefect's server gets; DuckDB itself imports
    # pandas for `.df()`; botocore is boto3's other half.
    assert declared - {"fastapi", "sqlalchemy", "pandas"} == imported - {"botocore"}


def test_uv_and_pip_install_the_same_test_tools() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["dependency-groups"]["dev"] == settings["project"]["optional-dependencies"]["test"]


def test_constraints_repeat_the_lock() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = {f"{p['name']}=={p['version']}" for p in lock["package"] if p["name"] != "primordium"}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert {line.split(";")[0].strip() for line in lines} == locked, "renew both with: make lock"


def test_the_lock_names_the_public_index_only() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    sources = {str(p["source"]) for p in lock["package"] if p["name"] != "primordium"}
    assert sources == {str({"registry": "https://pypi.org/simple"})}
    files = [f for p in lock["package"] for f in [*p.get("wheels", []), *([p["sdist"]] if "sdist" in p else [])]]
    assert files
    assert all(f["url"].startswith("https://files.pythonhosted.org/") for f in files)


def _distribution(requirement: str) -> str:
    """Return the name in a requirement such as "numpy>=2.3,<2.6"."""
    return requirement.replace("<", ">").replace("=", ">").split(">")[0].strip()
