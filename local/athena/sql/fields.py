"""What a FROM clause offers and what a SELECT list is called: the small change of `names`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported
from local.athena.sql.nodes import fresh

UNNAMED = "__unnamed_"
Columns = list[str | None]  # names as written, None for what has none


@dataclass(frozen=True)
class Field:
    """One column in scope; `table` is its source's alias, None for a column that USING merged."""

    name: str | None
    table: str | None

    def matches(self, parts: list[str]) -> bool:
        """Whether `parts`, lower case, name this column or a field in it."""
        name = self.name.lower() if self.name else None
        if name is None:
            return False
        return parts[0] == name if len(parts) == 1 else parts[:2] == [self.table, name]

    def column(self) -> Any:
        table = exp.to_identifier(self.table, quoted=True) if self.table else None
        return exp.Column(this=exp.to_identifier(self.name, quoted=True), table=table)


@dataclass
class Scope:
    """What the FROM clause of one SELECT offers; `open` when a source has columns nobody knows yet."""

    parent: Scope | None
    fields: list[Field] = field(default_factory=list)
    open: bool = False
    merged: bool = False

    def find(self, parts: list[str]) -> list[Field]:
        """A column, or failing that a row column that the first of several parts names."""
        found = [f for f in self.fields if f.matches(parts)]
        return found or [f for f in self.fields if len(parts) > 1 and f.matches(parts[:1])]


def alias_of(node: Any) -> str:
    """The name of a source; one is made up where it has none, so that its columns can be qualified."""
    if not node.alias_or_name:
        node.set("alias", exp.TableAlias(this=exp.to_identifier(fresh("q"), quoted=True)))
    elif node.args.get("alias") is not None and node.args["alias"].this is None:
        node.args["alias"].set("this", exp.to_identifier(fresh("q"), quoted=True))
    return str(node.alias_or_name)


def unnested(node: Any) -> Columns | None:
    """Known only from the list of aliases, from which sqlglot takes that of the ordinality."""
    alias, ordinality = node.args.get("alias"), node.args.get("offset")
    if alias is None or not alias.columns:
        return None
    last = [ordinality.name] if isinstance(ordinality, exp.Identifier) else []
    return [c.name for c in alias.columns] + last


def check_unnested(join: Any) -> None:
    """Raise NotSupported for JOIN UNNEST with a condition, as Trino does."""
    on = join.args.get("on")
    is_true = isinstance(on, exp.Boolean) and on.this
    if isinstance(join.this, exp.Unnest) and (join.args.get("using") or (on and not is_true)):
        kind = join.side or "INNER"
        raise NotSupported(f"{kind} JOIN involving UNNEST is only supported with condition ON TRUE")


def width(row: Any) -> int:
    inner = row.expressions[0] if isinstance(row, exp.Tuple) and len(row.expressions) == 1 else row
    return len(inner.expressions) if is_row(inner) else 1


def is_row(node: Any) -> bool:
    return isinstance(node, (exp.Tuple, exp.Struct))


def star_of(expression: Any) -> Any:
    """The `*` or `t.*` of a projection."""
    inner = expression.this if isinstance(expression, exp.Aliases) else expression
    if isinstance(inner, exp.Star):
        return inner
    if isinstance(inner, exp.Column) and isinstance(inner.this, exp.Star):
        return inner
    if isinstance(inner, exp.Dot) and isinstance(inner.expression, exp.Star):
        raise NotSupported("the fields of a row as columns")
    return None


def excluded(star: Any) -> Iterator[Any]:
    inner = star if isinstance(star, exp.Star) else star.this
    return iter(inner.args.get("except_") or [])


def output_name(expression: Any) -> str | None:
    if isinstance(expression, exp.Alias):
        return str(expression.alias)
    path = unwrapped(expression)
    if not _is_path(path):
        return None
    return str(path.name if isinstance(path, exp.Column) else path.expression.name)


def _is_path(node: Any) -> bool:
    """Whether it is a column or a field of one, `(a).b` too; parentheses mean nothing."""
    while isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        node = unwrapped(node.this)
    return isinstance(node, exp.Column)


def is_output(node: Any, names: list[str]) -> bool:
    return isinstance(node, exp.Column) and not node.table and node.name.lower() in names


def unwrapped(node: Any) -> Any:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def named(expression: Any, name: str) -> Any:
    if isinstance(expression, (exp.Alias, exp.Star, exp.Column)):
        return expression
    name = output_name(expression) or name
    return exp.Alias(this=expression, alias=exp.to_identifier(name, quoted=True))


def is_unnamed(column: str) -> bool:
    return column.startswith(UNNAMED)


def is_comma(join: Any) -> bool:
    """Whether a join is the comma of a FROM clause, which sqlglot writes as a join without anything."""
    return not any(join.args.get(k) for k in ("on", "using", "kind", "side", "method"))
