"""Aggregates that DuckDB lacks or whose value, type or NULL differs.

Most collect their input with array_agg, which takes DISTINCT, ORDER BY, FILTER and OVER along, and
finish on the list. Source of the rules: https://trino.io/docs/current/functions/aggregate.html and
the aggregation classes of trino-main. Parameters of lambdas begin with `t_`, see `array_macros`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.arrays import fold, unexpected
from local.athena.functions.macro import Macro, private
from local.athena.functions.rewrites import Moved, arity, outermost
from local.athena.functions.scalars import PythonFunction, fail
from local.athena.sql.nodes import call, case, cast, raw
from local.athena.sql.types import Type

_MAX_BYTES = 1048576
_MAX_COUNT = 10000

MACROS: dict[str, Macro] = {
    "present": private(
        "(l) AS CASE WHEN list_count(l) > 0 THEN list_filter(l, lambda t_e: t_e IS NOT NULL) END"
    ),
    # For Trino's max NaN is the least number, for DuckDB the greatest.
    "nan_first": private("(x) AS CASE WHEN x IS NOT NULL THEN row(NOT isnan(x), x) END"),
    "extreme_by": private(
        "(l, direction, n) AS list_transform([list_filter(l, "
        "lambda t_p: struct_extract_at(t_p, 1) IS NOT NULL)], lambda t_l: CASE WHEN len(t_l) > 0 "
        "THEN list_transform(list_select(t_l, list_grade_up(list_transform(t_l, "
        "lambda t_y: struct_extract_at(t_y, 1)), direction)[1:n]), "
        "lambda t_x: struct_extract_at(t_x, 2)) END)[1]"
    ),
}


def listagg(values: list[str | None], separator: str, filler: str | None, counted: bool) -> str:
    """`values` joined; past the limit it fails, or ends with `filler` and what was left out."""
    kept = [v for v in values if v is not None]
    size, fitting = 0, 0
    for value in kept:
        needed = len(value.encode()) + (len(separator.encode()) if fitting else 0)
        if size + needed > _MAX_BYTES:
            break
        size, fitting = size + needed, fitting + 1
    if fitting == len(kept):
        return separator.join(kept)
    if filler is None:
        fail(
            "EXCEEDED_FUNCTION_MEMORY_LIMIT",
            "Concatenated string has the length in bytes larger than the maximum output length "
            f"{_MAX_BYTES}",
        )
    left_out = f"({len(kept) - fitting})" if counted else ""
    return separator.join([*kept[:fitting], filler]) + left_out


def _listagg_or_null(
    values: list[str | None] | None, separator: str, filler: str | None, counted: bool
) -> str | None:
    if values is None or all(v is None for v in values):
        return None
    return listagg(values, separator, filler, counted)


FUNCTIONS = [
    PythonFunction(
        "t_listagg",
        _listagg_or_null,
        ["VARCHAR[]", "VARCHAR", "VARCHAR", "BOOLEAN"],
        "VARCHAR",
        True,
    ),
]


def after_window(node: Any, aggregate: Any, finish: Callable[[Any], Any]) -> Any:
    """Put `finish` around the aggregate together with its FILTER and OVER."""
    outer = outermost(node)
    if outer is node:
        return finish(aggregate)
    node.replace(aggregate)
    if outer.parent is None:  # taken out of the tree by who waited for types
        return finish(outer)
    place = exp.Placeholder(this="moved")
    outer.replace(place)
    raise Moved(place, finish(outer))


def _arguments(node: Any) -> tuple[list[Any], Any, bool]:
    """Arguments without DISTINCT and ORDER BY, the order, and whether they are distinct."""
    args, order, distinct = list(node.expressions), None, False
    if args and isinstance(args[-1], exp.Order):
        order = args[-1]
        args[-1] = order.this
    if args and isinstance(args[0], exp.Distinct):
        distinct = True
        args = [*args[0].expressions, *args[1:]]
    return args, order, distinct


def collect(node: Any, name: str, count: int, value: Callable[..., Any]) -> Any:
    """array_agg over what `value` makes of the arguments."""
    args, order, distinct = _arguments(node)
    if len(args) != count:
        raise QueryFailed(
            "FUNCTION_NOT_FOUND", f"line 1:1: Unexpected parameters for function {name}"
        )
    made = value(*args)
    if distinct:
        made = exp.Distinct(expressions=[made])
    if order is not None:
        made = exp.Order(this=made, expressions=order.expressions)
    return call("array_agg", made)


def _pairs(name: str) -> Callable[[Any, list[Type]], Any]:
    def finish(node: Any, types: list[Type]) -> Any:
        def pair(key: Any, value: Any) -> Any:
            floating = types[0].name in ("double", "real")
            return call("row", call("t_number_key", key) if floating else key, value)

        pairs = collect(node, name, 2, pair)
        return after_window(node, pairs, lambda made: call(f"t_{name}", made))

    return finish


def _map_union(node: Any) -> Any:
    maps = collect(node, "map_union", 1, lambda m: m)
    return after_window(node, maps, lambda made: call("t_map_union", made))


def _reduce_agg(node: Any) -> Any:
    args, order, distinct = _arguments(node)
    if len(args) != 4 or order is not None or distinct:
        raise QueryFailed(
            "FUNCTION_NOT_FOUND", "line 1:1: Unexpected parameters for function reduce_agg"
        )
    values, initial, step, _ = args
    if list(initial.find_all(exp.Column)):
        raise NotSupported("reduce_agg with an initial state that is not constant")

    def finish(made: Any) -> Any:
        folded = fold(call("t_present", made), initial, step)
        folded.meta["aggregate"] = True
        return folded

    return after_window(node, call("array_agg", values), finish)


def _count(node: Any, name: str) -> int:
    if not isinstance(node, exp.Literal) or node.is_string or not str(node.this).isdigit():
        raise NotSupported(f"{name} with a number of values that is not a literal")
    if not 1 <= int(node.this) <= _MAX_COUNT:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT",
            f"the number of values of {name} must be from 1 to {_MAX_COUNT}; found {node.this}",
        )
    return int(node.this)


def _counted(node: Any) -> Any:
    args, _, distinct = _arguments(node)
    if distinct and len(args) != 1:
        raise unexpected("count", [])
    return call("count", *node.expressions)


def _extreme(name: str) -> Callable[[Any, list[Type]], Any]:
    """max and min; with a number they answer the first values in that order.

    For both NaN is the last choice, whereas DuckDB holds it for the greatest number.
    """

    def finish(node: Any, types: list[Type]) -> Any:
        args = arity(node, name, 1, 2)
        if len(args) == 2:
            _count(args[1], name)
        outer = outermost(node)
        if name == "min" or types[0].name not in ("double", "real"):
            return outer
        if len(args) == 2:
            pairs = call("array_agg", call("row", call("t_nan_first", args[0]), args[0].copy()))
            return after_window(node, pairs, lambda m: call("t_extreme_by", m, "DESC", args[1]))
        plain = outer.copy()
        value = args[0].expressions[0] if isinstance(args[0], exp.Distinct) else args[0]
        number = case((exp.Not(this=call("isnan", value.copy())), value.copy()))
        return after_window(node, call("max", number), lambda made: call("coalesce", made, plain))

    return finish


def _extreme_by(name: str) -> Callable[[Any, list[Type]], Any]:
    target, direction = {"max_by": ("arg_max_null", "DESC"), "min_by": ("arg_min_null", "ASC")}[
        name
    ]

    def finish(node: Any, types: list[Type]) -> Any:
        args, order, distinct = _arguments(node)
        if len(args) not in (2, 3):
            raise unexpected(name, types)
        if order is not None or distinct:
            raise NotSupported(f"{name} with DISTINCT or ORDER BY")
        key = args[1]
        if name == "max_by" and types[1].name in ("double", "real"):
            key = call("t_nan_first", key)
        if len(args) == 2:
            return after_window(node, call(target, args[0], key), lambda made: made)
        count = _count(args[2], name)
        pairs = call("array_agg", call("row", key, args[0]))
        return after_window(node, pairs, lambda m: call("t_extreme_by", m, direction, count))

    return finish


def _bitwise(name: str, target: str) -> Callable[[Any, list[Type]], Any]:
    def finish(node: Any, types: list[Type]) -> Any:
        if not types[0].is_integer and types[0].name != "unknown":
            raise unexpected(name, types)
        made = collect(node, name, 1, lambda x: cast(x, "BIGINT"))
        made.set("this", target)
        return after_window(node, made, lambda made: made)

    return finish


def waiting_text(node: Any) -> Any:
    """LISTAGG: sqlglot's GroupConcat holds DISTINCT and WITHIN GROUP in its first argument."""
    if not isinstance(node.this, exp.Order):
        raise QueryFailed("SYNTAX_ERROR", "line 1:1: LISTAGG needs WITHIN GROUP")
    node.meta["typed"] = "listagg"


