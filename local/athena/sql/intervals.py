"""Trino's two interval types. DuckDB has one, in which a month and thirty days are equal; here each
is a row of one number named like its type: months, or milliseconds. Beside a date or timestamp a
plain literal stays DuckDB's own.

Source: https://trino.io/docs/current/language/types.html#interval-year-to-month and
DateTimeUtils, IntervalDayTimeOperators and IntervalYearMonthOperators of trino-main.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import QueryFailed
from local.athena.functions.macro import Macro, private
from local.athena.functions.scalars import PythonFunction, fail
from local.athena.sql.nodes import call, raw
from local.athena.sql.precision import milliseconds_between
from local.athena.sql.types import DAY_TO_SECOND, YEAR_TO_MONTH, Type

_MILLISECONDS = {"DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1000}
_MONTHS = {"YEAR": 12, "MONTH": 1}
_UNITS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
_BEFORE = {"MONTH": "-", "HOUR": " ", "MINUTE": ":", "SECOND": ":"}


def _form(first: str, last: str) -> re.Pattern[str]:
    """Parts may be left out at the end."""
    made = ""
    for unit in reversed(_UNITS[_UNITS.index(first) : _UNITS.index(last) + 1]):
        digits = r"(\d+(?:\.\d{1,3})?)" if unit == "SECOND" else r"(\d+)"
        made = digits + made if unit == first else f"(?:{_BEFORE[unit]}{digits}{made})?"
    return re.compile(made)


# What stands in INTERVAL '…' first TO last.
_FORMS = {
    (first, last): _form(first, last)
    for family in (("YEAR", "MONTH"), ("DAY", "HOUR", "MINUTE", "SECOND"))
    for at, first in enumerate(family)
    for last in family[at:]
}


def _value(node: Any) -> tuple[str, int]:
    """The type and number of an interval literal."""
    sign, text = 1, node.this
    while isinstance(text, exp.Neg):
        sign, text = -sign, text.this
    unit = node.args.get("unit")
    ends = (unit.this, unit.expression) if isinstance(unit, exp.IntervalSpan) else (unit, unit)
    names = [end.name.upper() for end in ends]
    if not set(names) <= set(_UNITS):
        raise QueryFailed("SYNTAX_ERROR", f"line 1:1: mismatched input '{' TO '.join(names)}'")
    form = _FORMS.get((names[0], names[1]))
    written = str(text.name)
    if written.startswith("-"):
        sign, written = -sign, written[1:]
    found = form.fullmatch(written) if form else None
    if found is None:
        raise QueryFailed(
            "INVALID_LITERAL", f"line 1:1: '{text.name}' is not a valid INTERVAL literal"
        )
    units = _UNITS[_UNITS.index(names[0]) : _UNITS.index(names[1]) + 1]
    sizes = _MONTHS if names[0] in _MONTHS else _MILLISECONDS
    total = sum(
        round(float(part or 0) * sizes[u]) for u, part in zip(units, found.groups(), strict=True)
    )
    return (YEAR_TO_MONTH if sizes is _MONTHS else DAY_TO_SECOND), sign * total


def literal(node: Any) -> Any:
    """An interval literal: DuckDB's next to a sum or a difference, else a value."""
    parent = node.parent
    if isinstance(parent, exp.DataType):
        return None
    kind, number = _value(node)
    first = getattr(parent, "this", None) is node
    alone = isinstance(parent, exp.Add) or (isinstance(parent, exp.Sub) and not first)
    alone = alone and not isinstance(parent.expression if first else parent.this, exp.Interval)
    if alone or isinstance(parent, exp.WindowSpec):
        return _plain(kind, number)
    return _made(kind, raw(number))


def _plain(kind: str, number: int) -> Any:
    if kind == YEAR_TO_MONTH:
        return exp.Interval(this=exp.Literal.string(str(number)), unit=exp.var("MONTH"))
    days, rest = divmod(number, 86_400_000)
    if not rest:
        return exp.Interval(this=exp.Literal.string(str(days)), unit=exp.var("DAY"))
    return exp.Interval(this=exp.Literal.string(str(number)), unit=exp.var("MILLISECOND"))


def _made(kind: str, number: Any) -> Any:
    return call("t_year_to_month" if kind == YEAR_TO_MONTH else "t_day_to_second", number)


def number_of(node: Any) -> Any:
    return call("t_interval_number", node)


def is_interval(kind: Type) -> bool:
    return kind.name in (DAY_TO_SECOND, YEAR_TO_MONTH)


def native(interval: Any, kind: Type) -> Any:
    """DuckDB's interval."""
    made = "to_months" if kind.name == YEAR_TO_MONTH else "to_milliseconds"
    return call(made, number_of(interval))


