"""The reference program's figures kept in ``tests/golden``; each file says how to make it again."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "golden"


def golden(name: str) -> Any:
    """Return the content of ``tests/golden/<name>.json``."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def remake(name: str) -> str:
    """Return how the reference makes the figures of ``tests/golden/<name>.json``, for failure messages."""
    return f"tests/golden/{name}.json is to be trusted over either side: {golden(name)['about']}"
