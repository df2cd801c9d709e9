"""Macros with several forms around aggregates and window functions.

DuckDB chooses the form before it knows the types of these, and finds all of them fitting. Bound to a
variable first, their types are known.
"""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from local.athena.functions.library import MACROS
from local.athena.sql.nodes import fresh, let, variable

_FORM = re.compile(r"(?:^|, )\([^()]*\) AS ")
_NAMES = frozenset(
    f"t_{name}" for name, macro in MACROS.items() if len(_FORM.findall(macro.definition)) > 1
)


def bind(nodes: list[Any], aggregates: frozenset[str]) -> None:
    """Bind such arguments; `aggregates` are the names in DuckDB, `nodes` stand innermost first."""
    for node in nodes:
        if not isinstance(node, exp.Anonymous) or str(node.this) not in _NAMES:
            continue
        for argument in list(node.expressions):
            if _is_late(argument, aggregates):
                _bind(node, argument)


def _is_late(argument: Any, aggregates: frozenset[str]) -> bool:
    """Whether an aggregate or a window function stands in it, other than in a subquery."""
    found = argument.walk(prune=lambda n: isinstance(n, exp.Query))
    return any(
        isinstance(n, exp.Window)
        or (isinstance(n, exp.Anonymous) and str(n.this).lower() in aggregates)
        for n in found
    )


def _bind(node: Any, argument: Any) -> None:
    name = fresh("late")
    argument.replace(variable(name))
    marker = exp.Placeholder(this="bound")
    node.replace(marker)
    marker.replace(let(argument, name, node))
