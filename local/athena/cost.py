"""Bytes scanned as Athena counts them, from the Parquet footers of the files a query reads.

Columnar files count the compressed chunks of the needed columns, other files whole.
Source: https://aws.amazon.com/athena/pricing/.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local.athena.types import Type

_MB = 1024 * 1024
_LEAST = 10 * _MB


def billed_bytes(scanned: int) -> int:
    """A query is billed by whole megabytes, ten at least."""
    return max(_LEAST, -(-scanned // _MB) * _MB) if scanned else 0


class Footers:
    """Parquet footers, read once per file version; thread-safe."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], tuple[dict[str, Type], dict[str, int]]] = {}
        self._lock = threading.Lock()

    def _read(self, path: Path) -> tuple[dict[str, Type], dict[str, int]]:
        status = path.stat()
        key = (str(path), status.st_mtime_ns, status.st_size)
        with self._lock:
            if key in self._known:
                return self._known[key]
        found = _footer(path)
        with self._lock:
            self._known[key] = found
        return found

    def columns(self, path: Path) -> dict[str, Type]:
        """Column types by lower-case name."""
        return self._read(path)[0]

    def scanned(self, path: Path, columns: set[str]) -> int:
        """Compressed bytes of the chunks of `columns`."""
        sizes = self._read(path)[1]
        return sum(size for name, size in sizes.items() if name in columns)


def _footer(path: Path) -> tuple[dict[str, Type], dict[str, int]]:
    with pq.ParquetFile(path) as file:
        metadata, schema = file.metadata, file.schema_arrow
        sizes: dict[str, int] = {}
        for group in range(metadata.num_row_groups):
            row_group = metadata.row_group(group)
            for at in range(row_group.num_columns):
                chunk = row_group.column(at)
                top = chunk.path_in_schema.split(".")[0].lower()
                sizes[top] = sizes.get(top, 0) + chunk.total_compressed_size
        return {f.name.lower(): arrow_type(f.type) for f in schema}, sizes


def arrow_type(found: Any) -> Type:
    """Only as deep as scans compare: the kind of a column, its decimal width."""
    checks = [
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_int8, "tinyint"),
        (pa.types.is_int16, "smallint"),
        (pa.types.is_int32, "integer"),
        (pa.types.is_integer, "bigint"),
        (pa.types.is_float32, "real"),
        (pa.types.is_float64, "double"),
        (pa.types.is_date, "date"),
        (pa.types.is_map, "map"),
        (pa.types.is_struct, "row"),
        (pa.types.is_list, "array"),
        (pa.types.is_large_list, "array"),
        (pa.types.is_binary, "varbinary"),
        (pa.types.is_large_binary, "varbinary"),
    ]
    if pa.types.is_decimal(found):
        return Type("decimal", (found.precision, found.scale))
    if pa.types.is_timestamp(found):
        return Type("timestamp")
    return next((Type(name) for matches, name in checks if matches(found)), Type("varchar"))
