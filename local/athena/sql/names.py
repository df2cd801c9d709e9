"""Names of columns: which source each means, `*` where DuckDB's order differs, and output names.

DuckDB would find an alias of the SELECT list in WHERE, GROUP BY and HAVING, and would prefer it to a
column of an outer query; Trino knows aliases in ORDER BY only. Types are not looked at here.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.engine.failures import place
from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql import grouping
from local.athena.sql.fields import (
    UNNAMED,
    Columns,
    Field,
    Scope,
    alias_of,
    check_unnested,
    is_comma,
    is_output,
    is_row,
    named,
    output_name,
    star_of,
    unnested,
    width,
)
from local.athena.sql.ordering import AGGREGATES, check_distinct, check_ordinals, resolve_outputs
from local.athena.sql.stars import expanded, starred
from local.athena.sql.syntax import function_name

_Ctes = dict[str, Columns | None]


class Names:
    """Checks and completes one query; `relations` gives the visible columns of each stand-in."""

    def __init__(self, relations: dict[str, list[str]], text: str) -> None:
        self._relations = relations
        self._text = text
        self._selects = 0
        self._depths: list[int] = []  # of each column found, how many queries further out it is

    def complete(self, tree: Any) -> Columns | None:
        """The output names; raises QueryFailed for what cannot be resolved. Changes the tree in place."""
        return self._query(tree, None, {})

    def _fail(self, name: str, message: str, where: str = "") -> QueryFailed:
        return QueryFailed(name, f"{place(self._text, where) if where else 'line 1:1'}: {message}")

    def _query(self, node: Any, outer: Scope | None, ctes: _Ctes) -> Columns | None:
        with_ = node.args.get("with_")
        if with_ is not None:
            ctes = self._with(with_, outer, ctes)
        if isinstance(node, exp.Select):
            return self._select(node, outer, ctes)
        if isinstance(node, exp.SetOperation):
            found = self._set_operation(node, outer, ctes)
        elif isinstance(node, exp.Values):
            found = self._values(node, outer, ctes)
        elif isinstance(node.this, exp.Table):
            found = None
        else:
            found = self._query(node.this, outer, ctes)
        fields = [Field(c, None) for c in found or []]
        self._order(node, found, Scope(None, fields, open=found is None), ctes)
        return found

    def _with(self, with_: Any, outer: Scope | None, ctes: _Ctes) -> _Ctes:
        seen: set[str] = set()
        for cte in with_.expressions:
            name = cte.alias.lower()
            if name in seen:
                raise self._fail(
                    "DUPLICATE_NAMED_QUERY", f"WITH query name '{name}' specified more than once"
                )
            seen.add(name)
            given = [c.name for c in cte.args["alias"].columns]
            inside = ctes
            if with_.args.get("recursive"):
                inside = {**ctes, name: list(given) or None}
            found = self._query(cte.this, outer, inside)
            ctes = {**ctes, name: self._renamed(found, given, name)}
        return ctes

    def _renamed(self, found: Columns | None, given: list[str], name: str) -> Columns | None:
        if not given:
            return found
        if found is not None and len(found) != len(given):
            raise self._fail(
                "MISMATCHED_COLUMN_ALIASES",
                f"Column alias list has {len(given)} entries but '{name}' has {len(found)} columns available",
            )
        return list(given)

    def _set_operation(self, node: Any, outer: Scope | None, ctes: _Ctes) -> Columns | None:
        left = self._query(node.this, outer, ctes)
        right = self._query(node.expression, outer, ctes)
        if left is not None and right is not None and len(left) != len(right):
            kind = node.key.upper()
            raise self._fail(
                "TYPE_MISMATCH",
                f"{kind} query has different number of fields: {len(left)}, {len(right)}",
            )
        return left

    def _values(self, node: Any, outer: Scope | None, ctes: _Ctes) -> Columns | None:
        scope = Scope(outer)
        sizes = set()
        for row in node.expressions:
            self._expression(row, scope, ctes)
            sizes.add(width(row))
        if len(sizes) > 1:
            raise self._fail(
                "TYPE_MISMATCH",
                f"Values rows have mismatched sizes: {' vs '.join(map(str, sorted(sizes)))}",
            )
        return [None] * sizes.pop()

    def _select(self, node: Any, outer: Scope | None, ctes: _Ctes) -> Columns | None:
        scope = Scope(outer)
        start = node.args.get("from_")
        if start is not None:
            self._relation(start.this, scope, ctes)
        self._joins(node, scope, ctes)
        for lateral in node.args.get("laterals") or []:
            self._relation(lateral, scope, ctes)
        outputs = self._projections(node, scope, ctes)
        for key in ("where", "group", "having", "windows", "sample"):
            value = node.args.get(key)
            for part in value if isinstance(value, list) else [value]:
                if part is not None:
                    self._expression(part, scope, ctes)
        check_ordinals(node.args.get("group"), outputs, "GROUP BY")
        grouping.check(node.args.get("group"), scope)
        self._order(node, outputs, scope, ctes)
        self._name(node)
        return outputs

    def _relation(self, node: Any, scope: Scope, ctes: _Ctes) -> None:
        """Add the columns of one source to the scope."""
        if isinstance(node, exp.Subquery) and isinstance(node.this, (exp.Table, exp.Subquery)):
            inner = node.this
            if inner.args.get("joins") or (isinstance(inner, exp.Table) and not node.alias):
                self._parenthesized(node, scope, ctes)
                return
        alias = alias_of(node)
        columns = self._columns(node, scope, ctes)
        if not isinstance(node, exp.Unnest):
            given = [c.name for c in (node.args.get("alias") or exp.TableAlias()).columns]
            columns = self._renamed(columns, given, alias)
        if columns is None:
            scope.open = True
        else:
            scope.fields += [Field(c, alias.lower()) for c in columns]
        self._joins(node, scope, ctes)

    def _parenthesized(self, node: Any, scope: Scope, ctes: _Ctes) -> None:
        """`(a JOIN b ON …)`: the names of its tables stay visible."""
        if node.alias:
            raise NotSupported("an alias of a join in parentheses: use a subquery")
        inner = Scope(scope.parent)
        self._relation(node.this, inner, ctes)
        scope.fields += inner.fields
        scope.open |= inner.open
        scope.merged |= inner.merged
        self._joins(node, scope, ctes)

    def _columns(self, node: Any, scope: Scope, ctes: _Ctes) -> Columns | None:
        if isinstance(node, exp.Table):
            if node.name in self._relations:
                return list(self._relations[node.name])
            return ctes.get(node.name.lower())
        if isinstance(node, exp.Unnest):
            for expression in node.expressions:
                self._expression(expression, scope, ctes)
            return unnested(node)
        if isinstance(node, exp.Lateral):
            if not isinstance(node.this, exp.Subquery):
                raise NotSupported("LATERAL with a table function")
            return self._query(node.this.this, scope, ctes)
        return self._query(node if isinstance(node, exp.Values) else node.this, scope.parent, ctes)

    def _joins(self, node: Any, scope: Scope, ctes: _Ctes) -> None:
        """JOIN binds tighter than a comma: ON sees what stands since the last one."""
        earlier: list[Field] = []
        for join in node.args.get("joins") or []:
            if is_comma(join):
                earlier, scope.fields = earlier + scope.fields, []
                if isinstance(join.this, (exp.Lateral, exp.Unnest)):
                    earlier, scope.fields = [], earlier
            self._join(join, scope, ctes)
        scope.fields = earlier + scope.fields

    def _join(self, join: Any, scope: Scope, ctes: _Ctes) -> None:
        if join.method == "NATURAL":
            raise NotSupported("Natural join")
        check_unnested(join)
        before = len(scope.fields)
        self._relation(join.this, scope, ctes)
        if join.args.get("using"):
            self._using([u.name for u in join.args["using"]], scope, before)
        if join.args.get("on") is not None:
            self._expression(join.args["on"], scope, ctes)

    def _using(self, names: list[str], scope: Scope, before: int) -> None:
        """A merged column stands first, once, and belongs to neither table any more."""
        left, right = scope.fields[:before], scope.fields[before:]
        for name in names:
            for side in (left, right):
                found = [f for f in side if f.matches([name.lower()])]
                if len(found) != 1 and not scope.open:
                    what = "is ambiguous" if found else "cannot be resolved"
                    error = "AMBIGUOUS_NAME" if found else "COLUMN_NOT_FOUND"
                    raise self._fail(error, f"Column '{name}' {what}", name)
        lowered = {n.lower() for n in names}
        rest = [f for f in (*left, *right) if not f.name or f.name.lower() not in lowered]
        scope.fields = [Field(n, None) for n in names] + rest
        scope.merged = True

    def _projections(self, node: Any, scope: Scope, ctes: _Ctes) -> Columns | None:
        outputs: Columns | None = []
        made: list[Any] = []
        for expression in node.expressions:
            star = star_of(expression)
            if star is None:
                self._expression(expression, scope, ctes)
                made.append(expression)
                names: Columns | None = [output_name(expression)]
            else:
                fields = starred(star, scope, self._text)
                given = expression.expressions if isinstance(expression, exp.Aliases) else []
                names = None if fields is None else [f.name for f in fields]
                names = self._renamed(names, [g.name for g in given], "*")
                made += expanded(expression, fields, names, scope)
            outputs = None if outputs is None or names is None else outputs + names
        node.set("expressions", made)
        return outputs

    def _expression(
        self,
        node: Any,
        scope: Scope,
        ctes: _Ctes,
        local: frozenset[str] = frozenset(),
    ) -> None:
        if isinstance(node, exp.Column):
            self._column(node, scope, local)
        elif isinstance(node, (exp.Query, exp.Values)):
            self._nested(node, scope, ctes)
        else:
            if isinstance(node, exp.Lambda):
                local = local | {e.name.lower() for e in node.expressions}
            start = len(self._depths)
            for child in list(node.iter_expressions()):
                self._expression(child, scope, ctes, local)
            self._require_own(node, self._depths[start:])

    def _require_own(self, node: Any, depths: list[int]) -> None:
        """DuckDB evaluates an aggregate over the rows of the query that all of its columns are from."""
        if not depths or min(depths) == 0:
            return
        name = "listagg" if isinstance(node, exp.GroupConcat) else function_name(node)
        if isinstance(node, (exp.Anonymous, exp.GroupConcat)) and name in AGGREGATES:
            raise NotSupported(f"{name} in a subquery over columns of the outer query alone")

    def _nested(self, node: Any, scope: Scope, ctes: _Ctes) -> None:
        """A subquery as a value has one column, after IN as many as the row before."""
        columns = self._query(node, scope, ctes)
        around = node.parent
        if columns is None or isinstance(around, exp.Exists):
            return
        if isinstance(around, exp.In):
            width = len(around.this.expressions) if is_row(around.this) else 1
            if width != len(columns):
                raise self._fail(
                    "TYPE_MISMATCH",
                    f"Value expression and result of subquery must be of the same type: "
                    f"{width} vs {len(columns)} columns",
                )
        elif len(columns) != 1:
            raise NotSupported(f"a subquery with {len(columns)} columns as a value")

    def _column(self, column: Any, scope: Scope | None, local: frozenset[str]) -> None:
        parts = [p.name.lower() for p in column.parts]
        if isinstance(column.this, exp.Star):
            raise self._fail(
                "INVALID_FUNCTION_ARGUMENT",
                "label.* syntax is only supported as the only argument of row pattern count function",
            )
        if parts[0] in local:
            return
        depth = 0
        while scope is not None:
            found = scope.find(parts)
            name = ".".join(p.name for p in column.parts)
            if len(found) > 1:
                raise self._fail("AMBIGUOUS_NAME", f"Column '{name}' is ambiguous", name)
            if found:
                if len(parts) > (2 if found[0].matches(parts) else 1):
                    column.meta["typed"] = "field"
                self._depths.append(depth)
                if depth and len(parts) == 1 and found[0].table:
                    column.set("table", exp.to_identifier(found[0].table, quoted=True))
                return
            if scope.open:
                return
            scope, depth = scope.parent, depth + 1
        name = ".".join(p.name for p in column.parts)
        raise self._fail("COLUMN_NOT_FOUND", f"Column '{name}' cannot be resolved", column.name)

    def _name(self, select: Any) -> None:
        self._selects += 1
        stem = f"{UNNAMED}{self._selects}_"
        listed = [named(e, f"{stem}{at}") for at, e in enumerate(select.expressions)]
        select.set("expressions", listed)

    def _order(self, node: Any, outputs: Columns | None, scope: Scope, ctes: _Ctes) -> None:
        order = node.args.get("order")
        if order is None:
            return
        check_ordinals(order, outputs, "ORDER BY")
        names = [n.lower() for n in outputs or [] if n]
        resolve_outputs(node, order, names, self._text)
        for ordered in order.expressions:
            if not is_output(ordered.this, names):
                self._expression(ordered.this, scope, ctes)
        if isinstance(node, exp.Select) and node.args.get("distinct"):
            check_distinct(node, order, names)
