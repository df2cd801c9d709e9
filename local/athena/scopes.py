"""Types of columns that can be followed through subqueries to a table, without asking the planner.

Only what is certain is answered: a wrong type here would be a wrong value later, None merely costs
a question to the planner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.resolve import Relation
from local.athena.types import Type

Columns = dict[str, Type | None]
_DEPTH = 30


class Scopes:
    """`type_of` is asked for the types of projected expressions; set by the translator."""

    def __init__(self, relations: list[Relation]) -> None:
        self._relations = {r.name: r for r in relations}
        self._queries: dict[int, tuple[Any, Columns | None]] = {}
        self._depth = 0
        self.type_of: Callable[[Any], Type | None] = lambda node: None

    def column_type(self, column: Any) -> Type | None:
        """The type of a column node, when every source that could hold it is known."""
        select = column.find_ancestor(exp.Select, exp.Lambda, exp.Lateral)
        if not isinstance(select, exp.Select) or column.find_ancestor(exp.Lambda):
            return None
        sources = _sources(select)
        if sources is None or self._depth > _DEPTH:
            return None
        self._depth += 1
        try:
            return self._among(column, sources)
        finally:
            self._depth -= 1

    def _among(self, column: Any, sources: list[Any]) -> Type | None:
        name, table = column.name.lower(), column.table.lower()
        if table:
            sources = [s for s in sources if s.alias_or_name.lower() == table]
            if len(sources) != 1:
                return None
        found = []
        for source in sources:
            columns = self._columns(source)
            if columns is None:
                return None
            if name in columns:
                found.append(columns[name])
        return found[0] if len(found) == 1 else None

    def _columns(self, source: Any) -> Columns | None:
        alias = source.args.get("alias")
        if alias is not None and alias.columns:
            return None
        if isinstance(source, exp.Subquery):
            return self._output(source.this)
        if not isinstance(source, exp.Table):
            return None
        relation = self._relations.get(source.name)
        if relation is not None:
            return dict(relation.columns)
        cte = _definition(source)
        if cte is None or cte.args["alias"].columns:
            return None
        return self._output(cte.this)

    def _output(self, query: Any) -> Columns | None:
        """Columns of a query by name; what stands twice has no certain type."""
        known = self._queries.get(id(query))
        if known is not None and known[0] is query:
            return known[1]
        made = self._computed(query)
        self._queries[id(query)] = (query, made)
        return made

    def _computed(self, query: Any) -> Columns | None:
        if isinstance(query, exp.SetOperation):
            left, right = self._output(query.this), self._output(query.expression)
            if left is None or right is None or len(left) != len(right):
                return None
            both = zip(left.items(), right.values(), strict=True)
            return {name: kind if kind == other else None for (name, kind), other in both}
        if not isinstance(query, exp.Select):
            return None
        columns: Columns = {}
        for projection in query.expressions:
            part = self._projected(query, projection)
            if part is None or part.keys() & columns.keys():
                return None
            columns |= part
        return columns

    def _projected(self, select: Any, projection: Any) -> Columns | None:
        if isinstance(projection, exp.Alias):
            return {projection.alias.lower(): self.type_of(projection.this)}
        if isinstance(projection, exp.Star) and not projection.args.get("except_"):
            sources = _sources(select)
            if sources is None or len(sources) != 1:
                return None
            return self._columns(sources[0])
        if isinstance(projection, exp.Column) and not isinstance(projection.this, exp.Star):
            return {projection.name.lower(): self.column_type(projection)}
        return None


def _sources(select: Any) -> list[Any] | None:
    """What the SELECT reads; None when a join merges columns or a part is not a table or subquery."""
    joins = select.args.get("joins") or []
    if select.args.get("laterals") or any(
        j.args.get("using") or j.args.get("method") for j in joins
    ):
        return None
    start = select.args.get("from_")
    return [s.this for s in [start, *joins] if s is not None]


def _definition(table: Any) -> Any:
    """The common table expression that a name means; None for a recursive one."""
    node, name = table.parent, table.name.lower()
    inside: list[Any] = []
    while node is not None:
        if isinstance(node, exp.CTE):
            inside.append(node)
        with_ = node.args.get("with_")
        if with_ is not None and not with_.args.get("recursive"):
            for cte in reversed(with_.expressions):
                if cte.alias.lower() == name and not any(cte is i for i in inside):
                    return cte
        node = node.parent
    return None
