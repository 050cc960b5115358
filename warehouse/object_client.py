"""Objects in a bucket: the only place that talks to S3-compatible object storage.

An object appears whole or not at all, and can be put on the condition that there is none yet, or that it is still the
one that was read: these two are all that the store's safety there rests on, and a server is tried for them before
anything is written. Endpoint, region and credentials come from
where Amazon's own tools take them: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION,
AWS_PROFILE and ~/.aws.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from warehouse.errors import StoreError, StoreFault

#: Requests at once.
THREADS = 16
# `pathlib` folds the two slashes to one, and a path may have come through it
_URL = re.compile(r"s3:/{1,2}([^/]+)(?:/(.*))?", re.DOTALL)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "403"}
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_NOT_THERE = {"NoSuchKey", "404"}
_UNKNOWN = {"NotImplemented", "501", "InvalidArgument", "InvalidRequest"}
_TRIAL = "conditional-puts"


def object_url(place: str | Path) -> str | None:
    """Return the URL s3://bucket/prefix that ``place`` is, without a slash at its end; None if it is none."""
    if not str(place).startswith("s3:/"):
        return None
    match = _URL.fullmatch(str(place))
    prefix = (match[2] or "").strip("/") if match else ""
    parts = prefix.split("/") if prefix else []
    if match is None or not _BUCKET.fullmatch(match[1]) or any(part in {"", ".", ".."} for part in parts):
        raise StoreError(f"{place}: no place on object storage; allowed: s3://bucket/prefix")
    return f"s3://{match[1]}/{prefix}".rstrip("/")


class Listed(NamedTuple):
    """An object as a listing has it: its key, the tag of its content, and its bytes."""

    key: str
    tag: str
    size: int


class Objects:
    """The objects under one URL; keys are relative to it. May be used from several threads.

    Every method raises `StoreError` where the bucket, the credentials or the right is missing, `StoreFault` where
    the network or the server fails, after a few attempts.
    """

    def __init__(self, url: str) -> None:
        found = object_url(url)
        if found is None:
            raise StoreError(f"{url}: no place on object storage; allowed: s3://bucket/prefix")
        self.url = found
        self._bucket, _, self._prefix = found.removeprefix("s3://").partition("/")
        with self._asking("opening"):
            self._client = _client()

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return an object's content and tag; None if there is none."""
        with self._asking(f"reading {key}"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._key(key))
                return answer["Body"].read(), answer["ETag"]
            except self._client.exceptions.NoSuchKey:
                return None

    def download(self, key: str, path: Path) -> None:
        """Write an object's content to ``path``; `StoreFault` if there is none."""
        with self._asking(f"reading {key}"):
            self._client.download_file(self._bucket, self._key(key), str(path))

    def upload(self, path: Path, key: str) -> None:
        """Put a file's content, in parts if it is large; compared by checksum on the way."""
        with self._asking(f"writing {key}"):
            self._client.upload_file(str(path), self._bucket, self._key(key))

    def put(self, key: str, content: bytes, tag: str | None) -> str | None:
        """Put an object if that with ``tag`` is still there (None: if there is none); return its tag, None if not."""
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        with self._asking(f"writing {key}"):
            try:
                return str(
                    self._client.put_object(Bucket=self._bucket, Key=self._key(key), Body=content, **condition)["ETag"]
                )
            except self._client.exceptions.ClientError as error:
                if _code(error) not in _LOST_RACE | _NOT_THERE:
                    raise
        there = self.get(key)  # an answer that was lost on the way is asked for again: then it is our own that is there
        return there[1] if there is not None and there[0] == content else None

    def check_conditions(self) -> None:
        """Raise `StoreError` unless the server refuses puts whose condition does not hold.

        Leaves the small object ``conditional-puts``; may be called by several at once.
        """
        conditions: tuple[dict[str, str], ...] = ({"IfNoneMatch": "*"}, {"IfMatch": f'"{"0" * 32}"'})
        with self._asking(f"writing {_TRIAL}"):
            self._is_put(conditions[0])  # now it is there
            held = [name for condition in conditions if not self._is_put(condition) for name in condition]
        if len(held) < len(conditions):
            raise StoreError(
                f"{self.url}: the server does not honour If-None-Match and If-Match of a put, which keep two writers"
                " apart; no store was made or changed: keep it in a folder, or on a server that does"
            )

    def _is_put(self, condition: dict[str, str]) -> bool:
        """Put the object of the trial on a condition; tell whether the server did, or knows no conditions."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._key(_TRIAL), Body=b"tried\n", **condition)
        except self._client.exceptions.ClientError as error:
            if _code(error) in _UNKNOWN:
                return True  # as little kept apart as where they are ignored
            if _code(error) not in _LOST_RACE | _NOT_THERE:
                raise
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there are no error."""

        def remove(key: str) -> None:
            with self._asking(f"removing {key}"):
                self._client.delete_object(Bucket=self._bucket, Key=self._key(key))

        with ThreadPoolExecutor(THREADS, "removing") as pool:
            list(pool.map(remove, keys))

    def list(self, prefix: str) -> Iterator[Listed]:
        """Yield the objects whose keys begin with ``prefix``, by key."""
        with self._asking(f"listing {prefix}"):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._key(prefix)):
                for entry in page.get("Contents", ()):
                    key = entry["Key"].removeprefix(self._key(""))
                    yield Listed(key, entry["ETag"], entry["Size"])

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    @contextlib.contextmanager
    def _asking(self, doing: str) -> Iterator[None]:
        """Turn what the library raises into one line that says what to do."""
        try:
            from boto3.exceptions import Boto3Error
            from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
        except ImportError:
            raise StoreError(f"{self.url}: object storage needs boto3; `pip install 'primordium[s3]'`") from None
        try:
            yield
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise StoreError(f"{self.url}: {error}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") from error
        except ClientError as error:
            raise self._told(error, doing) from error
        except Boto3Error as error:  # of a transfer in parts: it has the cause's text alone
            if "NoSuchBucket" in str(error):
                raise self._no_bucket() from error
            raise StoreFault(f"{_line(error)} while {doing} at {self.url}") from error
        except (BotoCoreError, OSError) as error:
            raise StoreFault(
                f"{_line(error)} while {doing} at {self.url}; give the same command again when it can be reached"
            ) from error

    def _no_bucket(self) -> StoreError:
        return StoreError(f"{self.url}: there is no bucket {self._bucket}; make it, or choose another")

    def _told(self, error: Any, doing: str) -> StoreError | StoreFault:
        code = _code(error)
        if code == "NoSuchBucket":
            return self._no_bucket()
        if code in _REFUSED:
            return StoreError(f"{self.url}: refused ({code}) while {doing}; check the credentials and their rights")
        if code in _NOT_THERE:
            return StoreFault(f"missing object while {doing} at {self.url}")
        return StoreFault(f"{_line(error)} while {doing} at {self.url}")


def _client() -> Any:
    import boto3
    from botocore.config import Config

    # other servers than Amazon's seldom have a host name for each bucket
    elsewhere = any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"))
    config = Config(
        retries={"max_attempts": 4, "mode": "standard"},
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=2 * THREADS,
        s3={"addressing_style": "path" if elsewhere else "auto"},
    )
    return boto3.session.Session().client("s3", config=config)


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")
