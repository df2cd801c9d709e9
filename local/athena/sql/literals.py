"""Literals: dates and times as constants, numbers with Trino's precision, the mark of LIKE ESCAPE."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql import zones
from local.athena.sql.coercion import literal_type
from local.athena.sql.nodes import cast, raw

_TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?"
# Of finer fractions only six digits: Trino's type has as many.
_FINE = re.compile(r"\d{4}-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}")
_YEARS = range(1678, 2262)  # of which timestamp(6) has every day
_LITERALS = {
    "DATE": (re.compile(r"\d{4}-\d\d-\d\d"), "DATE"),
    "TIMESTAMP": (re.compile(rf"\d{{4}}-\d\d-\d\d( {_TIME})?"), "TIMESTAMP"),
    "TIME": (re.compile(_TIME), "TIME"),
}
_ZONED = re.compile(rf"(\d{{4}}-\d\d-\d\d {_TIME}) ?(?P<zone>[A-Za-z+-][\w/+:-]*)", re.A)


def _is_day(text: str) -> bool:
    year, month, day = map(int, text.split("-"))
    return year > 0 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def _is_precise(value: str, target: str) -> bool:
    """Whether the type has milliseconds or as many digits as the value, as sqlglot reads a literal."""
    named = re.search(r"\((\d+)\)", target)
    digits = re.search(r"\.(\d+)", value)
    return not named or int(named.group(1)) in (3, len(digits.group(1)) if digits else 0)


def instant(value: str, target: str) -> Any:
    """DATE '…' and TIMESTAMP '…' (whatever precision sqlglot reads into it) as constants."""
    if target.endswith("WITH TIME ZONE"):
        return _in_zone(value, target)
    kind = target.split("(")[0]
    if kind == "TIMESTAMP" and _FINE.fullmatch(value) and _is_precise(value, target):
        return _microseconds(value, target)
    pattern, duckdb_type = _LITERALS.get(kind, (None, ""))
    if pattern is None or not pattern.fullmatch(value) or not _is_precise(value, target):
        return None
    if kind != "TIME" and not _is_day(value[:10]):
        return None
    return cast(raw(_with_seconds(value)), duckdb_type)


def _with_seconds(value: str) -> str:
    return value + ":00" if value.count(":") == 1 else value


def names_zone(value: str) -> bool:
    """Whether a text is a timestamp in a zone other than UTC."""
    found = _ZONED.fullmatch(value)
    return found is not None and found.group("zone") not in ("UTC", "+00:00", "-00:00")


def _in_zone(value: str, target: str) -> Any:
    """None for what Trino fails to cast, which is for others to say."""
    found = _ZONED.fullmatch(value)
    if found is None or not _is_day(value[:10]) or not _is_precise(found.group(1), target):
        return None
    try:
        zone = zones.key(found.group("zone"))
    except QueryFailed as error:
        if error.name == "NOT_SUPPORTED":
            raise
        if _is_literal(target):
            raise QueryFailed("INVALID_LITERAL", _INVALID.format(value)) from error
        return None
    text = _with_seconds(found.group(1))
    if not zone:
        return cast(raw(text), "TIMESTAMPTZ")
    return _of_zone(dt.datetime.fromisoformat(text), zone, value, target)


def _is_literal(target: str) -> bool:
    """TIMESTAMP '…' without a fraction; one with three digits looks like a cast to that precision."""
    return "(0)" in target


_INVALID = "line 1:1: '{}' is not a valid TIMESTAMP literal"


def _of_zone(time: dt.datetime, zone: str, value: str, target: str) -> Any:
    """A literal at a wall time that does not exist fails, a cast goes on."""
    message = _INVALID.format(value) if "(" in target else None
    try:
        return zones.of_literal(time, zone, message)
    except QueryFailed as error:
        if not _is_literal(target):
            raise NotSupported(f"CAST of {value}, a time that does not exist there") from error
        raise


def _microseconds(value: str, target: str) -> Any:
    """A timestamp(6); None where the cast to milliseconds or beyond its years is for others to do."""
    if "(6)" not in target or not _is_day(value[:10]) or int(value[:4]) not in _YEARS:
        return None
    return cast(raw(value), "TIMESTAMP_NS")


def number(node: Any) -> None:
    """A decimal's leading zero counts as a digit in DuckDB; an integer has at most 63 bits in Trino."""
    if node.is_string:
        return
    text = str(node.this)
    if text.isdigit() and int(text) > 2**63 - (0 if isinstance(node.parent, exp.Neg) else 1):
        raise QueryFailed("SYNTAX_ERROR", f"line 1:1: Invalid numeric literal: {text}")
    kind = literal_type(node)
    if kind.name == "double" and math.isinf(float(text)):
        raise QueryFailed("SYNTAX_ERROR", f"line 1:1: Number is too big: {text}")
    if kind.name == "decimal":
        if kind.numbers[0] > 38:
            raise QueryFailed("INVALID_LITERAL", f"line 1:1: Invalid numeric literal: {text}")
        sign = text[0] if text[0] in "+-" else ""
        digits = text.removeprefix(sign).lstrip("0")
        node.set("this", sign + (digits if digits != "." else "0."))


def escape(node: Any) -> None:
    """Trino allows ESCAPE before %, _ and itself only; DuckDB before anything."""
    like, escape = node.this, node.expression
    pattern = like.expression
    if not (isinstance(pattern, exp.Literal) and isinstance(escape, exp.Literal)):
        raise NotSupported("LIKE with ESCAPE and a pattern that is not a literal")
    mark = str(escape.this)
    if len(mark) != 1:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "Escape string must be a single character")
    rest = re.sub(
        re.escape(mark) + "[%_" + re.escape(mark) + "]", "", str(pattern.this), flags=re.S
    )
    if mark in rest:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT",
            "Escape character must be followed by '%', '_' or the escape character itself",
        )
