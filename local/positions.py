"""How far each stream has been handed to its function, kept in SQLite across restarts."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path


class Positions:
    """Sequence numbers by source and shard. A crash may lose the last ones: records come again."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._using = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = off")
        self._database.execute(
            "create table if not exists positions"
            " (source text, shard text, sequence text not null, primary key (source, shard))"
        )

    def get(self, source: str, shard: str) -> str | None:
        """The last sequence number handed over, None where nothing was."""
        query = "select sequence from positions where source = ? and shard = ?"
        with self._using:
            row = self._database.execute(query, (source, shard)).fetchone()
        return row[0] if row else None

    def set(self, source: str, shard: str, sequence: str) -> None:
        """Remember that everything up to `sequence` was handed over."""
        with self._using:
            self._database.execute(
                "insert or replace into positions values (?, ?, ?)", (source, shard, sequence)
            )

    def close(self) -> None:
        with self._using:
            self._database.close()
