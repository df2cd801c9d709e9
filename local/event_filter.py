"""Lambda's event filtering: which records of a source a function wants to see.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Rule = Callable[[Any], bool]
_ABSENT = object()


class UnsupportedFilter(ValueError):
    """A pattern uses a comparison that is not known here."""


def wanted(criteria: Mapping[str, Any] | None) -> Rule:
    """The rule of an event source mapping's FilterCriteria: any of its filters. Raises UnsupportedFilter."""
    filters = (criteria or {}).get("Filters", [])
    rules = [_pattern(json.loads(each["Pattern"])) for each in filters]
    return lambda record: not rules or any(rule(record) for rule in rules)


def _pattern(pattern: Mapping[str, Any]) -> Rule:
    parts = {
        name: _pattern(inner) if isinstance(inner, Mapping) else _any_of(inner)
        for name, inner in pattern.items()
    }

    def matches(value: Any) -> bool:
        if not isinstance(value, Mapping):
            value = {}
        return all(rule(value.get(name, _ABSENT)) for name, rule in parts.items())

    return matches


def _any_of(choices: list[Any]) -> Rule:
    rules = [_choice(choice) for choice in choices]
    return lambda value: any(rule(value) for rule in rules)


def _choice(choice: Any) -> Rule:
    if not isinstance(choice, Mapping):
        return lambda value: value is not _ABSENT and bool(value == choice)
    match dict(choice):
        case {"exists": bool(exists)}:
            return lambda value: (value is not _ABSENT) == exists
        case {"prefix": str(prefix)}:
            return lambda value: isinstance(value, str) and value.startswith(prefix)
        case {"anything-but": list(others)}:
            return lambda value: value is not _ABSENT and value not in others
    raise UnsupportedFilter(f"filter {json.dumps(choice)} is not supported here")
