"""Rows and arrays side by side: where DuckDB compares NULL as a value, Trino answers NULL, but for
rows IN a subquery.

Rows are taken apart as long as they are written out; `list_equal` compares arrays.
Source: RowType and ArrayEqualOperator of trino-main.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.macro import Macro, private
from local.athena.functions.scalars import PythonFunction
from local.athena.sql.nodes import fresh, parens

MACROS: dict[str, Macro] = {
    "list_equal": private(
        "(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN len(a) <> len(b) THEN false "
        "WHEN len(list_filter(list_zip(a, b), lambda p: coalesce(p[1] <> p[2], false))) > 0 THEN false "
        "WHEN list_count(a) < len(a) OR list_count(b) < len(b) THEN NULL ELSE true END"
    ),
}
FUNCTIONS: list[PythonFunction] = []


def parts_of(node: Any) -> list[Any] | None:
    """The values of a row as written, `(a, b)` or `row(a, b)`; None for anything else."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, (exp.Tuple, exp.Struct)):
        return list(node.expressions)
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "row":
        return list(node.expressions)
    return None


def _waiting(kind: type, left: Any, right: Any) -> Any:
    made = kind(this=left, expression=right)
    made.meta["typed"] = "compare"
    return made


def _all(left: list[Any], right: list[Any]) -> Any:
    if len(left) != len(right):
        raise QueryFailed(
            "TYPE_MISMATCH",
            f"line 1:1: Cannot compare rows of {len(left)} and {len(right)} values",
        )
    pairs = [equal(a.copy(), b.copy()) for a, b in zip(left, right, strict=True)]
    made = pairs[0]
    for pair in pairs[1:]:
        made = exp.And(this=made, expression=pair)
    return parens(made)


def equal(left: Any, right: Any) -> Any:
    """`left = right` with rows taken apart."""
    a, b = parts_of(left), parts_of(right)
    return _all(a, b) if a and b else _waiting(exp.EQ, left, right)


def compared(node: Any) -> Any:
    """A comparison of two written rows as comparisons of their parts; None when it is none."""
    left, right = parts_of(node.this), parts_of(node.expression)
    if not left or not right:
        return None
    if isinstance(node, exp.EQ):
        return _all(left, right)
    if isinstance(node, exp.NEQ):
        return parens(exp.Not(this=_all(left, right)))
    if isinstance(node, (exp.NullSafeEQ, exp.NullSafeNEQ)):
        return None
    raise NotSupported("rows compared by order: compare the parts")


def member(node: Any) -> Any:
    """`(a, b) IN (…)`; None when the left side is no row."""
    left = parts_of(node.this)
    if not left:
        return None
    query = node.args.get("query")
    if query is None:
        rows = [equal(node.this.copy(), e) for e in node.expressions]
        made = rows[0]
        for row in rows[1:]:
            made = exp.Or(this=made, expression=row)
        return parens(made)
    return _among(left, query, joined=_filters(node))


def _filters(node: Any) -> bool:
    """Whether rows pass only when the condition holds."""
    while isinstance(node.parent, (exp.And, exp.Paren)):
        node = node.parent
    return isinstance(node.parent, (exp.Where, exp.Having))


def _among(left: list[Any], query: Any, *, joined: bool) -> Any:
    """Trino looks for the row in a hash table, whose NULLs are values, equal among themselves; what
    filters becomes a join, and NULL joins nothing."""
    table, names = fresh("among"), [fresh("part") for _ in left]
    columns = [exp.to_identifier(n, quoted=True) for n in names]
    source = exp.Subquery(
        this=query.this.copy(),
        alias=exp.TableAlias(this=exp.to_identifier(table, quoted=True), columns=columns),
    )
    wanted = [
        _waiting(
            exp.EQ if joined else exp.NullSafeEQ,
            value.copy(),
            exp.column(name, table=table, quoted=True),
        )
        for value, name in zip(left, names, strict=True)
    ]
    one = exp.alias_(exp.Literal.number(1), "one", quoted=True)
    return exp.Exists(this=exp.Select(expressions=[one]).from_(source).where(exp.and_(*wanted)))
