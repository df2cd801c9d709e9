"""Fields of rows, named after their columns: `r.x` of anything but a row is an error."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import QueryFailed
from local.athena.sql.types import Type


def whole(node: Any) -> list[Any]:
    """What the last name is taken from; it stands in no tree."""
    made = exp.Column(**dict(zip(("this", "table", "db"), node.parts[-2::-1], strict=False)))
    made.parent = node.parent
    return [made]


def dereferenced(node: Any, types: list[Type]) -> Any:
    (found,) = types
    if found.name not in ("row", "unknown"):
        path = ".".join(p.name for p in node.parts[:-1])
        raise QueryFailed("TYPE_MISMATCH", f"line 1:1: Expression {path} is not of type ROW")
    return node
