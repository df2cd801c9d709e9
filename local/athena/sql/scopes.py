"""Types of columns that can be followed through subqueries to a table, without asking the planner.

Names are resolved already (see `names`). Only what is certain is answered: a wrong type here would
be a wrong value later, None merely costs a question to the planner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from local.athena.sql.coercion import common
from local.athena.sql.resolve import Relation
from local.athena.sql.types import Type

Columns = list[tuple[str, Type | None]]
_DEPTH = 30


@dataclass
class _Field:
    table: str  # "" for a column that USING merged
    name: str
    kind: Type | None


class Scopes:
    """`type_of` is asked for the types of projected expressions; set by the translator."""

    def __init__(self, relations: list[Relation]) -> None:
        self._relations = {r.name: r for r in relations}
        self._outputs: dict[int, tuple[Any, Columns | None]] = {}
        self._sources: dict[int, tuple[Any, list[_Field]]] = {}
        self._depth = 0
        self.type_of: Callable[[Any], Type | None] = lambda node: None

    def column_type(self, column: Any) -> Type | None:
        """The type of a column node, when every source that could hold it is known."""
        if self._depth > _DEPTH:
            return None
        self._depth += 1
        try:
            return self._resolved(column)
        finally:
            self._depth -= 1

    def _resolved(self, column: Any) -> Type | None:
        parts = [p.name.lower() for p in column.parts]
        query = _query_around(column, parts[0])
        while query is not None:
            if not isinstance(query, exp.Select):
                columns = self.output(query)
                fields = None if columns is None else [_Field("", n.lower(), k) for n, k in columns]
            else:
                fields = self._fields(query)
            if fields is None:
                return None
            found, rest = _matching(fields, parts)
            if found:
                return _inside(found[0].kind, rest) if len(found) == 1 else None
            query = _enclosing(query)
        return None

    def _fields(self, select: Any) -> list[_Field] | None:
        """What the FROM clause offers; not kept while an UNNEST in it waits for its types."""
        known = self._sources.get(id(select))
        if known is not None and known[0] is select:
            return known[1]
        start = select.args.get("from_")
        fields = self._of_source(start.this) if start is not None else []
        for join in select.args.get("joins") or []:
            fields = self._joined(fields, join)
        if fields is None or select.args.get("laterals"):
            return None
        self._sources[id(select)] = (select, fields)
        return fields

    def _joined(self, fields: list[_Field] | None, join: Any) -> list[_Field] | None:
        right = self._of_source(join.this)
        if fields is None or right is None or join.args.get("method"):
            return None
        for using in join.args.get("using") or []:
            name = using.name.lower()
            both = [f.kind for f in (*fields, *right) if f.name == name]
            kind = None
            if len(both) == 2 and both[0] is not None and both[1] is not None:
                kind = common(both[0], both[1])
            fields = [_Field("", name, kind)] + [f for f in fields if f.name != name]
            right = [f for f in right if f.name != name]
        return fields + right

    def merged(self, join: Any) -> list[tuple[str, Type | None, Type | None]]:
        """The columns of a join's USING with their types on both sides, as far as they are known."""
        select = join.parent
        start = select.args.get("from_") if isinstance(select, exp.Select) else None
        fields = self._of_source(start.this) if start is not None else None
        for other in select.args.get("joins") or []:
            if other is join:
                break
            fields = self._joined(fields, other)
        right = self._of_source(join.this)
        names = [u.name.lower() for u in join.args["using"]]
        return [(n, _kind(fields, n), _kind(right, n)) for n in names]

    def _of_source(self, source: Any) -> list[_Field] | None:
        joins = source.args.get("joins") or []
        if isinstance(source, exp.Subquery) and isinstance(source.this, (exp.Table, exp.Subquery)):
            inner = source.this
            if inner.args.get("joins") or isinstance(inner, exp.Table):
                made = self._of_source(inner)
                for join in joins:
                    made = self._joined(made, join)
                return made
        columns = self._columns(source)
        if columns is None:
            return None
        alias = source.args.get("alias")
        given = [c.name for c in alias.columns] if alias is not None else []
        if given and len(given) != len(columns):
            return None
        table = source.alias_or_name.lower()
        names = given or [n for n, _ in columns]
        kinds = [k for _, k in columns]
        fields: list[_Field] | None = [
            _Field(table, n.lower(), k) for n, k in zip(names, kinds, strict=True)
        ]
        for join in joins:
            fields = self._joined(fields, join)
        return fields

    def _columns(self, source: Any) -> Columns | None:
        if isinstance(source, exp.Values):
            return self.output(source)
        if isinstance(source, exp.Subquery):
            return self.output(source)
        if isinstance(source, exp.Lateral):
            return self.output(source.this)
        if not isinstance(source, exp.Table):
            return None
        relation = self._relations.get(source.name)
        if relation is not None:
            return list(relation.columns.items())
        cte, recursive = _definition(source)
        if cte is None:
            return None
        query = cte.this
        if recursive and isinstance(query, exp.SetOperation):
            query = query.this  # the first branch decides the types
        columns = self.output(query)
        given = [c.name for c in cte.args["alias"].columns]
        if not given or columns is None:
            return columns
        return [(n, k) for n, (_, k) in zip(given, columns, strict=True)]

    def output(self, query: Any) -> Columns | None:
        """Columns of a query in order."""
        known = self._outputs.get(id(query))
        if known is not None and known[0] is query:
            return known[1]
        made = self._computed(query)
        if made is not None:
            self._outputs[id(query)] = (query, made)
        return made

    def _computed(self, query: Any) -> Columns | None:
        if isinstance(query, exp.SetOperation):
            return self._united(query)
        if isinstance(query, exp.Subquery):
            return None if isinstance(query.this, exp.Table) else self.output(query.this)
        if isinstance(query, exp.Values):
            return self._listed(query)
        if not isinstance(query, exp.Select):
            return None
        columns: Columns = []
        for projection in query.expressions:
            part = self._projected(query, projection)
            if part is None:
                return None
            columns += part
        return columns

    def _united(self, query: Any) -> Columns | None:
        left, right = self.output(query.this), self.output(query.expression)
        if left is None or right is None or len(left) != len(right):
            return None
        made: Columns = []
        for (name, kind), (_, other) in zip(left, right, strict=True):
            made.append((name, common(kind, other) if kind and other else None))
        return made

    def _listed(self, values: Any) -> Columns | None:
        rows = [cells(row) for row in values.expressions]
        kinds: list[Type | None] = [self.type_of(c) for c in rows[0]]
        for row in rows[1:]:
            for at, cell in enumerate(row):
                found, kind = self.type_of(cell), kinds[at]
                kinds[at] = common(kind, found) if kind and found else None
        return [("", k) for k in kinds]

    def _projected(self, select: Any, projection: Any) -> Columns | None:
        if isinstance(projection, exp.Alias):
            return [(projection.alias, self.type_of(projection.this))]
        if isinstance(projection, exp.Star):
            hidden = {i.name.lower() for i in projection.args.get("except_") or []}
            fields = self._fields(select)
            if fields is None or any(not f.table for f in fields):
                return None
            return [(f.name, f.kind) for f in fields if f.name not in hidden]
        if isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
            fields = self._fields(select)
            if fields is None or projection.this.args.get("except_"):
                return None
            return [(f.name, f.kind) for f in fields if f.table == projection.table.lower()]
        if isinstance(projection, exp.Column):
            return [(projection.name, self.column_type(projection))]
        return None


