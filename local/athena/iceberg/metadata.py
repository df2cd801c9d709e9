"""The tables that describe an Iceberg table: `"t$snapshots"`, `"t$files"` and their kin.

Columns: https://trino.io/docs/current/connector/iceberg.html#metadata-tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import IcebergType, NestedField

from local.athena.errors import NotSupported
from local.athena.iceberg import schemas, snapshots
from local.athena.sql.types import Type, parse_type

Rows = Iterator[tuple[Any, ...]]
_COUNTS = "map(integer, bigint)"
_BOUNDS = "map(integer, varchar)"
_COLUMNS = {
    "history": """made_current_at timestamp(3) with time zone, snapshot_id bigint, parent_id bigint,
        is_current_ancestor boolean""",
    "snapshots": """committed_at timestamp(3) with time zone, snapshot_id bigint, parent_id bigint,
        operation varchar, manifest_list varchar, summary map(varchar, varchar)""",
    "manifests": """path varchar, length bigint, partition_spec_id integer, added_snapshot_id bigint,
        added_data_files_count integer, added_rows_count bigint, existing_data_files_count integer,
        existing_rows_count bigint, deleted_data_files_count integer, deleted_rows_count bigint""",
    "files": f"""content integer, file_path varchar, file_format varchar, record_count bigint,
        file_size_in_bytes bigint, column_sizes {_COUNTS}, value_counts {_COUNTS},
        null_value_counts {_COUNTS}, nan_value_counts {_COUNTS}, lower_bounds {_BOUNDS},
        upper_bounds {_BOUNDS}, key_metadata varbinary, split_offsets array(bigint),
        equality_ids array(integer)""",
    "refs": """name varchar, type varchar, snapshot_id bigint, max_reference_age_in_ms bigint,
        min_snapshots_to_keep integer, max_snapshot_age_in_ms bigint""",
}


def relation(table: IcebergTable, name: str) -> tuple[dict[str, Type], list[tuple[Any, ...]]]:
    """Columns and rows; values of arrays and maps as Python's."""
    if name == "partitions":
        return _partitions(table)
    row = parse_type(f"row({_COLUMNS[name]})")
    return dict(zip(row.fields, row.items, strict=True)), list(_ROWS[name](table))


def _time(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)


def _history(table: IcebergTable) -> Rows:
    ancestors = _ancestors(table)
    for entry in table.history():
        found = table.snapshot_by_id(entry.snapshot_id)
        parent = found.parent_snapshot_id if found else None
        current = entry.snapshot_id in ancestors
        yield _time(entry.timestamp_ms), entry.snapshot_id, parent, current


def _ancestors(table: IcebergTable) -> set[int]:
    found: set[int] = set()
    snapshot = table.current_snapshot()
    while snapshot is not None:
        found.add(snapshot.snapshot_id)
        parent = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(parent) if parent is not None else None
    return found


def _snapshots(table: IcebergTable) -> Rows:
    for found in table.snapshots():
        summary = found.summary
        yield (
            _time(found.timestamp_ms), found.snapshot_id, found.parent_snapshot_id,
            summary.operation.value if summary else None, found.manifest_list,
            dict(summary.additional_properties) if summary else {},
        )  # fmt: skip


def _manifests(table: IcebergTable) -> Rows:
    current = table.current_snapshot()
    for found in current.manifests(table.io) if current else []:
        yield (
            found.manifest_path, found.manifest_length, found.partition_spec_id,
            found.added_snapshot_id, found.added_files_count, found.added_rows_count,
            found.existing_files_count, found.existing_rows_count, found.deleted_files_count,
            found.deleted_rows_count,
        )  # fmt: skip


def _files(table: IcebergTable) -> Rows:
    for file in snapshots.current(table).files:
        counts = (
            file.column_sizes,
            file.value_counts,
            file.null_value_counts,
            file.nan_value_counts,
        )
        yield (
            int(file.content), file.file_path, file.file_format.value, file.record_count,
            file.file_size_in_bytes, *(dict(c) if c is not None else None for c in counts),
            _texts(table, file.lower_bounds), _texts(table, file.upper_bounds), None,
            list(file.split_offsets or []), None,
        )  # fmt: skip


