"""timestamp(6) beside types of milliseconds: comparisons, common types, differences.

Its carrier is described in `functions.microseconds`. A comparison needs none of its range, because
DuckDB's TIMESTAMP holds the same microseconds.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported
from local.athena.sql import casts, zones
from local.athena.sql.coercion import fits
from local.athena.sql.nodes import call, cast
from local.athena.sql.types import Type, parse_type

_YEARS = range(1678, 2262)
_PLAIN = ("date", "timestamp")


def coerced(node: Any, found: Type, wanted: Type) -> Any:
    """`node` in a common type that DuckDB would not choose, itself where it would."""
    if not fits(found, wanted):
        return cast(node, wanted.duckdb())
    if zones.is_several(wanted):
        raise zones.several()
    if found.zone != wanted.zone:
        return zones.converted(node, found, wanted)
    if not wanted.has_microseconds or found in (wanted, Type("unknown")):
        return node
    require_value(wanted)
    return casts.convert(node, found, wanted)


def require_value(kind: Type) -> None:
    """Raise NotSupported for a type that only casts pass through."""
    if is_zoned(kind):
        raise NotSupported(f"{kind.trino()} as a value: cast it to timestamp(6)")
    if zones.is_several(kind):
        raise zones.several()


def is_zoned(kind: Type) -> bool:
    """Whether it is or holds timestamp(6) with time zone."""
    own = kind.name == "timestamp with time zone" and kind.has_microseconds
    return own or any(map(is_zoned, kind.items))


def is_cast_on(node: Any) -> bool:
    """Whether all that is done with a value is one more cast."""
    parent = node.parent
    if isinstance(parent, exp.Paren):
        return is_cast_on(parent)
    if not isinstance(parent, (exp.Cast, exp.TryCast)):
        return False
    return not is_zoned(parse_type(parent.args["to"].sql(dialect="trino")))


def comparable(nodes: list[Any], types: list[Type]) -> list[Any]:
    """Operands of `=` and its kin, so that DuckDB converts none of them to nanoseconds."""
    nodes = zones.aligned(nodes, types)
    others = [
        (n, t) for n, t in zip(nodes, types, strict=True) if t.is_time and not t.has_microseconds
    ]
    plain = all(t.name in _PLAIN for _, t in others)
    if plain and all(_is_in_range(n) for n, _ in others):
        return nodes
    common = "TIMESTAMP" if plain else "TIMESTAMPTZ"
    return [cast(n, common) if _is_fine(n, t) else n for n, t in zip(nodes, types, strict=True)]


def _is_fine(node: Any, kind: Type) -> bool:
    whole = isinstance(node, (exp.Any, exp.All))
    return kind.name == "timestamp" and kind.has_microseconds and not whole


def _is_in_range(node: Any) -> bool:
    """Whether it is a constant that the carrier holds: a column beside it can be pruned by it."""
    if not (isinstance(node, exp.Anonymous) and str(node.this) == "cast"):
        return False
    value = node.expressions[0].this
    year = str(value.this)[:4] if isinstance(value, exp.Literal) else ""
    return year.isdigit() and int(year) in _YEARS


def milliseconds_between(a: Any, b: Any, left: Type, right: Type) -> Any:
    """The difference of two timestamps, rounded half up."""
    if zones.INSTANT.name in (left.name, right.name):
        raise NotSupported(f"{left.trino()} - {right.trino()}: cast both to timestamp(6)")
    return call("t_rounded_difference", cast(a, "TIMESTAMP"), cast(b, "TIMESTAMP"))