def moved(operator: str, time: Any, kind: Type, interval: Any) -> Any:
    """A date, time or timestamp and an interval that is no literal."""
    return call(f"t_{operator}_interval", time, native(interval, kind))


def combined(operator: str, a: Any, b: Any, kind: Type) -> Any:
    """The sum or difference of two intervals of one type."""
    node = {"plus": exp.Add, "minus": exp.Sub}[operator]
    return _made(kind.name, exp.Paren(this=node(this=number_of(a), expression=number_of(b))))


def between(a: Any, b: Any, left: Type, right: Type) -> Any:
    """The difference of two dates, times or timestamps."""
    if (left.name == "time") != (right.name == "time"):
        raise QueryFailed(
            "TYPE_MISMATCH", f"line 1:1: Cannot apply operator: {left.trino()} - {right.trino()}"
        )
    if left.has_microseconds or right.has_microseconds:
        return _made(DAY_TO_SECOND, milliseconds_between(a, b, left, right))
    passed = [call("epoch_ms", node) for node in (a, b)]
    return _made(DAY_TO_SECOND, exp.Paren(this=exp.Sub(this=passed[0], expression=passed[1])))


def summed(node: Any, outer: Any, kind: Type) -> Any:
    """sum(node) with the FILTER and OVER that `outer` puts around it."""
    (value,) = node.expressions
    whole = value.expressions[0] if isinstance(value, exp.Distinct) else value
    number = number_of(whole.copy())
    whole.replace(number)
    return _made(kind.name, outer)


def negated(node: Any, kind: Type) -> Any:
    return _made(kind.name, exp.Neg(this=exp.Paren(this=number_of(node.this))))


def multiplied(node: Any, left: Type, right: Type) -> Any:
    a, b, kind, other = node.this, node.expression, left, right
    if not is_interval(left):
        a, b, kind, other = b, a, right, left
    if not other.is_number:
        raise QueryFailed(
            "TYPE_MISMATCH", f"line 1:1: Cannot apply operator: {left.trino()} * {right.trino()}"
        )
    name = "t_interval_times" if other.is_integer else "t_interval_scaled"
    return _made(kind.name, call(name, number_of(a), b))


def divided(node: Any, left: Type, right: Type) -> Any:
    if not (is_interval(left) and right.is_number):
        raise QueryFailed(
            "TYPE_MISMATCH", f"line 1:1: Cannot apply operator: {left.trino()} / {right.trino()}"
        )
    return _made(left.name, call("t_interval_divided", number_of(node.this), node.expression))


def text(kind: str, number: int) -> str:
    """As Trino prints it: `2-3`, `1 02:03:04.005`."""
    sign, number = ("-" if number < 0 else ""), abs(number)
    if kind == YEAR_TO_MONTH:
        return f"{sign}{number // 12}-{number % 12}"
    days, rest = divmod(number, 86_400_000)
    seconds, millis = divmod(rest, 1000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{sign}{days} {hours:02d}:{minutes:02d}:{seconds % 60:02d}.{millis:03d}"


_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ns|us|ms|s|m|h|d)\s*", re.A)
_DURATIONS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6, "d": 8.64e7}


def parse_duration(duration: str) -> dict[str, int]:
    """The interval of `42.8ms` and the like, whole: a TRY around it would not cover its parts."""
    found = _DURATION.fullmatch(duration)
    if not found:
        fail(
            "INVALID_FUNCTION_ARGUMENT", f"duration is not a valid data duration string: {duration}"
        )
    return {DAY_TO_SECOND: int(float(found.group(1)) * _DURATIONS[found.group(2)] + 0.5)}


def _day_text(number: int) -> str:
    return text(DAY_TO_SECOND, number)


def _month_text(number: int) -> str:
    return text(YEAR_TO_MONTH, number)


_DS, _YM = Type(DAY_TO_SECOND).duckdb(), Type(YEAR_TO_MONTH).duckdb()
FUNCTIONS = [
    PythonFunction("t_duration", parse_duration, ["VARCHAR"], _DS),
    PythonFunction("t_day_text", _day_text, ["BIGINT"], "VARCHAR"),
    PythonFunction("t_month_text", _month_text, ["INTEGER"], "VARCHAR"),
]
_MIXED = "t_fail('TYPE_MISMATCH', 'line 1:1: Cannot apply operator to intervals of two types')"
_COUNT = "(12 * datepart('year', i) + datepart('month', i))"
_HOURS = "t_fail('INVALID_FUNCTION_ARGUMENT', 'Cannot add hour, minutes or seconds to a date')"


