"""How an Iceberg table is partitioned: the transforms, what they give for a row, and where rows go.

Source of the transforms: https://iceberg.apache.org/spec/#partition-transforms.
"""

from __future__ import annotations

import re
import urllib.parse
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyiceberg.conversions import partition_to_py
from pyiceberg.partitioning import (
    PARTITION_FIELD_ID_START,
    UNPARTITIONED_PARTITION_SPEC,
    PartitionField,
    PartitionSpec,
)
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    TruncateTransform,
    YearTransform,
)
from pyiceberg.typedef import Record
from pyiceberg.types import DecimalType, StringType

from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql.quoting import identifier
from local.athena.statements.kinds import Reader, Statement

_BY_TIME = {
    "year": YearTransform,
    "month": MonthTransform,
    "day": DayTransform,
    "hour": HourTransform,
}
_SIZED = {"bucket": BucketTransform, "truncate": TruncateTransform}
_NULL = "__HIVE_DEFAULT_PARTITION__"  # DuckDB's folder of NULL, and Hive's
_COLUMN = "$partition{}"


def spec(texts: list[str], schema: Schema) -> PartitionSpec:
    """The partitioning by `col`, `day(col)`, `bucket(col, 16)` or `bucket(16, col)`, …; raises QueryFailed."""
    if not texts:
        return UNPARTITIONED_PARTITION_SPEC
    fields = [_field(text, schema, PARTITION_FIELD_ID_START + at) for at, text in enumerate(texts)]
    return PartitionSpec(*fields)


def _field(text: str, schema: Schema, number: int) -> PartitionField:
    name, made, suffix = _parsed(text)
    found = next((f for f in schema.fields if f.name.lower() == name), None)
    if found is None:
        raise QueryFailed("COLUMN_NOT_FOUND", f"line 1:1: Unknown partition column: {name}")
    if not made.can_transform(found.field_type):
        raise QueryFailed(
            "INVALID_TABLE_PROPERTY",
            f"line 1:1: Cannot partition by {text}: {name} is {found.field_type}",
        )
    return PartitionField(found.field_id, number, made, f"{name}{suffix}")


def _parsed(text: str) -> tuple[str, Transform[Any, Any], str]:
    reader = Reader(Statement.part(text))
    name = reader.name()
    if reader.done:
        return name, IdentityTransform(), ""
    reader.expect("(")
    given = [reader.name()]
    while reader.take_if(","):
        given.append(reader.name())
    reader.expect(")")
    if name.removesuffix("s") in _BY_TIME and len(given) == 1:
        return given[0], _BY_TIME[name.removesuffix("s")](), f"_{name.removesuffix('s')}"
    if name in _SIZED and len(given) == 2 and any(g.isdecimal() for g in given):
        column, size = given if given[1].isdecimal() else reversed(given)
        return column, _SIZED[name](int(size)), f"_{'trunc' if name == 'truncate' else name}"
    raise QueryFailed("INVALID_TABLE_PROPERTY", f"line 1:1: Invalid partition field: {text}")


def described(spec: PartitionSpec, schema: Schema) -> list[str]:
    """The fields as Athena's CREATE TABLE has them."""
    return [
        _described(f.transform, schema.find_column_name(f.source_id) or "") for f in spec.fields
    ]


def _described(made: Transform[Any, Any], column: str) -> str:
    found = re.fullmatch(r"(\w+)(?:\[(\d+)\])?", str(made))
    assert found is not None
    if isinstance(made, IdentityTransform):
        return f"`{column}`"
    return f"{found[1]}({found[2]}, `{column}`)" if found[2] else f"{found[1]}(`{column}`)"


def keys(spec: PartitionSpec, schema: Schema) -> dict[str, str]:
    """DuckDB's expression for each partition value of a row, by the name of a column that is no other's."""
    return {
        _COLUMN.format(at): _expression(field.transform, schema.find_field(field.source_id))
        for at, field in enumerate(spec.fields)
    }


def _expression(made: Transform[Any, Any], column: Any) -> str:
    value, kind = identifier(column.name), column.field_type
    family = str(kind).partition("(")[0].partition("[")[0]
    if isinstance(made, BucketTransform):
        return f"({_HASHED[family].format(value)} & 2147483647) % {made.num_buckets}"
    if type(made) in _SINCE_1970:
        return _SINCE_1970[type(made)].format(value)
    if family in ("binary", "fixed", "uuid"):
        raise NotSupported(f"partitioning by {made} of {column.name}, {kind}")
    if isinstance(made, TruncateTransform):
        return _truncated(value, kind, made.width)
    return _NUMBERS.get(family, "{}").format(value)


# Dates are days, times microseconds.
_NUMBERS = {
    "date": "({} - DATE '1970-01-01')",
    "timestamp": "epoch_us(CAST({} AS TIMESTAMP))",
}
_HASHED = {
    **dict.fromkeys(("int", "long"), "t_iceberg_hash_integer({})"),
    **{kind: f"t_iceberg_hash_integer({number})" for kind, number in _NUMBERS.items()},
    "string": "t_iceberg_hash_bytes(encode({}))",
    "uuid": "t_iceberg_hash_bytes(from_hex(replace(CAST({} AS VARCHAR), '-', '')))",
    **dict.fromkeys(("binary", "fixed"), "t_iceberg_hash_bytes({})"),
    "decimal": "t_iceberg_hash_decimal(CAST(t_unscaled({}) AS VARCHAR))",
}
_SINCE_1970 = {
    YearTransform: "(year({}) - 1970)",
    MonthTransform: "((year({0}) - 1970) * 12 + month({0}) - 1)",
    DayTransform: "(CAST({} AS DATE) - DATE '1970-01-01')",
    HourTransform: "CAST(floor(epoch_us(CAST({} AS TIMESTAMP)) / 3600000000) AS BIGINT)",
}


def _truncated(value: str, kind: Any, width: int) -> str:
    if isinstance(kind, StringType):
        return f"substr({value}, 1, {width})"
    step = Decimal(width).scaleb(-kind.scale) if isinstance(kind, DecimalType) else width
    return f"({value} - ((({value} % {step}) + {step}) % {step}))"


def record(spec: PartitionSpec, schema: Schema, folder: Path, path: Path) -> Record:
    """The partition values of a file that DuckDB wrote below a folder."""
    kinds = [f.field_type for f in spec.partition_type(schema).fields]
    texts = [part.partition("=")[2] for part in path.relative_to(folder).parts[:-1]]
    values = [
        None if text == _NULL else _value(kind, urllib.parse.unquote(text))
        for kind, text in zip(kinds, texts, strict=True)
    ]
    return Record(*values)


def _value(kind: Any, text: str) -> Any:
    return text if isinstance(kind, StringType) else partition_to_py(kind, text)
