"""What all tests share: the option ``--run-slow`` and how hypothesis runs."""

import hypothesis
import pytest

# Deterministic: a failure met once is met by everyone. No deadline: the first example pays for compiling a kernel.
hypothesis.settings.register_profile("primordium", derandomize=True, deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("primordium")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="also run tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-slow"):
        return
    skip = pytest.mark.skip(reason="slow: run with --run-slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
