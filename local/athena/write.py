"""CREATE TABLE AS, INSERT INTO and UNLOAD: files in S3, tables and partitions in Glue."""

from __future__ import annotations

import uuid
from typing import Any

from local.athena import projection
from local.athena.catalog import Partition, Table
from local.athena.ddl import storage as storage_descriptor
from local.athena.errors import NotSupported, QueryFailed
from local.athena.files import Written, copy_options, files, folders, upload
from local.athena.query import Plan, Work
from local.athena.statements import Reader, Statement, lex
from local.athena.types import INTEGERS, Type

_FORMATS = {"parquet": "parquet", "json": "json", "textfile": "textfile"}


def with_properties(text: str) -> dict[str, Any]:
    """`key = value, …` of a WITH clause: strings, booleans, numbers, ARRAY['a', …]."""
    reader = Reader(Statement("with", "", "", text, tuple(lex(text))))
    found: dict[str, Any] = {}
    while not reader.done:
        key = reader.name()
        reader.expect("=")
        found[key] = _property(reader)
        reader.take_if(",")
    return found


def _property(reader: Reader) -> Any:
    if reader.take_if("ARRAY", "["):
        values: list[Any] = []
        while not reader.take_if("]"):
            values.append(_property(reader))
            reader.take_if(",")
        return values
    lexeme = reader.take()
    if lexeme.kind == "string":
        return lexeme.value
    return {"TRUE": True, "FALSE": False}.get(lexeme.upper, lexeme.text)


def _stored(columns: list[tuple[str, Type]]) -> dict[str, Type]:
    return {name.lower(): kind for name, kind in columns}


def _require_names(plan: Plan) -> None:
    if plan.unnamed:
        raise QueryFailed(
            "MISSING_COLUMN_NAME",
            f"line 1:1: Column name not specified at position {plan.unnamed[0] + 1}",
        )
    names = [n.lower() for n, _ in plan.columns]
    for name in names:
        if names.count(name) > 1:
            raise QueryFailed(
                "DUPLICATE_COLUMN_NAME", f"line 1:1: Column name '{name}' specified more than once"
            )


def require_empty(work: Work, location: str, name: str) -> None:
    if work.storage.below(location):
        raise QueryFailed(
            "HIVE_PATH_ALREADY_EXISTS",
            f"Target directory for table '{name}' already exists: {location}. You may need to manually "
            "clean the data at this location before retrying.",
        )


def create_table_as(work: Work, statement: Statement, default_location: str) -> Written:
    """`default_location` is used when the query names no external_location; ends without a slash."""
    reader = Reader(statement, 2)
    quiet = reader.take_if("IF", "NOT", "EXISTS")
    database, name = reader.qualified(work.database)
    properties = with_properties(reader.balanced()) if reader.take_if("WITH") else {}
    reader.expect("AS")
    query, no_data = _without_data(reader)
    if work.catalog.find(database, name):
        if quiet:
            return Written([], 0, [])
        raise QueryFailed(
            "TABLE_ALREADY_EXISTS",
            f"line 1:1: Table 'awsdatacatalog.{database}.{name}' already exists",
        )
    if not work.catalog.database(database):
        raise QueryFailed("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{database}' does not exist")
    if str(properties.get("table_type", "hive")).lower() == "iceberg":
        raise NotSupported("Iceberg tables")
    file_format = str(properties.get("format", "parquet")).lower()
    if file_format not in _FORMATS:
        raise NotSupported(f"format {file_format}")
    plan = work.plan(query)
    _require_names(plan)
    keys = [k.lower() for k in properties.get("partitioned_by", [])]
    columns = _stored(plan.columns)
    _require_last(list(columns), keys)
    location = str(
        properties.get("external_location") or f"{default_location}/{uuid.uuid4()}"
    ).rstrip("/")
    require_empty(work, location, f"{database}.{name}")
    definition = _definition(name, columns, keys, file_format, location, properties)
    written = Written([], 0, [])
    if not no_data:
        made = files(
            work, plan, query, columns, keys, copy_options(file_format, properties), limit=True
        )
        written = upload(work, made, lambda v: "/".join([location, *folders(keys, v)]))
    work.catalog.create_table(database, definition)
    _register(work, work.catalog.table(database, name), written)
    return written


def _without_data(reader: Reader) -> tuple[str, bool]:
    query = reader.rest()
    words = [x.upper for x in reader.lexemes]
    for tail, no_data in ((["WITH", "NO", "DATA"], True), (["WITH", "DATA"], False)):
        if words[-len(tail) :] == tail:
            start = reader.lexemes[reader.at].start
            return reader.statement.text[start : reader.lexemes[-len(tail)].start], no_data
    return query, False


def _require_last(columns: list[str], keys: list[str]) -> None:
    for key in keys:
        if key not in columns:
            raise QueryFailed(
                "COLUMN_NOT_FOUND", f"line 1:1: Partition column {key} does not exist"
            )
    if keys and columns[-len(keys) :] != keys:
        raise QueryFailed(
            "HIVE_COLUMN_ORDER_MISMATCH",
            f"Partition keys must be the last columns in the table and in the same order: {keys}",
        )


