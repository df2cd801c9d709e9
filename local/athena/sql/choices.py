"""Values of which one is chosen: CASE, COALESCE, NULLIF, the default of lag and lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed, mismatch
from local.athena.sql import floats, precision
from local.athena.sql.coercion import (
    common,
    common_of,
    is_comparable,
)
from local.athena.sql.floats import coerced
from local.athena.sql.nodes import call, cast
from local.athena.sql.precision import comparable
from local.athena.sql.types import Type


def condition(where: str) -> Callable[[Any, list[Type]], Any]:
    """WHERE, HAVING, ON and their kin must be boolean."""

    def finish(node: Any, types: list[Type]) -> Any:
        for found in types:
            if found.name not in ("boolean", "unknown"):
                raise mismatch(f"{where} must evaluate to a boolean: actual type {found.trino()}")
        return node

    return finish


def branched(node: Any, types: list[Type]) -> Any:
    """CASE: first the conditions (or operand and WHEN values), then the results."""
    ifs, default = node.args["ifs"], node.args.get("default")
    simple = node.this is not None
    count = len(ifs) + simple
    conditions, results = types[:count], types[count:]
    if simple and common_of(conditions) is None:
        raise mismatch("CASE operand type does not match WHEN clause operand type")
    if simple and any(t.items for t in conditions):
        raise NotSupported(f"CASE {conditions[0].trino()} WHEN: compare with =")
    if simple:
        operand, *values = comparable([node.this, *(i.this for i in ifs)], conditions)
        node.set("this", operand)
        for branch, value in zip(ifs, values, strict=True):
            branch.set("this", value)
        floats.searched(node, conditions)
    else:
        condition("CASE WHEN clause")(node, conditions)
    wanted = common_of(results)
    if wanted is None:
        kinds = " vs ".join(t.trino() for t in results)
        raise mismatch(f"All CASE results must be the same type: {kinds}")
    for branch, found in zip(ifs, results, strict=False):
        branch.set("true", coerced(branch.args["true"], found, wanted))
    if default is not None:
        node.set("default", coerced(default, results[-1], wanted))
    return node


def first_given(node: Any, types: list[Type]) -> Any:
    """COALESCE."""
    if len(types) < 2:
        raise QueryFailed(
            "SYNTAX_ERROR",
            "line 1:1: The 'coalesce' function must have at least two arguments",
        )
    wanted = common_of(types)
    if wanted is None:
        kinds = " vs ".join(t.trino() for t in types)
        raise mismatch(f"All COALESCE operands must be the same type: {kinds}")
    made = [coerced(e, t, wanted) for e, t in zip(node.expressions, types, strict=True)]
    node.set("expressions", made)
    return node


def nullified(node: Any, types: list[Type]) -> Any:
    """NULLIF: the value of the first operand, in its own type."""
    if len(types) != 2:
        raise QueryFailed("SYNTAX_ERROR", "line 1:1: Invalid number of arguments for 'nullif'")
    left, right = types
    wanted = common(left, right)
    if wanted is None or not is_comparable(left):
        raise mismatch(f"Types are not comparable with NULLIF: {left.trino()} vs {right.trino()}")
    if wanted.items:
        raise NotSupported(f"NULLIF of type {wanted.trino()}: compare with =")
    suspect = floats.may_be_nan(node.expressions, types)
    if not suspect and (left == right or left.is_integer or left.name in ("unknown", "varchar")):
        value, other = node.expressions
        if left.is_integer and right.is_integer and left != right:
            return cast(call("nullif", value, other), left.duckdb())
        if left == right or left.name in ("unknown", "varchar"):
            return node
    value, other = node.expressions
    first, second = comparable([value.copy(), other], types)
    same = floats.compared(exp.EQ(this=first, expression=second), left, right)
    return exp.Case(ifs=[exp.If(this=same, true=exp.Null())], default=value)


def moved_in_window(node: Any, types: list[Type]) -> Any:
    """lag and lead with a value for rows that are not there: DuckDB gives it the column's type."""
    if not types:
        return node
    wanted = common_of(types)
    if wanted is None:
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"line 1:1: Unexpected parameters ({', '.join(t.trino() for t in types)}) "
            f"for function {node.this}",
        )
    if len(set(types)) == 1:
        return node
    if len(set(types) - {Type("unknown")}) > 1:
        precision.require_value(wanted)
        if wanted.has_microseconds:
            raise NotSupported(f"{node.this} with a default of another precision: cast it")
    args = list(node.expressions)
    for at, found in zip((0, 2), types, strict=True):
        if found != wanted:
            args[at] = cast(coerced(args[at], found, wanted), wanted.duckdb())
    node.set("expressions", args)
    return node


def _branches(node: Any) -> list[Any]:
    ifs = node.args["ifs"]
    parts = [node.this, *(i.this for i in ifs), *(i.args["true"] for i in ifs)]
    return [p for p in [*parts, node.args.get("default")] if p is not None]


def _value_and_default(node: Any) -> list[Any]:
    args = node.expressions
    has_default = len(args) > 2 and not isinstance(args[2], exp.Var)  # the mark of IGNORE NULLS
    return [args[0], args[2]] if has_default else []


# kind -> operands and what to do with their types
CHOICES: dict[str, tuple[Callable[[Any], list[Any]], Callable[[Any, list[Type]], Any]]] = {
    "case": (_branches, branched),
    "coalesce": (lambda n: list(n.expressions), first_given),
    "nullif": (lambda n: list(n.expressions), nullified),
    "lag": (_value_and_default, moved_in_window),
    "lead": (_value_and_default, moved_in_window),
}
