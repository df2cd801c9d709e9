"""Trino's functions on dates, times and timestamps that are no patterns and no intervals.

Source: https://trino.io/docs/current/functions/datetime.html and DateTimeFunctions of trino-main.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.macro import Macro, private
from local.athena.functions.rewrites import arity, literal
from local.athena.functions.scalars import PythonFunction, fail
from local.athena.sql.nodes import call, cast
from local.athena.sql.precision import is_cast_on, require_value
from local.athena.sql.types import Type

_INVALID = "INVALID_FUNCTION_ARGUMENT"
_DAYS = ("day", "week", "month", "quarter", "year")
_TIMES = ("millisecond", "second", "minute", "hour")
_FIELDS = {"DATE": _DAYS, "TIME": _TIMES, "TIMESTAMP": _TIMES + _DAYS}
_ZONED = "TIMESTAMP WITH TIME ZONE"
_FINE = "TIMESTAMP_NS"  # timestamp(6)


def _checked(kind: str, value: str) -> str:
    """`value` where the unit `u` is one that a value of that type has."""
    listed = ", ".join(f"'{unit}'" for unit in _FIELDS.get(kind, _FIELDS["TIMESTAMP"]))
    name = {"DATE": "DATE", "TIME": "Time"}.get(kind, "Timestamp")
    made = (
        f"CASE WHEN lower(u) IN ({listed}) THEN {value} WHEN u IS NULL THEN NULL "
        f"ELSE t_fail('{_INVALID}', concat('''', lower(u), ''' is not a valid {name} field')) END"
    )
    return f"t_timestamp_6({made})" if kind == _FINE else made


def _truncated() -> str:
    made = {
        "DATE": "CAST(date_trunc(lower(u), x) AS DATE)",
        "TIME": "CAST(date_trunc(lower(u), DATE '1970-01-01' + x) AS TIME)",
        "TIMESTAMP": "date_trunc(lower(u), x)",
        _FINE: "date_trunc(lower(u), CAST(x AS TIMESTAMP))",
        _ZONED: "date_trunc(lower(u), x)",
    }
    return ", ".join(f"(u, x {kind}) AS {_checked(kind, value)}" for kind, value in made.items())


def _difference() -> str:
    """Both of one type, or of two that become timestamps, with a zone where one of them has it.

    Trino counts in milliseconds: the rest of a timestamp(6) is cut off first.
    """
    plain, zoned = "TIMESTAMP", _ZONED
    pairs = [("DATE", "DATE", ""), ("TIME", "TIME", ""), (plain, plain, ""), (zoned, zoned, ""),
             ("DATE", plain, plain), (plain, "DATE", plain), ("DATE", zoned, zoned),
             (zoned, "DATE", zoned), (plain, zoned, zoned), (zoned, plain, zoned),
             (_FINE, _FINE, plain), (_FINE, plain, plain), (plain, _FINE, plain),
             (_FINE, "DATE", plain), ("DATE", _FINE, plain),
             (_FINE, zoned, zoned), (zoned, _FINE, zoned)]  # fmt: skip
    forms = []
    for first, second, common in pairs:
        cut = [f"t_floor_ms({x})" if k == _FINE else x for x, k in (("a", first), ("b", second))]
        a, b = (f"CAST({x} AS {common})" if common else x for x in cut)
        kind = first if first == second and first in _FIELDS else plain
        forms.append(
            f"(u, a {first}, b {second}) AS {_checked(kind, f'datesub(lower(u), {a}, {b})')}"
        )
    return ", ".join(forms)


def _added() -> str:
    made = {
        "DATE": "CAST(x + i AS DATE)", "TIME": "x + i", "TIMESTAMP": "x + i", _ZONED: "x + i",
        _FINE: "CAST(x AS TIMESTAMP) + i",
    }  # fmt: skip
    return ", ".join(f"(u, i, x {kind}) AS {_checked(kind, value)}" for kind, value in made.items())


def _date_add(node: Any) -> Any:
    unit, count, value = arity(node, "date_add", 3)
    name = literal(unit, "a date unit").lower()
    if name not in _FIELDS["TIMESTAMP"]:
        raise QueryFailed(_INVALID, f"line 1:1: '{name}' is not a valid Timestamp field")
    whole = cast(count, "INTEGER")
    return call("t_date_added", name, call(f"to_{name}s", whole), value)


def _is_fine(node: Any, name: str) -> bool:
    """Whether the precision asked for is 6 and not 3."""
    (digits,) = arity(node, name, 1)
    if str(digits.this) not in ("3", "6"):
        raise NotSupported(f"{name}({digits.this}): only precisions 3 and 6")
    return str(digits.this) == "6"


def _current_timestamp(node: Any) -> Any:
    if not _is_fine(node, "current_timestamp"):
        return call("t_now")
    if not is_cast_on(node):
        require_value(Type("timestamp with time zone", (6,)))
    return cast(call("now"), "TIMESTAMPTZ_NS")


def _local_timestamp(node: Any) -> Any:
    if not _is_fine(node, "localtimestamp"):
        return call("timezone", "UTC", call("t_now"))
    return call("t_timestamp_6", call("timezone", "UTC", call("now")))


_DATE_FORMS = re.compile(
    r"(\d{4})(?:-(?:(\d{1,2})(?:-(\d{1,2}))?|W(\d{1,2})(?:-(\d))?|(\d{3})))?", re.A
)


def from_iso8601_date(text: str) -> dt.date:
    """A day, month, year, day of the year, week or day of the week."""
    found = _DATE_FORMS.fullmatch(text)
    if not found:
        if re.fullmatch(r"[+-]?\d+(-[\dW-]+)?", text, re.A):
            fail("NOT_SUPPORTED", f"from_iso8601_date of {text}")
        fail(_INVALID, f'Invalid format: "{text}"')
    year, month, day, week, weekday, ordinal = (int(g) if g else None for g in found.groups())
    try:
        if week is not None:
            return dt.date.fromisocalendar(year or 0, week, 1 if weekday is None else weekday)
        if ordinal is not None:
            made = dt.date(year or 0, 1, 1) + dt.timedelta(ordinal - 1)
            if made.year != year or not ordinal:
                raise ValueError
            return made
        return dt.date(year or 0, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        fail(_INVALID, f'Cannot parse "{text}": a field is out of range')


_HOUR = "([01][0-9]|2[0-3])(:[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?)"
_INSTANT = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(T{_HOUR}(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)?)?"
_SECONDS = "CAST(epoch_ms(CAST(floor(CAST(x AS DOUBLE) * 1000 + 0.5) AS BIGINT)) AS TIMESTAMPTZ)"
_OUTSIDE = "concat('from_unixtime outside UTC: ', x)"
# Other ISO forms that Joda reads: weeks, days of the year, parts left out.
_UNREAD = (
    "(regexp_full_match(x, '[+-]?[0-9]{1,9}(-[0-9W-]+)?(T[0-9:.,]*(Z|[+-][0-9:]+)?)?|T[0-9:.,Z+-]+') "
    f"AND NOT regexp_full_match(x, '{_INSTANT}') "
    "AND NOT regexp_matches(x, 'T(2[4-9]|[3-9][0-9])|:[6-9][0-9]'))"
)
_ZONE = "(regexp_matches(x, 'T.*[+-]') AND NOT regexp_matches(x, 'T.*[+-]00(:?00)?$'))"
MACROS: dict[str, Macro] = {
    "date_trunc": Macro(_truncated()),
    "date_diff": Macro(_difference(), "bigint"),
    "date_added": private(_added()),
    "in_utc": private(
        f"(x TIMESTAMP) AS CAST(x AS {_ZONED}), (x TIMESTAMP, zone) AS CAST(x AS {_ZONED})"
    ),
    "last_day_of_month": Macro(
        f"(x DATE) AS last_day(x), (x TIMESTAMP) AS last_day(x), (x {_ZONED}) AS last_day(x)",
        "date",
    ),
    "from_unixtime": Macro(
        f"(x) AS {_SECONDS}, "
        f"(x, zone) AS CASE WHEN zone = 'UTC' THEN {_SECONDS} WHEN zone IS NULL THEN NULL "
        f"ELSE t_refuse(zone <> 'UTC', {_OUTSIDE}) END, (x, hours, minutes) AS CASE WHEN hours = 0 AND minutes = 0 "
        f"THEN {_SECONDS} WHEN hours IS NULL OR minutes IS NULL THEN NULL "
        f"ELSE t_refuse(hours <> 0 OR minutes <> 0, {_OUTSIDE}) END",
        "timestamp with time zone",
    ),
    **{
        name: Macro(
            f"(x {_ZONED}) AS CASE WHEN x IS NOT NULL THEN CAST(0 AS BIGINT) END, "
            "(x TIMESTAMP) AS CASE WHEN x IS NOT NULL THEN CAST(0 AS BIGINT) END",
            "bigint",
        )
        for name in ("timezone_hour", "timezone_minute")
    },
    "from_iso8601_date": Macro("(s) AS t_iso_date(s)", "date"),
    "from_iso8601_instant": private(
        f"(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '{_INSTANT}') "
        "AND try_cast(substr(x, 1, 10) AS DATE) IS NOT NULL "
        "THEN date_trunc('millisecond', CAST(replace(x, ',', '.') AS TIMESTAMP WITH TIME ZONE)) "
        f"WHEN {_UNREAD} THEN t_refuse({_UNREAD}, concat('from_iso8601_timestamp of ', x)) "
        f"ELSE t_fail('{_INVALID}', concat('Invalid format: ', x)) END"
    ),
    "from_iso8601_timestamp": private(
        f"(x) AS CASE WHEN {_ZONE} THEN t_refuse({_ZONE}, "
        "concat('a timestamp outside UTC as a value: put AT TIME ZONE around it: ', x)) "
        "ELSE t_from_iso8601_instant(x) END"
    ),
}
FUNCTIONS = [PythonFunction("t_iso_date", from_iso8601_date, ["VARCHAR"], "DATE", refuses=True)]
REWRITES: dict[str, Callable[[Any], Any]] = {
    "date_add": _date_add,
    "current_timestamp": _current_timestamp,
    "localtimestamp": _local_timestamp,
}
