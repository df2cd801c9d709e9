"""MERGE, UPDATE and DELETE: what becomes of which row is one query, then the files it touches are rewritten.

Rows are known by their file and their number in it. Athena leaves files and writes delete files beside them
(merge on read); rewriting them (copy on write) gives the same rows. Source of the rules:
https://trino.io/docs/current/sql/merge.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pyiceberg.manifest import DataFile

from local.athena.engine.query import Plan, Work
from local.athena.errors import NotSupported, QueryFailed
from local.athena.iceberg.snapshots import PATH, ROW, Snapshot
from local.athena.iceberg.writing import data_files
from local.athena.lake.catalog import Table
from local.athena.sql.quoting import identifier
from local.athena.sql.types import Type
from local.athena.statements.files import Written
from local.athena.statements.insert import coercible, require_columns
from local.athena.statements.kinds import Reader, Statement, arguments, lex

_CHANGES = '"$changes"'
_DELETED = "$deleted"
_FIXED = 3  # columns of the query before the values: file, row, case


@dataclass
class _Case:
    """What happens to rows for which `guard` is true: all columns' `values`, or the row is deleted."""

    guard: str
    values: dict[str, str] = field(default_factory=dict)
    deletes: bool = False


@dataclass
class _Change:
    """`source` is a FROM clause in which the table is called `target`."""

    table: Table
    target: str
    source: str
    cases: list[_Case]


def change(work: Work, statement: Statement) -> Written:
    """Run it to its commit; raises QueryFailed, and then nothing has changed."""
    made = _STATEMENTS[statement.sub](work, Reader(statement, 1))
    snapshot = work.iceberg.snapshot(made.table, None)
    plan = work.plan(_query(made), (PATH, ROW))
    _require_types(statement.sub, made, snapshot, plan)
    with work.running(plan, statement.text) as (connection, query):
        connection.execute(f"CREATE TEMP TABLE {_CHANGES} AS {_planned(made, snapshot, query)}")
        _require_single(connection)
        rows = connection.execute(f"SELECT count(*) FROM {_CHANGES}").fetchone()[0]
        if rows:
            _rewrite(work, connection, snapshot, made)
    return Written([], int(rows), [])


def _table(work: Work, reader: Reader) -> tuple[Table, str]:
    """The table and its name in SQL."""
    database, name = reader.qualified(work.database)
    table = work.catalog.table(database, name)
    if not table.is_iceberg:
        raise NotSupported(f"Modifying Hive table rows is not supported: {database}.{name}")
    return table, f"{identifier(database)}.{identifier(name)}"


def _delete(work: Work, reader: Reader) -> _Change:
    reader.expect("FROM")
    table, name = _table(work, reader)
    condition = _where(reader)
    return _Change(table, identifier(table.name), name, [_Case(condition, deletes=True)])


def _where(reader: Reader) -> str:
    if reader.done:
        return "true"
    reader.expect("WHERE")
    return f"({reader.rest()})"


def _update(work: Work, reader: Reader) -> _Change:
    table, name = _table(work, reader)
    reader.expect("SET")
    target, columns = identifier(table.name), work.iceberg.snapshot(table, None).columns
    values = _assignments(_until(reader, "WHERE"), target, columns)
    return _Change(table, target, name, [_Case(_where(reader), values)])


def _assignments(text: str, target: str, columns: Iterable[str]) -> dict[str, str]:
    """Values by column; one that is not assigned keeps its own."""
    found: dict[str, str] = {}
    for part in arguments(text):
        reader = _reader(part)
        name = reader.name()
        reader.expect("=")
        if name in found:
            raise QueryFailed("SYNTAX_ERROR", f"line 1:1: Multiple assignments for column {name}")
        found[name] = reader.rest()
    return {**{c: f"{target}.{identifier(c)}" for c in columns}, **found}


def _reader(text: str) -> Reader:
    return Reader(Statement.part(text))


def _until(reader: Reader, *words: str) -> str:
    """The text before the first of the words that stands in no bracket and no CASE, or to the end."""
    start, depth = reader.at, 0
    while not reader.done and not (depth == 0 and reader.peek() in words):
        depth += {"(": 1, "[": 1, "CASE": 1, ")": -1, "]": -1, "END": -1}.get(reader.peek(), 0)
        reader.at += 1
    if reader.at == start:
        raise reader.mismatch()
    lexemes = reader.lexemes
    return reader.statement.text[lexemes[start].start : lexemes[reader.at - 1].end]


