"""DuckDB's failures in the words and error names of Trino."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from local.athena.errors import QueryFailed

_MARKED = re.compile(r"@([A-Z_]+):(.*?)@", re.S)


def place(text: str, name: str) -> str:
    found = re.search(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", text)
    before = text[: found.start()] if found else ""
    return f"line {before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def explain(error: Any, text: str = "") -> QueryFailed:
    """The QueryFailed for a duckdb.Error; `text` is the user's SQL, for line and column."""
    message = str(error).split("\n\nLINE ")[0].strip()
    if marked := _MARKED.search(message):
        return QueryFailed(marked.group(1), marked.group(2))
    if missing := re.search(r'Referenced column "([^"]*)" not found', message):
        name = missing.group(1)
        return QueryFailed(
            "COLUMN_NOT_FOUND", f"{place(text, name)}: Column '{name}' cannot be resolved"
        )
    if missing := re.search(
        r'column "?([^"]+?)"? (?:not found|does not have a column named)', message
    ):
        name = missing.group(1)
        return QueryFailed(
            "COLUMN_NOT_FOUND", f"{place(text, name)}: Column '{name}' cannot be resolved"
        )
    for pattern, name in _KINDS:
        if re.search(pattern, message):
            return QueryFailed(
                name, re.sub(r"^[A-Z]\w+( \w+)? Error: ", "", message.splitlines()[0])
            )
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryFailed(
            "EXCEEDED_LOCAL_MEMORY_LIMIT", "Query exhausted resources at this scale factor"
        )
    return QueryFailed("GENERIC_USER_ERROR", message.splitlines()[0])


_KINDS = [
    (r"DOUBLE with value .* INT64", "INVALID_CAST_ARGUMENT"),
    (r"invalid perl operator|bad repetition operator|invalid escape sequence", "NOT_SUPPORTED"),
    (r"Could not choose a best candidate", "TYPE_MISMATCH"),
    (r"Out of Memory", "EXCEEDED_LOCAL_MEMORY_LIMIT"),
    (r"Division by zero", "DIVISION_BY_ZERO"),
    (r"Ambiguous reference to column", "AMBIGUOUS_NAME"),
    (r"must appear in the GROUP BY", "EXPRESSION_NOT_AGGREGATE"),
    (r"Overflow|out of range|Out of Range", "NUMERIC_VALUE_OUT_OF_RANGE"),
    (r"could not convert|Could not convert|Conversion Error", "INVALID_CAST_ARGUMENT"),
    (r"Could not parse string", "INVALID_FUNCTION_ARGUMENT"),
    (r"does not support the supplied arguments|No function matches", "FUNCTION_NOT_FOUND"),
    (r"Cannot compare|Cannot mix|cannot be applied|Cannot combine", "TYPE_MISMATCH"),
    (r"Table .* does not exist", "TABLE_NOT_FOUND"),
    (r"More than one row returned by a subquery", "SUBQUERY_MULTIPLE_ROWS"),
]
