"""Objects in S3: listing, writing, and reading as local files. Nothing is queried over HTTP."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from botocore.exceptions import ClientError

from local.athena.errors import NotSupported, QueryFailed
from local.athena.lake.calls import Calls, failure
from local.athena.settings import Settings

_DOWNLOADS = 8
_UPLOADS = 4
_OFFERED = 256 * 1024  # bytes; fewer are written sooner than offered
_DELETED = 1000  # keys a call of DeleteObjects
# Bytes; above, a transfer in parts, whose threads cost more than a PUT. A local S3 holds the whole
# object in memory in any case, and twice when it comes in parts.
_ONE_PUT, _ONE_LOCAL_PUT = 8 << 20, 512 << 20
_CONTENT_TYPES = {"csv": "text/csv", "txt": "text/plain"}
Check = Callable[[], None]
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")


@dataclass(frozen=True)
class Stored:
    """One object as a listing shows it; `size` in bytes."""

    bucket: str
    key: str
    size: int
    etag: str

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def split_url(url: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`; s3a and s3n are the same to Hive."""
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in ("s3", "s3a", "s3n") or not _BUCKET.fullmatch(bucket):
        raise QueryFailed("INVALID_PROPERTY", f"not an S3 location: {url}")
    return bucket, key


class Storage:
    """Lists and writes by `calls`, does what is rare by one boto3 client; objects are read from
    disk (see Settings)."""

    def __init__(self, calls: Calls, client: Any, settings: Settings) -> None:
        self._calls, self._client = calls, client
        self._uploads = ThreadPoolExecutor(_UPLOADS, thread_name_prefix="athena-upload")
        self._buckets: set[str] = set()
        self._cache = settings.state_dir / "objects"
        self._scratch = settings.scratch
        self._disk = settings.s3_data_dir / settings.account_id if settings.s3_data_dir else None

    @property
    def roots(self) -> list[Path]:
        return [self._cache, *([self._disk] if self._disk else [])]

    def below(self, url: str) -> list[Stored]:
        """The objects below a location that hold data."""
        return [s for s in self.under(url) if is_data(s, url)]

    def under(self, url: str) -> list[Stored]:
        """All objects below a location."""
        bucket, key = split_url(url)
        return list(self._objects(bucket, key if not key or key.endswith("/") else f"{key}/"))

    def _objects(self, bucket: str, prefix: str) -> Iterable[Stored]:
        asked = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
        while True:
            try:
                page = ElementTree.fromstring(self._calls.s3("GET", bucket, asked))
            except failure("NoSuchBucket") as error:
                raise _no_bucket(bucket) from error
            for found in page.iterfind("{*}Contents"):
                key, size, etag = (found.findtext(f"{{*}}{n}", "") for n in ("Key", "Size", "ETag"))
                yield Stored(bucket, unquote_plus(key), int(size), etag.strip('"'))
            if page.findtext("{*}IsTruncated") != "true":
                return
            asked["continuation-token"] = page.findtext("{*}NextContinuationToken", "")

    def local(self, objects: list[Stored]) -> list[Path]:
        """Paths of the objects' bytes on this machine, in the same order."""
        found = [self._present(o) for o in objects]
        missing = [o for o, path in zip(objects, found, strict=True) if path is None]
        if missing:
            with ThreadPoolExecutor(_DOWNLOADS) as pool:
                fetched = iter(list(pool.map(self._fetch, missing)))
            return [path or next(fetched) for path in found]
        return [path for path in found if path is not None]

    def _present(self, stored: Stored) -> Path | None:
        if {".", ".."} & set(stored.key.split("/")):
            raise NotSupported(f"an object whose key climbs in folders: {stored.url}")
        if self._disk:
            path = self._disk / stored.bucket / stored.key
            if path.is_file() and path.stat().st_size == stored.size:
                return path
        path = self._cached(stored)
        return path if path.is_file() else None

    def _cached(self, stored: Stored) -> Path:
        name = hashlib.sha1(stored.etag.encode()).hexdigest()
        return self._cache / name / stored.bucket / stored.key

    def _fetch(self, stored: Stored) -> Path:
        path = self._cached(stored)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        try:
            self._client.download_file(stored.bucket, stored.key, str(partial))
        except ClientError as error:
            raise _unopened(stored.url, error) from error
        partial.replace(path)
        return path

    def url_of_file(self) -> str:
        """SQL that turns DuckDB's `filename` back into the object's URL."""
        skip = len(str(self._cache)) + 1 + 41
        cached = f"concat('s3://', substr(filename, {skip + 1}))"
        if not self._disk:
            return cached
        start = f"{self._disk}/".replace("'", "''")
        direct = f"concat('s3://', substr(filename, {len(str(self._disk)) + 2}))"
        return f"CASE WHEN starts_with(filename, '{start}') THEN {direct} ELSE {cached} END"

    def put(self, url: str, body: Path | bytes, check: Check = lambda: None) -> None:
        """Write one object, from memory or from a file, unless `check` raises."""
        bucket, key = split_url(url)
        check()
        try:
            self._put(bucket, key, body, check)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                raise _no_bucket(bucket) from error
            raise

    def _put(self, bucket: str, key: str, body: Path | bytes, check: Check) -> None:
        most = _ONE_LOCAL_PUT if self._disk else _ONE_PUT
        if isinstance(body, Path) and body.stat().st_size > most:
            with body.open("rb") as opened:
                self._client.upload_fileobj(opened, bucket, key, Callback=lambda _: check())
            return
        kind = _CONTENT_TYPES.get(key.rpartition(".")[2], "application/octet-stream")
        with self._offered(body) as file:
            content = body.read_bytes() if isinstance(body, Path) else body
            self._calls.s3("PUT", f"{bucket}/{key}", body=content, kind=kind, file=file)

    @contextmanager
    def _offered(self, body: Path | bytes) -> Iterator[Path | None]:
        """A second name of a large file's bytes, for a local S3 to take instead of writing them."""
        if not self._disk or not isinstance(body, Path) or body.stat().st_size < _OFFERED:
            yield None
            return
        link = self._scratch / f"{uuid.uuid4().hex}.put"
        try:
            link.hardlink_to(body)
        except OSError:  # a file system without links
            yield None
            return
        try:
            yield link
        finally:
            link.unlink(missing_ok=True)

    def has_bucket(self, url: str) -> bool:
        """Whether the bucket of a location is there; once seen, it is not asked for again."""
        bucket, _ = split_url(url)
        if bucket not in self._buckets:
            try:
                self._calls.s3("HEAD", bucket)
            except ClientError:
                return False
            self._buckets.add(bucket)
        return True

    def exists(self, url: str) -> bool:
        bucket, key = split_url(url)
        try:
            self._client.head_object(Bucket=bucket, Key=key)
        except ClientError:
            return False
        return True

    def put_all(self, objects: list[tuple[str, Path | bytes]], check: Check = lambda: None) -> None:
        """Write objects side by side; all are there when it returns, none when it raises.

        What `check` raises ends it early; it is asked before each object and within a long one.
        """
        writing = {self._uploads.submit(self.put, *each, check): each[0] for each in objects}
        wait(writing)
        broken = [found for future in writing if (found := future.exception())]
        if broken:
            for future, url in writing.items():
                if not future.exception():
                    self.remove(url)
            raise broken[0]

    def close(self) -> None:
        self._uploads.shutdown(wait=True)

    def read(self, url: str) -> bytes:
        bucket, key = split_url(url)
        return bytes(self._client.get_object(Bucket=bucket, Key=key)["Body"].read())

    def remove(self, url: str) -> None:
        """Delete one object, if it is there."""
        bucket, key = split_url(url)
        self._client.delete_object(Bucket=bucket, Key=key)

    def remove_all(self, urls: list[str]) -> None:
        """Delete objects of one bucket."""
        for at in range(0, len(urls), _DELETED):
            pairs = [split_url(url) for url in urls[at : at + _DELETED]]
            objects = [{"Key": key} for _, key in pairs]
            self._client.delete_objects(
                Bucket=pairs[0][0], Delete={"Objects": objects, "Quiet": True}
            )


