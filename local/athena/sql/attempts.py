"""TRY in a scope of its own: DuckDB would compute what occurs twice before it, where failures are no NULL.

A lambda is such a scope. Aggregates, window functions and subqueries are computed before TRY in Trino
too, and cannot stand in a lambda: they are handed in as the fields of a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from local.athena.sql.nodes import call, fresh, lambda_of, null, variable
from local.athena.sql.ordering import AGGREGATES
from local.athena.sql.syntax import PREFIX, function_name


def isolate(tree: Any) -> None:
    """Rewrite each TRY in place, those around others first."""
    for node in list(tree.find_all(exp.Anonymous)):
        if node.this == f"{PREFIX}try" and len(node.expressions) == 1:
            _isolate(node)


def _isolate(node: Any) -> None:
    name = fresh("t")
    given = list(_computed_before(node.expressions[0]))
    for at, part in enumerate(given, 1):
        part.replace(_made("struct_extract_at", variable(name), at))
    values = _made("row", *given) if given else null()
    marker = exp.Placeholder(this="attempt")
    node.replace(marker)
    listed = exp.Anonymous(this="list_value", expressions=[values])
    listed.meta["made"] = True
    attempt = _made("list_transform", listed, lambda_of(node, name))
    marker.replace(_made("list_extract", attempt, 1))


def _made(name: str, *args: Any) -> Any:
    node = call(name, *args)
    node.meta["made"] = True  # no call of the user's
    return node


def _computed_before(node: Any) -> Iterator[Any]:
    if _is_computed_before(node):
        yield node
        return
    for child in node.iter_expressions():
        yield from _computed_before(child)


def _is_computed_before(node: Any) -> bool:
    if isinstance(node, (exp.Window, exp.Filter, exp.WithinGroup, exp.Subquery, exp.Exists)):
        return True
    if isinstance(node, exp.In):
        return node.args.get("query") is not None
    if isinstance(node, exp.Binary) and isinstance(node.expression, (exp.Any, exp.All)):
        return True
    return isinstance(node, exp.Anonymous) and function_name(node) in AGGREGATES
