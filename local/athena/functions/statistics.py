"""Statistical aggregates: moments, correlations, regressions, the geometric mean.

Source: https://trino.io/docs/current/functions/aggregate.html and the aggregation classes of
trino-main. Parameters of lambdas begin with `t_`, see `array_macros`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.functions.aggregates import after_window, collect
from local.athena.functions.arrays import unexpected
from local.athena.functions.macro import Macro, private
from local.athena.functions.rewrites import arity, outermost
from local.athena.functions.scalars import PythonFunction
from local.athena.sql.nodes import call, cast, raw
from local.athena.sql.types import Type

MACROS: dict[str, Macro] = {
    "power_sum": private("(l, m, n) AS list_sum(list_transform(l, lambda t_p: pow(t_p - m, n)))"),
    "skewness_of": private(
        "(l, m) AS CASE WHEN len(l) >= 3 "
        "THEN sqrt(len(l)) * t_power_sum(l, m, 3) / pow(t_power_sum(l, m, 2), 1.5e0) END"
    ),
    "kurtosis_of": private(
        "(l, m) AS CASE WHEN len(l) >= 4 THEN (len(l) - 1e0) * len(l) * (len(l) + 1e0) "
        "/ ((len(l) - 2e0) * (len(l) - 3e0)) * t_power_sum(l, m, 4) / pow(t_power_sum(l, m, 2), 2) "
        "- 3e0 * pow(len(l) - 1e0, 2) / ((len(l) - 2e0) * (len(l) - 3e0)) END"
    ),
    **{
        name: private(
            "(l) AS list_transform([t_present(l)], lambda t_l: list_transform([list_avg(t_l)], "
            f"lambda t_m: t_{name}_of(t_l, t_m))[1])[1]"
        )
        for name in ("skewness", "kurtosis")
    },
    "logarithm": private(
        "(x) AS CASE WHEN x > 0 THEN ln(x) WHEN x = 0 THEN CAST('-Infinity' AS DOUBLE) "
        "WHEN x < 0 THEN CAST('NaN' AS DOUBLE) END"
    ),
    "finite": private("(x) AS CASE WHEN isfinite(x) THEN x END"),
}


def _moment(name: str) -> Callable[[Any], Any]:
    def rewrite(node: Any) -> Any:
        numbers = collect(node, name, 1, lambda x: cast(x, "DOUBLE"))
        return after_window(node, numbers, lambda made: call(f"t_{name}", made))

    return rewrite


def _of_pairs(name: str) -> Callable[[Any, list[Type]], Any]:
    """Over pairs of doubles, or of reals where neither is a double: Trino's choice for exact numbers.

    A correlation or a regression that is no finite number is NULL to Trino.
    """

    def finish(node: Any, types: list[Type]) -> Any:
        if any(not t.is_number and t.name != "unknown" for t in types):
            raise unexpected(name, types)
        kind = "DOUBLE" if "double" in [t.name for t in types] else "FLOAT"
        pair = [cast(cast(value, kind), "DOUBLE") for value in arity(node, name, 2)]
        made = call(name, *pair)

        def narrowed(made: Any) -> Any:
            made = made if name.startswith("covar") else call("t_finite", made)
            return call("t_to_real", made) if kind == "FLOAT" else made

        return after_window(node, made, narrowed)

    return finish


def _of_population(name: str) -> Callable[[Any, list[Type]], Any]:
    """var_pop and stddev_pop; to DuckDB one value has no spread, even NaN or an infinity."""

    def finish(node: Any, types: list[Type]) -> Any:
        if not types[0].is_number and types[0].name != "unknown":
            raise unexpected(name, types)
        (given,) = arity(node, name, 1)
        spread = outermost(node).copy()
        if types[0].name not in ("double", "real"):
            return outermost(node)
        value = given.expressions[0] if isinstance(given, exp.Distinct) else given
        nothing = call("sum", exp.Mul(this=exp.Paren(this=value.copy()), expression=raw(0)))
        return after_window(
            node, nothing, lambda made: exp.Paren(this=exp.Add(this=spread, expression=made))
        )

    return finish


def _geometric_mean(node: Any, types: list[Type]) -> Any:
    if not types[0].is_number and types[0].name != "unknown":
        raise unexpected("geometric_mean", types)
    kind = "FLOAT" if types[0].name in ("real", "decimal") else "DOUBLE"
    logarithms = collect(
        node, "geometric_mean", 1, lambda x: call("t_logarithm", cast(cast(x, kind), "DOUBLE"))
    )
    logarithms.set("this", "avg")

    def finish(made: Any) -> Any:
        return cast(call("exp", made), kind)

    return after_window(node, logarithms, finish)


FUNCTIONS: list[PythonFunction] = []
REWRITES: dict[str, Callable[[Any], Any]] = {
    "skewness": _moment("skewness"),
    "kurtosis": _moment("kurtosis"),
}
TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any], int]] = {
    "geometric_mean": ("avg", _geometric_mean, 1),
    "covar_pop": ("covar_pop", _of_pairs("covar_pop"), 2),
    "covar_samp": ("covar_samp", _of_pairs("covar_samp"), 2),
    "corr": ("corr", _of_pairs("corr"), 2),
    "var_pop": ("var_pop", _of_population("var_pop"), 1),
    "stddev_pop": ("stddev_pop", _of_population("stddev_pop"), 1),
    "regr_slope": ("regr_slope", _of_pairs("regr_slope"), 2),
    "regr_intercept": ("regr_intercept", _of_pairs("regr_intercept"), 2),
}
