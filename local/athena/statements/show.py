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
from local.athena.statements import ddl
from local.athena.statements import describe as described
from local.athena.statements.describe import ENGINE_TEXT, TEXT, Lines, hive
from local.athena.statements.files import folders
from local.athena.statements.kinds import Reader, Statement
from local.athena.statements.partitions import partitioned_by


def matches(pattern: str) -> Callable[[str], bool]:
    """Hive's patterns: `*` and `|`, otherwise a regular expression; LIKE's `%` works as well."""
    expression = pattern.replace("%", ".*").replace("*", ".*").replace("..*", ".*")
    return lambda name: re.fullmatch(expression, name, re.I) is not None


def _pattern(reader: Reader) -> Callable[[str], bool]:
    reader.take_if("LIKE")
    found = "*" if reader.done else reader.string()
    reader.end()
    return matches(found)


def _lines(column: str, names: list[str], kind: Type = TEXT) -> Lines:
    return [(column, kind)], [[n] for n in names]


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
        "views",
        [t.name for t in work.catalog.tables(database) if t.is_view and wanted(t.name)],
        ENGINE_TEXT,
    )


def _table(work: Work, reader: Reader) -> Table:
    database, name = reader.qualified(work.database)
    found = work.catalog.find(database, name)
    if not found:
        raise QueryFailed(
            "", f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}"
        )
    return found


def _only(work: Work, reader: Reader) -> Table:
    """The table that ends a statement."""
    found = _table(work, reader)
    reader.end()
    return found


def partitions(work: Work, statement: Statement) -> Lines:
    """Those that the catalogue has: what is only projected is not listed."""
    reader = Reader(statement, 2)
    table = _table(work, reader)
    wanted = ddl.partition_spec(reader) if reader.peek() == "PARTITION" else {}
    reader.end()
    if not table.keys:
        raise QueryFailed("", f"{ddl.DDL_TASK} Table {table.name} is not a partitioned table")
    found = work.catalog.partitions(table)
    chosen = [p for p in found if wanted.items() <= partitioned_by(table, p).items()]
    return _lines("partition", [_folder(table, p) for p in chosen])


def _folder(table: Table, partition: Partition) -> str:
    return "/".join(folders(list(table.keys), partition.values))


def columns(work: Work, statement: Statement) -> Lines:
    reader = Reader(statement, 2)
    if not reader.take_if("IN"):
        reader.expect("FROM")
    database, name = reader.qualified(work.database)
    if reader.take_if("IN") or reader.take_if("FROM"):
        database = reader.name()
    reader.end()
    return described.columns(work.catalog.table(database, name))


def properties(work: Work, statement: Statement) -> Lines:
    reader = Reader(statement, 2)
    table = _table(work, reader)
    shown = dict(sorted(table.parameters.items()))
    if reader.take_if("("):
        key = reader.string()
        reader.expect(")")
        missing = f"Table {table.database}.{table.name} does not have property: {key}"
        shown = {key: shown.get(key, missing)}
    reader.end()
    text = "\n".join("\t".join(pair) for pair in shown.items())
    return [("prpt_name", TEXT), ("prpt_value", TEXT)], [[line] for line in text.split("\n")]


def describe(work: Work, statement: Statement) -> Lines:
    reader = Reader(statement, 1)
    for word in ("EXTENDED", "INPUT", "OUTPUT"):
        named = len(reader.lexemes) == 3 and reader.lexemes[2].kind != "symbol"
        if reader.peek() == word and named:
            raise QueryFailed("NOT_SUPPORTED", f"DESCRIBE {word}")
    if len(reader.lexemes) > 2:
        reader.take_if("FORMATTED")
    return described.describe(work, statement, _table(work, reader), reader)


def create_view(work: Work, statement: Statement) -> Lines:
    table = _only(work, Reader(statement, 3))
    if not table.is_view:
        raise QueryFailed("", f"FAILED: SemanticException {table.name} is not a view")
    text = table.view()["originalSql"]
    head = f"CREATE VIEW {table.database}.{table.name} AS"
    return _lines("create view", [head, *text.splitlines()], ENGINE_TEXT)


