"""Column types between Iceberg and Trino, and the field ids by which Iceberg finds a column in a file.

Source of the pairs: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-supported-data-types.html.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    UUIDType,
)

from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql.quoting import identifier
from local.athena.sql.types import Type

_MICROSECONDS = Type("timestamp", (6,))
_PLAIN: list[tuple[type[IcebergType], Type]] = [
    (BooleanType, Type("boolean")),
    (IntegerType, Type("integer")),
    (LongType, Type("bigint")),
    (FloatType, Type("real")),
    (DoubleType, Type("double")),
    (DateType, Type("date")),
    (TimestampType, _MICROSECONDS),
    (StringType, Type("varchar")),
    (UUIDType, Type("uuid")),
    (BinaryType, Type("varbinary")),
]
_TYPES = {**dict(_PLAIN), FixedType: Type("varbinary")}
_MADE = {kind.name: made for made, kind in _PLAIN}


def columns(schema: Schema) -> dict[str, Type]:
    """Trino's types by lower-case name, in order; raises NotSupported for a type that is not there."""
    return {f.name.lower(): _type(f.field_type, f.name) for f in schema.fields}


def _type(found: IcebergType, name: str) -> Type:
    if isinstance(found, DecimalType):
        return Type("decimal", (found.precision, found.scale))
    if isinstance(found, ListType):
        return Type("array", items=(_type(found.element_type, name),))
    if isinstance(found, MapType):
        return Type("map", items=(_type(found.key_type, name), _type(found.value_type, name)))
    if isinstance(found, StructType):
        items = tuple(_type(f.field_type, name) for f in found.fields)
        return Type("row", items=items, fields=tuple(f.name for f in found.fields))
    if type(found) not in _TYPES:
        raise NotSupported(f"column {name} of Iceberg's type {found}")
    return _TYPES[type(found)]


def schema_of(
    listed: dict[str, Type], comments: dict[str, str | None] | None = None, *, hive: bool = False
) -> Schema:
    """A new schema with ids from 1; types in Hive's notation (`timestamp`) have no precision of their own."""
    fields = [
        NestedField(0, name, made(kind, hive=hive), required=False, doc=(comments or {}).get(name))
        for name, kind in listed.items()
    ]
    return assign_fresh_schema_ids(Schema(*fields))


def made(kind: Type, *, hive: bool = False) -> IcebergType:
    """Iceberg's type of a column; ids inside are 0 until they are assigned. Raises QueryFailed as Trino does."""
    if kind.name == "decimal":
        return DecimalType(*kind.numbers)
    if kind.name == "array":
        return ListType(0, made(kind.items[0], hive=hive), element_required=False)
    if kind.name == "map":
        key, value = (made(i, hive=hive) for i in kind.items)
        return MapType(0, key, 0, value, value_required=False)
    if kind.name == "row":
        pairs = zip(kind.fields, kind.items, strict=True)
        return StructType(
            *(NestedField(0, n, made(t, hive=hive), required=False) for n, t in pairs)
        )
    if kind == Type("timestamp") and not hive:
        raise QueryFailed(
            "NOT_SUPPORTED",
            'Timestamp precision (3) not supported for Iceberg. Use "timestamp(6)" instead.',
        )
    if kind.name not in _MADE:
        raise QueryFailed("NOT_SUPPORTED", f"Type not supported for Iceberg: {kind.trino()}")
    return _MADE[kind.name]()


def spelled(found: IcebergType) -> str:
    """A type as DESCRIBE names it: Hive's words, Iceberg's blanks."""
    if isinstance(found, ListType):
        return f"array<{spelled(found.element_type)}>"
    if isinstance(found, MapType):
        return f"map<{spelled(found.key_type)}, {spelled(found.value_type)}>"
    if isinstance(found, StructType):
        return f"struct<{', '.join(f'{f.name}: {spelled(f.field_type)}' for f in found.fields)}>"
    return {"long": "bigint"}.get(str(found), str(found))


def in_file(kind: Type) -> str:
    """DuckDB's type of a column in a data file: microseconds are Parquet's TIMESTAMP there."""
    return kind.duckdb().replace("TIMESTAMP_NS", "TIMESTAMP")


def field_ids(schema: Schema) -> str:
    """COPY's FIELD_IDS option."""
    return "{" + ", ".join(_ids(f.name, f.field_id, f.field_type) for f in schema.fields) + "}"


def _ids(name: str, number: int, kind: IcebergType) -> str:
    inner: list[str] = []
    if isinstance(kind, ListType):
        inner = [_ids("element", kind.element_id, kind.element_type)]
    elif isinstance(kind, MapType):
        inner = [
            _ids("key", kind.key_id, kind.key_type),
            _ids("value", kind.value_id, kind.value_type),
        ]
    elif isinstance(kind, StructType):
        inner = [_ids(f.name, f.field_id, f.field_type) for f in kind.fields]
    if not inner:
        return f"{identifier(name)}: {number}"
    return f"{identifier(name)}: {{__duckdb_field_id: {number}, {', '.join(inner)}}}"


# What may become what: https://iceberg.apache.org/spec/#schema-evolution
_PROMOTIONS: dict[tuple[type, type], Callable[[Any, Any], bool]] = {
    (IntegerType, LongType): lambda old, new: True,
    (FloatType, DoubleType): lambda old, new: True,
    (DecimalType, DecimalType): lambda old, new: (
        old.scale == new.scale and old.precision <= new.precision
    ),
}


def require_promotion(name: str, old: IcebergType, new: IcebergType) -> None:
    """Raise QueryFailed unless a column may change from one type to the other."""
    allowed = _PROMOTIONS.get((type(old), type(new)))
    if old != new and not (allowed and allowed(old, new)):
        raise QueryFailed(
            "", f"FAILED: Cannot change column type: {name}: {old} -> {new}: only int to bigint, "
            "float to double and decimals to more digits"
        )  # fmt: skip
