"""Functions and operators in queries that have time zones other than UTC.

In such a query each argument is looked at: a function either knows what to do with a zone's value or
refuses it by name. Queries without such a zone do not pay for it. Sources: the package
operator.scalar.timestamptz of trino-main, ZonedChronology of Joda-Time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions import arrays, clock, moments, rewrites
from local.athena.functions.rewrites import arity, literal
from local.athena.sql import intervals, literals, zones
from local.athena.sql.nodes import call, cast, fresh, let, raw, variable
from local.athena.sql.syntax import PREFIX, function_name
from local.athena.sql.types import YEAR_TO_MONTH, Type

# What a value in a zone goes through unchanged.
_KEEPING_NAMES = """
any_match all_match none_match any_value arbitrary array_agg array_distinct array_except
array_intersect array_join array_max array_min array_position array_remove array_sort array_union
arrays_overlap at_timezone cardinality coalesce concat contains contains_sequence count count_if
element_at filter first_value flatten greatest grouping histogram if lag last_value lead least map
map_agg map_concat map_entries map_filter map_from_entries map_keys map_values map_zip_with max
max_by min min_by multimap_agg multimap_from_entries nth_value nullif reduce repeat reverse row
slice transform transform_keys transform_values trim_array try typeof with_timezone zip zip_with
"""
_KEEPING = frozenset(_KEEPING_NAMES.split())
_LOCAL_NAMES = """
year month day hour minute second millisecond quarter week week_of_year day_of_week dow
day_of_month day_of_year doy year_of_week yow date_format date last_day_of_month
"""
_LOCAL = frozenset(_LOCAL_NAMES.split())  # of what the clock shows
_INSTANT = frozenset(["to_unixtime", "approx_distinct"])
_PASSED = (exp.Literal, exp.Null, exp.Boolean, exp.Lambda, exp.Star, exp.Interval, exp.Tuple)
_SYNTAX = (exp.Trim, exp.Substring, exp.StrPosition, exp.Normalize, exp.GroupConcat, exp.ParseJSON)
_TIMES = ("millisecond", "second", "minute", "hour")
_UNITS = (*_TIMES, "day", "week", "month", "quarter", "year")


def makes_zone(node: Any) -> bool:
    """Whether a node, as the parser left it, may have a value in a zone."""
    if isinstance(node, exp.AtTimeZone):
        return True
    if isinstance(node, exp.Anonymous):
        name = function_name(node)
        return name in ("at_timezone", "with_timezone") or (
            name == "from_unixtime" and len(node.expressions) > 1
        )
    if isinstance(node, (exp.Cast, exp.TryCast)) and isinstance(node.this, exp.Literal):
        return literals.names_zone(str(node.this.this))
    return False


def prepare(nodes: list[Any]) -> None:
    """Mark what must know whether its operands have a zone, before anything is rewritten."""
    for node in nodes:
        if isinstance(node, exp.Anonymous) and str(node.this).startswith(PREFIX):
            _prepare_call(node)
        elif isinstance(node, exp.Extract):
            _prepare_extract(node)
        elif isinstance(node, (exp.Add, exp.Sub)):
            node.meta["zoned"] = True
        elif isinstance(node, _SYNTAX):
            _wrap(node.this, "", str(node.sql_name()).lower())
        elif isinstance(node, exp.Window) and node.args.get("order") and node.args.get("spec"):
            _prepare_range(node)


def _prepare_call(node: Any) -> None:
    name = function_name(node)
    if name in CALLS:
        node.meta["zoned"] = True
    elif name not in _KEEPING:
        for at, argument in enumerate(list(node.expressions)):
            known = "local" if name in _LOCAL else "instant" if name in _INSTANT else ""
            _wrap(argument, known if at == 0 else "", name)


def _prepare_extract(node: Any) -> None:
    name = node.name.lower()
    if name in CALLS:
        made = exp.Anonymous(this=PREFIX + name, expressions=[node.expression])
        made.meta["zoned"] = True
        node.replace(made)
    else:
        _wrap(node.expression, "local", "extract")


def _prepare_range(node: Any) -> None:
    """An interval before or after a row is counted from its instant."""
    spec = node.args["spec"]
    if any(isinstance(spec.args.get(side), exp.Interval) for side in ("start", "end")):
        for ordered in node.args["order"].expressions:
            _wrap(ordered.this, "instant", "RANGE")


def _wrap(argument: Any, known: str, name: str) -> None:
    while isinstance(argument, (exp.Distinct, exp.Order)):
        argument = argument.expressions[0] if isinstance(argument, exp.Distinct) else argument.this
    if isinstance(argument, _PASSED) or not _may_hold(argument):
        return
    marker = exp.Placeholder(this="argument")
    argument.replace(marker)
    made = exp.Paren(this=argument)
    made.meta["typed"] = "argument in a zone"
    made.meta["known"] = (known, name)
    marker.replace(made)


def _may_hold(argument: Any) -> bool:
    """Whether it names something or makes a zone itself: constants stay as rewrites expect them."""
    return any(isinstance(n, exp.Identifier) or makes_zone(n) for n in argument.walk())


def argument(node: Any, types: list[Type]) -> Any:
    """What the function takes of a value in a zone; raises NotSupported where it takes none."""
    (found,), (known, name) = types, node.meta["known"]
    if not found.holds_zone:
        return node
    if not found.zone or not known:
        raise _refused(name, found)
    return zones.local(node.this, found) if known == "local" else zones.instant_of(node.this)


def _refused(name: str, found: Type) -> NotSupported:
    return NotSupported(f"{name} of {found.trino()} in a time zone other than UTC")


def at_zone(node: Any, types: list[Type]) -> Any:
    """`AT TIME ZONE`; a timestamp without zone counts as UTC, the session's zone."""
    (found,), zone = types, node.args["zone"]
    if not found.name.startswith("timestamp"):
        raise NotSupported(f"AT TIME ZONE of {found.trino()}")
    instant = zones.instant_of(node.this) if found.zone else cast(node.this, "TIMESTAMPTZ")
    constant = isinstance(zone, exp.Literal) and zone.is_string
    name = zones.key(str(zone.this)) if constant else ""
    if constant and not found.has_microseconds:
        return zones.held(instant, name)
    if not node.meta["local"]:
        raise NotSupported(
            "AT TIME ZONE as a value of timestamp(6), or of a zone that is no literal: "
            "cast it to timestamp or date"
        )
    made = zones.shown(instant, name) if constant else call("timezone", zone, instant)
    return call("t_timestamp_6", made) if found.has_microseconds else made