def _texts(table: IcebergTable, bounds: dict[int, bytes] | None) -> dict[int, str]:
    found = {}
    for field, value in (bounds or {}).items():
        kind = _kind(table, field)
        found[field] = IdentityTransform().to_human_string(kind, from_bytes(kind, value))
    return found


def _kind(table: IcebergTable, field: int) -> IcebergType:
    """Of a column that the table has or once had."""
    schemas_ = (table.schema(), *table.metadata.schemas)
    return next(s.find_type(field) for s in schemas_ if s.find_column_name(field))


def _refs(table: IcebergTable) -> Rows:
    for name, found in table.refs().items():
        yield (
            name, found.snapshot_ref_type.value.upper(), found.snapshot_id, found.max_ref_age_ms,
            found.min_snapshots_to_keep, found.max_snapshot_age_ms,
        )  # fmt: skip


_ROWS: dict[str, Callable[[IcebergTable], Rows]] = {
    "history": _history,
    "snapshots": _snapshots,
    "manifests": _manifests,
    "files": _files,
    "refs": _refs,
}


def _partitions(table: IcebergTable) -> tuple[dict[str, Type], list[tuple[Any, ...]]]:
    """One row for each partition: its values, its size, and the bounds of the other columns."""
    spec, schema = table.spec(), table.schema()
    if len(table.specs()) > 1:
        raise NotSupported("$partitions of a table whose partitioning has changed")
    keys = spec.partition_type(schema)
    same = {f.source_id for f in spec.fields if isinstance(f.transform, IdentityTransform)}
    others = [f for f in schema.fields if f.field_id not in same and f.field_type.is_primitive]
    columns = {
        **({"partition": _row(schemas.columns(keys))} if keys.fields else {}),
        **dict.fromkeys(("record_count", "file_count", "total_size"), Type("bigint")),
        **({"data": _row(_measured(others))} if others else {}),
    }
    groups: dict[tuple[Any, ...], list[DataFile]] = {}
    for file in snapshots.current(table).files:
        groups.setdefault(tuple(file.partition), []).append(file)
    rows = [
        (
            *([_values(keys.fields, values)] if keys.fields else []),
            sum(f.record_count for f in files),
            len(files),
            sum(f.file_size_in_bytes for f in files),
            *([{f.name.lower(): _measures(f, files) for f in others}] if others else []),
        )
        for values, files in groups.items()
    ]
    return columns, rows


def _row(named: dict[str, Type]) -> Type:
    return Type("row", items=tuple(named.values()), fields=tuple(named))


def _measured(fields: list[NestedField]) -> dict[str, Type]:
    kinds = schemas.columns(Schema(*fields))
    if binary := next((n for n, k in kinds.items() if k.name in ("varbinary", "uuid")), None):
        raise NotSupported(f"$partitions of a table with binary data: column {binary}")
    count = Type("bigint")
    names = ("min", "max", "null_count", "nan_count")
    return {n: Type("row", items=(k, k, count, count), fields=names) for n, k in kinds.items()}


def _values(fields: tuple[NestedField, ...], values: tuple[Any, ...]) -> dict[str, Any]:
    pairs = zip(fields, values, strict=True)
    return {f.name: snapshots.readable(f.field_type, value) for f, value in pairs}


def _measures(field: NestedField, files: list[DataFile]) -> dict[str, Any]:
    """NULL where a file does not say it."""

    def known(name: str) -> list[Any]:
        found = [(getattr(f, name) or {}).get(field.field_id) for f in files]
        return [] if None in found else found

    kind = field.field_type
    ends = [[from_bytes(kind, b) for b in known(n)] for n in ("lower_bounds", "upper_bounds")]
    nulls, nans = known("null_value_counts"), known("nan_value_counts")
    return {
        "min": snapshots.readable(kind, min(ends[0])) if ends[0] else None,
        "max": snapshots.readable(kind, max(ends[1])) if ends[1] else None,
        "null_count": sum(nulls) if nulls else None,
        "nan_count": sum(nans) if nans else None,
    }
