"""Trino constructs that are no function calls: casts, intervals, zones, EXTRACT, TRIM and the like.

What needs the types of its operands is marked in `meta["typed"]` and finished by `translate`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions import signatures
from local.athena.functions.aggregates import waiting_text
from local.athena.functions.table import DIRECT
from local.athena.sql import equality, frames, intervals, literals, shortcuts, ties
from local.athena.sql.nodes import IGNORE_NULLS, call, cast
from local.athena.sql.precision import is_cast_on, is_zoned, require_value
from local.athena.sql.syntax import function_name
from local.athena.sql.types import parse_type


def _wait(node: Any, kind: str) -> Any:
    node.meta["typed"] = kind
    return None


def waiting_concat(args: list[Any]) -> Any:
    if len(args) < 2:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT",
            "line 1:1: There must be two or more concatenation arguments to concat",
        )
    made = call("concat", *args)
    made.meta["typed"] = "concat"
    return made


_LOCAL_TIME_NAMES = """
year month day hour minute second millisecond quarter week week_of_year day_of_week dow
day_of_month day_of_year doy year_of_week yow date_format format_datetime date
"""
_LOCAL_TIME = frozenset(_LOCAL_TIME_NAMES.split())


def _seen_as_local(node: Any) -> bool:
    parent = node.parent
    if isinstance(parent, exp.Paren):
        return _seen_as_local(parent)
    if isinstance(parent, (exp.Cast, exp.TryCast)):
        return str(parent.args["to"].sql(dialect="trino")).upper() in (
            "DATE",
            "TIMESTAMP",
            "TIMESTAMP(3)",
            "TIMESTAMP(6)",
        )
    if isinstance(parent, exp.Extract):
        return True
    if isinstance(parent, exp.Anonymous):
        name = function_name(parent)
        return name in _LOCAL_TIME or (name == "date_trunc" and _seen_as_local(parent))
    return False


def waiting_zone(value: Any, zone: Any, node: Any) -> Any:
    """What has no value is allowed where only the local wall time is looked at."""
    if isinstance(value, exp.Anonymous) and value.this == "t_from_iso8601_timestamp":
        value.set("this", "t_from_iso8601_instant")
    made = exp.AtTimeZone(this=value, zone=zone)
    made.meta["typed"] = "zone"
    made.meta["local"] = _seen_as_local(node)
    return made


def cast_of(node: Any) -> Any:
    text = node.args["to"].sql(dialect="trino")
    if (
        isinstance(node.this, exp.Literal)
        and node.this.is_string
        and (made := literals.instant(node.this.this, text))
    ):
        return made
    text = _folded(text)
    target = parse_type(text)
    if is_zoned(target) and not is_cast_on(node):
        require_value(target)
    made = type(node)(
        this=node.this, to=exp.DataType.build(target.duckdb(), dialect="duckdb", udt=True)
    )
    made.args["target"] = text
    made.meta["typed"] = "cast"
    return made


def _folded(text: str) -> str:
    """Names of a row's fields are in lower case unless they are quoted."""
    return re.sub(r'"(?:[^"]|"")*"|[^"]+', lambda m: m[0] if m[0][0] == '"' else m[0].lower(), text)


def _ignore_nulls(node: Any) -> Any:
    """DuckDB writes IGNORE NULLS inside the parentheses; `nodes.sql` moves the mark there."""
    made = node.this
    made.append("expressions", exp.Var(this=IGNORE_NULLS))
    return made


def _interval(operator: str) -> Callable[[Any], Any]:
    def rewrite(node: Any) -> Any:
        a, b = node.this, node.expression
        if node.meta.get("zoned") or (isinstance(a, exp.Interval) and isinstance(b, exp.Interval)):
            return _wait(node, operator)
        if isinstance(b, exp.Interval):
            return call(f"t_{operator}_interval", a, b)
        if isinstance(a, exp.Interval) and operator == "plus":
            return call("t_plus_interval", b, a)
        return _wait(node, operator)

    return rewrite


def _refuse(what: str) -> Callable[[Any], Any]:
    def rewrite(node: Any) -> Any:
        raise NotSupported(what)

    return rewrite


def _select(node: Any) -> Any:
    if not node.expressions:
        raise QueryFailed(
            "SYNTAX_ERROR", "line 1:8: mismatched input 'FROM'. Expecting: <expression>"
        )
    if _has_ties(node):
        return ties.ranked(node)
    return _wait(node, "distinct") if node.args.get("distinct") else None


def _has_ties(node: Any) -> bool:
    limit = node.args.get("limit")
    options = limit.args.get("limit_options") if isinstance(limit, exp.Fetch) else None
    return options is not None and bool(options.args.get("with_ties"))


def _united(node: Any) -> Any:
    if _has_ties(node):
        raise NotSupported("FETCH FIRST ... WITH TIES after a set operation: use a subquery")
    return _wait(node, "unite")


def _parenthesized(node: Any) -> None:
    if _has_ties(node):
        raise NotSupported("FETCH FIRST ... WITH TIES after parentheses")


def _fetch(node: Any) -> None:
    count = node.args.get("count")
    if count is not None and str(count.this) == "0":
        raise QueryFailed(
            "NUMERIC_VALUE_OUT_OF_RANGE",
            "line 1:1: FETCH FIRST row count must be positive (actual value: 0)",
        )


def _extract(node: Any) -> Any:
    name = node.name.lower()
    name = {"day_of_week": "dow", "day_of_year": "doy", "year_of_week": "yow"}.get(name, name)
    if name not in DIRECT or name == "millisecond":
        raise NotSupported(f"EXTRACT({name} FROM ...)")
    return call(DIRECT[name].target, node.expression)


