"""approx_distinct and approx_percentile: the exact answer is within what they promise.

Where Trino's t-digest has merged nothing yet, the percentile is the very value that it answers.
Source: https://trino.io/docs/current/functions/aggregate.html#approximate-aggregate-functions.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.aggregates import after_window
from local.athena.functions.arrays import unexpected
from local.athena.functions.macro import Macro, private
from local.athena.functions.rewrites import arity
from local.athena.functions.scalars import PythonFunction, fail
from local.athena.sql.nodes import call, cast, fresh, lambda_of, parens, raw, variable
from local.athena.sql.types import Type

MACROS: dict[str, Macro] = {
    "percentile_number": private(
        "(x) AS CASE WHEN isnan(x) THEN t_refuse(isnan(x), 'approx_percentile of NaN') ELSE x END"
    ),
    # l holds (value, weight); all percentages at once, NULL when no row counts
    "weighted_percentiles": private(
        "(l, p) AS list_transform([list_sort(list_filter(l, lambda t_p: "
        "struct_extract_at(t_p, 1) IS NOT NULL AND struct_extract_at(t_p, 2) IS NOT NULL))], "
        "lambda t_l: CASE WHEN len(t_l) > 0 THEN t_weighted_values("
        "list_transform(t_l, lambda t_v: CAST(struct_extract_at(t_v, 1) AS DOUBLE)), "
        "list_transform(t_l, lambda t_w: CAST(struct_extract_at(t_w, 2) AS DOUBLE)), p) END)[1]"
    ),
}


def weighted_values(
    values: list[float], weights: list[float], percentages: list[float]
) -> list[float]:
    """What a t-digest of the sorted values answers before it merges any of them."""
    if any(w < 1 for w in weights):
        fail("INVALID_FUNCTION_ARGUMENT", f"weight must be >= 1, was {min(weights)}")
    return [_value_at(values, weights, p * sum(weights)) for p in percentages]


def _value_at(values: list[float], weights: list[float], offset: float) -> float:
    """Between two values by their distance; a value of weight one holds half a step around it."""
    total = sum(weights)
    if offset < max(1.0, weights[0] / 2) or len(values) == 1:
        return values[0]
    if offset > total - 1 or total - offset <= (weights[-1] / 2 if weights[-1] > 1 else 0):
        return values[-1]
    passed = weights[0] / 2
    for at in range(len(values) - 1):
        step = (weights[at] + weights[at + 1]) / 2
        if passed + step > offset:
            before, after = offset - passed, passed + step - offset
            if weights[at] == 1 and before < 0.5:
                return values[at]
            if weights[at + 1] == 1 and after <= 0.5:
                return values[at + 1]
            before -= 0.5 * (weights[at] == 1)
            after -= 0.5 * (weights[at + 1] == 1)
            return (values[at] * after + values[at + 1] * before) / (before + after)
        passed += step
    return values[-1]


FUNCTIONS = [
    PythonFunction(
        "t_weighted_values", weighted_values, ["DOUBLE[]", "DOUBLE[]", "DOUBLE[]"], "DOUBLE[]"
    ),
]


def _approx_distinct(node: Any) -> Any:
    args = arity(node, "approx_distinct", 1, 2)
    error = args[1] if len(args) == 2 else None
    if error is not None:
        if not isinstance(error, exp.Literal) or error.is_string:
            raise NotSupported("approx_distinct with a standard error that is not a literal")
        if not Decimal("0.0040625") <= Decimal(error.this) <= Decimal("0.26"):
            raise QueryFailed(
                "INVALID_FUNCTION_ARGUMENT",
                f"Max standard error must be in [0.0040625, 0.26]: {error.this}",
            )
    return call("count", exp.Distinct(expressions=[args[0]]))


def _percentages(node: Any) -> list[Decimal]:
    found = []
    for value in node.expressions if isinstance(node, exp.Array) else [node]:
        number = value.this if isinstance(value, exp.Literal) else None
        if number is None or value.is_string:
            raise NotSupported("approx_percentile with a percentage that is not a literal")
        if not 0 <= Decimal(number) <= 1:
            raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "Percentile must be between 0 and 1")
        found.append(Decimal(number))
    return found


def _number(value: Decimal) -> Any:
    made = exp.Literal.number(f"{abs(value):f}")
    return exp.Neg(this=made) if value < 0 else made


def _places(wanted: list[Decimal]) -> list[Any]:
    """For DuckDB, so that of n sorted values the one at floor(percentage * n) is taken, as a t-digest
    of single values does; DuckDB's own place is a step lower where percentage * n is whole. A
    negative place counts from the greatest."""
    if all(p == 1 for p in wanted):
        return [_number(p) for p in wanted]
    return [_number(p - 1) for p in wanted]


def _approx_percentile(node: Any, types: list[Type]) -> Any:
    """The exact percentile, in the types for which Trino has the function."""
    args = arity(node, "approx_percentile", 2, 3)
    shared = {"real": "FLOAT", "double": "DOUBLE", "decimal": "FLOAT"}
    (found,) = types
    if not found.is_number and found.name != "unknown":
        raise unexpected("approx_percentile", types)
    kind = shared.get(found.name, "BIGINT")
    value = cast(args[0], kind)
    if kind != "BIGINT":
        value = call("t_percentile_number", value)
    wanted, listed = _percentages(args[-1]), isinstance(args[-1], exp.Array)
    if len(args) == 2:
        places = _places(wanted)
        asked = exp.Array(expressions=places) if listed else places[0]
        return after_window(node, call("quantile_disc", value, asked), lambda made: made)
    pairs = call("array_agg", call("row", value, args[1]))

    def finish(made: Any) -> Any:
        numbers = exp.Array(expressions=[cast(_number(p), "DOUBLE") for p in wanted])
        found = call("t_weighted_percentiles", made, numbers)
        if kind == "BIGINT":
            name = fresh("weighted")
            half_up = call("floor", exp.Add(this=variable(name), expression=raw(0.5)))
            found = call("list_transform", found, lambda_of(half_up, name))
        found = cast(found, f"{kind}[]")
        return found if listed else exp.Bracket(this=parens(found), expressions=[raw(1)], offset=1)

    return after_window(node, pairs, finish)


REWRITES: dict[str, Callable[[Any], Any]] = {"approx_distinct": _approx_distinct}
TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any], int]] = {
    "approx_percentile": ("quantile_disc", _approx_percentile, 1),
}
