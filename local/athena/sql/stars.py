"""`*` and `t.*` of a SELECT list: the columns they stand for, written out where DuckDB's would differ."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.engine.failures import place
from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql.fields import Columns, Field, Scope, excluded


def starred(star: Any, scope: Scope, text: str) -> list[Field] | None:
    """The fields that a star stands for, None while they are unknown."""
    if isinstance(star, exp.Star):
        if not scope.fields and not scope.open:
            raise QueryFailed(
                "COLUMN_NOT_FOUND",
                "line 1:1: SELECT * not allowed in queries without FROM clause",
            )
        fields = None if scope.open else scope.fields
    else:
        fields = _of_table(star, scope, text)
    if fields is None:
        return None
    hidden = {i.name.lower() for i in excluded(star)}
    return [f for f in fields if not f.name or f.name.lower() not in hidden]


def _of_table(star: Any, scope: Scope, text: str) -> list[Field] | None:
    table = star.table.lower()
    fields = [f for f in scope.fields if f.table == table]
    if fields or scope.open:
        return fields or None
    if scope.find([table]):
        raise NotSupported(f"{star.table}.*: the fields of a row as columns")
    raise QueryFailed(
        "TABLE_NOT_FOUND", f"{place(text, star.table)}: Unable to resolve reference {star.table}"
    )


def expanded(
    expression: Any, fields: list[Field] | None, names: Columns | None, scope: Scope
) -> list[Any]:
    """The star as it stands unless columns get other names or, by USING, another order."""
    if not isinstance(expression, exp.Aliases) and not scope.merged:
        return [expression]
    if fields is None or any(f.name is None for f in fields):
        raise NotSupported("* over columns without names")
    pairs = zip(fields, names or [], strict=True)
    return [exp.alias_(f.column(), n, quoted=True) for f, n in pairs]
