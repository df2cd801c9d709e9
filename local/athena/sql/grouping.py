"""What GROUPING SETS, CUBE and ROLLUP may name: columns, neither positions nor expressions.

Source: StatementAnalyzer of trino-main.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from local.athena.errors import QueryFailed
from local.athena.sql.fields import Field, Scope

_SETS = (exp.GroupingSets, exp.Cube, exp.Rollup)


def check(group: Any, scope: Scope) -> None:
    """Raise QueryFailed(INVALID_COLUMN_REFERENCE) for anything else.

    A column gets its table: DuckDB takes `t.x` and `x` in two sets for two columns. CUBE has each once.
    """
    if group is None or not any(isinstance(e, _SETS) for e in group.expressions):
        return
    for part in list(group.expressions):
        for item in list(_items(part)):
            found = _fields(item, scope)
            if not found and not scope.open and isinstance(part, _SETS):
                raise QueryFailed(
                    "INVALID_COLUMN_REFERENCE",
                    f"line 1:1: GROUP BY expression must be a column reference: {item.sql('trino')}",
                )
            if found and found[0].table:
                item.replace(found[0].column())
        if isinstance(part, exp.Cube):
            part.set("expressions", list(dict.fromkeys(part.expressions)))


def _items(node: Any) -> Iterator[Any]:
    if isinstance(node, (*_SETS, exp.Tuple)):
        for each in node.expressions:
            yield from _items(each)
    elif isinstance(node, exp.Paren):
        yield from _items(node.this)
    else:
        yield node


def _fields(node: Any, scope: Scope) -> list[Field]:
    """The column that a name means, nothing for a field in it."""
    if not isinstance(node, exp.Column):
        return []
    parts = [p.name.lower() for p in node.parts]
    return [f for f in scope.fields if len(parts) < 3 and f.matches(parts)]
