"""FETCH FIRST n ROWS WITH TIES, which DuckDB does not know: rows whose rank is at most n."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql.nodes import call, fresh, raw


def _key(select: Any, ordered: Any) -> Any:
    """The expression that an ORDER BY item means, if it is a position or an output name."""
    value = ordered.this
    projections = select.expressions
    if isinstance(value, exp.Literal) and not value.is_string:
        found = projections[int(value.this) - 1]
    elif isinstance(value, exp.Column) and not value.table:
        named = [p for p in projections if p.alias_or_name.lower() == value.name.lower()]
        found = named[0] if named else value
    else:
        found = value
    found = found.this if isinstance(found, exp.Alias) else found
    if isinstance(found, exp.Star):
        raise NotSupported("FETCH FIRST ... WITH TIES ordered by a position behind *")
    return found.copy()


def ranked(select: Any) -> Any:
    """The query without its FETCH clause, limited by rank; `select` must be ordered."""
    count = select.args["limit"].args.get("count") or raw(1)
    order = select.args.get("order")
    if order is None:
        raise QueryFailed(
            "MISSING_ORDER_BY", "line 1:1: FETCH FIRST WITH TIES clause requires ORDER BY"
        )
    keys = [fresh("key") for _ in order.expressions]
    projected = [
        exp.alias_(_key(select, o), k, quoted=True)
        for o, k in zip(order.expressions, keys, strict=True)
    ]
    offset = select.args.get("offset")
    inner = select.copy()
    inner.set("limit", None)
    inner.set("expressions", [*inner.expressions, *projected])
    if offset is None:
        inner.set("order", None)
    table, rank = fresh("ordered"), fresh("rank")
    window = exp.Window(this=call("rank"), order=_by(order, keys), over="OVER")
    counted = exp.Select(expressions=[exp.Star(), exp.alias_(window, rank, quoted=True)])
    counted = counted.from_(inner.subquery(table))
    hidden = [exp.to_identifier(n, quoted=True) for n in (*keys, rank)]
    made = exp.Select(expressions=[exp.Star(except_=hidden)]).from_(
        counted.subquery(fresh("counted"))
    )
    kept = exp.LTE(this=exp.column(rank, quoted=True), expression=count.copy())
    made.set("where", exp.Where(this=kept))
    made.set("order", _by(order, keys))
    return made


def _by(order: Any, keys: list[str]) -> Any:
    items = []
    for ordered, key in zip(order.expressions, keys, strict=True):
        item = ordered.copy()
        item.set("this", exp.column(key, quoted=True))
        items.append(item)
    return exp.Order(expressions=items)