def with_timezone(node: Any, types: list[Type]) -> Any:
    value, zone = arity(node, "with_timezone", 2)
    if types[0].has_microseconds or types[0].name == "date":  # a date has Trino's timestamp(0)
        raise NotSupported(f"with_timezone of {types[0].trino()}: cast it to timestamp(3)")
    if types[0].name not in ("date", "timestamp", "unknown"):
        raise arrays.unexpected("with_timezone", types)
    name = zones.key(literal(zone, "a time zone"))
    time = cast(value, "TIMESTAMP")
    return zones.of_local(time, name) if name else call("t_in_utc", time)


def _unit(node: Any) -> str:
    name = literal(node, "a date unit").lower()
    if name not in _UNITS:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT", f"line 1:1: '{name}' is not a valid Timestamp field"
        )
    return name


def _truncated(node: Any, types: list[Type]) -> Any:
    unit, value = arity(node, "date_trunc", 2)
    found = types[1]
    if not found.holds_zone:
        return call("t_date_trunc", unit, value)
    name = _unit(unit)
    if name in _TIMES:
        now = fresh("z")
        time = zones.shown(variable(now), found.zone)
        passed = exp.Paren(
            this=exp.Sub(this=time, expression=call("date_trunc", name, time.copy()))
        )
        made = exp.Sub(this=variable(now), expression=passed)
        return zones.held(let(zones.instant_of(value), now, made), found.zone)
    if name == "quarter":  # Joda goes to the month first, then to its beginning
        value = zones.moved(value, found, _first_month)
    return zones.moved(value, found, lambda time: call("date_trunc", name, time))


def _first_month(time: Any) -> Any:
    passed = exp.Mod(
        this=exp.Paren(this=exp.Sub(this=call("month", time.copy()), expression=raw(1))),
        expression=raw(3),
    )
    months = call("to_months", cast(exp.Paren(this=passed), "INTEGER"))
    return exp.Paren(this=exp.Sub(this=time, expression=months))


def _added(node: Any, types: list[Type]) -> Any:
    if not any(t.holds_zone for t in types):
        return clock.REWRITES["date_add"](node)
    unit, count, value = arity(node, "date_add", 3)
    name, found = _unit(unit), types[2]
    whole = call(f"to_{name}s", cast(count, "BIGINT" if name == "millisecond" else "INTEGER"))
    if name in _TIMES:
        return zones.held(_sum(exp.Add, zones.instant_of(value), whole), found.zone)
    return zones.moved(value, found, lambda time: _sum(exp.Add, time, whole))


def _sum(operator: type, time: Any, interval: Any) -> Any:
    return exp.Paren(this=operator(this=time, expression=interval))


def shifted(operator: str, value: Any, found: Type, interval: Any, kind: Type) -> Any:
    """A zone's value plus or minus an interval: days are 24 hours, months are the calendar's."""
    node = {"plus": exp.Add, "minus": exp.Sub}[operator]
    if intervals.is_interval(kind):
        native = "to_months" if kind.name == YEAR_TO_MONTH else "to_milliseconds"
        interval, months = call(native, intervals.number_of(interval)), native == "to_months"
    else:
        months = str(interval.args["unit"].name).upper() == "MONTH"
    if not months:
        return zones.held(_sum(node, zones.instant_of(value), interval), found.zone)
    return zones.moved(value, found, lambda time: _sum(node, time, interval))