def _definition(
    name: str,
    columns: dict[str, Type],
    keys: list[str],
    file_format: str,
    location: str,
    properties: dict[str, Any],
) -> dict[str, Any]:
    listed = [{"Name": c, "Type": t.hive()} for c, t in columns.items()]
    descriptor = storage_descriptor(file_format, location, listed[: len(listed) - len(keys)])
    if file_format == "textfile":
        delimiter = str(properties.get("field_delimiter") or "\x01")
        descriptor["SerdeInfo"]["Parameters"] = {
            "field.delim": delimiter,
            "serialization.format": delimiter,
        }
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": descriptor,
        "PartitionKeys": listed[len(listed) - len(keys) :],
        "Parameters": {"EXTERNAL": "TRUE", "has_encrypted_data": "false"},
    }


def _register(work: Work, table: Table, written: Written) -> None:
    if table.keys and written.partitions and not table.is_projected:
        keys = list(table.keys)
        made = [
            Partition(v, "/".join([table.location, *folders(keys, v)])) for v in written.partitions
        ]
        work.catalog.add_partitions(table, made)


def insert(work: Work, statement: Statement) -> Written:
    """INSERT INTO a Hive table: new files, new partitions."""
    reader = Reader(statement, 2)
    database, name = reader.qualified(work.database)
    table = work.catalog.table(database, name)
    if table.is_iceberg or table.is_view:
        raise NotSupported(f"INSERT INTO {database}.{name}: not a Hive table")
    if table.format == "csv":
        raise NotSupported("INSERT INTO a table with OpenCSVSerde")
    given = _given_columns(reader, table)
    query = reader.rest()
    plan = work.plan(query)
    plan = _fitted(plan, table, given)
    columns = dict(table.all_columns)
    keys = list(table.keys)
    options = copy_options(
        {"text": "textfile"}.get(table.format, table.format),
        {"field_delimiter": table.serde_parameters.get("field.delim")},
    )
    made = files(work, plan, query, columns, keys, options, limit=True)
    written = upload(work, made, lambda v: _location(table, keys, v))
    _register(work, table, written)
    return written


def _location(table: Table, keys: list[str], values: tuple[str, ...]) -> str:
    if table.is_projected:
        return projection.Places(table).of(values)
    return "/".join([table.location, *folders(keys, values)])


def _given_columns(reader: Reader, table: Table) -> list[str]:
    start = reader.at
    if reader.take_if("("):
        if reader.peek() in ("SELECT", "WITH", "VALUES", "TABLE", "("):
            reader.at = start
            return list(table.all_columns)
        names = [reader.name()]
        while reader.take_if(","):
            names.append(reader.name())
        reader.expect(")")
        for name in names:
            if name not in table.all_columns:
                raise QueryFailed(
                    "COLUMN_NOT_FOUND",
                    f"line 1:1: Insert column name does not exist in target table: {name}",
                )
        return names
    return list(table.all_columns)


def _fitted(plan: Plan, table: Table, given: list[str]) -> Plan:
    """The plan's columns checked against the table's and put in their order."""
    if len(plan.columns) != len(given):
        raise QueryFailed(
            "TYPE_MISMATCH",
            f"line 1:1: Insert query has mismatched column types: Table has {len(given)} columns, "
            f"Query has {len(plan.columns)} columns",
        )
    for column, (_, kind) in zip(given, plan.columns, strict=True):
        wanted = table.all_columns[column]
        if not _coercible(kind, wanted):
            raise QueryFailed(
                "TYPE_MISMATCH",
                f"line 1:1: Insert query has mismatched column types: {column} is of type "
                f"{wanted.trino()} but expression is of type {kind.trino()}",
            )
    parts = ", ".join(
        f"#{given.index(c) + 1}" if c in given else f"CAST(NULL AS {t.duckdb()})"
        for c, t in table.all_columns.items()
    )
    fitted = [(c, t) for c, t in table.all_columns.items()]
    return Plan(
        f"SELECT {parts} FROM ({plan.sql}) AS inserted",
        fitted,
        plan.sources,
        plan.used,
        plan.scanned_bytes,
    )


def _coercible(kind: Type, wanted: Type) -> bool:
    order = [*INTEGERS, "decimal", "real", "double"]
    if kind.name == wanted.name or kind.name == "unknown":
        return True
    if kind.name in order and wanted.name in order:
        return order.index(kind.name) <= order.index(wanted.name)
    if wanted.name == "timestamp":
        return kind.name in ("date", "timestamp with time zone")
    return wanted.name in ("char", "varchar") and kind.name in ("char", "varchar")


def unload(work: Work, statement: Statement) -> Written:
    """UNLOAD (query) TO 'location' WITH (…)."""
    reader = Reader(statement, 1)
    query = reader.balanced()
    reader.expect("TO")
    location = reader.string().rstrip("/")
    properties = with_properties(reader.balanced()) if reader.take_if("WITH") else {}
    file_format = str(properties.get("format", "")).lower()
    if file_format not in _FORMATS:
        raise NotSupported(f"UNLOAD to format '{file_format}'")
    plan = work.plan(query)
    require_empty(work, location, "unload")
    keys = [k.lower() for k in properties.get("partitioned_by", [])]
    columns = {(n.lower()): k for n, k in plan.display_columns()}
    _require_last(list(columns), keys)
    made = files(
        work, plan, query, columns, keys, copy_options(file_format, properties), limit=True
    )
    return upload(work, made, lambda v: "/".join([location, *folders(keys, v)]))