def _merge(work: Work, reader: Reader) -> _Change:
    reader.expect("INTO")
    table, name = _table(work, reader)
    target = identifier(table.name)
    if reader.peek() != "USING":
        reader.take_if("AS")
        target = identifier(reader.name())
        name = f"{name} AS {target}"
    reader.expect("USING")
    source = _until(reader, "ON")
    reader.expect("ON")
    condition = _until(reader, "WHEN")
    if reader.done:
        raise reader.mismatch("Expecting: 'WHEN'")
    columns = list(work.iceberg.snapshot(table, None).columns)
    cases = []
    while not reader.done:
        cases.append(_merge_case(reader, target, columns))
    _require_constancy(cases)
    return _Change(table, target, f"{source} LEFT JOIN {name} ON ({condition})", cases)


def _require_constancy(cases: list[_Case]) -> None:
    """Conditions are evaluated more than once where there are several cases."""
    for word in (x.upper for case in cases for x in lex(case.guard)):
        if len(cases) > 1 and word in ("RANDOM", "RAND", "UUID", "SHUFFLE"):
            raise NotSupported(f"{word.lower()} in a condition of MERGE with several cases")


def _merge_case(reader: Reader, target: str, columns: list[str]) -> _Case:
    reader.expect("WHEN")
    matched = not reader.take_if("NOT")
    reader.expect("MATCHED")
    guard = f"{target}.{identifier(PATH)} IS {'NOT ' if matched else ''}NULL"
    if reader.take_if("AND"):
        guard += f" AND ({_until(reader, 'THEN')})"
    reader.expect("THEN")
    if not matched:
        return _Case(guard, _inserted(reader, columns))
    if reader.take_if("DELETE"):
        return _Case(guard, deletes=True)
    reader.expect("UPDATE", "SET")
    return _Case(guard, _assignments(_until(reader, "WHEN"), target, columns))


def _inserted(reader: Reader, columns: list[str]) -> dict[str, str]:
    """Values by column; a column that is not named gets NULL."""
    reader.expect("INSERT")
    names = list(columns)
    if reader.peek() == "(":
        names = [_reader(n).name() for n in arguments(reader.balanced())]
        require_columns(names, columns)
    reader.expect("VALUES")
    values = arguments(reader.balanced())
    if len(values) != len(names):
        raise QueryFailed(
            "MISMATCHED_COLUMN_ALIASES",
            f"line 1:1: Insert has {len(names)} columns but {len(values)} values",
        )
    given = dict(zip(names, values, strict=True))
    return {**dict.fromkeys(columns, "NULL"), **given}


_STATEMENTS: dict[str, Callable[[Work, Reader], _Change]] = {
    "DELETE": _delete,
    "UPDATE": _update,
    "MERGE": _merge,
}


def _query(made: _Change) -> str:
    """Trino's SELECT of file, row and case of each row that changes, and of the values of each case."""
    place = [f"{made.target}.{identifier(c)}" for c in (PATH, ROW)]
    only = " OR ".join(f"({case.guard})" for case in made.cases)
    chosen, values = "0", list(made.cases[0].values.values())
    if len(made.cases) > 1:
        branches = [f"WHEN {case.guard} THEN {at}" for at, case in enumerate(made.cases)]
        chosen = f"CASE {' '.join(branches)} END"
        values = [
            f"CASE {_not_before(made.cases, at)} WHEN {case.guard} THEN ({value}) END"
            for at, case in enumerate(made.cases)
            for value in case.values.values()
        ]
    return f"SELECT {', '.join([*place, chosen, *values])} FROM {made.source} WHERE {only}"


def _not_before(cases: list[_Case], at: int) -> str:
    """A value is computed only where its case is the first that holds."""
    return " ".join(f"WHEN {case.guard} THEN NULL" for case in cases[:at])


