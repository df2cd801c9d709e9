"""Constructs whose DuckDB form depends on the types of their operands, which the planner tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.casts import convert
from local.athena.errors import NotSupported, QueryFailed
from local.athena.nodes import call, cast, lambda_of, raw, variable
from local.athena.rewrites import outermost
from local.athena.types import Type, parse_type


def _operator(node: Any, symbol: str) -> Any:
    return exp.Paren(this=call(f"op{symbol}", node.this, node.expression))


def _as_decimal(found: Type) -> Type:
    widths = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
    return found if found.name == "decimal" else Type("decimal", (widths[found.name], 0))


def _exact(*types: Type) -> bool:
    return all(t.is_integer or t.name == "decimal" for t in types)


def divide_exactly(a: Any, b: Any, left: Type, right: Type, result: tuple[int, int]) -> Any:
    """Decimal division rounding half up, by integers: DuckDB's own answers a double."""
    (_, s1), (_, s2), (precision, scale) = left.numbers, right.numbers, result
    shift = exp.Literal.number("1" + "0" * (scale + s2 - s1))
    quotient = call(
        "t_divide_unscaled",
        call("t_unscaled", cast(a, left.duckdb())),
        call("t_unscaled", cast(b, right.duckdb())),
        cast(shift, "HUGEINT"),
    )
    unit = cast(
        raw("0." + "0" * (scale - 1) + "1" if scale else "1"), f"DECIMAL({max(scale, 1)},{scale})"
    )
    return cast(
        exp.Mul(this=cast(quotient, "DECIMAL(38,0)"), expression=unit),
        f"DECIMAL({precision},{scale})",
    )


def divide(node: Any, types: list[Type]) -> Any:
    left, right = types
    if left.is_integer and right.is_integer:
        widest = max(
            (left, right), key=lambda t: ("tinyint", "smallint", "integer", "bigint").index(t.name)
        )
        return exp.Paren(
            this=cast(exp.IntDiv(this=node.this, expression=node.expression), widest.duckdb())
        )
    if _exact(left, right):
        left, right = _as_decimal(left), _as_decimal(right)
        (p1, s1), (_, s2) = left.numbers, right.numbers
        result = min(38, p1 + s2 + max(0, s2 - s1)), max(s1, s2)
        return divide_exactly(node.this, node.expression, left, right, result)
    return call("t_divide_double", node.this, node.expression)


def modulo(node: Any, types: list[Type]) -> Any:
    a, b = node.expressions if isinstance(node, exp.Anonymous) else (node.this, node.expression)
    if any(t.name in ("varchar", "boolean", "date") for t in types):
        raise QueryFailed(
            "TYPE_MISMATCH",
            f"line 1:1: Cannot apply operator: {types[0].trino()} % {types[1].trino()}",
        )
    made = exp.Paren(this=exp.Mod(this=exp.Paren(this=a), expression=exp.Paren(this=b)))
    if not _exact(*types) or all(t.is_integer for t in types):
        return made
    (p1, s1), (p2, s2) = (_as_decimal(t).numbers for t in types)
    return cast(made, f"DECIMAL({min(p1 - s1, p2 - s2) + max(s1, s2)},{max(s1, s2)})")


def total(node: Any, types: list[Type]) -> Any:
    (found,) = types
    if found.is_integer:
        return cast(outermost(node), "BIGINT")
    if found.name == "real":
        return cast(outermost(node), "FLOAT")
    if found.name not in ("double", "decimal") and "interval" not in found.name:
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"line 1:1: Unexpected parameters ({found.trino()}) for function sum",
        )
    return outermost(node)


def average(node: Any, types: list[Type]) -> Any:
    (found,) = types
    outer = outermost(node)
    if found.name == "real":
        return cast(outer, "FLOAT")
    if found.name != "decimal":
        return outer
    node.set("this", "count")
    count = outer.copy()
    node.set("this", "sum")
    summed = Type("decimal", (38, found.numbers[1]))
    nothing = call("nullif", count, 0)
    return divide_exactly(
        outer.copy(),
        nothing,
        summed,
        Type("decimal", (19, 0)),
        (found.numbers[0], found.numbers[1]),
    )


def type_name(node: Any, types: list[Type]) -> Any:
    literal = node.expressions[0]
    if isinstance(literal, exp.Literal) and literal.is_string:
        return raw(f"varchar({len(literal.this)})")
    return raw(types[0].trino())


def rounding(name: str) -> Callable[[Any, list[Type]], Any]:
    """round, ceil, floor, truncate: integers stay, decimals get Trino's scale."""

    def rewrite(node: Any, types: list[Type]) -> Any:
        found, args = types[0], list(node.expressions)
        if found.is_integer:
            return args[0] if len(args) == 1 else cast(call(name, *args), found.duckdb())
        made = call(name, *args)
        if found.name == "decimal":
            precision, scale = found.numbers
            if len(args) == 2:
                return cast(made, f"DECIMAL({min(38, precision + 1)},{scale})")
            return cast(made, f"DECIMAL({min(38, max(1, precision - scale + min(scale, 1)))},0)")
        return cast(made, "FLOAT") if found.name == "real" else made

    return rewrite