def create_table(work: Work, statement: Statement) -> Lines:
    table = _only(work, Reader(statement, 3))
    if table.is_view:
        raise QueryFailed("", f"FAILED: SemanticException {table.name} is a view")
    qualified = any(x.text == "." for x in statement.lexemes)
    shown = f"{table.database}.{table.name}" if qualified else table.name
    made = work.iceberg.created(table) if table.is_iceberg else _created(table, shown)
    return _lines("createtab_stmt", made.splitlines())


def _quoted(text: Any) -> str:
    """As Hive escapes it."""
    made = str(text).replace("\\", "\\\\").replace("'", "\\'")
    for letter, escape in (("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r"), ("\x01", "\\u0001")):
        made = made.replace(letter, escape)
    return f"'{made}'"


# Of ROW FORMAT DELIMITED, in the order in which Hive writes them.
_CLAUSES = {
    "field.delim": "FIELDS TERMINATED BY {}",
    "escape.delim": "ESCAPED BY {}",
    "collection.delim": "COLLECTION ITEMS TERMINATED BY {}",
    "mapkey.delim": "MAP KEYS TERMINATED BY {}",
    "line.delim": "LINES TERMINATED BY {}",
    "serialization.null.format": "NULL DEFINED AS {}",
}
_TEXT_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"


def _row_format(table: Table) -> str:
    given = {k: v for k, v in table.serde_parameters.items() if k != "serialization.format"}
    if table.serde == _TEXT_SERDE and given and given.keys() <= _CLAUSES.keys():
        clauses = [c.format(_quoted(given[k])) for k, c in _CLAUSES.items() if k in given]
        return "ROW FORMAT DELIMITED \n" + "".join(f"  {clause} \n" for clause in clauses)
    if table.serde_parameters.get("serialization.format", "1") != "1":
        given = table.serde_parameters
    text = f"ROW FORMAT SERDE \n  {_quoted(table.serde)} \n"
    if not given:
        return text
    listed = ", \n".join(f"  {_quoted(k)}={_quoted(v)}" for k, v in sorted(given.items()))
    return f"{text}WITH SERDEPROPERTIES ( \n{listed}) \n"


def _fields(columns: list[tuple[str, Type, str | None]]) -> str:
    return ", \n".join(
        f"  `{n}` {hive(k)}" + (f" COMMENT {_quoted(c)}" if c else "") for n, k, c in columns
    )


def _created(table: Table, shown: str) -> str:
    """The table under the name that the statement gave it, as Hive writes it."""
    storage, listed = table.definition["StorageDescriptor"], listed_columns(table)
    fields = _fields([(n, k, c) for n, k, c, extra in listed if not extra])
    text = f"CREATE EXTERNAL TABLE `{shown}`(\n{fields})\n"
    comment = table.definition.get("Description")
    text += f"COMMENT {_quoted(comment)}\n" if comment else ""
    keys = _fields([(n, k, c) for n, k, c, extra in listed if extra])
    text += f"PARTITIONED BY ( \n{keys})\n" if keys else ""
    names, count = table.buckets
    if names:
        clustered = ", \n".join(f"  {n}" for n in names)
        text += f"CLUSTERED BY ( \n{clustered}) \nINTO {count} BUCKETS\n"
    text += _row_format(table)
    text += f"STORED AS INPUTFORMAT \n  {_quoted(storage.get('InputFormat', ''))} \n"
    text += f"OUTPUTFORMAT \n  {_quoted(storage.get('OutputFormat', ''))}\n"
    text += f"LOCATION\n  {_quoted(table.location)}\n"
    given = sorted((k, v) for k, v in table.parameters.items() if k not in ("EXTERNAL", "comment"))
    listed_properties = ", \n".join(f"  {_quoted(k)}={_quoted(v)}" for k, v in given)
    return f"{text}TBLPROPERTIES (\n{listed_properties})"


def repair(work: Work, statement: Statement) -> Lines:
    """MSCK REPAIR TABLE: register the `key=value` folders that lie under the table's location."""
    table = _only(work, Reader(statement, 3))
    if table.is_iceberg:
        raise QueryFailed(
            "NOT_SUPPORTED", "Query type not supported by Athena Iceberg at this time"
        )
    if not table.keys:
        raise QueryFailed("", f"{ddl.DDL_TASK} Table {table.name} is not a partitioned table")
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
    return [("result", TEXT)], rows


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
