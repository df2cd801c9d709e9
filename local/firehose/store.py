"""The plane's durable state in SQLite: delivery streams, put records, checkpoints, intents, counts.

An intent is one round of delivery: which records it covers and the finished objects, keys and
bytes. It is committed together with the checkpoint that it moves, before any object is written,
and it goes only after all its objects are in S3. So after a kill a round is either read again
from the source, never having shown in S3, or written again as the same bytes under the same keys.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from local.firehose.records import SourceRecord

SCHEMA = """
create table if not exists streams (name text primary key, document text not null);
create table if not exists checkpoints (
  stream text, shard text, position text, primary key (stream, shard));
create table if not exists puts (
  id integer primary key autoincrement, stream text, arrived_ms integer, data blob);
create index if not exists puts_by_stream on puts (stream, id);
create table if not exists intents (
  id integer primary key autoincrement, stream text, covers text not null, totals text not null);
create table if not exists objects (
  intent integer, ordinal integer, bucket text, key text, kms_key text, body blob,
  primary key (intent, ordinal));
create table if not exists counts (stream text primary key, totals text not null);
create table if not exists notices (stream text, text text, primary key (stream, text));
"""


@dataclass(frozen=True)
class Totals:
    """Records by fate, and what was written for them.

    `objects` and `bytes` count everything written to S3, backups and error documents included.
    """

    incoming: int = 0
    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    objects: int = 0
    bytes: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def pending(self) -> int:
        """Records taken in and not yet at their end."""
        return self.incoming - self.delivered - self.failed - self.dropped


@dataclass(frozen=True)
class PlannedObject:
    """One finished object under its final key; `kms_key` encrypts it in S3 when given."""

    bucket: str
    key: str
    body: bytes
    kms_key: str | None = None


@dataclass(frozen=True)
class Intent:
    """An open round: its id and, per shard, the [first, last] position that it covers."""

    id: int
    covers: Mapping[str, Sequence[str]]
    totals: Totals


class Store:
    """One SQLite file, safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=normal")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """Release the file; the store cannot be used afterwards."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("begin immediate")
            try:
                yield self._database
            except BaseException:  # even an interrupt must not leave a transaction open
                self._database.execute("rollback")
                raise
            self._database.execute("commit")

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def streams(self) -> dict[str, dict[str, Any]]:
        """All delivery streams by name, in order of name."""
        rows = self._rows("select name, document from streams order by name")
        return {name: json.loads(document) for name, document in rows}

    def save_stream(self, name: str, document: Mapping[str, Any]) -> None:
        """Create or replace a delivery stream's document."""
        with self._transaction() as database:
            database.execute(
                "insert or replace into streams values (?, ?)", (name, json.dumps(document))
            )

    def change_stream(self, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change members of a delivery stream's document; the document as it is then."""
        with self._transaction() as database:
            query = "select document from streams where name = ?"
            row = database.execute(query, (name,)).fetchone()
            document: dict[str, Any] = {**json.loads(row[0]), **changes}
            database.execute(
                "update streams set document = ? where name = ?", (json.dumps(document), name)
            )
        return document

    def forget_stream(self, name: str) -> None:
        """Remove a delivery stream and all that is kept for it."""
        with self._transaction() as database:
            database.execute(
                "delete from objects where intent in (select id from intents where stream = ?)",
                (name,),
            )
            for table in ("intents", "puts", "checkpoints", "counts", "notices"):
                database.execute(f"delete from {table} where stream = ?", (name,))
            database.execute("delete from streams where name = ?", (name,))

    def put(self, stream: str, arrived_ms: int, data: Sequence[bytes]) -> list[int]:
        """Keep directly put records durably; their ids, in order."""
        with self._transaction() as database:
            ids = [_inserted(database, stream, arrived_ms, record) for record in data]
            _add_counts(database, stream, Totals(incoming=len(data)))
        return ids

    def puts_after(self, stream: str, position: int, limit: int) -> list[SourceRecord]:
        """Kept records after a position, oldest first."""
        rows = self._rows(
            "select id, arrived_ms, data from puts where stream = ? and id > ? order by id limit ?",
            stream,
            position,
            limit,
        )
        return [
            SourceRecord(f"{row:049d}", data, arrived, "", str(row)) for row, arrived, data in rows
        ]

    def checkpoints(self, stream: str) -> dict[str, str]:
        """Per shard, the last position that an intent covers."""
        rows = self._rows("select shard, position from checkpoints where stream = ?", stream)
        return dict(rows)

    def forget_checkpoints(self, stream: str) -> None:
        """Start again at the oldest record of every shard."""
        with self._transaction() as database:
            database.execute("delete from checkpoints where stream = ?", (stream,))

    def commit_intent(
        self,
        stream: str,
        covers: Mapping[str, Sequence[str]],
        objects: Iterable[PlannedObject],
        totals: Totals,
    ) -> None:
        """Make a round durable: its objects, its counts to come, and the checkpoints behind it."""
        with self._transaction() as database:
            cursor = database.execute(
                "insert into intents (stream, covers, totals) values (?, ?, ?)",
                (stream, json.dumps(covers), json.dumps(asdict(totals))),
            )
            database.executemany(
                "insert into objects values (?, ?, ?, ?, ?, ?)",
                [
                    (cursor.lastrowid, ordinal, item.bucket, item.key, item.kms_key, item.body)
                    for ordinal, item in enumerate(objects)
                ],
            )
            for shard, (_, last) in covers.items():
                _move(database, stream, shard, last)

    def intents(self, stream: str) -> list[Intent]:
        """Open intents, oldest first."""
        rows = self._rows(
            "select id, covers, totals from intents where stream = ? order by id", stream
        )
        return [
            Intent(row, json.loads(covers), Totals(**json.loads(totals)))
            for row, covers, totals in rows
        ]

    def objects(self, intent: int) -> Iterator[PlannedObject]:
        """The objects of an intent, one at a time: a round may hold hundreds of megabytes."""
        ordinals = self._rows("select ordinal from objects where intent = ?", intent)
        for (ordinal,) in ordinals:
            [row] = self._rows(
                "select bucket, key, body, kms_key from objects where intent = ? and ordinal = ?",
                intent,
                ordinal,
            )
            yield PlannedObject(*row)

    def close_intent(self, stream: str, intent: Intent) -> None:
        """All objects are in S3: count the round and let it go."""
        with self._transaction() as database:
            database.execute("delete from objects where intent = ?", (intent.id,))
            database.execute("delete from intents where id = ?", (intent.id,))
            _add_counts(database, stream, intent.totals)

    def totals(self, stream: str) -> Totals:
        """Counts of closed rounds, and of what was put directly."""
        rows = self._rows("select totals from counts where stream = ?", stream)
        return Totals(**json.loads(rows[0][0])) if rows else Totals()

    def add_notice(self, stream: str, text: str) -> None:
        """Keep something the operator must know about a delivery stream."""
        with self._transaction() as database:
            database.execute("insert or ignore into notices values (?, ?)", (stream, text))

    def notices(self, stream: str) -> list[str]:
        """What the operator must know, oldest first."""
        rows = self._rows("select text from notices where stream = ? order by rowid", stream)
        return [text for (text,) in rows]


def _inserted(database: sqlite3.Connection, stream: str, arrived_ms: int, data: bytes) -> int:
    cursor = database.execute(
        "insert into puts (stream, arrived_ms, data) values (?, ?, ?)", (stream, arrived_ms, data)
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _move(database: sqlite3.Connection, stream: str, shard: str, position: str) -> None:
    if shard == "":
        database.execute("delete from puts where stream = ? and id <= ?", (stream, int(position)))
    database.execute(
        "insert or replace into checkpoints values (?, ?, ?)", (stream, shard, position)
    )


def _add_counts(database: sqlite3.Connection, stream: str, totals: Totals) -> None:
    row = database.execute("select totals from counts where stream = ?", (stream,)).fetchone()
    before = Totals(**json.loads(row[0])) if row else Totals()
    database.execute(
        "insert or replace into counts values (?, ?)",
        (stream, json.dumps(asdict(before + totals))),
    )
