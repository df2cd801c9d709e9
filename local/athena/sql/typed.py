"""Constructs whose DuckDB form depends on the types of their operands, which the planner tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed, without_type
from local.athena.functions import arrays
from local.athena.functions.rewrites import arity, outermost
from local.athena.sql import decimals, intervals, precision
from local.athena.sql.casts import convert
from local.athena.sql.coercion import (
    common,
    common_of,
    is_orderable,
    require_fit,
)
from local.athena.sql.floats import NAMES, coerced
from local.athena.sql.nodes import (
    any_null,
    call,
    case,
    cast,
    fresh,
    let,
    null,
    raw,
    variable,
)
from local.athena.sql.types import Type, parse_type


def total(node: Any, types: list[Type]) -> Any:
    (found,) = types
    if intervals.is_interval(found):
        return intervals.summed(node, outermost(node), found)
    if found.is_integer:
        return cast(outermost(node), "BIGINT")
    if found.name == "real":
        return call("t_to_real", outermost(node))
    if found.name not in ("double", "decimal"):
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"line 1:1: Unexpected parameters ({found.trino()}) for function sum",
        )
    return outermost(node)


def average(node: Any, types: list[Type]) -> Any:
    (found,) = types
    outer = outermost(node)
    if intervals.is_interval(found):
        raise NotSupported("avg of an interval")
    if not (found.is_number or found.name == "unknown"):
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"line 1:1: Unexpected parameters ({found.trino()}) for function avg",
        )
    if found.name == "real":
        return cast(outer, "FLOAT")
    if found.name != "decimal":
        return outer
    node.set("this", "count")
    count = outer.copy()
    if found.numbers[0] > decimals.SUMMED_DIGITS:
        return decimals.average_of_many(node, count, found)
    node.set("this", "sum")
    summed = Type("decimal", (38, found.numbers[1]))
    nothing = call("nullif", count, 0)
    return decimals.divide_exactly(
        outer.copy(),
        nothing,
        summed,
        Type("decimal", (19, 0)),
        (found.numbers[0], found.numbers[1]),
    )


def type_name(node: Any, types: list[Type]) -> Any:
    """Raises NotSupported for a text whose length nobody follows: Trino's types have it."""
    arity(node, "typeof", 1)
    (kind, text), (found,) = node.meta["asked"], types
    if kind is exp.Literal and found.name == "varchar":
        return raw(f"varchar({len(text)})")
    if found.holds("varchar") and kind is not exp.Cast:
        raise NotSupported(f"typeof of {found.trino()}: the length of its text is not known")
    return raw(found.trino())


def subscript(node: Any, types: list[Type]) -> Any:
    (container, index), key = types, node.expressions[0]
    if container.name == "unknown":
        raise without_type("a subscript with")
    expected = container.items[0] if container.name == "map" else Type("integer")
    shared = common(index, expected)
    if shared is None:
        raise QueryFailed(
            "TYPE_MISMATCH",
            f"line 1:1: Cannot apply operator: {container.trino()}[{index.trino()}]",
        )
    require_fit([index, expected], shared)
    if container.name == "array":
        return call("t_list_item", node.this, key)
    if container.name == "map":
        return call("t_map_item", node.this, precision.coerced(key, index, expected))
    if container.name == "row":
        if not isinstance(key, exp.Literal):
            raise QueryFailed(
                "EXPRESSION_NOT_CONSTANT",
                "line 1:1: Subscript expression on ROW requires a constant index",
            )
        if not 1 <= int(key.this) <= len(container.items):
            raise QueryFailed(
                "INVALID_FUNCTION_ARGUMENT",
                f"line 1:1: Invalid subscript index: {key.this}. ROW type has {len(container.items)}",
            )
        return call("struct_extract_at", node.this, key)
    raise QueryFailed("TYPE_MISMATCH", f"line 1:1: Cannot apply operator: {container.trino()}[...]")


def joined(parts: list[Any], types: list[Type]) -> Any:
    """`||` and concat: strings or arrays, NULL when any part is NULL."""
    if any(t.name == "array" for t in types):
        return arrays.joined(parts, types)
    found = next((t for t in types if t.name != "unknown"), types[0])
    if found.name == "unknown" or (len(types) == 2 and any(t.name == "unknown" for t in types)):
        # to Trino an array, or nothing it can choose from
        raise without_type("|| with")
    fits = found.name in ("varchar", "varbinary", "char")
    if not fits or any(common(t, found) is None for t in types):
        raise arrays.unexpected("concat", types)
    nulls = [t.name == "unknown" for t in types]
    parts = [cast(p, found.duckdb()) if n else p for p, n in zip(parts, nulls, strict=True)]
    made = parts[0]
    for part in parts[1:]:
        made = exp.DPipe(this=made, expression=part)
    return exp.Paren(this=made)


def joined_with(node: Any, types: list[Type]) -> Any:
    """concat_ws over an array or over strings."""
    args = list(node.expressions)
    is_array = len(args) == 2 and types[1].name == "array"
    texts = [types[0], *types[1].items] if is_array else types
    if len(args) < 2 or any(t.kind not in ("text", "unknown") for t in texts):
        raise arrays.unexpected("concat_ws", types)
    if is_array and args[0].find(exp.Column) is not None:
        raise NotSupported("concat_ws of an array with a separator that is not constant")
    made = call("array_to_string", args[1], args[0]) if is_array else call("concat_ws", *args)
    return exp.Case(
        ifs=[exp.If(this=exp.Is(this=args[0].copy(), expression=exp.Null()), true=exp.Null())],
        default=made,
    )


def extreme(name: str) -> Callable[[Any, list[Type]], Any]:
    """greatest and least: NULL when an operand is NULL."""

    def rewrite(node: Any, types: list[Type]) -> Any:
        wanted = common_of(types)
        if wanted is None or not is_orderable(wanted):
            raise arrays.unexpected(name, types)
        args = [coerced(a, t, wanted) for a, t in zip(node.expressions, types, strict=True)]
        made = call(name, *args)
        if name == "greatest" and wanted.name in ("double", "real"):  # NaN only where all are
            numbers = [case((exp.Not(this=call("isnan", a.copy())), a.copy())) for a in args]
            made = call("coalesce", call(name, *numbers), args[0].copy())
        return case((any_null(*args), null()), default=made)

    return rewrite


def histogram(node: Any, types: list[Type]) -> Any:
    """Raises NotSupported for rows, whose fields would get names."""
    if types[0].holds("row"):
        raise NotSupported(f"histogram of {types[0].trino()}")
    value = node.expressions[0]
    if types[0].name in NAMES and not isinstance(value, exp.Distinct):
        node.set("expressions", [call("t_number_key", value)])
    return cast(outermost(node), f"MAP({types[0].duckdb()}, BIGINT)")


def converted(node: Any, types: list[Type]) -> Any:
    target = parse_type(node.args["target"])
    if not isinstance(node, exp.TryCast):
        return convert(node.this, types[0], target)
    if isinstance(node.this, (exp.Column, exp.Literal)) and target.name != "real":
        return call("try", convert(node.this, types[0], target))
    name = fresh("c")  # a failure of the operand itself is none of TRY_CAST's
    return let(node.this, name, call("try", convert(variable(name), types[0], target)))
