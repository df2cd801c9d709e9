"""Trino functions that need more than a macro: literal patterns, lambdas, aggregates, windows.

Each function takes the call node (arguments already translated) and answers the node to put there.
Those that must know argument types are in `typed`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions import moments, readings
from local.athena.sql.nodes import call, case, cast, raw


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


# With all of these, and digits in full, DuckDB reads what Joda reads.
_PLAIN = {"%Y": r"[0-9]{4}", **{f"%{x}": r"[0-9]{2}" for x in "mdHMS"}}


def _date_parse(node: Any) -> Any:
    text, pattern = arity(node, "date_parse", 2)
    read = call("t_date_parsed", text, pattern)
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        return read
    tokens = moments.mysql(str(pattern.this))
    readings.require_readable(tokens)
    known = [t.strftime or "" for t in tokens if t.field]
    if not {"%Y", "%m", "%d"} <= set(known) <= set(_PLAIN) or len(set(known)) < len(known):
        return read
    form = "".join(_PLAIN[t.strftime or ""] if t.field else re.escape(t.text) for t in tokens)
    usual = call("regexp_full_match", text.copy(), form)
    quick = call("try_strptime", text.copy(), moments.strftime(tokens))
    return call("coalesce", case((usual, quick)), read)


def _date_format(node: Any) -> Any:
    value, pattern = arity(node, "date_format", 2)
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        return call("t_date_format", value, pattern)
    known = moments.strftime(moments.mysql(str(pattern.this))) or ""
    return call("strftime", call("t_printable", value), known)


def _format_datetime(node: Any) -> Any:
    value, pattern = arity(node, "format_datetime", 2)
    known = None
    if isinstance(pattern, exp.Literal) and pattern.is_string:
        known = moments.strftime(moments.joda(str(pattern.this)))
    if known:
        return call("strftime", call("t_printable", value), known)
    return call("t_format_datetime", value, pattern)


def _parse_datetime(node: Any) -> Any:
    text, pattern = arity(node, "parse_datetime", 2)
    if isinstance(pattern, exp.Literal) and pattern.is_string:
        readings.require_readable(moments.joda(str(pattern.this)))
    return cast(call("t_joda_parsed", text, pattern), "TIMESTAMPTZ")


def _count_if(node: Any) -> Any:
    (condition,) = arity(node, "count_if", 1)
    return call("count", case((condition, raw(1))))


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


def _grouping(node: Any) -> Any:
    kind = "INTEGER" if len(node.expressions) < 32 else "BIGINT"
    return cast(call("grouping", *node.expressions), kind)


def _date(node: Any) -> Any:
    """The same as CAST(… AS date), which waits for the type of its operand."""
    made = exp.Cast(this=arity(node, "date", 1)[0], to=exp.DataType.build("date"))
    made.args["target"] = "date"
    made.meta["typed"] = "cast"
    return made


def _try(node: Any) -> Any:
    return call("try", *arity(node, "try", 1))


def _now(node: Any) -> Any:
    return call("t_now", *arity(node, "now", 0))


def _current_timezone(node: Any) -> Any:
    arity(node, "current_timezone", 0)
    return raw("UTC")


def _trim(node: Any) -> Any:
    (value,) = arity(node, "trim", 1)
    return call("t_rtrim", call("t_ltrim", value))


def _iso_timestamp(node: Any) -> Any:
    return call("t_from_iso8601_timestamp", *arity(node, "from_iso8601_timestamp", 1))


def _uuid(node: Any) -> Any:
    return call("gen_random_uuid", *arity(node, "uuid", 0))


REWRITES: dict[str, Callable[[Any], Any]] = {
    "date_parse": _date_parse,
    "date_format": _date_format,
    "format_datetime": _format_datetime,
    "parse_datetime": _parse_datetime,
    "count_if": _count_if,
    "cardinality": lambda n: cast(call("cardinality", *arity(n, "cardinality", 1)), "BIGINT"),
    "date": _date,
    "grouping": _grouping,
    "try": _try,
    "now": _now,
    "uuid": _uuid,
    "trim": _trim,
    "current_timezone": _current_timezone,
    "from_iso8601_timestamp": _iso_timestamp,
    "to_unixtime": lambda n: call("t_unix_seconds", *arity(n, "to_unixtime", 1)),
}