def _no_bucket(bucket: str) -> QueryFailed:
    return QueryFailed("PERMISSION_DENIED", f"bucket {bucket} does not exist")


def _unopened(url: str, error: ClientError) -> QueryFailed:
    """An object that was listed and cannot be read: it has been deleted since, or its bucket has."""
    said = error.response["Error"]
    return QueryFailed(
        "HIVE_CANNOT_OPEN_SPLIT",
        f"Error opening Hive split {url}: {said.get('Message')} ({said.get('Code')})",
    )


def is_data(stored: Stored, location: str) -> bool:
    """Hive hides empty objects and, below the location, names that begin with _ or a dot."""
    parts = stored.url.removeprefix(location).lstrip("/").split("/")
    return stored.size > 0 and not any(p.startswith(("_", ".")) for p in parts)


class Listing:
    """What one query has listed, so that pruning and scanning ask for it once."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._known: dict[str, list[Stored]] = {}

    def under(self, url: str) -> list[Stored]:
        """All objects below a location."""
        url = url.rstrip("/")
        if url not in self._known:
            self._known[url] = self._storage.under(url)
        return self._known[url]

    def below(self, url: str) -> list[Stored]:
        """The objects below a location that hold data."""
        return [s for s in self.under(url) if is_data(s, url)]
