"""Where aggregates and window functions may stand, checked on Trino's tree before it is translated.

Source: AggregationAnalyzer and StatementAnalyzer of trino-main.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import QueryFailed
from local.athena.sql import frames
from local.athena.sql.ordering import AGGREGATES
from local.athena.sql.syntax import PREFIX, function_name, position_of

_WINDOW_NAMES = """
row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
"""
_WINDOWS = frozenset(_WINDOW_NAMES.split())


def check(tree: Any, text: str) -> None:
    """Raise QueryFailed for DISTINCT, FILTER and OVER around what does not take them."""
    for call in tree.find_all(exp.Anonymous):
        if not str(call.this).startswith(PREFIX):
            continue
        name = function_name(call)
        where = position_of(text, name)
        if isinstance(window := _around(call).parent, exp.Window) and _around(call) is window.this:
            frames.check(window, name, where)
        if name in AGGREGATES:
            continue
        if name in _WINDOWS:
            if not _is_over(call):
                raise QueryFailed(
                    "MISSING_OVER", f"{where}: Window function {name} requires an OVER clause"
                )
            continue
        if isinstance(call.parent, exp.Window) and call.arg_key == "this":
            raise QueryFailed("FUNCTION_NOT_WINDOW", f"{where}: Not a window function: {name}")
        if any(isinstance(e, (exp.Distinct, exp.Order)) for e in call.expressions):
            raise QueryFailed(
                "FUNCTION_NOT_AGGREGATE",
                f"{where}: DISTINCT is not supported for non-aggregation functions",
            )
        if isinstance(call.parent, exp.Filter) and call.arg_key == "this":
            raise QueryFailed(
                "FUNCTION_NOT_AGGREGATE", f"{where}: Filter is only valid for aggregation functions"
            )


def _around(call: Any) -> Any:
    node = call
    while isinstance(node.parent, (exp.IgnoreNulls, exp.RespectNulls, exp.Filter)):
        node = node.parent
    return node


def _is_over(call: Any) -> bool:
    node = _around(call)
    return isinstance(node.parent, exp.Window) and node.arg_key == "this"
