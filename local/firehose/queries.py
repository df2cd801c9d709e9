"""Partition keys by jq expressions: plain paths such as `.type.device`; all else of jq is refused."""

from __future__ import annotations

import re
from typing import Any

from local.firehose.errors import ExpressionError

Path = tuple[str, ...]
ENTRY = re.compile(r"\s*(?:\"([^\"]+)\"|(\w+))\s*:\s*(.*?)\s*\Z", re.DOTALL)
PATH = re.compile(r"(?:\.[A-Za-z_]\w*)+")


def read_query(query: str) -> dict[str, Path]:
    """Read a MetadataExtractionQuery `{name:.path,...}`; raises ExpressionError on other jq."""
    text = query.strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise ExpressionError(f"MetadataExtractionQuery {query!r} must be {{name:.path,...}}")
    return dict(_entry(entry, query) for entry in text[1:-1].split(","))


def _entry(entry: str, query: str) -> tuple[str, Path]:
    match = ENTRY.match(entry)
    if match is None:
        raise ExpressionError(f"{entry!r} in MetadataExtractionQuery {query!r} is not name:.path")
    path = match.group(3)
    if not PATH.fullmatch(path):
        raise ExpressionError(
            f"jq expression {path!r} in MetadataExtractionQuery {query!r} is not supported here;"
            " only paths such as .a.b are"
        )
    return match.group(1) or match.group(2), tuple(path[1:].split("."))


def follow(path: Path, document: Any) -> str:
    """The scalar at the path as key text; raises ExpressionError when there is none."""
    value = document
    for step in path:
        if not isinstance(value, dict):
            raise ExpressionError(f"jq cannot index {type(value).__name__} with {step!r}")
        value = value.get(step)
    return _key_text(value, path)


def _key_text(value: Any, path: Path) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float) and value != "":
        return str(value)
    raise ExpressionError(
        f".{'.'.join(path)} is {value!r}: partition keys must be scalars, not empty"
    )