def _require_types(kind: str, made: _Change, snapshot: Snapshot, plan: Plan) -> None:
    """Raise QueryFailed unless each value may be stored in its column."""
    columns = snapshot.columns
    given = iter([k for _, k in plan.columns][_FIXED:])
    for case in made.cases:
        for name, value in zip(case.values, given, strict=False):
            if name not in columns:
                raise QueryFailed(
                    "COLUMN_NOT_FOUND",
                    f"line 1:1: The {kind} SET target column {name} doesn't exist",
                )
            if not coercible(value, columns[name]):
                raise QueryFailed(
                    "TYPE_MISMATCH",
                    f"line 1:1: {kind} table column types don't match expressions: column {name} "
                    f"is {columns[name].trino()}, the value {value.trino()}",
                )


def _planned(made: _Change, snapshot: Snapshot, query: str) -> str:
    """DuckDB's SELECT of file, row, whether it is deleted, and the new values of all columns."""
    deleted = [str(at) for at, case in enumerate(made.cases) if case.deletes]
    parts = ["#1", "#2", f"#3 IN ({', '.join(deleted)})" if deleted else "false"]
    parts += [_value(made, name, kind) for name, kind in snapshot.columns.items()]
    names = [PATH, ROW, _DELETED, *snapshot.columns]
    listed = (f"{p} AS {identifier(n)}" for p, n in zip(parts, names, strict=True))
    return f"SELECT {', '.join(listed)} FROM ({query}) AS planned WHERE #3 IS NOT NULL"


def _value(made: _Change, name: str, kind: Type) -> str:
    """The new value of a column, whichever case it comes from."""
    branches, start = [], _FIXED
    for at, case in enumerate(made.cases):
        if case.values:
            place = start + list(case.values).index(name) + 1
            branches.append(f"WHEN {at} THEN CAST(#{place} AS {kind.duckdb()})")
        start += len(case.values)
    return f"CASE #3 {' '.join(branches)} END" if branches else f"CAST(NULL AS {kind.duckdb()})"


def _require_single(connection: Any) -> None:
    """Raise QueryFailed when two rows of the source claim one row of the table."""
    place = f"{identifier(PATH)}, {identifier(ROW)}"
    found = connection.execute(
        f"SELECT 1 FROM {_CHANGES} WHERE {identifier(PATH)} IS NOT NULL "
        f"GROUP BY {place} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    if found:
        raise QueryFailed(
            "MERGE_TARGET_ROW_MULTIPLE_MATCHES",
            "One MERGE target table row matched more than one source row",
        )


def _rewrite(work: Work, connection: Any, snapshot: Snapshot, made: _Change) -> None:
    """One commit that takes the touched files out and puts files with what is left and new in."""
    touched = _touched(connection, snapshot)
    query = _remaining(work, snapshot, touched)
    with (
        data_files(work, connection, query, snapshot.table) as files,
        work.iceberg.tables.committing(made.table.database, made.table.name),
        snapshot.table.transaction() as transaction,
        # Not an append even when no file goes: what others have added meanwhile might match.
        transaction.update_snapshot().overwrite() as commit,
    ):
        for file in touched:
            commit.delete_data_file(file)
        for file in files:
            commit.append_data_file(file)


def _touched(connection: Any, snapshot: Snapshot) -> list[DataFile]:
    rows = connection.execute(f"SELECT DISTINCT {identifier(PATH)} FROM {_CHANGES}").fetchall()
    paths = {row[0] for row in rows if row[0] is not None}
    found = [f for f in snapshot.files if f.file_path in paths]
    if len(found) < len(paths):  # a row that is not taken out would count twice
        raise NotSupported(f"changing rows of {snapshot.name}, whose files have other names in S3")
    return found


def _remaining(work: Work, snapshot: Snapshot, touched: list[DataFile]) -> str:
    """All rows that the touched files and the changes leave."""
    columns = list(snapshot.columns)
    listed = ", ".join(map(identifier, columns))
    new = f"SELECT {listed} FROM {_CHANGES} WHERE NOT {identifier(_DELETED)}"
    if not touched:
        return new
    data = work.iceberg.located(touched)
    old = snapshot.view(data, [*columns, PATH, ROW], work.storage, work.footers)
    same = " AND ".join(f"c.{identifier(n)} = r.{identifier(n)}" for n in (PATH, ROW))
    kept = f"NOT EXISTS (SELECT 1 FROM {_CHANGES} AS c WHERE {same})"
    return f"SELECT {listed} FROM ({old}) AS r WHERE {kept} UNION ALL {new}"
