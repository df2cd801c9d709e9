"""How a running query reaches Iceberg tables: their snapshots, their metadata, their files."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import Any

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table as IcebergTable

from local.athena.engine.query import Work
from local.athena.errors import QueryFailed
from local.athena.iceberg import changes, maintenance, metadata, snapshots, statements
from local.athena.iceberg.snapshots import Snapshot
from local.athena.iceberg.tables import Tables
from local.athena.lake.catalog import Table
from local.athena.sql.types import Type


class Access:
    """The Iceberg side of one query."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._opened: dict[tuple[str, str], IcebergTable] = {}
        self.tables = Tables(work.catalog.glue, work.storage)
        self.create = partial(statements.create, work)
        self.create_as = partial(statements.create_as, work)
        self.insert = partial(statements.insert, work)
        self.alter = partial(statements.alter, work)
        self.created = partial(statements.created, work)
        self.described = partial(statements.described, work)
        self.change = partial(changes.change, work)
        self.maintain = partial(maintenance.maintain, work)

    def open(self, table: Table) -> IcebergTable:
        """The table in the one state that this query sees."""
        key = (table.database, table.name)
        if key not in self._opened:
            self._opened[key] = self.tables.open(table)
        return self._opened[key]

    def snapshot(self, table: Table, version: Any) -> Snapshot:
        """The snapshot that `FOR … AS OF` names, the current one for None."""
        opened = self.open(table)
        if version is None:
            return snapshots.current(opened)
        value = self._work.constant(version.expression)
        if version.name.upper() == "VERSION":
            return snapshots.at_version(opened, _version(value))
        return snapshots.at_time(opened, _instant(value))

    def metadata(self, table: Table, name: str) -> tuple[dict[str, Type], list[tuple[Any, ...]]]:
        """Columns and rows of one of the tables that describe a table."""
        return metadata.relation(self.open(table), name)

    def located(self, files: list[DataFile]) -> list[tuple[DataFile, Path]]:
        """The files with their places on this machine."""
        paths = self._work.storage.local([snapshots.stored(f) for f in files])
        return list(zip(files, paths, strict=True))


def _version(value: Any) -> int | str:
    if isinstance(value, int | str) and not isinstance(value, bool):
        return value
    raise QueryFailed("TYPE_MISMATCH", f"line 1:1: Unsupported type for version: {value}")


def _instant(value: Any) -> dt.datetime:
    """In UTC, without saying so."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    raise QueryFailed("TYPE_MISMATCH", f"line 1:1: Unsupported type for temporal version: {value}")
