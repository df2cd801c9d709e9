"""Decimals by whole numbers: exact quotients, remainders and averages, where DuckDB has doubles or no room.

Source: Int128Math, DecimalOperators and DecimalAverageAggregation of trino-main.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.functions.rewrites import outermost
from local.athena.sql.coercion import as_decimal
from local.athena.sql.nodes import call, cast, fresh, lambda_of, raw, variable
from local.athena.sql.types import Type

# Of so many digits and fewer, 10^19 values have a sum of 38.
SUMMED_DIGITS = 19


def divide_exactly(a: Any, b: Any, left: Type, right: Type, result: tuple[int, int]) -> Any:
    """Decimal division rounding half up, by integers: DuckDB's own answers a double."""
    (_, s1), (_, s2), (precision, scale) = left.numbers, right.numbers, result
    shift = scale + s2 - s1
    operands = _unscaled(a, left), _unscaled(b, right)
    if shift < 38:
        factor = cast(exp.Literal.number(10**shift), "HUGEINT")
        quotient = call("t_divide_unscaled", *operands, factor, shift)
    else:
        quotient = call("t_by_digits", "/", *operands, shift, 0)
    return _scaled(quotient, precision, scale)


def _scaled(unscaled: Any, precision: int, scale: int) -> Any:
    """The decimal of an integer that counts units of its last place."""
    unit = cast(
        raw("0." + "0" * (scale - 1) + "1" if scale else "1"), f"DECIMAL({max(scale, 1)},{scale})"
    )
    return cast(
        exp.Mul(this=cast(unscaled, "DECIMAL(38,0)"), expression=unit),
        f"DECIMAL({precision},{scale})",
    )


def _unscaled(node: Any, found: Type) -> Any:
    return call("t_unscaled", cast(node, found.duckdb()))


def by_digits(operator: str, node: Any, types: list[Type], result: Type) -> Any | None:
    """`+`, `-`, `%` of decimals that no decimal of 38 digits can hold both, of which DuckDB makes doubles
    or says that it cannot cast; None for others."""
    if result.name != "decimal" or "unknown" in (types[0].name, types[1].name):
        return None
    left, right = (as_decimal(t) for t in types)
    (p1, s1), (p2, s2) = left.numbers, right.numbers
    scale = max(s1, s2)
    if s1 == s2 or max(p1 - s1, p2 - s2) + scale <= 38:
        return None
    a, b = _unscaled(node.this, left), _unscaled(node.expression, right)
    made = call("t_by_digits", operator, a, b, scale - s1, scale - s2)
    return _scaled(made, result.numbers[0], scale)


def average_of_many(node: Any, count: Any, found: Type) -> Any:
    """Upper and lower digits summed apart: the sum itself may have more than 38, which Trino counts."""
    outer, (given, *_) = outermost(node), node.expressions
    given = given.this if isinstance(given, exp.Order) else given
    distinct = isinstance(given, exp.Distinct)
    value = call("t_unscaled", given.expressions[0] if distinct else given)

    def summed(kind: type[exp.Expr]) -> Any:
        name = fresh("digits")
        shift = exp.Literal.number(10**SUMMED_DIGITS)
        if not distinct:
            node.set("this", "sum")
            node.set("expressions", [exp.Paren(this=kind(this=value.copy(), expression=shift))])
            return outer.copy()
        node.set("this", "list")
        node.set("expressions", [exp.Distinct(expressions=[value.copy()])])
        part = lambda_of(kind(this=variable(name), expression=shift), name)
        return call("list_sum", call("list_transform", outer.copy(), part))

    average = call("t_average_unscaled", summed(exp.IntDiv), summed(exp.Mod), count)
    return _scaled(average, found.numbers[0], found.numbers[1])
