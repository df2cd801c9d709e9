"""Opens what is to be imported: a path or an http(s) address, plain or gzip. Formats live elsewhere."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlsplit

import httpx

from local.imports.errors import UnreadableSource

GZIP_MAGIC = b"\x1f\x8b"
TIMEOUT_S = 60.0


@contextmanager
def open_source(location: str) -> Iterator[IO[bytes]]:
    """The bytes at `location`, unpacked if their content is gzip, whatever the name says.

    Raises UnreadableSource, also while the block reads, naming the location.
    """
    try:
        with _opened(location) as raw:
            magic = raw.read(len(GZIP_MAGIC))
            raw.seek(0)
            if magic == GZIP_MAGIC:
                with gzip.open(raw) as unpacked:
                    yield cast("IO[bytes]", unpacked)
            else:
                yield raw
    except (OSError, EOFError, zlib.error, httpx.HTTPError) as error:
        raise UnreadableSource(f"{location}: {error}") from error


def name_of(location: str) -> str:
    """The file's own name, without folders or host."""
    path = urlsplit(location).path if _is_address(location) else location
    return Path(path).name or location


def _is_address(location: str) -> bool:
    return location.startswith(("http://", "https://"))


@contextmanager
def _opened(location: str) -> Iterator[IO[bytes]]:
    if not _is_address(location):
        with Path(location).open("rb") as file:
            yield file
        return
    # Kept whole before anything is read: a transfer cut short must not look like a short file.
    with tempfile.TemporaryFile() as file:
        with httpx.stream("GET", location, follow_redirects=True, timeout=TIMEOUT_S) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                file.write(chunk)
        file.seek(0)
        yield file