def _kind(fields: list[_Field] | None, name: str) -> Type | None:
    found = [f.kind for f in fields or [] if f.name == name]
    return found[0] if len(found) == 1 else None


def cells(row: Any) -> list[Any]:
    """The values of one row of VALUES, whose parentheses are optional when it has one column."""
    if isinstance(row, exp.Tuple) and len(row.expressions) == 1:
        inner = row.expressions[0]
        if isinstance(inner, (exp.Tuple, exp.Struct)):
            return list(inner.expressions)
    return list(row.expressions) if isinstance(row, exp.Tuple) else [row]


def _matching(fields: list[_Field], parts: list[str]) -> tuple[list[_Field], list[str]]:
    """The fields that a name means, and the names of the row fields inside."""
    if len(parts) > 1:
        found = [f for f in fields if [f.table, f.name] == parts[:2]]
        if found:
            return found, parts[2:]
    return [f for f in fields if f.name == parts[0]], parts[1:]


def _inside(kind: Type | None, names: list[str]) -> Type | None:
    for name in names:
        if kind is None or kind.name != "row":
            return None
        lowered = [f.lower() for f in kind.fields]
        kind = kind.items[lowered.index(name)] if name in lowered else None
    return kind


def _query_around(column: Any, first: str) -> Any:
    """The query whose scope a column is in; None for the variable of a lambda."""
    node = column.parent
    while node is not None and not isinstance(node, exp.Query):
        if isinstance(node, exp.Lambda) and first in [e.name.lower() for e in node.expressions]:
            return None
        node = node.parent
    return node


def _enclosing(query: Any) -> Any:
    """The SELECT whose columns a subquery sees; for one in FROM only when it is LATERAL."""
    node, lateral = query, False
    while node.parent is not None:
        key, node = node.arg_key, node.parent
        lateral |= isinstance(node, exp.Lateral) or (isinstance(node, exp.Join) and key == "on")
        if isinstance(node, exp.Select):
            if lateral or key not in ("from_", "joins", "with_"):
                return node
            lateral = False
    return None


def _definition(table: Any) -> tuple[Any, bool]:
    """The common table expression that a name means, and whether it may be recursive."""
    node, name = table.parent, table.name.lower()
    inside: list[Any] = []
    while node is not None:
        if isinstance(node, exp.CTE):
            inside.append(node)
        with_ = node.args.get("with_")
        for at, cte in reversed(list(enumerate(with_.expressions if with_ is not None else []))):
            if cte.alias.lower() != name:
                continue
            recursive = bool(with_.args.get("recursive"))
            places = [i for i, c in enumerate(with_.expressions) if any(c is x for x in inside)]
            if not places or at < places[0] or (recursive and at == places[0]):
                return cte, recursive
        node = node.parent
    return None, False
