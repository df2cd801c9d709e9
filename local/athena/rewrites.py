"""Trino functions that need more than a macro: literal patterns, lambdas, aggregates, windows.

Each function takes the call node (arguments already translated) and answers the node to put there.
Those that must know argument types are in `typed`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.formats import from_joda, from_mysql, java_replacement, json_path
from local.athena.nodes import (
    any_null,
    call,
    case,
    cast,
    lambda_of,
    let,
    null,
    raw,
    variable,
)

_UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")


def literal(node: Any, what: str) -> str:
    if isinstance(node, exp.Literal) and node.is_string:
        return str(node.this)
    raise NotSupported(f"{what} that is not a literal")


def arity(node: Any, name: str, *allowed: int) -> list[Any]:
    args = list(node.expressions)
    if len(args) not in allowed:
        raise QueryFailed(
            "FUNCTION_NOT_FOUND", f"line 1:1: Unexpected parameters for function {name}"
        )
    return args


def _unit(node: Any) -> str:
    unit = literal(node, "a date unit").lower()
    if unit not in _UNITS:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT", f"line 1:1: '{unit}' is not a valid date unit"
        )
    return unit


def _date_add(node: Any) -> Any:
    unit, count, value = arity(node, "date_add", 3)
    whole = cast(count, "INTEGER" if _unit(unit) not in ("millisecond",) else "BIGINT")
    return call("t_plus_interval", value, call(f"to_{_unit(unit)}s", whole))


def _date_parse(node: Any) -> Any:
    text, pattern = arity(node, "date_parse", 2)
    return cast(call("strptime", text, from_mysql(literal(pattern, "a date format"))), "TIMESTAMP")


def _date_format(node: Any) -> Any:
    value, pattern = arity(node, "date_format", 2)
    return call("strftime", value, from_mysql(literal(pattern, "a date format")))


def _format_datetime(node: Any) -> Any:
    value, pattern = arity(node, "format_datetime", 2)
    return call("strftime", value, from_joda(literal(pattern, "a date-time pattern")))


def _parse_datetime(node: Any) -> Any:
    text, pattern = arity(node, "parse_datetime", 2)
    made = call("strptime", text, from_joda(literal(pattern, "a date-time pattern")))
    return cast(cast(made, "TIMESTAMP"), "TIMESTAMPTZ")


def _json(value: Any) -> Any:
    """Text that is no JSON gives NULL in json_extract and its kin."""
    return call("t_json_or_null", value)


def _json_extract(node: Any) -> Any:
    value, path = arity(node, "json_extract", 2)
    return call("json_extract", _json(value), json_path(literal(path, "a JSON path")))


def _json_extract_scalar(node: Any) -> Any:
    value, path = arity(node, "json_extract_scalar", 2)
    return call("t_json_scalar", _json(value), json_path(literal(path, "a JSON path")))


def _json_array_length(node: Any) -> Any:
    (value,) = arity(node, "json_array_length", 1)
    return call("t_json_array_length", _json(value))


def _json_size(node: Any) -> Any:
    value, path = arity(node, "json_size", 2)
    found = call("json_extract", _json(value), json_path(literal(path, "a JSON path")))
    return call("t_json_size", found)


def _approx_distinct(node: Any) -> Any:
    args = arity(node, "approx_distinct", 1, 2)
    return call("count", exp.Distinct(expressions=[args[0]]))


def _approx_percentile(node: Any) -> Any:
    if len(node.expressions) != 2:
        raise NotSupported("approx_percentile with a weight or an accuracy")
    return call("quantile_disc", *node.expressions)


def _count_if(node: Any) -> Any:
    (condition,) = arity(node, "count_if", 1)
    return call("count", case((condition, raw(1))))


def _map_agg(node: Any) -> Any:
    key, value = arity(node, "map_agg", 2)
    pairs = call("array_agg", call("row", key, value))
    return _after_window(node, pairs, lambda made: call("t_map_of_pairs", made))


def _after_window(node: Any, aggregate: Any, finish: Callable[[Any], Any]) -> Any:
    """Put `finish` around the aggregate together with its FILTER and OVER."""
    outer = outermost(node)
    if outer is node:
        return finish(aggregate)
    node.replace(aggregate)
    place = exp.Placeholder(this="moved")
    outer.replace(place)
    raise Moved(place, finish(outer))


class Moved(Exception):
    """The rewritten node stands further out than the call: `old` is replaced by `new`."""

    def __init__(self, old: Any, new: Any) -> None:
        super().__init__("moved")
        self.old, self.new = old, new


def outermost(node: Any) -> Any:
    """The call with the FILTER, IGNORE NULLS, WITHIN GROUP and OVER around it."""
    while isinstance(
        node.parent, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.Window, exp.WithinGroup)
    ):
        if isinstance(node.parent, exp.Window) and node.arg_key != "this":
            break
        node = node.parent
    return node


def _extreme(name: str) -> Callable[[Any], Any]:
    def rewrite(node: Any) -> Any:
        args = list(node.expressions)
        return case((any_null(*args), null()), default=call(name, *args))

    return rewrite


def _regexp_replace(node: Any) -> Any:
    args = arity(node, "regexp_replace", 2, 3)
    if len(args) == 3 and isinstance(args[2], exp.Lambda):
        raise NotSupported("regexp_replace with a lambda")
    replacement = literal(args[2], "the replacement of regexp_replace") if len(args) == 3 else ""
    return call("regexp_replace", args[0], args[1], java_replacement(replacement), "g")


def _regexp_extract(node: Any) -> Any:
    args = arity(node, "regexp_extract", 2, 3)
    value, pattern = args[0], args[1]
    found = call("regexp_extract", *args)
    if len(args) == 3:
        found = call("t_regexp_group", value.copy(), pattern.copy(), args[2].copy(), found)
    matched = call("regexp_matches", value.copy(), pattern.copy())
    return case((matched, found))


def _regexp_extract_all(node: Any) -> Any:
    args = arity(node, "regexp_extract_all", 2)
    return call("regexp_extract_all", *args)


def _split(node: Any) -> Any:
    args = arity(node, "split", 2, 3)
    if len(args) == 3:
        raise NotSupported("split with a limit")
    if isinstance(args[1], exp.Literal) and args[1].this == "":
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "The delimiter may not be the empty string")
    return call("string_split", *args)


def _reduce(node: Any) -> Any:
    values, initial, step, finish = arity(node, "reduce", 4)
    if not isinstance(step, exp.Lambda) or not isinstance(finish, exp.Lambda):
        raise QueryFailed("TYPE_MISMATCH", "line 1:1: reduce needs two lambdas")
    folded = call("list_reduce", values, step, initial)
    return let(folded, finish.expressions[0].name, finish.this)


def _match(kind: str) -> Callable[[Any], Any]:
    def rewrite(node: Any) -> Any:
        values, predicate = arity(node, f"{kind}_match", 2)
        return call(f"t_{kind}_match", call("list_transform", values, predicate))

    return rewrite


def _contains(node: Any) -> Any:
    return call("t_contains", *arity(node, "contains", 2))


def _map(node: Any) -> Any:
    args = arity(node, "map", 0, 2)
    return call("map", *args) if args else exp.Anonymous(this="map", expressions=[])


def _date(node: Any) -> Any:
    return exp.Cast(this=arity(node, "date", 1)[0], to=exp.DataType.build("date"))


def _try(node: Any) -> Any:
    return call("try", *arity(node, "try", 1))


def _now(node: Any) -> Any:
    return call("t_now")


def _rand(node: Any) -> Any:
    if node.expressions:
        raise NotSupported("random with bounds")
    return call("random")


def _trim(node: Any) -> Any:
    (value,) = arity(node, "trim", 1)
    return call("t_rtrim", call("t_ltrim", value))


def _map_lambda(template: str) -> Callable[[Any], Any]:
    def rewrite(node: Any) -> Any:
        values, function = arity(node, template, 2)
        key, value = (e.name for e in function.expressions)
        entry = variable(f"{key}_entry")
        inner = let(
            exp.Dot(this=entry.copy(), expression=exp.to_identifier("key")),
            key,
            let(
                exp.Dot(this=entry.copy(), expression=exp.to_identifier("value")),
                value,
                function.this,
            ),
        )
        keep = [
            exp.Dot(this=entry.copy(), expression=exp.to_identifier(p)) for p in ("key", "value")
        ]
        entries = call("map_entries", values)
        if template == "map_filter":
            return call(
                "map_from_entries", call("list_filter", entries, lambda_of(inner, entry.name))
            )
        pair = [inner, keep[1]] if template == "transform_keys" else [keep[0], inner]
        made = lambda_of(call("row", *pair), entry.name)
        return call("map_from_entries", call("list_transform", entries, made))

    return rewrite


def _array_sort(node: Any) -> Any:
    if len(node.expressions) != 1:
        raise NotSupported("array_sort with a lambda")
    return call("list_sort", *node.expressions, "ASC", "NULLS LAST")


def _zone(node: Any) -> Any:
    raise NotSupported("AT TIME ZONE as a value: cast it to timestamp or date")


def _iso_timestamp(node: Any) -> Any:
    return call("t_from_iso8601_timestamp", *arity(node, "from_iso8601_timestamp", 1))


def _uuid(node: Any) -> Any:
    return call("gen_random_uuid")


def _repeat(node: Any) -> Any:
    value, count = arity(node, "repeat", 2)
    return call(
        "list_transform", call("range", cast(count, "BIGINT")), lambda_of(value, "repeated")
    )


REWRITES: dict[str, Callable[[Any], Any]] = {
    "date_add": _date_add,
    "date_parse": _date_parse,
    "date_format": _date_format,
    "format_datetime": _format_datetime,
    "parse_datetime": _parse_datetime,
    "json_extract": _json_extract,
    "json_extract_scalar": _json_extract_scalar,
    "json_parse": lambda n: call("t_json_parse", *arity(n, "json_parse", 1)),
    "json_format": lambda n: cast(arity(n, "json_format", 1)[0], "VARCHAR"),
    "json_array_length": _json_array_length,
    "json_size": _json_size,
    "approx_distinct": _approx_distinct,
    "approx_percentile": _approx_percentile,
    "count_if": _count_if,
    "map_agg": _map_agg,
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "regexp_replace": _regexp_replace,
    "regexp_extract": _regexp_extract,
    "regexp_extract_all": _regexp_extract_all,
    "split": _split,
    "reduce": _reduce,
    "filter": lambda n: call("list_filter", *arity(n, "filter", 2)),
    "any_match": _match("any"),
    "all_match": _match("all"),
    "none_match": _match("none"),
    "contains": _contains,
    "cardinality": lambda n: cast(call("cardinality", *arity(n, "cardinality", 1)), "BIGINT"),
    "map": _map,
    "date": _date,
    "try": _try,
    "now": _now,
    "rand": _rand,
    "random": _rand,
    "uuid": _uuid,
    "trim": _trim,
    "map_filter": _map_lambda("map_filter"),
    "transform_values": _map_lambda("transform_values"),
    "transform_keys": _map_lambda("transform_keys"),
    "array_sort": _array_sort,
    "repeat": _repeat,
    "current_timezone": lambda n: raw("UTC"),
    "from_iso8601_timestamp": _iso_timestamp,
    "with_timezone": _zone,
    "to_unixtime": lambda n: call("epoch", *arity(n, "to_unixtime", 1)),
}
