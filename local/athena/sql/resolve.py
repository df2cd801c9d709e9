"""Names in a query's FROM clauses: each table becomes a numbered relation, each view its query."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlglot import exp

from local.athena.engine.failures import place
from local.athena.errors import NotSupported, QueryFailed
from local.athena.lake import information
from local.athena.lake.catalog import CATALOG, Catalog, Table, key_row
from local.athena.sql import placement, recursion
from local.athena.sql.fields import Columns
from local.athena.sql.names import Names
from local.athena.sql.nodes import reserved
from local.athena.sql.syntax import function_name, parse
from local.athena.sql.types import Type

_DEPTH = 16
_PARTS = frozenset(["partitions", "history", "snapshots", "files", "manifests", "refs"])
HIDDEN = {"$path": Type("varchar"), "$row": Type("bigint")}


class Iceberg(Protocol):
    """What opens Iceberg tables; a query without any does without it."""

    def snapshot(self, table: Table, version: Any) -> Any:
        """The `Snapshot` that a node of FOR … AS OF names, the current one for None."""

    def metadata(self, table: Table, name: str) -> tuple[dict[str, Type], list[tuple[Any, ...]]]:
        """Columns and rows of `"table$name"`."""


@dataclass
class Relation:
    """A stand-in name for one table reference; `rows` when its content is computed, not scanned."""

    name: str
    alias: str
    columns: dict[str, Type]
    table: Table | None = None
    rows: list[tuple[Any, ...]] | None = None
    hidden: tuple[str, ...] = ()
    snapshot: Any = None  # of an Iceberg table: an `iceberg.snapshots.Snapshot`


@dataclass
class Resolver:
    """Resolves one query's names; afterwards `relations` lists what it reads, `output` its columns.

    `hidden` are the columns that `*` does not show, which relations have when the query needs them.
    """

    catalog: Catalog
    database: str
    text: str
    iceberg: Iceberg
    hidden: tuple[str, ...] = ()
    relations: list[Relation] = field(default_factory=list)
    output: Columns | None = None

    def resolve(self, tree: Any) -> Any:
        """Rewrite the tree in place and answer it (a view as the whole tree has another root)."""
        if not self.hidden and '"$path"' in self.text:
            self.hidden = ("$path",)
        holder = exp.Subquery(this=tree)
        self._visit(holder, frozenset(), self.database, 0)
        made = holder.this
        made.pop()
        placement.check(made, self.text)
        recursion.limit(made)
        self.output = Names({r.name: list(r.columns) for r in self.relations}, self.text).complete(
            made
        )
        return made

    def _visit(self, node: Any, known: frozenset[str], database: str, depth: int) -> None:
        ctes = node.args.get("with_")
        if ctes is not None:
            known = self._visit_ctes(ctes, known, database, depth)
        if isinstance(node, exp.Select) and self.text:
            self._hide(node, known)
        for key, value in list(node.args.items()):
            if key == "with_":
                continue
            for child in list(value) if isinstance(value, list) else [value]:
                if isinstance(child, exp.Table):
                    self._table(child, known, database, depth)
                if isinstance(child, exp.Expr):
                    self._visit(child, known, database, depth)

    def _visit_ctes(
        self, ctes: Any, known: frozenset[str], database: str, depth: int
    ) -> frozenset[str]:
        for cte in ctes.expressions:
            name = cte.alias.lower()
            inside = known | {name} if ctes.args.get("recursive") else known
            self._visit(cte, inside, database, depth)
            known = known | {name}
        return known

    def _hide(self, select: Any, known: frozenset[str]) -> None:
        """`*` does not show them."""
        if not self.hidden:
            return
        sources = [select.args.get("from_"), *(select.args.get("joins") or [])]
        tables = [s.this for s in sources if s is not None and isinstance(s.this, exp.Table)]
        if any(t.db or t.name.lower() not in known for t in tables):
            for star in [s for e in select.expressions for s in _stars(e)]:
                star.set("except_", [exp.to_identifier(h, quoted=True) for h in self.hidden])

    def _table(self, node: Any, known: frozenset[str], database: str, depth: int) -> None:
        if isinstance(node.this, (exp.Func, exp.Anonymous)):
            raise NotSupported(f"table function {function_name(node.this)}")
        name, schema, catalog = node.name.lower(), node.db.lower(), node.catalog.lower()
        if not schema and name in known:
            return
        if catalog and catalog != CATALOG:
            raise QueryFailed(
                "CATALOG_NOT_FOUND",
                f"{place(self.text, catalog)}: Catalog '{catalog}' does not exist",
            )
        self._replace(node, schema or database, name, depth)

    def _replace(self, node: Any, schema: str, name: str, depth: int) -> None:
        alias = node.alias or name
        version = node.args.get("version") or node.args.get("when")
        if schema == "information_schema":
            where = place(self.text, name)
            columns, rows = information.relation(
                self.catalog, name, where, lambda t: dict(self.iceberg.snapshot(t, None).columns)
            )
            self._relation(node, Relation(self._named(columns), alias, columns, rows=rows))
            return
        base, _, part = name.rpartition("$")
        if part not in _PARTS:
            base, part = name, ""
        names = [n.name for n in (node.args.get("catalog"), node.args.get("db")) if n]
        table = self.catalog.table(schema, base, place(self.text, *names, base))
        if table.is_iceberg:
            self._relation(node, self._of_iceberg(table, part, version, alias))
            return
        if version is not None:
            raise NotSupported("This connector does not support versioned tables")
        if table.is_view:
            self._view(node, table, alias, depth)
            return
        if part:
            self._relation(node, self._partitions(table, part, alias))
            return
        hidden = tuple(h for h in self.hidden if h == "$path")
        columns = {**table.all_columns, **{h: Type("varchar") for h in hidden}}
        name = self._named(columns)
        self._relation(node, Relation(name, alias, columns, table=table, hidden=hidden))

    def _of_iceberg(self, table: Table, part: str, version: Any, alias: str) -> Relation:
        if part:
            columns, rows = self.iceberg.metadata(table, part)
            return Relation(self._named(columns), alias, columns, rows=rows)
        snapshot = self.iceberg.snapshot(table, version)
        hidden = {h: HIDDEN[h] for h in self.hidden}
        columns = {**snapshot.columns, **hidden}
        name = self._named(columns)
        return Relation(name, alias, columns, table=table, hidden=tuple(hidden), snapshot=snapshot)

    def _partitions(self, table: Table, part: str, alias: str) -> Relation:
        if not table.keys or part != "partitions":
            raise QueryFailed(
                "TABLE_NOT_FOUND", f"line 1:1: Table '{table.name}${part}' does not exist"
            )
        rows: list[tuple[Any, ...]] = [key_row(p.values) for p in self.catalog.partitions(table)]
        columns = dict(table.keys)
        return Relation(self._named(columns), alias, columns, rows=rows)

    def _named(self, columns: dict[str, Type]) -> str:
        """The same for the same columns in another query: what stands in for them is made once."""
        kind = hashlib.blake2b(repr(columns).encode(), digest_size=8).hexdigest()
        return reserved("r", f"{kind}_{sum(r.columns == columns for r in self.relations)}")

    def _relation(self, node: Any, relation: Relation) -> None:
        self.relations.append(relation)
        _drop_schema(node, relation.alias)
        node.set("this", exp.to_identifier(relation.name, quoted=True))
        node.set("db", None)
        node.set("catalog", None)
        node.set("version", None)
        node.set("when", None)
        if not node.args.get("alias"):
            node.set("alias", exp.TableAlias(this=exp.to_identifier(relation.alias, quoted=True)))

    def _view(self, node: Any, table: Table, alias: str, depth: int) -> None:
        if depth > _DEPTH:
            raise QueryFailed("VIEW_IS_RECURSIVE", f"line 1:1: View {table.name} is recursive")
        document = table.view()
        tree = parse(document["originalSql"])
        holder = exp.Subquery(this=tree)
        self._visit(holder, frozenset(), document.get("schema") or table.database, depth + 1)
        made = exp.Subquery(this=holder.this.pop())
        _drop_schema(node, alias)
        for key, value in node.args.items():
            if key not in ("this", "db", "catalog") and value:
                made.set(key, value)
        if not node.args.get("alias"):
            made.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
        node.replace(made)
        for key in ("joins", "sample", "pivots"):
            for child in made.args.get(key) or []:
                child.parent = made


def _stars(expression: Any) -> list[Any]:
    if isinstance(expression, exp.Star):
        return [expression]
    if isinstance(expression, exp.Column) and isinstance(expression.this, exp.Star):
        return [expression.this]
    return []


def _drop_schema(node: Any, alias: str) -> None:
    """`schema.table.column` is legal in Trino; the relation has no schema any more."""
    select = node.find_ancestor(exp.Select)
    if select is None or not node.db:
        return
    for column in select.find_all(exp.Column):
        if (
            column.db
            and column.db.lower() == node.db.lower()
            and column.table.lower() == alias.lower()
        ):
            column.set("db", None)
            column.set("catalog", None)