def _substring(node: Any) -> Any:
    signatures.expect_parts(node, "substring", this="varchar|varbinary")
    parts = [node.this, node.args.get("start"), node.args.get("length")]
    return call("t_substr", *[p for p in parts if p is not None])


def _map(node: Any) -> Any:
    signatures.expect_parts(node, "map", keys="keys", values="array")
    parts = [node.args.get("keys"), node.args.get("values")]
    return call("map", *[p for p in parts if p is not None])


def _if(node: Any) -> Any:
    if isinstance(node.parent, exp.Case):
        return None
    made = exp.Case(
        ifs=[exp.If(this=node.this, true=node.args["true"])], default=node.args.get("false")
    )
    made.meta["typed"] = "case"
    return made


def _position(node: Any) -> Any:
    signatures.expect_parts(node, "strpos", this="varchar", substr="varchar")
    return call("t_strpos", node.this, node.args["substr"])


def _trim(node: Any) -> Any:
    signatures.expect_parts(node, "trim", this="varchar", expression="varchar")
    side = str(node.args.get("position") or "both").lower()
    if node.expression is None:
        parts = {"leading": ["t_ltrim"], "trailing": ["t_rtrim"]}.get(side, ["t_ltrim", "t_rtrim"])
        made = node.this
        for part in parts:
            made = call(part, made)
        return made
    return call(
        {"leading": "ltrim", "trailing": "rtrim"}.get(side, "trim"), node.this, node.expression
    )


def _waiting(kind: str) -> Callable[[Any], Any]:
    return lambda node: _wait(node, kind)


def _comparison(node: Any) -> Any:
    return equality.compared(node) or _wait(node, "compare")


def _membership(node: Any) -> Any:
    return equality.member(node) or _wait(node, "in")


def _window(node: Any) -> None:
    signatures.expect_groupable(node.args.get("partition_by") or [], "PARTITION BY a value")


def _join(node: Any) -> Any:
    for key in ("on", "using"):
        if node.args.get(key):
            return _wait(node, key)
    return None


HANDLERS: dict[type, Callable[[Any], Any]] = {
    exp.Literal: literals.number,
    exp.Mul: _waiting("times"),
    exp.Neg: _waiting("negate"),
    exp.EQ: _comparison,
    exp.NEQ: _comparison,
    exp.LT: _comparison,
    exp.GT: _comparison,
    exp.LTE: _comparison,
    exp.GTE: _comparison,
    exp.NullSafeEQ: _comparison,
    exp.NullSafeNEQ: _comparison,
    exp.Between: _waiting("between"),
    exp.In: _membership,
    exp.Case: _waiting("case"),
    exp.Like: _waiting("like"),
    exp.Escape: literals.escape,
    exp.Interval: intervals.literal,
    exp.Where: _waiting("where"),
    exp.Group: _waiting("group"),
    exp.Window: _window,
    exp.WindowSpec: frames.wait,
    exp.Having: _waiting("having"),
    exp.Values: _waiting("rows"),
    exp.Ordered: _waiting("order"),
    exp.Distinct: _waiting("told apart"),
    exp.Join: _join,
    exp.And: shortcuts.wait,
    exp.Or: shortcuts.wait,
    exp.Not: _waiting("not"),
    exp.Array: _waiting("array"),
    exp.Struct: lambda n: call("row", *n.expressions),
    exp.Union: _united,
    exp.Except: _united,
    exp.Intersect: _united,
    exp.Div: lambda n: _wait(n, "divide"),
    exp.Mod: lambda n: _wait(n, "modulo"),
    exp.Bracket: lambda n: _wait(n, "subscript"),
    exp.DPipe: lambda n: _wait(n, "join"),
    exp.Cast: cast_of,
    exp.TryCast: cast_of,
    exp.AtTimeZone: lambda n: waiting_zone(n.this, n.args["zone"], n),
    exp.IgnoreNulls: _ignore_nulls,
    exp.RespectNulls: lambda n: n.this,
    exp.ParseJSON: lambda n: call("t_json_parse", n.this),
    exp.Unnest: lambda n: _wait(n, "unnest"),
    exp.Add: _interval("plus"),
    exp.Sub: _interval("minus"),
    exp.Select: _select,
    exp.Fetch: _fetch,
    exp.Subquery: _parenthesized,
    exp.Extract: _extract,
    exp.Substring: _substring,
    exp.If: _if,
    exp.Trim: _trim,
    exp.GroupConcat: waiting_text,
    exp.StrPosition: _position,
    exp.CurrentTimestamp: lambda n: call("t_now"),
    exp.Localtimestamp: lambda n: exp.Paren(this=call("timezone", "UTC", call("t_now"))),
    exp.Map: _map,
    exp.CurrentUser: _refuse("CURRENT_USER"),
    exp.CurrentCatalog: _refuse("CURRENT_CATALOG"),
    exp.CurrentTime: _refuse("CURRENT_TIME"),
    exp.Localtime: lambda n: cast(call("timezone", "UTC", call("t_now")), "TIME"),
    exp.Normalize: lambda n: _normalized(n),
    exp.Version: _refuse("time travel: only Iceberg tables have versions"),
}
# Predicates and syntax that sqlglot counts as functions though they mean the same in both.
HARMLESS = {
    exp.Case, exp.And, exp.Or, exp.Xor, exp.Array, exp.CurrentDate, exp.Coalesce, exp.Cast, exp.TryCast,
    exp.Exists, exp.Any, exp.All, exp.Explode, exp.Tuple, exp.Not,
}  # fmt: skip


def _normalized(node: Any) -> Any:
    form = str(node.args.get("form") or "NFC").upper()
    return call("t_normalize", node.this, form)
