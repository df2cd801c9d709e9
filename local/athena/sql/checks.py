"""What Trino refuses for its types and DuckDB converts silently; the few comparisons that differ.

Each function finishes a node that waited for the types of its operands. Sources: ExpressionAnalyzer
and StatementAnalyzer of trino-main for the refusals, ArrayEqualOperator and DoubleType for values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed, mismatch
from local.athena.functions.signatures import require_groupable
from local.athena.sql import choices, floats, frames, intervals, paths, precision, shortcuts, zones
from local.athena.sql.choices import condition
from local.athena.sql.coercion import (
    common,
    common_of,
    is_comparable,
    is_orderable,
    require_fit,
)
from local.athena.sql.floats import coerced
from local.athena.sql.nodes import call, cast, parens
from local.athena.sql.precision import comparable
from local.athena.sql.types import Type

_SYMBOLS = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.GT: ">", exp.LTE: "<=", exp.GTE: ">=",
    exp.NullSafeEQ: "IS DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
}  # fmt: skip
_Operands = Callable[[Any], list[Any]]
_Finish = Callable[[Any, list[Type]], Any]


def logical(node: Any, types: list[Type]) -> Any:
    """AND and OR."""
    return shortcuts.decided(condition("Logical expression term")(node, types))


def compared(node: Any, types: list[Type]) -> Any:
    """`=` and its kin."""
    left, right = types
    symbol = _SYMBOLS[type(node)]
    if (type(node), type(node.expression)) in ((exp.NEQ, exp.Any), (exp.EQ, exp.All)):
        # by the least and the greatest value in Trino, which leave NULL and NaN out
        raise NotSupported(f"{symbol} {node.expression.key.upper()} (subquery)")
    known = is_comparable(left) and is_comparable(right)
    wanted = common(left, right)
    if wanted is None or not known:
        raise mismatch(f"Cannot apply operator: {left.trino()} {symbol} {right.trino()}")
    if isinstance(node.expression, (exp.Any, exp.All)):
        require_fit(types, wanted)
    if symbol in ("<", ">", "<=", ">=") and not (is_orderable(left) and is_orderable(right)):
        raise mismatch(f"Cannot apply operator: {left.trino()} {symbol} {right.trino()}")
    _align(node, ["this", "expression"], types)
    if isinstance(node, (exp.NullSafeEQ, exp.NullSafeNEQ)):
        require_groupable(left, "IS DISTINCT FROM a value")
        return node
    if "array" in (left.name, right.name):
        node.set("this", precision.coerced(node.this, left, wanted))
        node.set("expression", precision.coerced(node.expression, right, wanted))
        return _arrays(node, left if left.name == "array" else right)
    if "row" in (left.name, right.name) or "map" in (left.name, right.name):
        raise NotSupported(f"{left.trino()} {symbol} {right.trino()}: compare the parts")
    return floats.compared(node, left, right)


def _align(node: Any, names: list[str], types: list[Type]) -> None:
    made = comparable([node.args[name] for name in names], types)
    for name, operand in zip(names, made, strict=True):
        node.set(name, operand)


def _arrays(node: Any, found: Type) -> Any:
    """Elements that are NULL make the answer NULL, unless others differ."""
    item = found.items[0]
    if not isinstance(node, (exp.EQ, exp.NEQ)) or item.items or item.name in floats.NAMES:
        raise NotSupported(f"{_SYMBOLS[type(node)]} between values of type {found.trino()}")
    equal = call("t_list_equal", node.this, node.expression)
    return equal if isinstance(node, exp.EQ) else parens(exp.Not(this=equal))


def between(node: Any, types: list[Type]) -> Any:
    if common_of(types) is None or not all(map(is_orderable, types)):
        value, low, high = (t.trino() for t in types)
        raise mismatch(f"Cannot check if {value} is BETWEEN {low} and {high}")
    _align(node, ["this", "low", "high"], types)
    return floats.between(node, types)


def listed(node: Any, types: list[Type]) -> Any:
    """`x IN (…)` and `x IN (SELECT …)`."""
    wanted = common_of(types)
    if wanted is None:
        raise mismatch("IN value and list items must be the same type")
    if node.args.get("query") is not None:
        require_fit(types, wanted)
    if not all(map(is_comparable, types)):
        raise mismatch(f"Cannot apply operator: {types[0].trino()} = {types[0].trino()}")
    nested = next((t for t in types if t.items), None)
    if nested is not None:
        raise NotSupported(f"IN with values of type {nested.trino()}")
    if node.args.get("query") is not None and any(t.holds_zone for t in types):
        zones.require_one(types)
        return node
    first, *others = comparable(_listed(node), types)
    node.set("this", first)
    if node.args.get("query") is None:
        node.set("expressions", others)
        return floats.listed(node, types)
    return node


def matched(node: Any, types: list[Type]) -> Any:
    """LIKE."""
    for found in types:
        if found.kind not in ("text", "unknown"):
            raise mismatch(f"LIKE expression must evaluate to a varchar (actual: {found.trino()})")
    return node


def grouped(node: Any, types: list[Type]) -> Any:
    """GROUP BY."""
    for found in types:
        if not is_comparable(found):
            raise mismatch(
                f"{found.trino()} is not comparable, and therefore cannot be used in GROUP BY"
            )
        require_groupable(found, "GROUP BY a value")
    return node


def told_apart(node: Any, types: list[Type]) -> Any:
    """DISTINCT in an aggregate."""
    require_distinct(types, "DISTINCT of a value")
    return node


def require_distinct(types: list[Type], what: str) -> None:
    """Raise QueryFailed for a type whose values cannot be told apart."""
    for found in types:
        if not is_comparable(found):
            kind = found.trino()
            raise mismatch(f"DISTINCT can only be applied to comparable types (actual: {kind})")
        require_groupable(found, what)


def ordered(node: Any, types: list[Type]) -> Any:
    found = common_of(types) or types[0]
    if not is_orderable(found):
        raise mismatch(
            f"Type {found.trino()} is not orderable, and therefore cannot be used in ORDER BY"
        )
    return floats.ordered(node, found)


def arrayed(node: Any, types: list[Type]) -> Any:
    """ARRAY[…]: every element gets the common type."""
    wanted = common_of(types)
    if wanted is None:
        raise mismatch("All ARRAY elements must be the same type")
    made = [coerced(e, t, wanted) for e, t in zip(node.expressions, types, strict=True)]
    node.set("expressions", made)
    return node


_NUMERIC_NAMES = """
sqrt cbrt exp ln log log2 log10 power pow sin cos tan asin acos atan atan2 sinh cosh tanh degrees
radians abs is_nan is_finite is_infinite bitwise_and bitwise_or bitwise_xor bitwise_not
stddev stddev_samp variance var_samp
"""
NUMERIC = frozenset(_NUMERIC_NAMES.split())  # DuckDB lets a string in where a number belongs


def numbers(node: Any, types: list[Type]) -> Any:
    if all(t.is_number or t.name == "unknown" or "interval" in t.name for t in types):
        return node
    given = ", ".join(t.trino() for t in types)
    name = str(node.this).removeprefix("t_")
    raise QueryFailed(
        "FUNCTION_NOT_FOUND", f"line 1:1: Unexpected parameters ({given}) for function {name}"
    )


def _key(node: Any) -> list[Any]:
    """What ORDER BY sorts: an output column comes before a source's of that name."""
    select = node.parent.parent
    if isinstance(node.this, exp.Literal) and node.this.is_int:
        found = _outputs(select, int(node.this.this) - 1)
        if isinstance(select, exp.Select) and found and isinstance(found[0], exp.Column):
            node.meta["column"] = found[0]
        return found or [node.this]
    if isinstance(node.this, exp.Column) and isinstance(select, exp.Select):
        name = node.this.name.lower()
        for projection in select.expressions:
            if isinstance(projection, exp.Alias) and projection.alias.lower() == name:
                return [projection.this]
    return [node.this]


