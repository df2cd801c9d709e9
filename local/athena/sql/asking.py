"""Types of columns that only the planner knows: what `scopes` cannot follow is asked of DuckDB.

A query is asked about alone, with the common table expressions that it sees. One that depends on
the columns of a query around it cannot be asked about.
"""

from __future__ import annotations

from typing import Any

import duckdb
from sqlglot import exp

from local.athena.engine.planner import Session, within
from local.athena.sql.coercion import common
from local.athena.sql.nodes import sql
from local.athena.sql.scopes import Scopes
from local.athena.sql.types import Type


def output(query: Any, scopes: Scopes, session: Session) -> list[Type | None] | None:
    """The types of a translated query's columns, None for what nobody can tell."""
    if isinstance(query, exp.Subquery) and isinstance(query.this, exp.Query):
        return output(query.this, scopes, session)
    columns = scopes.output(query)
    known = None if columns is None else [kind for _, kind in columns]
    if known is not None and None not in known:
        return known
    if isinstance(query, exp.SetOperation):
        left, right = (output(side, scopes, session) for side in (query.this, query.expression))
        if left is None or right is None or len(left) != len(right):
            return None
        return [common(a, b) if a and b else None for a, b in zip(left, right, strict=True)]
    around = _definitions(query)
    if known is None:
        try:
            known = [None] * len(session.describe(within(sql(query), around)))
        except duckdb.Error:
            return None
    asked = _asked(query, len(known), around, session)
    return [a or b for a, b in zip(known, asked, strict=True)] if asked else known


def inside(nodes: list[Any], tree: Any, session: Session) -> list[Type] | None:
    """Types of nodes in a tree; those in a WITH query that the tree does not use are asked for alone."""
    found, cte = session.types(tree, *nodes), nodes[0].find_ancestor(exp.CTE)
    while found is None and cte is not None:
        query = cte.this
        found = session.types(query, *nodes, definitions=_definitions(query))
        cte = cte.find_ancestor(exp.CTE)
    return found


def column_before(name: str, join: Any, session: Session) -> Type | None:
    """The type of a column of what stands left of a join."""
    select = join.parent
    joins = select.args["joins"]
    return _column(name, select.args["from_"].this, joins[: joins.index(join)], select, session)


def column_after(name: str, join: Any, session: Session) -> Type | None:
    """The type of a column of what stands right of a join."""
    return _column(name, join.this, [], join.parent, session)


def _column(name: str, source: Any, joins: list[Any], select: Any, session: Session) -> Type | None:
    made = exp.select(exp.column(name, quoted=True)).from_(source.copy())
    made.set("joins", [join.copy() for join in joins])
    asked = _asked(made, 1, _definitions(select, own=True), session)
    return asked[0] if asked else None


def _asked(query: Any, count: int, around: list[str], session: Session) -> list[Type] | None:
    try:
        return session.column_types(sql(query), count, around)
    except duckdb.Error:
        return None


def _definitions(query: Any, own: bool = False) -> list[str]:
    """The WITH clauses that a query sees, the nearest first, its own among them or not."""
    found: list[str] = []
    around, node = None, query if own else query.parent
    while node is not None:
        if isinstance(node, exp.CTE):
            around = node
        clause = node.args.get("with_")
        if clause is not None:
            seen: list[str] = []
            for cte in clause.expressions:
                if cte is not around:
                    seen.append(sql(cte))
                    continue
                if clause.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
                    first = cte.copy()  # the first branch decides the types
                    first.set("this", cte.this.this.copy())
                    seen.append(sql(first))
                break
            if seen:
                recursive = "RECURSIVE " if clause.args.get("recursive") else ""
                found.append(f"WITH {recursive}{', '.join(seen)}")
        node = node.parent
    return found
