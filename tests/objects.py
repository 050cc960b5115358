"""An S3 server on loopback for tests, with a bucket of its own for each."""

import logging
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

_BUCKETS = count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of the server."""
    pytest.importorskip("boto3", reason="object storage: boto3 is not installed")
    pytest.importorskip("flask_cors", reason="object storage: the test server's flask-cors is not installed")
    moto = pytest.importorskip("moto.server", reason="object storage: the test server moto is not installed")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket; the process's settings point to the server, fetched files are kept in the test's folder."""
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("warehouse.object_store.cache_folder", lambda: tmp_path / "cache")
    name = f"soups-{next(_BUCKETS)}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name