def _outputs(query: Any, place: int) -> list[Any]:
    """What makes a column of a query, one of each branch; nothing where a star is in the way."""
    if isinstance(query, exp.SetOperation):
        return _outputs(query.this, place) + _outputs(query.expression, place)
    if isinstance(query, exp.Subquery):
        return _outputs(query.this, place)
    if not isinstance(query, exp.Select) or not 0 <= place < len(query.expressions):
        return []
    before = [p.unalias() for p in query.expressions[: place + 1]]
    starred = any(isinstance(p.this if isinstance(p, exp.Column) else p, exp.Star) for p in before)
    return [] if starred else before[-1:]


def negated(node: Any, types: list[Type]) -> Any:
    (found,) = types
    if not (found.is_number or "interval" in found.name or found.name == "unknown"):
        raise mismatch(f"Cannot negate {found.trino()}")
    if intervals.is_interval(found):
        return intervals.negated(node, found)
    # DuckDB gives a constant that overflows a wider type
    constant = not isinstance(node.this, exp.Literal) and node.find(exp.Column) is None
    return cast(node, found.duckdb()) if found.is_integer and constant else node


def _group(node: Any) -> list[Any]:
    """Values grouped by; a position stands for its column."""
    projections = node.parent.expressions
    found: list[Any] = []
    for item in node.expressions:
        if isinstance(item, exp.Literal) and not item.is_string:
            item = projections[int(item.this) - 1].unalias()
        found += item.expressions if isinstance(item, _GROUPINGS) else [item]
    return [f for f in found if not isinstance(f, (exp.Star, exp.Tuple, exp.Null, *_GROUPINGS))]


_GROUPINGS = (exp.GroupingSets, exp.Cube, exp.Rollup, exp.Tuple)


def _both(node: Any) -> list[Any]:
    return [node.this, node.expression]


def _listed(node: Any) -> list[Any]:
    query = node.args.get("query")
    return [node.this, *node.expressions, *([query] if query is not None else [])]


# kind -> operands and what to do with their types
CHECKS: dict[str, tuple[_Operands, _Finish]] = {
    **choices.CHOICES,
    "compare": (_both, compared),
    "between": (lambda n: [n.this, n.args["low"], n.args["high"]], between),
    "in": (_listed, listed),
    "like": (_both, matched),
    "where": (lambda n: [n.this], condition("WHERE clause")),
    "having": (lambda n: [n.this], condition("HAVING clause")),
    "on": (lambda n: [n.args["on"]], condition("JOIN ON clause")),
    "logical": (_both, logical),
    "not": (lambda n: [n.this], condition("Value of logical NOT expression")),
    "negate": (lambda n: [n.this], negated),
    "array": (lambda n: list(n.expressions), arrayed),
    "order": (_key, ordered),
    "group": (_group, grouped),
    "told apart": (lambda n: list(n.expressions), told_apart),
    "offset": (frames.operands, frames.offset),
    "field": (paths.whole, paths.dereferenced),
    "numbers": (lambda n: list(n.expressions), numbers),
}
# Not worth a question to the planner, who refuses the rest himself.
QUICK = frozenset(["numbers", "field"])
