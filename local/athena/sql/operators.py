"""`+`, `-`, `*`, `/` and `%`: numbers by Trino's types, times and intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import QueryFailed, without_type
from local.athena.functions.rewrites import arity
from local.athena.sql import decimals, intervals, zoned, zones
from local.athena.sql.coercion import (
    arithmetic,
    as_decimal,
)
from local.athena.sql.nodes import (
    call,
    cast,
)
from local.athena.sql.types import Type


def _wide(node: Any, found: Type, result: Type) -> Any:
    """An operand narrower than INTEGER takes the type of the result: DuckDB would keep a literal small."""
    if found.name in ("tinyint", "smallint") and result.is_integer and found != result:
        return cast(node, result.duckdb())
    return node


# Trino cannot choose between these of numbers and those of intervals.
_ALSO_OF_INTERVALS = (("*", "bigint"), ("*", "double"))


def _calculated(operator: str, left: Type, right: Type) -> Type:
    known = next((t for t in (left, right) if t.name != "unknown"), None)
    if known is None or (
        left != right
        and "unknown" in (left.name, right.name)
        and (intervals.is_interval(known) or (operator, known.name) in _ALSO_OF_INTERVALS)
    ):
        raise without_type(f"{operator} with")
    null_as = Type("decimal", (1, 0)) if known.name == "decimal" else known
    left, right = (null_as if t.name == "unknown" else t for t in (left, right))
    result = arithmetic(operator, left, right)
    if result is None:
        raise QueryFailed(
            "TYPE_MISMATCH",
            f"line 1:1: Cannot apply operator: {left.trino()} {operator} {right.trino()}",
        )
    return result


def multiply(node: Any, types: list[Type]) -> Any:
    """`*` for numbers; DuckDB would keep the product of two decimals of 18 digits in 18."""
    left, right = types
    if "unknown" not in (left.name, right.name) and (
        intervals.is_interval(left) or intervals.is_interval(right)
    ):
        return intervals.multiplied(node, left, right)
    result = _calculated("*", left, right)
    a, b = _wide(node.this, left, result), _wide(node.expression, right, result)
    if result.name != "decimal":
        return type(node)(this=a, expression=b)
    if "unknown" in (left.name, right.name):
        return cast(exp.Null(), result.duckdb())
    if result.numbers[1] > 38:
        raise QueryFailed(
            "NUMERIC_VALUE_OUT_OF_RANGE",
            f"line 1:1: DECIMAL scale must be in range [0, precision (38)]: {result.numbers[1]}",
        )
    left, right = as_decimal(left), as_decimal(right)
    roomy = Type("decimal", (max(19, left.numbers[0]), left.numbers[1]))
    made = exp.Mul(this=cast(a, roomy.duckdb()), expression=cast(b, right.duckdb()))
    return cast(made, result.duckdb())


def divide(node: Any, types: list[Type]) -> Any:
    left, right = types
    if left.name == "unknown" and right.name == "double":  # perhaps an interval
        raise without_type("/ with")
    if intervals.is_interval(left) and right.name != "unknown":
        return intervals.divided(node, left, right)
    result = _calculated("/", left, right)
    if "unknown" in (left.name, right.name):
        return cast(exp.Null(), result.duckdb())
    if result.is_integer:
        divided = exp.IntDiv(this=node.this, expression=node.expression)
        return exp.Paren(this=cast(divided, result.duckdb()))
    if result.name == "decimal":
        left, right = as_decimal(left), as_decimal(right)
        numbers = result.numbers[0], result.numbers[1]
        return decimals.divide_exactly(node.this, node.expression, left, right, numbers)
    if result.name == "real":
        narrow = [cast(x, "FLOAT") for x in (node.this, node.expression)]
        return call("t_to_real", call("t_divide_double", *narrow))
    return call("t_divide_double", node.this, node.expression)


def modulo(node: Any, types: list[Type]) -> Any:
    a, b = (
        arity(node, "mod", 2) if isinstance(node, exp.Anonymous) else (node.this, node.expression)
    )
    result = _calculated("%", *types)
    exact = decimals.by_digits("%", exp.Mod(this=a, expression=b), types, result)
    if exact is not None:
        return exact
    a, b = _wide(a, types[0], result), _wide(b, types[1], result)
    made = exp.Paren(this=exp.Mod(this=exp.Paren(this=a), expression=exp.Paren(this=b)))
    return cast(made, result.duckdb()) if result.name in ("decimal", "real") else made


def shifted(operator: str) -> Callable[[Any, list[Type]], Any]:
    """`+` and `-`: numbers, or a date or timestamp and an interval; DuckDB knows more than Trino."""

    sign_ = {"plus": "+", "minus": "-"}[operator]

    def rewrite(node: Any, types: list[Type]) -> Any:
        left, right = types
        if left.is_number and right.is_number:
            result = _calculated(sign_, left, right)
            exact = decimals.by_digits(sign_, node, types, result)
            if exact is not None:
                return exact
            a, b = _wide(node.this, left, result), _wide(node.expression, right, result)
            made = type(node)(this=a, expression=b)
            return cast(made, result.duckdb()) if result.name in ("decimal", "real") else made
        if "unknown" in (left.name, right.name):
            if left == right or "decimal" in (left.name, right.name):
                return cast(exp.Null(), _calculated(sign_, left, right).duckdb())
            known = right if left.name == "unknown" else left
            if known.is_number:
                return node
            if known.is_time or known.name == "time" or intervals.is_interval(known):
                return _beside_null(operator, known, first=known is left)
        plain = _of_literal(operator, node, left, right)
        if plain is not None:
            return plain
        found = _of_times(operator, node, left, right)
        if found is not None:
            return found
        raise QueryFailed(
            "TYPE_MISMATCH",
            f"line 1:1: Cannot apply operator: {left.trino()} {sign_} {right.trino()}",
        )

    return rewrite


def _beside_null(operator: str, known: Type, *, first: bool) -> Any:
    """A time that is moved by NULL; raises NotSupported where that may be something else."""
    moved = operator == "plus" or (first and known.name == "date")
    if not moved or intervals.is_interval(known):
        raise without_type("an interval or a time with")
    return cast(exp.Null(), known.duckdb())


def _of_literal(operator: str, node: Any, left: Type, right: Type) -> Any:
    """A literal interval beside what may have a zone; None for anything else."""
    a, b = node.this, node.expression
    if isinstance(a, exp.Interval) and operator == "plus":
        a, b, left, right = b, a, right, left
    if not isinstance(b, exp.Interval):
        return None
    if left.zone:
        return zoned.shifted(operator, a, left, b, right)
    return call(f"t_{operator}_interval", a, b)


def _of_times(operator: str, node: Any, left: Type, right: Type) -> Any:
    """Dates, times and intervals; None for anything else."""
    a, b = node.this, node.expression
    moves = {"date", "time", "timestamp", "timestamp with time zone"}
    if left.zone and intervals.is_interval(right):
        return zoned.shifted(operator, a, left, b, right)
    if intervals.is_interval(left) and right.zone and operator == "plus":
        return zoned.shifted(operator, b, right, a, left)
    if left.name in moves and intervals.is_interval(right):
        return intervals.moved(operator, a, right, b)
    if intervals.is_interval(left) and right.name in moves and operator == "plus":
        return intervals.moved(operator, b, left, a)
    if left.name in moves and right.name in moves and operator == "minus":
        a, b = (zones.instant_of(x) if t.zone else x for x, t in ((a, left), (b, right)))
        return intervals.between(a, b, left, right)
    if intervals.is_interval(left) and left == right:
        return intervals.combined(operator, a, b, left)
    return None
