"""A column of a JSON-lines table as the OpenX SerDe reads it: names without case, types converted."""

from __future__ import annotations

import json

from local.athena.sql.quoting import json_member, quoted
from local.athena.sql.types import Type


def column(name: str, kind: Type) -> str:
    """SQL for one top-level member of `json` (its names already lower case)."""
    member = f"json_extract(json, {json_member(name)})"
    if kind.name == "varchar":
        return (
            f"CASE json_type({member}) WHEN 'VARCHAR' THEN json_extract_string({member}, '$') "
            f"WHEN 'NULL' THEN NULL ELSE CAST({member} AS VARCHAR) END"
        )
    if kind.items:
        return f"from_json({member}, {quoted(_shape(kind))})"
    return f"CAST(json_extract_string({member}, '$') AS {kind.duckdb()})"


def _shape(kind: Type) -> str:
    """DuckDB's from_json structure."""
    if kind.name == "array":
        return f"[{_shape(kind.items[0])}]"
    if kind.name == "row":
        parts = (
            f"{json.dumps(n)}:{_shape(t)}" for n, t in zip(kind.fields, kind.items, strict=True)
        )
        return "{" + ",".join(parts) + "}"
    return json.dumps(kind.duckdb())
