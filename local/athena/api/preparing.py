"""PREPARE and DEALLOCATE PREPARE as SQL: the statements live where CreatePreparedStatement keeps them.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements-sql-statements.html
"""

from __future__ import annotations

from collections.abc import Callable

from local.athena.api.saved import Saved
from local.athena.errors import NotSupported, QueryFailed, RequestRefused
from local.athena.sql.syntax import parse
from local.athena.statements.kinds import Reader, Statement, classify

_PREPARABLE = ("query", "create_table", "insert", "unload")


def _prepare(saved: Saved, group: str, statement: Statement) -> None:
    reader = Reader(statement, 1)
    name = reader.name()
    reader.expect("FROM")
    text = reader.rest()
    prepared = classify(text)
    if prepared.kind not in _PREPARABLE:
        raise NotSupported(f"PREPARE of {prepared.sub}")
    if prepared.kind == "query":
        parse(reader.query())
    request = {"WorkGroup": group, "StatementName": name, "QueryStatement": text}
    _kept(lambda: saved.create_prepared(request))


def _deallocate(saved: Saved, group: str, statement: Statement) -> None:
    reader = Reader(statement, 1)
    reader.expect("PREPARE")
    name = reader.name()
    if not reader.done:
        raise reader.mismatch()
    _kept(lambda: saved.delete_prepared({"WorkGroup": group, "StatementName": name}))


def _kept(change: Callable[[], object]) -> None:
    """What the operation refuses, the statement fails with."""
    try:
        change()
    except RequestRefused as error:
        raise QueryFailed("", error.message) from error


PREPARING: dict[str, Callable[[Saved, str, Statement], None]] = {
    "prepare": _prepare,
    "deallocate": _deallocate,
}
