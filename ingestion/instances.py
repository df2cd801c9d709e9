"""The instances that a JSON Schema allows, by type, and which of a reader's limits they all keep.

Unions, objects and recursion belong to `ingestion.compatibility`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ingestion.json_schema import json_text, types_of


@dataclass(frozen=True)
class Case:
    """Instances of one type that the writer's `words` allow; just `value[0]` where a value is given."""

    kind: str
    words: dict[str, Any]
    value: tuple[Any, ...] = ()

    def values(self) -> list[Any] | None:
        """All instances of the case, if they can be listed."""
        if self.value:
            return [*self.value]
        finite: dict[str, list[Any]] = {"null": [None], "boolean": [False, True]}
        return finite.get(self.kind)

    def __str__(self) -> str:
        return json_text(self.value[0]) if self.value else self.kind


def cases_of(part: dict[str, Any]) -> list[Case]:
    """What a schema without unions allows, a case per listed value or per type."""
    if "enum" in part:
        return [described(value) for value in part["enum"]]
    return [Case(kind, part) for kind in types_of(part)]


def described(value: Any) -> Case:
    """The narrowest words for one value, so that it is judged as any other instance is."""
    if value is None or isinstance(value, bool):
        return Case("null" if value is None else "boolean", {}, (value,))
    if isinstance(value, str):
        return Case("string", {"minLength": len(value), "maxLength": len(value)}, (value,))
    if isinstance(value, int | float):
        kind = "integer" if isinstance(value, int) else "number"
        return Case(kind, {"minimum": value, "maximum": value}, (value,))
    if isinstance(value, list):
        words = {"minItems": len(value), "maxItems": len(value), "items": {"enum": value}}
        return Case("array", words, (value,))
    fields = {name: {"const": inner} for name, inner in value.items()}
    closed = {"required": [*value], "properties": fields, "additionalProperties": False}
    return Case("object", closed, (value,))


def has_type(case: Case, words: dict[str, Any]) -> bool:
    """Whether every instance of the case has one of the types that `words` allow."""
    types = types_of(words)
    return case.kind in types or (case.kind == "integer" and "number" in types)


def may_have_type(case: Case, words: dict[str, Any]) -> bool:
    """Whether some instance has: a number may be whole."""
    return has_type(case, words) or (case.kind == "number" and "integer" in types_of(words))


def is_unlisted(case: Case, listed: list[Any]) -> bool:
    """Whether no instance of the case can be among the listed values."""
    values = case.values()
    if values is not None:
        return not any(is_among(value, listed) for value in values)
    return not any(may_have_type(case, {"type": described(value).kind}) for value in listed)


def is_among(value: Any, listed: Sequence[Any]) -> bool:
    """Whether a JSON value is listed; 1 is 1.0, but not true."""
    return any(_same(value, other) for other in listed)


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON values: 1 equals 1.0, but not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


_Check = Callable[[Case, dict[str, Any]], bool]


def _is_literally_kept(keyword: str) -> _Check:
    return lambda case, wanted: case.words.get(keyword) == wanted[keyword]


def _is_floor_kept(keyword: str) -> _Check:
    return lambda case, wanted: bool(case.words.get(keyword, 0) >= wanted[keyword])


def _is_ceiling_kept(keyword: str) -> _Check:
    return lambda case, wanted: bool(case.words.get(keyword, math.inf) <= wanted[keyword])


def _is_range_kept(sign: int, closed: str, exclusive: str) -> _Check:
    def is_kept(case: Case, wanted: dict[str, Any]) -> bool:
        whole = case.kind == "integer"
        mine = _bound(case.words, sign, closed, exclusive, whole)
        return mine >= _bound(wanted, sign, closed, exclusive, whole)

    return is_kept


def _bound(
    words: dict[str, Any], sign: int, closed: str, exclusive: str, whole: bool
) -> tuple[float, bool]:
    """The lower bound and whether it is exclusive; `sign` -1 turns upper bounds into lower ones."""
    bounds: list[tuple[float, bool]] = [(-math.inf, False)]
    if closed in words:
        least = sign * words[closed]
        bounds.append((math.ceil(least) if whole else least, False))
    if exclusive in words:
        below = sign * words[exclusive]
        bounds.append((math.floor(below) + 1, False) if whole else (below, True))
    return max(bounds)


def _is_pattern_kept(case: Case, wanted: dict[str, Any]) -> bool:
    if not case.value:
        return bool(case.words.get("pattern") == wanted["pattern"])
    return re.search(wanted["pattern"], case.value[0]) is not None


def _is_multiple_kept(case: Case, wanted: dict[str, Any]) -> bool:
    steps = [*case.value] or [case.words.get("multipleOf")]
    if case.kind == "integer" and not case.value:
        steps.append(1)
    step = Fraction(wanted["multipleOf"])
    return any(known is not None and Fraction(known) % step == 0 for known in steps)


def _is_uniqueness_kept(case: Case, wanted: dict[str, Any]) -> bool:
    at_most_one = case.words.get("maxItems", math.inf) <= 1
    return not wanted["uniqueItems"] or at_most_one or bool(case.words.get("uniqueItems"))


_RANGE: dict[str, _Check] = {
    "minimum": _is_range_kept(1, "minimum", "exclusiveMinimum"),
    "exclusiveMinimum": _is_range_kept(1, "minimum", "exclusiveMinimum"),
    "maximum": _is_range_kept(-1, "maximum", "exclusiveMaximum"),
    "exclusiveMaximum": _is_range_kept(-1, "maximum", "exclusiveMaximum"),
    "multipleOf": _is_multiple_kept,
}
LIMITS: dict[str, dict[str, _Check]] = {
    "integer": _RANGE,
    "number": _RANGE,
    "string": {
        "minLength": _is_floor_kept("minLength"),
        "maxLength": _is_ceiling_kept("maxLength"),
        "pattern": _is_pattern_kept,
        "format": _is_literally_kept("format"),
        "contentEncoding": _is_literally_kept("contentEncoding"),
    },
    "array": {
        "minItems": _is_floor_kept("minItems"),
        "maxItems": _is_ceiling_kept("maxItems"),
        "uniqueItems": _is_uniqueness_kept,
    },
}
