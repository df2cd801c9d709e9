"""Time zones other than UTC: their names, the carrier of a value in one, local time and back.

The zone of a value is part of its type, so it must be a constant. In DuckDB the value is a row of one
instant whose name carries type and zone; NULL is the row that is NULL. Sources: TimeZoneKey and
DateTimes of trino, DateTimeZone of Joda-Time for wall times that do not exist or exist twice.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from functools import lru_cache
from importlib import resources
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.macro import Macro, private
from local.athena.functions.scalars import PythonFunction
from local.athena.sql.nodes import call, case, cast, fresh, let, parens, raw, sql, variable
from local.athena.sql.types import SEVERAL, Type

INSTANT = Type("timestamp with time zone")
_UTC_NAMES = """
GMT GMT0 GMT+0 GMT-0 Etc/GMT Etc/GMT0 Etc/GMT+0 Etc/GMT-0 UT UT+0 UT-0 Etc/UT Etc/UT+0 Etc/UT-0
UTC UTC+0 UTC-0 Etc/UTC Etc/UTC+0 Etc/UTC-0 +0000 +00:00 -0000 -00:00 Z Zulu UCT Greenwich
Universal Etc/Universal Etc/UCT
"""
_UTC = frozenset(_UTC_NAMES.split())
_REGION = re.compile(
    "(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Europe|Indian"
    "|Mexico|Pacific|US)/[A-Za-z0-9_/+-]+"
)
# Younger than some of Trino's lists.
_YOUNG = frozenset(["America/Ciudad_Juarez", "America/Coyhaique", "Europe/Kyiv", "Pacific/Kanton"])
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_MOST_MINUTES = 14 * 60
# What IANA's builds agree about before 1970 too; elsewhere one has history that another left out.
_SETTLED_NAMES = """
US/Eastern US/Central US/Mountain US/Pacific America/New_York America/Chicago America/Denver
America/Los_Angeles America/Phoenix America/Detroit America/Boise
"""
_SETTLED = frozenset(["", *_SETTLED_NAMES.split()])


def key(text: str) -> str:
    """The name of a zone as Trino prints it, "" for UTC.

    Raises QueryFailed for one that Trino does not know and NotSupported for one not known here.
    """
    if text in _UTC:
        return ""
    found = _OFFSET.fullmatch(text)
    if found and int(found.group(3)) < 60 and abs(minutes(text)) <= _MOST_MINUTES:
        return text
    if _is_region(text):
        return text
    if text.startswith(("+", "-", "GMT", "UT", "Etc/")) or text.lower() in _all_names():
        raise NotSupported(f"time zone '{text}': name it Area/City or +hh:mm")
    raise QueryFailed("INVALID_FUNCTION_ARGUMENT", f"line 1:1: '{text}' is not a valid time zone")


def _is_region(text: str) -> bool:
    return bool(_REGION.fullmatch(text)) and text not in _YOUNG and text in _names()


@lru_cache(1)
def _names() -> frozenset[str]:
    """All that IANA knows, by the pinned data of `tzdata`, whatever the machine has."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text().split())


@lru_cache(1)
def _all_names() -> frozenset[str]:
    return frozenset(map(str.lower, _names()))


@lru_cache(64)
def region(name: str) -> zoneinfo.ZoneInfo:
    """The rules of an IANA name."""
    with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as data:
        return zoneinfo.ZoneInfo.from_file(data, key=name)


def minutes(offset: str) -> int:
    """Of `+05:30`."""
    number = int(offset[1:3]) * 60 + int(offset[4:6])
    return -number if offset.startswith("-") else number


def offset_name(offset: int) -> str:
    """The zone of an offset in minutes; raises QueryFailed for one that no zone has."""
    if abs(offset) > _MOST_MINUTES:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", f"Invalid offset minutes {offset}")
    hour, minute = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{hour:02d}:{minute:02d}" if offset else ""


def held(instant: Any, zone: str) -> Any:
    """A TIMESTAMPTZ as the value of a zone."""
    if not zone:
        return instant
    return cast(call("t_held", instant), Type(INSTANT.name, zone=zone).duckdb())


