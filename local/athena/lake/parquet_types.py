"""Types as Parquet files have them, and which of them a declared column may be read from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from local.athena.errors import NotSupported, QueryFailed
from local.athena.lake.catalog import Table
from local.athena.sql.types import INTEGERS, Type

_FIXED = "fixed_len_byte_array"
_CHECKS = [
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_int8, "tinyint"),
    (pa.types.is_int16, "smallint"),
    (pa.types.is_int32, "integer"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_float16, "real"),
    (pa.types.is_float32, "real"),
    (pa.types.is_float64, "double"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_null, "unknown"),
    (pa.types.is_fixed_size_binary, _FIXED),
    (pa.types.is_binary, "varbinary"),
    (pa.types.is_large_binary, "varbinary"),
]
_WIDER: dict[str, tuple[str, ...]] = {
    "real": ("double",),
    "timestamp with time zone": ("timestamp",),
    _FIXED: ("varbinary",),
}
_STRINGS = {"varchar", "char", "varbinary"}


def arrow_type(found: Any) -> Type:
    """The type of a column, with those inside it."""
    if isinstance(found, pa.BaseExtensionType):
        return arrow_type(found.storage_type)
    if pa.types.is_dictionary(found):
        return arrow_type(found.value_type)
    if pa.types.is_decimal(found):
        return Type("decimal", (found.precision, found.scale))
    if pa.types.is_map(found):
        return Type("map", items=(arrow_type(found.key_type), arrow_type(found.item_type)))
    if pa.types.is_struct(found):
        fields = [found.field(at) for at in range(found.num_fields)]
        return Type(
            "row",
            items=tuple(arrow_type(f.type) for f in fields),
            fields=tuple(f.name.lower() for f in fields),
        )
    if pa.types.is_nested(found):
        return Type("array", items=(arrow_type(found.value_type),))
    return next((Type(name) for matches, name in _CHECKS if matches(found)), Type("varchar"))


def check(table: Table, name: str, kind: Type, physical: Type, path: Path) -> None:
    """A file whose column has another type is an error in Athena, not a conversion."""
    if not _readable(kind, physical):
        raise QueryFailed(
            "HIVE_BAD_DATA",
            f"Field {name}'s type {physical.trino()} in parquet file {path.name} is incompatible with type "
            f"{kind.trino()} defined in table schema {table.database}.{table.name}",
        )
    if kind.items and _texts_differ(kind, physical):
        raise NotSupported(f"bytes and text inside column {name} of {table.database}.{table.name}")


def _readable(kind: Type, physical: Type) -> bool:
    if physical.name == "unknown":
        return True
    if kind.items:
        return kind.name == physical.name and all(
            _readable(*pair) for pair in _pairs(kind, physical)
        )
    wider = INTEGERS if physical.is_integer else _WIDER.get(physical.name, ())
    same = kind.name in (physical.name, *wider)
    return same or {kind.name, physical.name} <= _STRINGS


def _pairs(kind: Type, physical: Type) -> list[tuple[Type, Type]]:
    """What lies inside both: fields of rows by their names."""
    if kind.name != "row":
        return list(zip(kind.items, physical.items, strict=True))
    stored = dict(zip(physical.fields, physical.items, strict=True))
    declared = zip(kind.fields, kind.items, strict=True)
    return [(item, stored[name.lower()]) for name, item in declared if name.lower() in stored]


def _texts_differ(kind: Type, physical: Type) -> bool:
    if kind.items and physical.items:
        return any(_texts_differ(*pair) for pair in _pairs(kind, physical))
    return "varbinary" in (kind.name, physical.name) and _is_text(kind) != _is_text(physical)


def _is_text(kind: Type) -> bool:
    return kind.kind == "text"


def converted(value: str, kind: Type, physical: Type) -> str:
    """SQL of a column's bytes where its table says text, and the other way round."""
    if _is_text(kind) and physical.name == "varbinary":
        broken = "t_fail('NOT_SUPPORTED', 'text that is not UTF-8')"
        return f"CASE WHEN {value} IS NOT NULL THEN coalesce(try(decode({value})), {broken}) END"
    return f"encode({value})" if kind.name == "varbinary" and _is_text(physical) else value