def _difference(node: Any, types: list[Type]) -> Any:
    """Days and more are counted on the calendar of the first one's zone, the rest in instants."""
    unit, first, second = arity(node, "date_diff", 3)
    if not any(t.holds_zone for t in types):
        return call("t_date_diff", unit, first, second)
    if any(t.has_microseconds or not t.is_time for t in types[1:]):
        raise _refused("date_diff", next(t for t in types if t.holds_zone))
    a, b = (
        zones.instant_of(x) if t.zone else cast(x, "TIMESTAMPTZ")
        for x, t in zip((first, second), types[1:], strict=True)
    )
    if types[1].zone and _unit(unit) not in _TIMES:
        a, b = (zones.shown(x, types[1].zone) for x in (a, b))
    return call("t_date_diff", unit, a, b)


def _from_unixtime(node: Any, types: list[Type]) -> Any:
    args = arity(node, "from_unixtime", 1, 2, 3)
    made = call("t_from_unixtime", *args)
    if len(args) == 2 and isinstance(args[1], exp.Literal) and args[1].is_string:
        return zones.held(call("t_from_unixtime", args[0]), zones.key(str(args[1].this)))
    offsets = [_whole(a) for a in args[1:]]
    if len(args) < 3 or None in offsets:
        return made
    hour, minute = (o or 0 for o in offsets)
    return zones.held(call("t_from_unixtime", args[0]), zones.offset_name(hour * 60 + minute))


def _whole(node: Any) -> int | None:
    """An integer as written."""
    text = re.sub(r"[\s()]", "", str(node.sql()))
    return int(text) if re.fullmatch(r"-?\d{1,9}", text, re.A) else None


def _of_offset(name: str, made: Callable[[Any, Any], Any]) -> Callable[[Any, list[Type]], Any]:
    """A function of the local time and the instant; `name` for what has no zone."""

    def finish(node: Any, types: list[Type]) -> Any:
        (value,) = arity(node, name, 1)
        (found,) = types
        if not found.holds_zone:
            return call(f"t_{name}", value)
        if not found.zone:
            raise _refused(name, found)
        return made(zones.local(value, found), zones.instant_of(value.copy()))

    return finish


def _iso(time: Any, instant: Any) -> Any:
    return call("t_zone_to_iso8601", time, call("t_zone_seconds", time.copy(), instant))


def _minutes(operator: type) -> Callable[[Any, Any], Any]:
    """Java's quotient and remainder, both with the sign of the offset."""

    def made(time: Any, instant: Any) -> Any:
        total = cast(call("t_zone_minutes", time, instant), "BIGINT")
        return exp.Paren(this=operator(this=total, expression=raw(60)))

    return made


def _formatted(node: Any, types: list[Type]) -> Any:
    """format_datetime; the names of zones in words are Java's, and not known here."""
    value, pattern = arity(node, "format_datetime", 2)
    found = types[0]
    if not found.holds_zone:
        return rewrites.REWRITES["format_datetime"](node)
    if not found.zone:
        raise _refused("format_datetime", found)
    parts = [
        _formatted_part(value, found, "".join(part), is_zone)
        for is_zone, part in groupby(
            moments.parts(literal(pattern, "a pattern")), key=lambda p: p[0] in "zZ"
        )
    ]
    made = parts[0]
    for part in parts[1:]:
        made = exp.DPipe(this=made, expression=part)
    return exp.Paren(this=made)


def _formatted_part(value: Any, found: Type, pattern: str, is_zone: bool) -> Any:
    time = zones.local(value.copy(), found)
    if not is_zone:
        made = call("format_datetime", time, pattern)
        return rewrites.REWRITES["format_datetime"](made)
    if pattern not in ("Z", "ZZ"):
        raise NotSupported(f"'{pattern}' in a date-time pattern beside a time zone other than UTC")
    seconds = call("t_zone_seconds", time, zones.instant_of(value.copy()))
    return call("t_offset_text", seconds, ":" if pattern == "ZZ" else "")


# name in Trino -> (function that binds meanwhile, final rewrite), for calls that were marked
CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any]]] = {
    "date_trunc": ("t_date_trunc", _truncated),
    "date_add": ("t_date_added", _added),
    "date_diff": ("t_date_diff", _difference),
    "from_unixtime": ("t_from_unixtime", _from_unixtime),
    "to_iso8601": ("t_to_iso8601", _of_offset("to_iso8601", _iso)),
    "timezone_hour": ("t_timezone_hour", _of_offset("timezone_hour", _minutes(exp.IntDiv))),
    "timezone_minute": ("t_timezone_minute", _of_offset("timezone_minute", _minutes(exp.Mod))),
    "format_datetime": ("t_format_datetime", _formatted),
}
