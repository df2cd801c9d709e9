"""Doubles and reals side by side: NaN, and the type that DuckDB would choose.

Source: DoubleType and RealType of trino-spi.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported
from local.athena.sql import precision
from local.athena.sql.coercion import fits
from local.athena.sql.nodes import call, cast, parens
from local.athena.sql.types import Type

NAMES = ("double", "real")


def coerced(node: Any, found: Type, wanted: Type) -> Any:
    """`node` with an explicit cast where DuckDB would choose another type than Trino's."""
    if wanted.has_microseconds or wanted.holds_zone or not fits(found, wanted):
        return precision.coerced(node, found, wanted)
    if found.name in ("unknown", wanted.name) or not wanted.is_number:
        return node
    return cast(node, wanted.duckdb())


def compared(node: Any, left: Type, right: Type) -> Any:
    """In DuckDB NaN equals itself and exceeds all other numbers; in Trino it does neither."""
    if left.name not in NAMES and right.name not in NAMES:
        return node
    if isinstance(node.expression, (exp.Any, exp.All)):
        kinds = f"{left.trino()} and {right.trino()}"
        raise NotSupported(
            f"{node.expression.key.upper()} (subquery) with {kinds}: NaN may be there"
        )
    if "real" in (left.name, right.name) and left.name != right.name and "double" not in (
        left.name, right.name,
    ):  # fmt: skip
        node.set("this", coerced(node.this, left, Type("real")))
        node.set("expression", coerced(node.expression, right, Type("real")))
    a, b = node.this, node.expression
    suspects = []
    if left.name in NAMES and isinstance(node, (exp.EQ, exp.NEQ, exp.GT, exp.GTE)):
        suspects.append((a, b))
    if right.name in NAMES and isinstance(node, (exp.LT, exp.LTE)):
        suspects.append((b, a))
    if isinstance(node, (exp.EQ, exp.NEQ)) and (_is_constant(a) or _is_constant(b)):
        return node
    made = node
    for suspect, other in suspects:
        if _is_constant(suspect):
            continue
        made = parens(_unless_nan(made, suspect, other))
    return made


def _unless_nan(node: Any, suspect: Any, other: Any) -> Any:
    is_nan = call("isnan", suspect.copy())
    if isinstance(node, exp.NEQ):
        return exp.Or(
            this=node.copy(),
            expression=exp.And(this=is_nan, expression=exp.Not(this=_absent(other))),
        )
    kept: Any = exp.Not(this=is_nan)
    if not _is_constant(other):
        kept = parens(exp.Or(this=kept, expression=_absent(other)))
    return exp.And(this=node.copy(), expression=kept)


def _absent(node: Any) -> Any:
    return exp.Is(this=node.copy(), expression=exp.Null())


def _is_constant(node: Any) -> bool:
    while isinstance(node, (exp.Paren, exp.Neg)):
        node = node.this
    return isinstance(node, exp.Literal)


def may_be_nan(nodes: list[Any], types: list[Type]) -> bool:
    """Whether two of the operands are no literals, so that both may be NaN."""
    if not any(t.name in NAMES for t in types):
        return False
    return sum(not _is_constant(n) for n in nodes) > 1


def ordered(node: Any, found: Type) -> Any:
    """A key of ORDER BY: where NULLs come first, NaN is the least number, else the greatest."""
    if found.name not in NAMES or not node.args.get("nulls_first"):
        return node
    key = node.meta.get("column", node.this)
    if isinstance(key, exp.Literal):
        raise NotSupported("a position NULLS FIRST of a floating-point column: write the column")
    node.set("this", call("t_nan_first", key.copy()))
    return node


def listed(node: Any, types: list[Type]) -> Any:
    """IN as comparisons one by one, where NaN could meet NaN."""
    if not may_be_nan([node.this, *node.expressions], types):
        return node
    pairs = [
        compared(exp.EQ(this=node.this.copy(), expression=e), types[0], t)
        for e, t in zip(node.expressions, types[1:], strict=True)
    ]
    return parens(exp.or_(*pairs, copy=False))


def searched(node: Any, types: list[Type]) -> None:
    """CASE x WHEN y as CASE WHEN x = y, where NaN could meet NaN; types of the operand and values."""
    branches = node.args["ifs"]
    if not may_be_nan([node.this, *(b.this for b in branches)], types):
        return
    for branch, found in zip(branches, types[1:], strict=True):
        same = exp.EQ(this=node.this.copy(), expression=branch.this)
        branch.set("this", compared(same, types[0], found))
    node.set("this", None)


def between(node: Any, types: list[Type]) -> Any:
    """BETWEEN with an upper bound that may be NaN, which holds for no number."""
    top = node.args["high"]
    if types[2].name not in NAMES or _is_constant(top):
        return node
    bounds = exp.Or(this=_absent(node.this), expression=_absent(node.args["low"]))
    finite = exp.Or(this=exp.Not(this=call("isnan", top.copy())), expression=bounds)
    return parens(exp.And(this=node.copy(), expression=parens(finite)))
