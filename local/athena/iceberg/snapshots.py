"""What a query reads of an Iceberg table: one snapshot, its files, and of these what the filters leave.

A column is found in a file by its field id, so renamed and added columns read as they should.
Tables with delete files are refused: no client of this machine writes them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import (
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
)

from local.athena.errors import NotSupported, QueryFailed
from local.athena.iceberg import schemas
from local.athena.lake.bounds import Bound, can_hold
from local.athena.lake.cost import Footers
from local.athena.lake.scan import without_statistics
from local.athena.lake.storage import Storage, Stored, split_url
from local.athena.sql.quoting import identifier, literal_glob, quoted
from local.athena.sql.resolve import HIDDEN
from local.athena.sql.types import Type

PATH, ROW = HIDDEN  # ROW, the number of a row in its file, is for changes alone
_EPOCH = dt.datetime(1970, 1, 1)
_PLAIN = (IntegerType, LongType, FloatType, DoubleType, DecimalType, StringType)
Filters = tuple[str, ...]
Data = list[tuple[DataFile, Path]]


@dataclass
class Snapshot:
    """One state of a table; `id` is None for a table that never had a row."""

    table: IcebergTable
    id: int | None
    schema: Schema

    @cached_property
    def columns(self) -> dict[str, Type]:
        """Trino's types by lower-case name."""
        return schemas.columns(self.schema)

    @cached_property
    def files(self) -> list[DataFile]:
        """All data files, in the order of their paths."""
        if self.id is None:
            return []
        snapshot = self.table.metadata.snapshot_by_id(self.id)
        found = []
        for manifest in snapshot.manifests(self.table.io):
            entries = manifest.fetch_manifest_entry(self.table.io, discard_deleted=True)
            found += [e.data_file for e in entries]
        for file in found:
            if file.content != DataFileContent.DATA:
                raise NotSupported(f"Iceberg table {self.name} with delete files")
            if file.file_format != FileFormat.PARQUET:
                raise NotSupported(f"Iceberg table {self.name} with {file.file_format} files")
        return sorted(found, key=lambda f: str(f.file_path))

    @property
    def name(self) -> str:
        return ".".join(self.table.name())

    def kept(self, alternatives: list[Filters]) -> list[DataFile]:
        """The files that can hold a row for any of the scans, by the statistics in the metadata."""
        return [f for f in self.files if any(can_hold(a, self._bounds(f, a)) for a in alternatives)]

    def _bounds(self, file: DataFile, filters: Filters) -> dict[str, Bound]:
        """Only of columns that the filters name."""
        named = [f for f in self.schema.fields if any(f.name in text for text in filters)]
        made = ((f.name.lower(), _bound(file, f.field_id, f.field_type)) for f in named)
        return {name: bound for name, bound in made if bound is not None}

    def scanned(self, data: Data, needed: set[str], filters: Filters, footers: Footers) -> int:
        """Compressed bytes that one scan reads of the files: its columns, in the row groups it needs."""
        total = 0
        for file, path in data:
            if not can_hold(filters, self._bounds(file, filters)):
                continue
            names = self._names_in(path, footers)
            same = all(name in (None, column) for column, name in names.items())
            wanted = {_in_file(column, names) for column in needed - HIDDEN.keys()}
            total += footers.scanned(path, wanted, filters if same else ())
        return total

    def _names_in(self, path: Path, footers: Footers) -> dict[str, str | None]:
        """The name that each column has in a file, None where the file is older than the column."""
        ids = footers.field_ids(path)
        known = footers.columns(path)
        if not ids:  # written by something that knows no ids: Iceberg falls back to names
            return {c: c if c in known else None for c in self.columns}
        return {f.name.lower(): ids.get(f.field_id) for f in self.schema.fields}

    def view(self, data: Data, columns: list[str], storage: Storage, footers: Footers) -> str:
        """The SELECT that gives these columns; files of one layout are read together."""
        self._require_unchanged(columns)
        layouts: dict[tuple[tuple[str | None, ...], tuple[str, ...]], list[Path]] = {}
        for _, path in data:
            names = tuple(self._names_in(path, footers).values())
            types = footers.layout(path)
            kinds = tuple(types.get(name, "") for name in names if name)
            layouts.setdefault((names, kinds), []).append(path)
        made = [
            self._select(
                dict(zip(self.columns, names, strict=True)), paths, columns, storage, footers
            )
            for (names, _), paths in layouts.items()
        ]
        return " UNION ALL ".join(made) if made else self._nothing(columns)

    def _require_unchanged(self, columns: list[str]) -> None:
        """Raise NotSupported for a row, array or map whose inside had other fields once."""
        nested = [f for f in self.schema.fields if not f.field_type.is_primitive]
        for field in [f for f in nested if f.name.lower() in columns]:
            for other in self.table.metadata.schemas:
                found = next((f for f in other.fields if f.field_id == field.field_id), field)
                if found.field_type != field.field_type:
                    raise NotSupported(f"column {field.name}: the fields inside it have changed")

    def _select(
        self,
        names: dict[str, str | None],
        paths: list[Path],
        columns: list[str],
        storage: Storage,
        footers: Footers,
    ) -> str:
        special = {PATH: storage.url_of_file(), ROW: "file_row_number"}

        def stored(name: str | None) -> str:
            if name is None:
                return "NULL"
            return without_statistics(identifier(name), name, paths, footers)

        values = (special.get(c) or stored(names[c]) for c in columns)
        listed = ", ".join(
            f"CAST({value} AS {self._kind(c).duckdb()}) AS {identifier(c)}"
            for c, value in zip(columns, values, strict=True)
        )
        numbered = ", file_row_number=true" if ROW in columns else ""
        sources = ", ".join(quoted(literal_glob(str(p))) for p in paths)
        return f"SELECT {listed} FROM read_parquet([{sources}], hive_partitioning=false{numbered})"

    def _nothing(self, columns: list[str]) -> str:
        listed = (f"CAST(NULL AS {self._kind(c).duckdb()}) AS {identifier(c)}" for c in columns)
        return f"SELECT {', '.join(listed)} WHERE false"

    def _kind(self, column: str) -> Type:
        return HIDDEN.get(column) or self.columns[column]


