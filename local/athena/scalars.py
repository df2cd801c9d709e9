"""The few values that DuckDB cannot print as Java does: doubles, JSON numbers, unmatched groups."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np


def java_double(value: float) -> str:
    """A double as Java's Double.toString prints it, which is what Trino shows."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else ("Infinity" if value > 0 else "-Infinity")
    number = Decimal(repr(value))
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = f"{number:f}"
        return text if "." in text else f"{text}.0"
    sign, all_digits, exponent = number.as_tuple()
    power = len(all_digits) + int(exponent) - 1
    digits = "".join(map(str, all_digits)).rstrip("0")
    return f"{'-' if sign else ''}{digits[0]}.{digits[1:] or '0'}E{power}"


def cube_root(value: float) -> float:
    """Exact for cubes, as Java's Math.cbrt; DuckDB's and the C library's are not."""
    return float(np.cbrt(value))


class _Number(float):
    """A JSON number that remembers its text."""

    text: str

    def __new__(cls, text: str) -> _Number:
        made = super().__new__(cls, text)
        made.text = text
        return made


def json_raw_number(document: str, path: str) -> str | None:
    """The text of the fractional number at `path`, as written in the document."""
    value: Any = json.loads(document, parse_float=_Number)
    for index, name in re.findall(r'\[(\d+)\]|\."([^"]*)"', path):
        value = value[int(index)] if index else value[name]
    return value.text if isinstance(value, _Number) else None


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        members = (
            f"{json.dumps(k, ensure_ascii=False)}:{_canonical(value[k])}" for k in sorted(value)
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, float):
        return java_double(value)
    return json.dumps(value, ensure_ascii=False)


def json_canonical(document: str) -> str:
    """json_parse orders the members of objects by name and prints doubles as Java does."""
    return _canonical(json.loads(document))


def json_lower_keys(document: str) -> str:
    """The document with the names of all members in lower case, as Hive compares them."""

    def lowered(value: Any) -> Any:
        if isinstance(value, dict):
            return {k.lower(): lowered(v) for k, v in value.items()}
        return [lowered(v) for v in value] if isinstance(value, list) else value

    return json.dumps(lowered(json.loads(document)), ensure_ascii=False)


def python_group(text: str | None, pattern: str | None, group: int | None) -> str | None:
    """A group of the first match, None when the group took no part in it."""
    if text is None or pattern is None or group is None:
        return None
    found = re.search(pattern, text)
    return found.group(group) if found else None


# name, function, parameter types, result type, whether NULL goes in or comes out
PYTHON_FUNCTIONS: list[tuple[str, Callable[..., Any], list[str], str, bool]] = [
    ("t_double_to_varchar", java_double, ["DOUBLE"], "VARCHAR", False),
    ("t_cbrt", cube_root, ["DOUBLE"], "DOUBLE", False),
    ("t_json_raw_number", json_raw_number, ["VARCHAR", "VARCHAR"], "VARCHAR", False),
    ("t_json_canonical", json_canonical, ["VARCHAR"], "VARCHAR", False),
    ("t_json_lower_keys", json_lower_keys, ["VARCHAR"], "VARCHAR", False),
    ("t_python_group", python_group, ["VARCHAR", "VARCHAR", "INTEGER"], "VARCHAR", True),
]