def _moving(sign: str) -> Macro:
    whole = f"(d {sign} i) = date_trunc('day', d {sign} i)"
    return private(
        f"(d DATE, i INTERVAL) AS CASE WHEN {whole} THEN CAST(d {sign} i AS DATE) "
        f"WHEN d IS NULL OR i IS NULL THEN NULL ELSE {_HOURS} END, "
        f"(t TIMESTAMP, i INTERVAL) AS t {sign} i, "
        f"(n TIMESTAMP_NS, i INTERVAL) AS t_timestamp_6(CAST(n AS TIMESTAMP) {sign} i), "
        f"(z TIMESTAMP WITH TIME ZONE, i INTERVAL) AS z {sign} i, "
        "(t TIME, i INTERVAL) AS CASE WHEN datepart('month', i) <> 0 OR datepart('year', i) <> 0 "
        f"THEN {_MIXED} ELSE t {sign} i END, "
        f"(s {_DS}, i INTERVAL) AS CASE WHEN datepart('month', i) = 0 AND datepart('year', i) = 0 "
        f"THEN t_day_to_second(struct_extract_at(s, 1) {sign} CAST(epoch(i) * 1000 AS BIGINT)) "
        f"WHEN s IS NULL THEN NULL ELSE {_MIXED} END, "
        f"(s {_YM}, i INTERVAL) AS CASE WHEN i = to_months(CAST({_COUNT} AS INTEGER)) "
        f"AND epoch(i - to_months(CAST({_COUNT} AS INTEGER))) = 0 "
        f"THEN t_year_to_month(struct_extract_at(s, 1) {sign} {_COUNT}) "
        f"WHEN s IS NULL THEN NULL ELSE {_MIXED} END"
    )


MACROS = {
    "day_to_second": private(
        f'(n) AS CASE WHEN n IS NOT NULL THEN struct_pack("{DAY_TO_SECOND}" := CAST(n AS BIGINT)) END'
    ),
    "year_to_month": private(
        f'(n) AS CASE WHEN n IS NOT NULL THEN struct_pack("{YEAR_TO_MONTH}" := CAST(n AS INTEGER)) END'
    ),
    "interval_number": private("(i) AS struct_extract_at(i, 1)"),
    "interval_times": private("(i, n) AS i * CAST(n AS BIGINT)"),
    "interval_scaled": private(
        "(i, x) AS CASE WHEN isnan(CAST(x AS DOUBLE)) THEN t_fail('INVALID_FUNCTION_ARGUMENT', "
        "'Cannot multiply by double NaN') ELSE CAST(trunc(i * CAST(x AS DOUBLE)) AS BIGINT) END"
    ),
    "interval_divided": private(
        "(i, x) AS CASE WHEN isnan(CAST(x AS DOUBLE)) OR x = 0 "
        "THEN t_fail('INVALID_FUNCTION_ARGUMENT', concat('Cannot divide by double ', x)) "
        "ELSE CAST(trunc(i / CAST(x AS DOUBLE)) AS BIGINT) END"
    ),
    "interval_to_varchar": private(
        f"(i {_DS}) AS t_day_text(struct_extract_at(i, 1)), "
        f"(i {_YM}) AS t_month_text(struct_extract_at(i, 1))"
    ),
    "plus_interval": _moving("+"),
    "minus_interval": _moving("-"),
    "to_milliseconds": Macro(f"(i {_DS}) AS struct_extract_at(i, 1)", "bigint"),
    "parse_duration": Macro("(s) AS t_duration(s)", DAY_TO_SECOND),
}
PARTS: dict[str, Callable[[str], str]] = {
    "year": lambda x: f"(i {_YM}) AS CAST({x} // 12 AS BIGINT)",
    "month": lambda x: f"(i {_YM}) AS CAST({x} % 12 AS BIGINT)",
    "day": lambda x: f"(i {_DS}) AS {x} // 86400000",
    "day_of_month": lambda x: f"(i {_DS}) AS {x} // 86400000",
    "hour": lambda x: f"(i {_DS}) AS {x} % 86400000 // 3600000",
    "minute": lambda x: f"(i {_DS}) AS {x} % 3600000 // 60000",
    "second": lambda x: f"(i {_DS}) AS {x} % 60000 // 1000",
    "millisecond": lambda x: f"(i {_DS}) AS {x} % 1000",
}


_OF_TIME = {
    **{name: f", (t TIME) AS {name}(t)" for name in ("hour", "minute", "second")},
    "millisecond": ", (t TIME) AS millisecond(t) % 1000",
}


def part_of(name: str) -> str:
    """The overloads of EXTRACT's function for an interval and for a time, where they have such a part."""
    made = PARTS.get(name)
    of_interval = ", " + made("struct_extract_at(i, 1)") if made else ""
    return of_interval + _OF_TIME.get(name, "")