def sign(node: Any, types: list[Type]) -> Any:
    made = call("sign", *node.expressions)
    return cast(made, "DECIMAL(1,0)" if types[0].name == "decimal" else types[0].duckdb())


def subscript(node: Any, types: list[Type]) -> Any:
    container, key = types[0], node.expressions[0]
    if container.name == "array":
        return call("t_list_item", node.this, key)
    if container.name == "map":
        return call("t_map_item", node.this, key)
    if container.name == "row":
        return call("struct_extract_at", node.this, key)
    raise QueryFailed("TYPE_MISMATCH", f"line 1:1: Cannot apply operator: {container.trino()}[...]")


def element_at(node: Any, types: list[Type]) -> Any:
    value, key = node.expressions
    if types[0].name not in ("array", "map"):
        raise QueryFailed(
            "FUNCTION_NOT_FOUND", "line 1:1: Unexpected parameters for function element_at"
        )
    return exp.Bracket(this=exp.Paren(this=value), expressions=[key], offset=1)


def sequence(node: Any, types: list[Type]) -> Any:
    args = list(node.expressions)
    start = types[0]
    if start.is_integer:
        step = args[2] if len(args) == 3 else call("t_step", args[0].copy(), args[1].copy())
        numbers = [cast(a, "BIGINT") for a in (args[0], args[1], step)]
        return call("t_series", *numbers)
    if start.name == "date":
        step = (
            args[2]
            if len(args) == 3
            else call("to_days", call("t_step", args[0].copy(), args[1].copy()))
        )
        days = call("t_series", cast(args[0], "TIMESTAMP"), cast(args[1], "TIMESTAMP"), step)
        return call(
            "list_transform", days, lambda_of(cast(variable("made_day"), "DATE"), "made_day")
        )
    if start.name.startswith("timestamp") and len(args) == 3:
        return call("t_series", *args)
    raise QueryFailed("FUNCTION_NOT_FOUND", "line 1:1: Unexpected parameters for function sequence")


def joined(parts: list[Any], types: list[Type]) -> Any:
    """`||` and concat: strings or arrays, NULL when any part is NULL."""
    found = next((t for t in types if t.name != "unknown"), types[0])
    if found.name not in ("array", "varchar", "varbinary", "char", "unknown"):
        raise QueryFailed(
            "TYPE_MISMATCH", f"line 1:1: Cannot apply operator: {found.trino()} || ..."
        )
    parts = [cast(p, found.duckdb()) if isinstance(p, exp.Null) else p for p in parts]
    made = parts[0]
    for part in parts[1:]:
        made = exp.DPipe(this=made, expression=part)
    return exp.Paren(this=made)


def shifted(operator: str) -> Callable[[Any, list[Type]], Any]:
    """`+` and `-`: numbers, or a date or timestamp and an interval; DuckDB knows more than Trino."""

    def rewrite(node: Any, types: list[Type]) -> Any:
        left, right = types
        if (left.is_number and right.is_number) or "unknown" in (left.name, right.name):
            return node
        if "interval" in right.name and left.is_time:
            return call(f"t_{operator}_interval", node.this, node.expression)
        if "interval" in left.name and right.is_time and operator == "plus":
            return call("t_plus_interval", node.expression, node.this)
        if left.is_time and right.is_time and operator == "minus":
            raise NotSupported("a difference of dates: use date_diff")
        if "interval" in left.name and "interval" in right.name:
            return node
        sign_ = {"plus": "+", "minus": "-"}[operator]
        raise QueryFailed(
            "TYPE_MISMATCH",
            f"line 1:1: Cannot apply operator: {left.trino()} {sign_} {right.trino()}",
        )

    return rewrite


def joined_with(node: Any, types: list[Type]) -> Any:
    """concat_ws over an array or over strings."""
    args = list(node.expressions)
    if types[0].name == "array":
        made = call("array_to_string", args[1], args[0])
    else:
        made = call("concat_ws", *args)
    return exp.Case(
        ifs=[exp.If(this=exp.Is(this=args[0].copy(), expression=exp.Null()), true=exp.Null())],
        default=made,
    )


def reversed_value(node: Any, types: list[Type]) -> Any:
    return call("list_reverse" if types[0].name == "array" else "reverse", *node.expressions)


def histogram(node: Any, types: list[Type]) -> Any:
    return cast(outermost(node), f"MAP({types[0].duckdb()}, BIGINT)")


def converted(node: Any, types: list[Type]) -> Any:
    target = parse_type(node.args["target"])
    made = convert(node.this, types[0], target)
    return call("try", made) if isinstance(node, exp.TryCast) else made


def zoned(node: Any, types: list[Type]) -> Any:
    """Local wall time of an instant; a timestamp without zone counts as UTC, the session's zone."""
    if not types[0].name.startswith("timestamp"):
        raise NotSupported(f"AT TIME ZONE of {types[0].trino()}")
    return call("timezone", node.args["zone"], cast(node.this, "TIMESTAMPTZ"))