def _in_file(path: str, names: dict[str, str | None]) -> str:
    """A column, or the path of a field in it, under the name that the file has for the column."""
    column, dot, field = (path, "", "") if path in names else path.partition(".")
    return f"{names[column]}{dot}{field}" if names[column] else ""


def stored(file: DataFile) -> Stored:
    """A data file as an object; its name is its version, for it is never written twice."""
    bucket, key = split_url(file.file_path)
    return Stored(bucket, key, file.file_size_in_bytes, file.file_path)


def current(table: IcebergTable) -> Snapshot:
    """What the table holds now."""
    found = table.current_snapshot()
    return Snapshot(table, found.snapshot_id if found else None, table.schema())


def at_version(table: IcebergTable, version: int | str) -> Snapshot:
    """A snapshot by its id, or by the name of a tag or branch."""
    found = (
        table.snapshot_by_id(version)
        if isinstance(version, int)
        else table.snapshot_by_name(version)
    )
    if found is None:
        what = "snapshot ID" if isinstance(version, int) else "reference"
        raise QueryFailed("INVALID_ARGUMENTS", f"Iceberg {what} does not exist: {version}")
    return _with_schema(table, found)


def at_time(table: IcebergTable, instant: dt.datetime) -> Snapshot:
    """The snapshot that was current at an instant in UTC."""
    milliseconds = (instant - _EPOCH) // dt.timedelta(milliseconds=1)
    found = table.snapshot_as_of_timestamp(milliseconds)
    if found is None:
        raise QueryFailed(
            "INVALID_ARGUMENTS",
            f"No version history table {'.'.join(table.name())} at or before {instant}",
        )
    return _with_schema(table, found)


def _with_schema(table: IcebergTable, found: Any) -> Snapshot:
    schema = table.metadata.schema_by_id(found.schema_id) if found.schema_id is not None else None
    return Snapshot(table, found.snapshot_id, schema or table.schema())


def _bound(file: DataFile, field: int, kind: IcebergType) -> Bound | None:
    nulls = (file.null_value_counts or {}).get(field)
    if nulls == file.record_count:
        return Bound(None, None, True)
    if isinstance(kind, (FloatType, DoubleType)) and (file.nan_value_counts or {}).get(field) != 0:
        return None  # bounds leave NaN out, and few writers count it
    ends = [(bounds or {}).get(field) for bounds in (file.lower_bounds, file.upper_bounds)]
    values = [_comparable(kind, end) for end in ends if end is not None]
    if len(values) < 2 or None in values:
        return None
    return Bound(values[0], values[1], nulls is None or nulls > 0)


def _comparable(kind: IcebergType, value: bytes) -> Any:
    found = readable(kind, from_bytes(kind, value))
    return found if isinstance(kind, (*_PLAIN, DateType, TimestampType)) else None


def readable(kind: IcebergType, value: Any) -> Any:
    """A value of the metadata, where dates and times are numbers, as Python's."""
    if isinstance(kind, DateType) and value is not None:
        return (_EPOCH + dt.timedelta(days=value)).date()
    if isinstance(kind, TimestampType) and value is not None:
        return _EPOCH + dt.timedelta(microseconds=value)
    return value
