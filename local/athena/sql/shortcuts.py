"""AND and OR as values: Trino leaves out the operands behind the one that decides, DuckDB only does
in conditions of WHERE and CASE. `x <> 0 AND 1 / x > 0` must not fail where x is 0.
"""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from local.athena.sql.nodes import case

_HARMLESS = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Not, exp.Is,
    exp.And, exp.Or, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In,
    exp.Like, exp.NullSafeEQ, exp.NullSafeNEQ,
)  # fmt: skip


def wait(node: Any) -> None:
    """Mark AND or OR, whose operands must be boolean, and the outermost of a chain as a value."""
    node.meta["typed"] = "logical"
    node.meta["value"] = not isinstance(node.parent, type(node)) and not _is_condition(node)


def _is_condition(node: Any) -> bool:
    around = node.parent
    while isinstance(around, (exp.And, exp.Or, exp.Paren)):
        node, around = around, around.parent
    if isinstance(around, (exp.If, exp.Join)):
        return node.arg_key in ("this", "on")
    if isinstance(around, exp.Where):
        return not isinstance(around.parent, exp.Filter)
    return isinstance(around, exp.Having)


def decided(node: Any) -> Any:
    """A chain that is a value as CASE, where a later operand could fail."""
    kind = type(node)
    parts = _parts(node, kind)
    if not node.meta.pop("value") or all(is_harmless(part) for part in parts[1:]):
        return node
    if has_singular(node):
        return node
    deciding = [
        exp.Not(this=exp.Paren(this=p.copy())) if kind is exp.And else p.copy() for p in parts
    ]
    answer = exp.Boolean(this=kind is exp.Or)
    made = case(*((d, answer.copy()) for d in deciding[:-1]), default=node.copy())
    return exp.Paren(this=made)


def _parts(node: Any, kind: Any) -> list[Any]:
    if not isinstance(node, kind):
        return [node]
    return [*_parts(node.this, kind), *_parts(node.expression, kind)]


def has_singular(node: Any) -> bool:
    """Whether an expression must not stand twice: a query for its cost, a random value for its answers."""
    return any(_is_singular(part) for part in node.walk())


def _is_singular(node: Any) -> bool:
    if isinstance(node, exp.Query):
        return True
    return isinstance(node, exp.Anonymous) and bool(re.search("rand|uuid", str(node.this)))


def is_harmless(node: Any) -> bool:
    """Whether an expression fails for no value."""
    return all(isinstance(part, _HARMLESS) for part in node.walk())
