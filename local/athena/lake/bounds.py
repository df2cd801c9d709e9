"""Whether a row group can hold a row that a filter wants, judged by its columns' least and greatest value.

What cannot be judged keeps the row group: a bound too many costs a byte in the count, one too few a lie.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError


class Bound(NamedTuple):
    """Least and greatest value of a column in a row group, None when it holds only NULLs."""

    least: Any
    greatest: Any
    has_nulls: bool


Bounds = Mapping[str, Bound]
_COMPARISONS: dict[type, Callable[[Bound, Any], bool]] = {
    exp.EQ: lambda b, v: b.least <= v <= b.greatest,
    exp.LT: lambda b, v: b.least < v,
    exp.LTE: lambda b, v: b.least <= v,
    exp.GT: lambda b, v: b.greatest > v,
    exp.GTE: lambda b, v: b.greatest >= v,
    exp.NEQ: lambda b, v: not b.least == b.greatest == v,
}


def can_hold(filters: tuple[str, ...], bounds: Bounds) -> bool:
    """`filters` are conjuncts as DuckDB prints them; `bounds` by lower-case column name."""
    return all(_may_be_true(tree, bounds) for tree in map(_parsed, filters) if tree is not None)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Any:
    try:
        return parse_one(text, dialect="duckdb") if text else None
    except SqlglotError:
        return None


def _may_be_true(node: Any, bounds: Bounds) -> bool:
    if isinstance(node, exp.Paren):
        return _may_be_true(node.this, bounds)
    if isinstance(node, exp.And):
        return _may_be_true(node.this, bounds) and _may_be_true(node.expression, bounds)
    if isinstance(node, exp.Or):
        return _may_be_true(node.this, bounds) or _may_be_true(node.expression, bounds)
    if isinstance(node, exp.In):
        values = node.expressions
        return not values or any(_compared(exp.EQ, node.this, v, bounds) for v in values)
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        bound = _bound(node.this, bounds)
        return bound is None or bound.has_nulls
    if type(node) in _COMPARISONS:
        return _compared(type(node), node.this, node.expression, bounds)
    return True


def _bound(node: Any, bounds: Bounds) -> Bound | None:
    plain = isinstance(node, exp.Column) and not node.table
    return bounds.get(node.name.lower()) if plain else None


def _compared(kind: type, column: Any, value: Any, bounds: Bounds) -> bool:
    bound = _bound(column, bounds)
    if bound is None:
        return True
    if bound.least is None:
        return False
    try:
        return _COMPARISONS[kind](bound, _like(bound.least, value))
    except (ValueError, TypeError, InvalidOperation):
        return True


def _like(model: Any, node: Any) -> Any:
    """The literal as a value of the bound's kind; raises ValueError or TypeError if it is none."""
    if isinstance(node, exp.Cast):
        node = node.this
    negative = isinstance(node, exp.Neg)
    if negative:
        node = node.this
    if not isinstance(node, exp.Literal):
        raise TypeError(f"{node} is not a literal")
    text = f"-{node.this}" if negative else str(node.this)
    if node.is_string != isinstance(model, (str, dt.date)):
        raise TypeError(f"{text} is no {type(model).__name__}")
    if isinstance(model, str):
        return text
    if isinstance(model, dt.datetime):
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    if isinstance(model, dt.date):
        return dt.date.fromisoformat(text)
    return Decimal(text)