def instant_of(node: Any) -> Any:
    """The TIMESTAMPTZ of a zone's value."""
    whole = node
    while isinstance(whole, exp.Paren):
        whole = whole.this
    if isinstance(whole, exp.Anonymous) and str(whole.this) == "cast":
        inner = whole.expressions[0].this
        if isinstance(inner, exp.Anonymous) and str(inner.this) == "t_held":
            return inner.expressions[0]
    return call("t_instant", node)


def converted(node: Any, found: Type, wanted: Type) -> Any:
    """A value of another zone as the key of a map, where only its instant counts."""
    if found.name == "unknown":
        return node
    if wanted.name != INSTANT.name:
        raise NotSupported(f"{found.trino()} in a time zone other than UTC as {wanted.trino()}")
    return held(instant_of(node) if found.zone else cast(node, "TIMESTAMPTZ"), wanted.zone)


def local(node: Any, kind: Type) -> Any:
    """The TIMESTAMP that a clock in the zone of a value shows."""
    return shown(instant_of(node), kind.zone)


def shown(instant: Any, zone: str) -> Any:
    """The TIMESTAMP that a clock in the zone shows at a TIMESTAMPTZ."""
    if zone[:1] in ("+", "-"):
        offset = cast(raw(f"{minutes(zone)} minutes"), "INTERVAL")
        return parens(exp.Add(this=_utc(instant), expression=offset))
    return call("timezone" if zone in _SETTLED else "t_recent_time", zone or "UTC", instant)


def _utc(node: Any) -> Any:
    """Between TIMESTAMP and TIMESTAMPTZ."""
    return call("timezone", "UTC", node)


def text(node: Any, kind: Type) -> Any:
    """A zone's value as Trino prints it."""
    return call("t_local_to_varchar", local(node, kind), kind.zone)


def text_form(kind: Type) -> str:
    """`text` as SQL, with {} for the value."""
    made: str = sql(text(variable("x"), kind))
    return made.replace('"x"', "{}")


def _plus(a: Any, b: Any, c: Any) -> Any:
    """a + (b - c)"""
    return parens(exp.Add(this=a, expression=parens(exp.Sub(this=b, expression=c))))


def _bound(value: Any, stem: str, body: Callable[[Any], Any]) -> Any:
    """`body` of a variable, so that what stands in it several times is computed once."""
    name = fresh(stem)
    return let(value, name, body(variable(name)))


def _instant_at(time: Any, zone: str) -> Any:
    """Joda's convertLocalToUTC: a first guess, and a second one by the offset found there."""

    def chosen(utc: Any, first: Any, second: Any) -> Any:
        right = exp.EQ(this=shown(first, zone), expression=time)
        gap = exp.NEQ(this=shown(second, zone), expression=time.copy())
        east = exp.LTE(this=first.copy(), expression=utc.copy())
        return case(
            (right, first.copy()), (east, second.copy()), (gap, first.copy()), default=second
        )

    def guessed(utc: Any) -> Any:
        first = _plus(utc, time.copy(), shown(utc.copy(), zone))
        return _bound(
            first,
            "first",
            lambda a: _bound(
                _plus(utc.copy(), _utc(a), shown(a.copy(), zone)),
                "second",
                lambda b: chosen(utc, a.copy(), b),
            ),
        )

    return _bound(_utc(time), "utc", guessed)


def of_local(time: Any, zone: str) -> Any:
    """The value in a zone that a TIMESTAMP shows there."""
    return held(_bound(time, "time", lambda x: _instant_at(x, zone)), zone)


def moved(node: Any, kind: Type, change: Callable[[Any], Any]) -> Any:
    """A zone's value at another wall time; `change` makes it of the TIMESTAMP of the present one.

    The offset is kept where it holds at the other time too.
    """
    zone = kind.zone

    def kept(now: Any, time: Any) -> Any:
        same = _plus(now, time, shown(now.copy(), zone))
        return _bound(
            same,
            "same",
            lambda s: case(
                (exp.EQ(this=shown(s, zone), expression=time.copy()), s.copy()),
                default=_instant_at(time.copy(), zone),
            ),
        )

    made = _bound(
        instant_of(node),
        "now",
        lambda now: _bound(change(shown(now, zone)), "time", lambda time: kept(now.copy(), time)),
    )
    return held(made, zone)


