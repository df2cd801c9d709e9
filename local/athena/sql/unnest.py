"""UNNEST in FROM: arrays side by side, rows spread into columns, maps into key and value."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import QueryFailed
from local.athena.sql.nodes import call, fresh
from local.athena.sql.types import Type


def _column(table: str, name: str) -> Any:
    return exp.column(
        exp.to_identifier(name, quoted=True), table=exp.to_identifier(table, quoted=True)
    )


def _spread(source: str, part: str, found: Type) -> list[Any]:
    """The columns one operand gives."""
    value = _column(source, part)
    if found.name == "map":
        return [call("struct_extract_at", value.copy(), at) for at in (1, 2)]
    if found.name != "array":
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", f"Cannot unnest type: {found.trino()}")
    item = found.items[0]
    if item.name == "row":
        return [call("struct_extract_at", value.copy(), at + 1) for at in range(len(item.items))]
    return [value]


def _field_names(found: Type) -> list[str]:
    if found.name == "array" and found.items[0].name == "row":
        return list(found.items[0].fields)
    return [""] * (2 if found.name == "map" else 1)


def expand(node: Any, types: list[Type]) -> Any:
    """`UNNEST(a, b) WITH ORDINALITY AS t (x, y, n)` as a lateral subquery with the same columns."""
    source = fresh("unnested")
    arrays = [
        call("map_entries", e) if t.name == "map" else e
        for e, t in zip(node.expressions, types, strict=True)
    ]
    inner = [exp.alias_(call("unnest", a), f"part{at}", quoted=True) for at, a in enumerate(arrays)]
    outer = [c for at, t in enumerate(types) for c in _spread(source, f"part{at}", t)]
    names = [n for t in types for n in _field_names(t)]
    if node.args.get("offset"):
        inner.append(exp.alias_(_longest(arrays), "ordinality", quoted=True))
        outer.append(_column(source, "ordinality"))
        names.append("ordinality")
    alias = node.args.get("alias")
    given = [c.name for c in alias.columns] if alias else []
    given += (
        [offset.name]
        if (offset := node.args.get("offset")) and isinstance(offset, exp.Identifier)
        else []
    )
    if given and len(given) != len(outer):
        raise QueryFailed(
            "MISMATCHED_COLUMN_ALIASES",
            f"line 1:1: Column alias list has {len(given)} entries but 't' has {len(outer)} columns available",
        )
    names = given or [n or f"_col{at}" for at, n in enumerate(names)]
    made = exp.select(*inner).subquery(source)
    projected = [exp.alias_(c, n, quoted=True) for c, n in zip(outer, names, strict=True)]
    query = exp.Select(expressions=projected).from_(made)
    name = alias.this.name if alias and alias.this else fresh("u")
    if isinstance(node.parent, exp.From):
        return exp.Subquery(
            this=query, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True))
        )
    return exp.Lateral(
        this=query.subquery(), alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    )


def _longest(arrays: list[Any]) -> Any:
    lengths = [call("coalesce", call("len", a.copy()), 0) for a in arrays]
    longest = call("greatest", *lengths) if len(lengths) > 1 else lengths[0]
    return call("unnest", call("generate_series", 1, longest))
