"""Values as Athena's text, and the result files that clients read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np

from local.athena.errors import NotSupported
from local.athena.functions import geometry_functions
from local.athena.functions.scalars import java_double
from local.athena.sql import intervals
from local.athena.sql.precision import is_zoned
from local.athena.sql.types import DAY_TO_SECOND, GEOMETRIES, YEAR_TO_MONTH, Type

Row = list[str | None]
_PRECISION = {
    "varchar": 2147483647,
    "json": 2147483647,
    "char": 2147483647,
    "varbinary": 1073741824,
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "double": 17,
    "real": 17,
    "timestamp": 3,
    "timestamp with time zone": 3,
}


def text(value: Any, kind: Type) -> str | None:
    """One value as Athena prints it; None is NULL."""
    if value is None:
        return None
    return _TEXTS.get(kind.name, _plain)(value, kind)


def _plain(value: Any, kind: Type) -> str:
    return str(value)


def _inside(value: Any, kind: Type) -> str:
    made = text(value, kind)
    return "null" if made is None else made


def _double(value: Any, kind: Type) -> str:
    return java_double(float(value))


def _real(value: Any, kind: Type) -> str:
    return java_double(float(str(np.float32(value))))


def _date(value: Any, kind: Type) -> str:
    if isinstance(value, str):  # what Python has no date for
        raise NotSupported(f"the date {value} in a result: only years from 1 to 9999")
    return str(value)


def _timestamp(value: Any, kind: Type) -> str:
    if isinstance(value, str):
        raise NotSupported(f"the timestamp {value} in a result: only years from 1 to 9999")
    digits = "microseconds" if kind.has_microseconds else "milliseconds"
    return str(value.replace(tzinfo=None).isoformat(" ", digits))


def _zoned(value: Any, kind: Type) -> str:
    if kind.zone:  # printed already: DuckDB knows the zones
        return str(value)
    return f"{_timestamp(value if isinstance(value, str) else value.astimezone(dt.UTC), kind)} UTC"


def _array(value: Any, kind: Type) -> str:
    return "[" + ", ".join(_inside(v, kind.items[0]) for v in value) + "]"


def _map(value: Any, kind: Type) -> str:
    if kind.items[0].items:  # keys that Python cannot hash come as two lists
        pairs: Any = zip(value["key"], value["value"], strict=True)
    else:
        pairs = value.items() if isinstance(value, dict) else value
    return (
        "{"
        + ", ".join(f"{_inside(k, kind.items[0])}={_inside(v, kind.items[1])}" for k, v in pairs)
        + "}"
    )


def _row(value: Any, kind: Type) -> str:
    values = value.values() if isinstance(value, dict) else value
    parts = (
        f"{name or f'field{at}'}={_inside(v, item)}"
        for at, (name, v, item) in enumerate(zip(kind.fields, values, kind.items, strict=True))
    )
    return "{" + ", ".join(parts) + "}"


def _time(value: Any, kind: Type) -> str:
    return f"{value:%H:%M:%S}.{value.microsecond // 1000:03d}"


def _decimal(value: Decimal, kind: Type) -> str:
    return f"{value:f}"


def _interval(value: Any, kind: Type) -> str:
    if isinstance(value, str):
        raise NotSupported("intervals as keys of a map in a result")
    return intervals.text(kind.name, next(iter(value.values())))


def _geometry(value: Any, kind: Type) -> str:
    return geometry_functions.text(next(iter(value.values())))


_TEXTS = {
    **dict.fromkeys(GEOMETRIES, _geometry),
    "boolean": lambda v, k: "true" if v else "false",
    "double": _double,
    "real": _real,
    "decimal": _decimal,
    "date": _date,
    "timestamp": _timestamp,
    "timestamp with time zone": _zoned,
    "time": _time,
    DAY_TO_SECOND: _interval,
    YEAR_TO_MONTH: _interval,
    "varbinary": lambda v, k: " ".join(f"{b:02x}" for b in v),
    "array": _array,
    "map": _map,
    "row": _row,
}


def require_printable(columns: list[tuple[str, Type]]) -> None:
    """Raise NotSupported for result types whose text form is not Trino's."""
    for name, kind in columns:
        if kind.name == "interval" or is_zoned(kind):
            raise NotSupported(f"column {name} of type {kind.trino()} in a result")


def column_info(name: str, kind: Type) -> dict[str, Any]:
    """GetQueryResults' ColumnInfo."""
    precision, scale = _PRECISION.get(kind.name, 0), 0
    if kind.name == "decimal":
        precision, scale = (*kind.numbers, 0)[:2] if kind.numbers else (38, 0)
    elif kind.numbers and not kind.is_time:
        precision = kind.numbers[0]
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": "float" if kind.name == "real" else kind.name,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind.name in ("varchar", "char", "json") and kind.numbers != (0,),
    }


def csv_line(row: Iterable[str | None]) -> str:
    """Every value in quotes, NULL as nothing."""
    return ",".join("" if v is None else '"' + v.replace('"', '""') + '"' for v in row) + "\n"


def txt_line(row: Iterable[str | None]) -> str:
    """DDL and SHOW results are tab separated, without a header; the last line has no end."""
    return "\t".join("" if v is None else v for v in row)
