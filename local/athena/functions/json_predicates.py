"""Predicates in the filters of JSON paths: true, false or, as None, unknown.

Source: PathPredicateEvaluationVisitor of trino-main, whose order of evaluation decides between true
and unknown.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

COMPARISONS = {
    "==": operator.eq, "!=": operator.ne, "<>": operator.ne, "<": operator.lt, ">": operator.gt,
    "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
Items = list[Any]
Path = Callable[[Any, Any], Items]  # the context item and the current item of a filter
Predicate = Callable[[Any, Any], bool | None]


class PathError(Exception):
    """The item does not have the structure or type that the path asks for."""


def unwrapped(items: Items) -> Items:
    return [part for item in items for part in (item if isinstance(item, list) else [item])]


def _is_number(item: Any) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, bool)


def _is_scalar(item: Any) -> bool:
    return item is not None and not isinstance(item, (dict, list))


def _is_too_big(item: Any) -> bool:
    return isinstance(item, int) and not -(2**63) <= item < 2**63


def type_name(item: Any) -> str:
    if item is None:
        return "null"
    names = {bool: "boolean", str: "string", list: "array", dict: "object"}
    return names.get(type(item), "number")


def negated(inner: Predicate) -> Predicate:
    def test(root: Any, current: Any) -> bool | None:
        found = inner(root, current)
        return None if found is None else not found

    return test


def both(left: Predicate, right: Predicate) -> Predicate:
    def test(root: Any, current: Any) -> bool | None:
        first = left(root, current)
        second = None if first is False else right(root, current)
        if first is False or second is False:
            return False
        return None if first is None or second is None else True

    return test


def either(left: Predicate, right: Predicate) -> Predicate:
    return negated(both(negated(left), negated(right)))


def existing(path: Path) -> Predicate:
    def test(root: Any, current: Any) -> bool | None:
        try:
            return bool(path(root, current))
        except PathError:
            return None

    return test


def starting(path: Path, prefix: str, lax: bool) -> Predicate:
    def test(root: Any, current: Any) -> bool | None:
        try:
            items = path(root, current)
        except PathError:
            return None
        found = False
        for item in unwrapped(items) if lax else items:
            if not isinstance(item, str):
                return None
            found = found or item.startswith(prefix)
            if found and lax:
                return True
        return found

    return test


def compared(left: Path, right: Path, symbol: str, lax: bool) -> Predicate:
    def test(root: Any, current: Any) -> bool | None:
        try:
            sides = [left(root, current), right(root, current)]
        except PathError:
            return None
        first, second = [unwrapped(s) if lax else s for s in sides]
        if not first or not second:
            return False
        return _compare_all(first, second, symbol, lax)

    return test


def _categories(items: Items) -> tuple[bool, bool, bool]:
    """Whether there are nulls, scalars, and arrays or objects."""
    nested = any(isinstance(i, (dict, list)) for i in items)
    return any(i is None for i in items), any(map(_is_scalar, items)), nested


def _compare_all(first: Items, second: Items, symbol: str, lax: bool) -> bool | None:
    (null1, scalar1, nested1), (null2, scalar2, nested2) = _categories(first), _categories(second)
    if (nested1 and (nested2 or scalar2)) or (scalar1 and nested2):
        return None
    found = symbol == "==" and null1 and null2
    if symbol in ("!=", "<>"):
        found = (null1 and (scalar2 or nested2)) or (null2 and (scalar1 or nested1))
    if found and lax:
        return True
    for a in filter(_is_scalar, first):
        for b in filter(_is_scalar, second):
            if _is_too_big(a) or _is_too_big(b):
                return None
            if not (type(a) is type(b) or (_is_number(a) and _is_number(b))):
                return None
            if COMPARISONS[symbol](a, b):
                found = True
                if lax:
                    return True
    return found
