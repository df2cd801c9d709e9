"""SHOW and DESCRIBE: lines of text from the catalogue."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from local.athena.engine.query import Work
from local.athena.engine.results import Row
from local.athena.errors import QueryFailed
from local.athena.lake.catalog import Partition, Table
from local.athena.lake.information import listed_columns
from local.athena.sql.types import Type
from local.athena.statements.files import folders
from local.athena.statements.kinds import Reader, Statement

Lines = tuple[list[tuple[str, Type]], list[Row]]
_TEXT = Type("varchar")


def matches(pattern: str) -> Callable[[str], bool]:
    """Hive's patterns: `*` and `|`, otherwise a regular expression; LIKE's `%` works as well."""
    expression = pattern.replace("%", ".*").replace("*", ".*").replace("..*", ".*")
    return lambda name: re.fullmatch(expression, name, re.I) is not None


def _pattern(reader: Reader) -> Callable[[str], bool]:
    reader.take_if("LIKE")
    return (lambda name: True) if reader.done else matches(reader.string())


def _lines(column: str, names: list[str]) -> Lines:
    return [(column, _TEXT)], [[n] for n in names]


def databases(work: Work, statement: Statement) -> Lines:
    wanted = _pattern(Reader(statement, 2))
    return _lines(
        "database_name", sorted(d["Name"] for d in work.catalog.databases() if wanted(d["Name"]))
    )


def _in_database(reader: Reader, work: Work) -> str:
    database = reader.name() if reader.take_if("IN") or reader.take_if("FROM") else work.database
    if not work.catalog.database(database):
        raise QueryFailed(
            "", f"FAILED: SemanticException [Error 10072]: Database does not exist: {database}"
        )
    return database


def tables(work: Work, statement: Statement) -> Lines:
    reader = Reader(statement, 2)
    database = _in_database(reader, work)
    wanted = _pattern(reader)
    return _lines("tab_name", [t.name for t in work.catalog.tables(database) if wanted(t.name)])


def views(work: Work, statement: Statement) -> Lines:
    reader = Reader(statement, 2)
    database = _in_database(reader, work)
    wanted = _pattern(reader)
    return _lines(
        "views", [t.name for t in work.catalog.tables(database) if t.is_view and wanted(t.name)]
    )


def _table(work: Work, reader: Reader) -> Table:
    database, name = reader.qualified(work.database)
    found = work.catalog.find(database, name)
    if not found:
        raise QueryFailed(
            "", f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}"
        )
    return found


def partitions(work: Work, statement: Statement) -> Lines:
    table = _table(work, Reader(statement, 2))
    if not table.keys:
        raise QueryFailed(
            "", f"FAILED: Execution Error: Table {table.name} is not a partitioned table"
        )
    found = [] if table.is_projected else work.catalog.partitions(table)
    return _lines("partition", [_folder(table, p) for p in found])


def _folder(table: Table, partition: Partition) -> str:
    return "/".join(folders(list(table.keys), partition.values))


def columns(work: Work, statement: Statement) -> Lines:
    reader = Reader(statement, 2)
    if not reader.take_if("IN"):
        reader.expect("FROM")
    database, name = reader.qualified(work.database)
    if reader.take_if("IN") or reader.take_if("FROM"):
        database = reader.name()
    found = work.catalog.table(database, name)
    return _lines("field", [c for c, _, _, _ in listed_columns(found)])


def properties(work: Work, statement: Statement) -> Lines:
    reader = Reader(statement, 2)
    table = _table(work, reader)
    shown = dict(sorted(table.parameters.items()))
    if reader.take_if("("):
        key = reader.string()
        missing = f"Table {table.database}.{table.name} does not have property: {key}"
        shown = {key: shown.get(key, missing)}
    return [("prpt_name", _TEXT), ("prpt_value", _TEXT)], [
        ["\t".join(pair)] for pair in shown.items()
    ]


def describe(work: Work, statement: Statement) -> Lines:
    reader = Reader(statement, 1)
    for word in ("EXTENDED", "FORMATTED"):
        if reader.take_if(word):
            raise QueryFailed("NOT_SUPPORTED", f"DESCRIBE {word}")
    for word in ("INPUT", "OUTPUT"):
        if reader.peek() == word and len(reader.lexemes) == 3:
            raise QueryFailed("NOT_SUPPORTED", f"DESCRIBE {word}")
    table = _table(work, reader)
    stored = [(n, k, c) for n, k, c, extra in listed_columns(table)]
    rows: list[Row] = [[_described(*column)] for column in stored]
    keys = [(n, k, c) for n, k, c, extra in listed_columns(table) if extra]
    if keys:
        heading = f"{'# col_name':<20}\t{'data_type':<20}\t{'comment':<20}"
        rows += [["\t \t "], ["# Partition Information\t \t "], [heading], ["\t \t "]]
        rows += [[_described(*column)] for column in keys]
    return [(c, _TEXT) for c in ("col_name", "data_type", "comment")], rows


def _described(name: str, kind: Type, comment: str | None) -> str:
    return f"{name:<20}\t{_hive(kind):<20}\t{comment or '':<20}"


def _hive(kind: Type) -> str:
    return kind.trino() if "zone" in kind.name or kind.has_microseconds else kind.hive()


def create_view(work: Work, statement: Statement) -> Lines:
    table = _table(work, Reader(statement, 3))
    if not table.is_view:
        raise QueryFailed("", f"FAILED: SemanticException {table.name} is not a view")
    text = table.view()["originalSql"]
    return _lines(
        "Create View", [f"CREATE VIEW {table.database}.{table.name} AS", *text.splitlines()]
    )


def create_table(work: Work, statement: Statement) -> Lines:
    table = _table(work, Reader(statement, 3))
    if table.is_view:
        raise QueryFailed("", f"FAILED: SemanticException {table.name} is a view")
    made = work.iceberg.created(table) if table.is_iceberg else _created(table)
    return _lines("createtab_stmt", made.splitlines())


def _quoted(text: Any) -> str:
    return (
        "'" + str(text).replace("\\", "\\\\").replace("'", "\\'").replace("\x01", "\\u0001") + "'"
    )


def _created(table: Table) -> str:
    storage = table.definition["StorageDescriptor"]
    fields = ", \n".join(
        f"  `{n}` {_hive(k)}" + (f" COMMENT {_quoted(c)}" if c else "")
        for n, k, c, e in listed_columns(table)
        if not e
    )
    text = f"CREATE EXTERNAL TABLE `{table.database}.{table.name}`(\n{fields})\n"
    if table.keys:
        keys = ", \n".join(f"  `{n}` {_hive(k)}" for n, k in table.keys.items())
        text += f"PARTITIONED BY ( \n{keys})\n"
    names, count = table.buckets
    if names:
        listed = ", \n".join(f"  {n}" for n in names)
        text += f"CLUSTERED BY ( \n{listed}) \nINTO {count} BUCKETS\n"
    text += f"ROW FORMAT SERDE \n  {_quoted(table.serde)} \n"
    if table.serde_parameters:
        listed = ", \n".join(
            f"  {_quoted(k)}={_quoted(v)}" for k, v in sorted(table.serde_parameters.items())
        )
        text += f"WITH SERDEPROPERTIES ( \n{listed}) \n"
    text += f"STORED AS INPUTFORMAT \n  {_quoted(storage.get('InputFormat', ''))} \n"
    text += f"OUTPUTFORMAT \n  {_quoted(storage.get('OutputFormat', ''))}\n"
    text += f"LOCATION\n  {_quoted(table.location)}\n"
    listed = ", \n".join(
        f"  {_quoted(k)}={_quoted(v)}" for k, v in sorted(table.parameters.items())
    )
    return text + f"TBLPROPERTIES (\n{listed})"


def repair(work: Work, statement: Statement) -> Lines:
    """MSCK REPAIR TABLE: register the `key=value` folders that lie under the table's location."""
    table = _table(work, Reader(statement, 3))
    if not table.keys:
        raise QueryFailed("", f"FAILED: Execution Error: {table.name} is not a partitioned table")
    known = {p.values for p in work.catalog.partitions(table)}
    found: dict[tuple[str, ...], str] = {}
    for stored in work.storage.below(table.location):
        parts = stored.url.removeprefix(f"{table.location}/").split("/")[: len(table.keys)]
        pairs = [p.partition("=") for p in parts]
        if [p[0].lower() for p in pairs] == list(table.keys) and all(p[1] for p in pairs):
            values = tuple(urllib.parse.unquote(p[2]) for p in pairs)
            found[values] = "/".join([table.location, *parts])
    fresh = [Partition(v, where) for v, where in sorted(found.items()) if v not in known]
    work.settle()
    work.catalog.add_partitions(table, fresh)
    names = [_folder(table, p) for p in fresh]
    rows: list[Row] = (
        [[f"Partitions not in metastore:\t{' '.join(f'{table.name}:{n}' for n in names)}"]]
        if names
        else []
    )
    rows += [[f"Repair: Added partition to metastore {table.name}:{n}"] for n in names]
    return [("result", _TEXT)], rows


SHOW: dict[str, Callable[[Work, Statement], Lines]] = {
    "show_databases": databases,
    "show_tables": tables,
    "show_views": views,
    "show_partitions": partitions,
    "show_columns": columns,
    "show_properties": properties,
    "show_create_table": create_table,
    "show_create_view": create_view,
    "describe": describe,
    "msck": repair,
}
