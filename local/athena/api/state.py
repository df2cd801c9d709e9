"""What must survive a restart: executions, workgroups, named queries, prepared statements."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists documents (
    kind text not null, id text not null, at real not null, body text not null,
    primary key (kind, id));
create index if not exists documents_by_time on documents (kind, at);
"""


class State:
    """JSON documents by kind and id in one SQLite file; thread-safe."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")
        self._database.executescript(_SCHEMA)

    def put(self, kind: str, key: str, body: dict[str, Any], at: float = 0.0) -> None:
        with self._lock, self._database:
            self._database.execute(
                "insert or replace into documents values (?, ?, ?, ?)",
                (kind, key, at, json.dumps(body)),
            )

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        with self._lock:
            found = self._database.execute(
                "select body from documents where kind = ? and id = ?", (kind, key)
            ).fetchone()
        return json.loads(found[0]) if found else None

    def delete(self, kind: str, key: str) -> bool:
        with self._lock, self._database:
            done = self._database.execute(
                "delete from documents where kind = ? and id = ?", (kind, key)
            )
        return done.rowcount > 0

    def list(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Ids and bodies, newest first."""
        with self._lock:
            rows = self._database.execute(
                "select id, body from documents where kind = ? order by at desc, id", (kind,)
            ).fetchall()
        return [(key, json.loads(body)) for key, body in rows]

    def close(self) -> None:
        with self._lock:
            self._database.close()
