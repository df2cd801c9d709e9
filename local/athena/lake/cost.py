"""Bytes scanned as Athena counts them, from the Parquet footers of the files a query reads.

Columnar files count the compressed chunks of the needed columns in the row groups that the filters
leave, other files whole.
Source: https://aws.amazon.com/athena/pricing/.
"""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local.athena.errors import QueryFailed
from local.athena.lake.bounds import Bound, can_hold
from local.athena.lake.parquet_types import arrow_type
from local.athena.sql.types import Type

_MB = 1024 * 1024
_LEAST = 10 * _MB
_MILLISECOND = dt.timedelta(milliseconds=1)
_FIELD_ID = b"PARQUET:field_id"


def billed_bytes(scanned: int) -> int:
    """A query is billed by whole megabytes, ten at least."""
    return max(_LEAST, -(-scanned // _MB) * _MB) if scanned else 0


@dataclass(frozen=True)
class _RowGroup:
    """Compressed bytes by the path of a chunk, and what its statistics say of plain columns."""

    sizes: dict[str, int]
    bounds: dict[str, Bound]


@dataclass(frozen=True)
class _Footer:
    columns: dict[str, Type]
    layout: dict[str, str]
    finer: frozenset[str]
    uncounted: frozenset[str]
    field_ids: dict[int, str]
    groups: list[_RowGroup]


class Footers:
    """Parquet footers, read once per file version; thread-safe."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], _Footer] = {}
        self._lock = threading.Lock()

    def _read(self, path: Path) -> _Footer:
        status = path.stat()
        key = (str(path), status.st_mtime_ns, status.st_size)
        with self._lock:
            if key in self._known:
                return self._known[key]
        try:
            found = _footer(path)
        except pa.ArrowException as error:
            raise QueryFailed("HIVE_BAD_DATA", f"Malformed Parquet file {path.name}") from error
        with self._lock:
            self._known[key] = found
        return found

    def columns(self, path: Path) -> dict[str, Type]:
        """Column types by lower-case name."""
        return self._read(path).columns

    def layout(self, path: Path) -> dict[str, str]:
        """What tells one physical type from another, by lower-case name."""
        return self._read(path).layout

    def is_finer(self, path: Path, column: str) -> bool:
        """Whether a column may hold timestamps that are no whole milliseconds."""
        return column in self._read(path).finer

    def may_hide_nan(self, path: Path, column: str) -> bool:
        """Whether a column may hold NaN though its statistics name a least and a greatest number."""
        return column in self._read(path).uncounted

    def field_ids(self, path: Path) -> dict[int, str]:
        """Lower-case column names by the ids that Iceberg gives them; nothing when the file has none."""
        return self._read(path).field_ids

    def scanned(self, path: Path, columns: set[str], filters: tuple[str, ...] = ()) -> int:
        """Compressed bytes of the chunks of `columns` in the row groups that `filters` leave.

        A column is a name, or for a field of a row its path, `r.x`.
        """
        inside = tuple(f"{column}." for column in columns)
        return sum(
            size
            for group in self._read(path).groups
            if can_hold(filters, group.bounds)
            for chunk, size in group.sizes.items()
            if chunk in columns or chunk.startswith(inside)
        )


def _footer(path: Path) -> _Footer:
    with pq.ParquetFile(path) as file:
        groups = [
            _row_group(file.metadata.row_group(at)) for at in range(file.metadata.num_row_groups)
        ]
        columns = {f.name.lower(): f for f in file.schema_arrow}
        ids = {(f.metadata or {}).get(_FIELD_ID): name for name, f in columns.items()}
        return _Footer(
            {name: arrow_type(f.type) for name, f in columns.items()},
            {name: str(f.type) for name, f in columns.items()},
            _finer(file.metadata.created_by or "", columns),
            _uncounted(file.metadata.created_by or "", columns),
            {int(number): name for number, name in ids.items() if number is not None},
            groups,
        )


def _finer(writer: str, columns: dict[str, Any]) -> frozenset[str]:
    """What DuckDB writes here is Trino's timestamp(3), though it is stored in microseconds."""
    if writer.startswith("DuckDB"):
        return frozenset()
    return frozenset(name for name, f in columns.items() if _has_finer(f.type))


def _has_finer(found: Any) -> bool:
    if pa.types.is_timestamp(found):
        return found.unit in ("us", "ns")
    return any(_has_finer(found.field(at).type) for at in range(found.num_fields))


def _uncounted(writer: str, columns: dict[str, Any]) -> frozenset[str]:
    """Statistics leave NaN out by the specification; DuckDB writes none for a column that has one."""
    if writer.startswith("DuckDB"):
        return frozenset()
    return frozenset(name for name, f in columns.items() if _has_floats(f.type))


def _has_floats(found: Any) -> bool:
    if pa.types.is_floating(found):
        return True
    return any(_has_floats(found.field(at).type) for at in range(found.num_fields))


def _row_group(found: Any) -> _RowGroup:
    sizes: dict[str, int] = {}
    bounds: dict[str, Bound] = {}
    for at in range(found.num_columns):
        chunk = found.column(at)
        name = chunk.path_in_schema.lower()
        sizes[name] = sizes.get(name, 0) + chunk.total_compressed_size
        bound = _bound(chunk)
        if bound is not None:
            bounds[name] = bound
    return _RowGroup(sizes, bounds)


def _bound(chunk: Any) -> Bound | None:
    """None when the chunk has no statistics that can be compared."""
    found = chunk.statistics
    if found is None:
        return None
    if found.has_null_count and found.null_count == chunk.num_values:
        return Bound(None, None, True)
    has_nulls = not found.has_null_count or found.null_count > 0
    if not found.has_min_max:
        return None
    least, greatest = _comparable(found.min), _comparable(found.max)
    if least is None or greatest is None:
        return None
    if isinstance(greatest, dt.datetime) and greatest < dt.datetime.max - _MILLISECOND:
        greatest += _MILLISECOND  # a scan may round it up, and the least one's fraction away
        least = least.replace(microsecond=least.microsecond // 1000 * 1000)
    return Bound(least, greatest, has_nulls)


def _comparable(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, float):
        return None if value != value else value
    return None if isinstance(value, bytes | bool) else value