def _rules(zone: str) -> dt.tzinfo:
    if _OFFSET.fullmatch(zone):
        return dt.timezone(dt.timedelta(minutes=minutes(zone)))
    return region(zone)


def of_literal(time: dt.datetime, zone: str, message: str | None) -> Any:
    """The value of a wall time as written; with a message one that does not exist fails.

    As java.time reads it: the earlier of two, and in a gap as much later as the gap is long. Raises
    NotSupported at the ends of the calendar and, when it runs, where Python's data are not DuckDB's.
    """
    rules = _rules(zone)
    try:
        instant = time.replace(tzinfo=rules).astimezone(dt.UTC)
    except OverflowError as error:
        raise NotSupported(f"{time} {zone}: outside the years 1 to 9999 in UTC") from error
    seen = instant.astimezone(rules).replace(tzinfo=None)
    if seen != time and message:
        raise QueryFailed("INVALID_LITERAL", message)
    constant = cast(raw(instant.isoformat(" ", "microseconds")), "TIMESTAMPTZ")
    there = cast(raw(seen.isoformat(" ")), "TIMESTAMP")
    same = exp.EQ(this=shown(constant, zone), expression=there)
    other = call("t_refused_instant", same.copy(), f"{time} {zone}: its time zone data differ")
    return held(case((same, constant.copy()), default=other), zone)


def aligned(nodes: list[Any], types: list[Type]) -> list[Any]:
    """Operands that are compared, as instants where one of them has a zone."""
    if not any(t.holds_zone for t in types):
        return nodes
    if any(isinstance(n, (exp.Any, exp.All)) for n in nodes):
        require_one(types)
        return nodes
    return [instant_of(n) if t.zone else n for n, t in zip(nodes, types, strict=True)]


def require_one(types: list[Type]) -> None:
    """Raise NotSupported where a subquery's column and its operand have zones that differ."""
    known = set(types) - {Type("unknown")}
    if len(known) > 1 and any(t.holds_zone for t in known):
        raise NotSupported("a value compared with a subquery's in another time zone")


def printed(kind: Type) -> Type:
    """The type with varchar for what has a zone."""
    if kind.zone:
        return Type("varchar")
    return Type(kind.name, kind.numbers, tuple(map(printed, kind.items)), kind.fields)


def several() -> NotSupported:
    return NotSupported("values in several time zones together: put AT TIME ZONE around them")


def is_several(kind: Type) -> bool:
    return kind.zone == SEVERAL or any(map(is_several, kind.items))


_EPOCH = "TIMESTAMPTZ '1970-01-01 00:00:00+00'"
MACROS: dict[str, Macro] = {
    "held": private("(x) AS CASE WHEN x IS NOT NULL THEN row(x) END"),
    "instant": private("(x) AS struct_extract_at(x, 1)"),
    "recent_time": private(
        f"(z, v) AS CASE WHEN v < {_EPOCH} THEN "
        f"t_refuse(v < {_EPOCH}, concat('times before 1970 in ', z)) ELSE timezone(z, v) END"
    ),
    "refused_instant": private("(c, m) AS t_refuse(NOT c, m)"),
    "local_to_varchar": private("(l, z) AS strftime(l, '%Y-%m-%d %H:%M:%S.%g') || ' ' || z"),
    "zone_seconds": private("(l, v) AS (epoch_us(l) - epoch_us(v)) // 1000000"),
    "zone_minutes": private("(l, v) AS (epoch_us(l) - epoch_us(v)) // 60000000"),
    "offset_text": private(
        "(s, colon) AS printf('%s%02d%s%02d', CASE WHEN s < 0 THEN '-' ELSE '+' END, "
        "abs(s) // 3600, colon, abs(s) // 60 % 60)"
    ),
    "zone_to_iso8601": private(
        "(l, s) AS CASE WHEN s % 60 <> 0 THEN t_refuse(s % 60 <> 0, 'to_iso8601 of an offset with seconds') "
        "ELSE strftime(l, '%Y-%m-%dT%H:%M:%S.%g') || CASE WHEN s = 0 THEN 'Z' "
        "ELSE t_offset_text(s, ':') END END"
    ),
}
FUNCTIONS: list[PythonFunction] = []
