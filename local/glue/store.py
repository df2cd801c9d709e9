"""The SQLite file behind the Glue plane. What a row means belongs to the modules that write it."""

from __future__ import annotations

import base64
import binascii
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.glue.errors import InvalidInputError

Record = dict[str, Any]

_SCHEMA = """
create table if not exists databases (name text primary key, body text not null) without rowid;
create table if not exists tables (
    database text, name text, version integer, body text not null,
    primary key (database, name)) without rowid;
create table if not exists table_versions (
    database text, name text, version integer, body text not null,
    primary key (database, name, version)) without rowid;
create table if not exists partitions (
    database text, name text, key text, body text not null,
    primary key (database, name, key)) without rowid;
create table if not exists registries (name text primary key, body text not null) without rowid;
create table if not exists schemas (
    registry text, name text, body text not null, primary key (registry, name)) without rowid;
create table if not exists schema_versions (
    id text primary key, registry text, name text, number integer, status text,
    definition text not null, created text not null) without rowid;
create unique index if not exists schema_versions_by_number
    on schema_versions (registry, name, number);
create table if not exists version_metadata (
    id text, key text, value text, created text, primary key (id, key, value)) without rowid;
create table if not exists tags (arn text primary key, body text not null) without rowid;
"""


class Store:
    """One connection, used from one thread; every request is one transaction."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or a database in memory when `path` is None."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False
        )
        # The file must outlive a killed process, not a machine that loses power.
        self._connection.executescript("pragma journal_mode=wal; pragma synchronous=off;" + _SCHEMA)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block wrote, or nothing of it."""
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:  # even an interrupt must not leave a transaction open
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def write(self, statement: str, *values: Any) -> int:
        """Run one statement and return the number of rows it touched."""
        return self._connection.execute(statement, values).rowcount

    def rows(self, statement: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        return iter(self._connection.execute(statement, values))

    def row(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._connection.execute(statement, values).fetchone()
        return found


def encode(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def decode(text: str) -> Any:
    return json.loads(text)


def token_of(position: Any) -> str:
    """The opaque NextToken that resumes a listing after `position`."""
    return base64.urlsafe_b64encode(encode(position).encode()).decode()


def position_of(token: str | None, start: Any) -> Any:
    """Where a listing resumes; `start` without a token. Raises InvalidInputError for a forged one."""
    if not token:
        return start
    try:
        return decode(base64.urlsafe_b64decode(token.encode()).decode())
    except (ValueError, binascii.Error) as refused:
        raise InvalidInputError(f"NextToken {token!r} is not one this service gave") from refused


def page_size(request: Record, default: int, most: int) -> int:
    size = int(request.get("MaxResults") or default)
    if not 1 <= size <= most:
        raise InvalidInputError(f"MaxResults is {size}, allowed are 1 to {most}")
    return size


def take_page(found: Iterator[tuple[Any, Record]], size: int) -> tuple[list[Record], str | None]:
    """The first `size` records and the token that resumes after them, None at the end."""
    page: list[Record] = []
    last: Any = None
    for position, record in found:
        if len(page) == size:
            return page, token_of(last)
        page.append(record)
        last = position
    return page, None
