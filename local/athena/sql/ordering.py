"""ORDER BY and ordinals: they see the output columns first, then those of the sources."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.engine.failures import place
from local.athena.errors import QueryFailed
from local.athena.sql.fields import Columns, is_output, star_of, unwrapped
from local.athena.sql.syntax import function_name

_AGGREGATE_NAMES = """
any_value approx_distinct approx_most_frequent approx_percentile approx_set arbitrary array_agg avg
bitwise_and_agg bitwise_or_agg bitwise_xor_agg bool_and bool_or checksum corr count count_if
covar_pop covar_samp entropy every geometric_mean histogram kurtosis listagg map_agg map_union max
max_by merge min min_by multimap_agg numeric_histogram qdigest_agg reduce_agg regr_avgx regr_avgy
regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy skewness stddev stddev_pop
stddev_samp sum tdigest_agg var_pop var_samp variance
"""
AGGREGATES = frozenset(_AGGREGATE_NAMES.split())


def check_ordinals(clause: Any, outputs: Columns | None, title: str) -> None:
    """Raise QueryFailed(INVALID_COLUMN_REFERENCE) for a number that stands for no output column."""
    for item in clause.expressions if clause is not None and outputs is not None else []:
        literal = item.this if isinstance(item, exp.Ordered) else item
        if not isinstance(literal, exp.Literal) or not str(literal.this).isdigit():
            continue
        if literal.is_string:
            continue
        if not 1 <= int(literal.this) <= len(outputs or []):
            raise QueryFailed(
                "INVALID_COLUMN_REFERENCE",
                f"line 1:1: {title} position {literal.this} is not in select list",
            )


def resolve_outputs(node: Any, order: Any, names: list[str], text: str) -> None:
    """Put the expressions that output names stand for into larger ORDER BY expressions."""
    values = {e.alias.lower(): e.this for e in node.expressions if isinstance(e, exp.Alias)}
    for ordered in order.expressions:
        for column in list(ordered.this.find_all(exp.Column)):
            name = column.name.lower()
            if column.table or name not in names or column.find_ancestor(exp.Query) is not node:
                continue
            if names.count(name) > 1:
                raise QueryFailed(
                    "AMBIGUOUS_NAME", f"{place(text, name)}: Column '{column.name}' is ambiguous"
                )
            if column is not ordered.this:
                _inline(column, values.get(name))


def _inline(column: Any, value: Any) -> None:
    if value is None:
        return
    call = column.find_ancestor(exp.Anonymous)
    while call is not None:
        if function_name(call) in AGGREGATES:
            raise QueryFailed(
                "COLUMN_NOT_FOUND",
                "line 1:1: Invalid reference to output projection attribute from ORDER BY aggregation",
            )
        call = call.find_ancestor(exp.Anonymous)
    column.replace(exp.Paren(this=value.copy()))


def check_distinct(node: Any, order: Any, names: list[str]) -> None:
    """Raise QueryFailed when SELECT DISTINCT is ordered by what it does not select."""
    if any(star_of(e) is not None for e in node.expressions):
        return
    selected = [unwrapped(e.this if isinstance(e, exp.Alias) else e) for e in node.expressions]
    for ordered in order.expressions:
        wanted = unwrapped(ordered.this)
        if isinstance(wanted, exp.Literal) or is_output(wanted, names):
            continue
        if wanted not in selected:
            raise QueryFailed(
                "EXPRESSION_NOT_IN_DISTINCT",
                "line 1:1: For SELECT DISTINCT, ORDER BY expressions must appear in select list",
            )
