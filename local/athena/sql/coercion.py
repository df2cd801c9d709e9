"""Which types Trino converts by itself, and the types of literals and arithmetic.

Source: TypeCoercion and DecimalOperators of trino-main.
"""

from __future__ import annotations

from typing import Any

from local.athena.errors import NotSupported
from local.athena.sql.types import GEOMETRIES, INTEGERS, SEVERAL, Type

_WIDTHS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
_MOST = 38
_TIMES = ("date", "timestamp", "timestamp with time zone")


def as_decimal(found: Type) -> Type:
    """An integer type as the decimal that holds its values."""
    return found if found.name == "decimal" else Type("decimal", (_WIDTHS[found.name], 0))


def is_exact(*types: Type) -> bool:
    return all(t.is_integer or t.name == "decimal" for t in types)


def common(left: Type, right: Type) -> Type | None:
    """The type to which both are converted, None when there is none."""
    if left == right or right.name == "unknown":
        return left
    if left.name == "unknown":
        return right
    if left.is_number and right.is_number:
        return _common_number(left, right)
    if left.name in _TIMES and right.name in _TIMES:
        return _common_time(left, right)
    if left.kind == right.kind == "text":
        return Type("varchar")
    if left.name == right.name and left.items and len(left.items) == len(right.items):
        return _common_nested(left, right)
    return left if left.name == right.name and not left.items and not right.items else None


def _common_time(left: Type, right: Type) -> Type:
    """What has no zone counts as UTC beside what has one."""
    name = max(left.name, right.name, key=_TIMES.index)
    if left.has_microseconds or right.has_microseconds:
        return Type(name, (6,))
    return Type(name, zone=left.zone if left.zone == right.zone else SEVERAL)


def _common_number(left: Type, right: Type) -> Type:
    for name in ("double", "real"):
        if name in (left.name, right.name):
            return Type(name)
    if left.is_integer and right.is_integer:
        return max(left, right, key=lambda t: INTEGERS.index(t.name))
    (p1, s1), (p2, s2) = as_decimal(left).numbers, as_decimal(right).numbers
    scale = max(s1, s2)
    return Type("decimal", (min(_MOST, max(p1 - s1, p2 - s2) + scale), scale))


def _common_nested(left: Type, right: Type) -> Type | None:
    items = [common(a, b) for a, b in zip(left.items, right.items, strict=True)]
    known = [i for i in items if i is not None]
    if len(known) < len(items):
        return None
    fields = tuple(a if a == b else "" for a, b in zip(left.fields, right.fields, strict=True))
    return Type(left.name, items=tuple(known), fields=fields)


def common_of(types: list[Type]) -> Type | None:
    """The common type of several, `unknown` of none."""
    found: Type | None = Type("unknown")
    for kind in types:
        found = common(found, kind) if found is not None else None
    return found


def fits(found: Type, wanted: Type) -> bool:
    """Whether a common type has room for every value; of decimals it may not: 38 digits are the most.

    DuckDB would take fewer digits behind the point there, Trino refuses the values that do not fit.
    """
    if wanted.name == "decimal" and is_exact(found):
        precision, scale = as_decimal(found).numbers
        return precision - scale <= wanted.numbers[0] - wanted.numbers[1]
    return len(found.items) != len(wanted.items) or all(map(fits, found.items, wanted.items))


def require_fit(types: list[Type], wanted: Type) -> None:
    """Raise NotSupported where DuckDB converts by itself and would cut digits off."""
    if not all(fits(found, wanted) for found in types):
        kinds = " and ".join(t.trino() for t in types)
        raise NotSupported(f"{kinds} as {wanted.trino()}: cast them")


def is_orderable(kind: Type) -> bool:
    """Whether `<` and ORDER BY know values of this type.

    Raises NotSupported for arrays: Trino fails where NULL elements meet, DuckDB orders them.
    """
    if kind.name == "array":
        raise NotSupported(f"{kind.trino()} in an order")
    if kind.name in ("map", "json", *GEOMETRIES):
        return False
    return all(is_orderable(i) for i in kind.items)


def is_comparable(kind: Type) -> bool:
    """Whether `=`, GROUP BY and DISTINCT know values of this type."""
    return kind.name not in GEOMETRIES and all(map(is_comparable, kind.items))


def has_map(kind: Type) -> bool:
    """Whether values have entries whose order DuckDB compares and Trino does not."""
    return kind.name == "map" or any(map(has_map, kind.items))


def arithmetic(operator: str, left: Type, right: Type) -> Type | None:
    """The type of `left operator right` for numbers; None when an operand is none."""
    if not left.is_number or not right.is_number:
        return None
    if not is_exact(left, right) or (left.is_integer and right.is_integer):
        return _common_number(left, right)
    (p1, s1), (p2, s2) = as_decimal(left).numbers, as_decimal(right).numbers
    scale = max(s1, s2)
    precision = {
        "*": p1 + p2,
        "/": p1 + s2 + max(0, s2 - s1),
        "%": min(p1 - s1, p2 - s2) + scale,
    }.get(operator, max(p1 - s1, p2 - s2) + scale + 1)
    return Type("decimal", (min(_MOST, precision), s1 + s2 if operator == "*" else scale))


def literal_type(node: Any) -> Type:
    """Trino's type of a string or number as written."""
    if node.is_string:
        return Type("varchar")
    text = str(node.this).lstrip("+-")
    if "e" in text.lower():
        return Type("double")
    whole, point, fraction = text.partition(".")
    if not point:
        return Type("integer") if int(text) < 2**31 else Type("bigint")
    digits = len(whole.lstrip("0")) + len(fraction)
    return Type("decimal", (max(digits, 1), len(fraction)))
