"""What a command does not wait for when it starts."""

import subprocess
import sys


def test_pyarrow_does_not_look_for_pandas_in_a_command() -> None:
    text = (
        "import sys; from warehouse.without_pandas import without_pandas; without_pandas();"
        "import pyarrow as pa; pa.array([1, 2]);"
        "print('pandas' in sys.modules); import pandas; print(pandas.DataFrame({'x': [1]}).shape)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "(1,", "1)"]