def text_operands(node: Any) -> list[Any]:
    value = node.this.this
    return [value.expressions[0] if isinstance(value, exp.Distinct) else value]


def grouped_text(node: Any, types: list[Type]) -> Any:
    if types[0].name != "varchar":
        raise QueryFailed(
            "TYPE_MISMATCH",
            f"line 1:1: Expected expression of varchar, but {types[0].trino()} is given",
        )
    if isinstance(outermost(node), exp.Window):
        raise NotSupported("LISTAGG over a window")
    overflow = node.args.get("on_overflow")
    filler, counted = exp.Null(), False
    if isinstance(overflow, exp.OverflowTruncateBehavior):
        filler = overflow.this or raw("...")
        counted = bool(overflow.args.get("with_count"))
    separator = node.args.get("separator") or raw("")
    collected = call("array_agg", node.this)
    return after_window(
        node, collected, lambda made: call("t_listagg", made, separator, filler, counted)
    )


REWRITES: dict[str, Callable[[Any], Any]] = {
    "map_union": _map_union,
    "reduce_agg": _reduce_agg,
    "count": _counted,
}
TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any], int]] = {
    "map_agg": ("arg_max_null", _pairs("map_agg"), 1),
    "multimap_agg": ("arg_max_null", _pairs("multimap_agg"), 1),
    "max": ("max", _extreme("max"), 1),
    "min": ("min", _extreme("min"), 1),
    "max_by": ("arg_max_null", _extreme_by("max_by"), 2),
    "min_by": ("arg_min_null", _extreme_by("min_by"), 2),
    "bitwise_and_agg": ("bit_and", _bitwise("bitwise_and_agg", "bit_and"), 1),
    "bitwise_or_agg": ("bit_or", _bitwise("bitwise_or_agg", "bit_or"), 1),
    "bitwise_xor_agg": ("bit_xor", _bitwise("bitwise_xor_agg", "bit_xor"), 1),
}
