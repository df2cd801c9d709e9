"""Statements that change the catalogue: databases, tables, views, partitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.athena.engine.query import Work
from local.athena.errors import NotSupported, QueryFailed
from local.athena.lake.catalog import CATALOG, Changed, Table, table_input, view_text
from local.athena.sql.types import Type
from local.athena.statements import ddl, partitions
from local.athena.statements.ddl import DDL_TASK, table_exists
from local.athena.statements.kinds import Reader, Statement


def create_database(work: Work, statement: Statement) -> None:
    reader = Reader(statement, 2)
    quiet = reader.take_if("IF", "NOT", "EXISTS")
    name = reader.name()
    while reader.take_if("."):
        name = reader.name()
    definition: dict[str, Any] = {}
    while not reader.done:
        if reader.take_if("COMMENT"):
            definition["Description"] = reader.string()
        elif reader.take_if("LOCATION"):
            definition["LocationUri"] = reader.string()
        elif reader.take_if("WITH", "DBPROPERTIES"):
            definition["Parameters"] = ddl.properties(reader)
        else:
            raise reader.mismatch()
    if work.catalog.database(name):
        if quiet:
            return
        raise QueryFailed("", f"{DDL_TASK} Database {name} already exists")
    work.catalog.create_database(name, definition)


def drop_database(work: Work, statement: Statement) -> None:
    reader = Reader(statement, 2)
    quiet = reader.take_if("IF", "EXISTS")
    name = reader.qualified("")[1]
    cascade = reader.take_if("CASCADE")
    if not cascade:
        reader.take_if("RESTRICT")
    reader.end()
    if not work.catalog.database(name):
        if quiet:
            return
        raise QueryFailed(
            "", f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}"
        )
    if not cascade and work.catalog.tables(name):
        raise QueryFailed(
            "",
            f"{DDL_TASK} InvalidOperationException(message:Database {name} is not empty. One or more "
            "tables exist.)",
        )
    for table in work.catalog.tables(name):
        work.catalog.drop_table(name, table.name)
    work.catalog.drop_database(name)


def create_external(work: Work, statement: Statement) -> None:
    if ddl.is_iceberg(statement):
        work.iceberg.create(statement)
        return
    database, quiet, definition = ddl.create_external(statement, work.database)
    if work.catalog.find(database, definition["Name"]):
        if quiet:
            return
        raise table_exists(definition["Name"])
    if not work.catalog.database(database):
        raise QueryFailed(
            "", f"FAILED: SemanticException [Error 10072]: Database does not exist: {database}"
        )
    try:
        work.catalog.create_table(database, definition)
    except QueryFailed as error:
        if not quiet or error.name != "TABLE_ALREADY_EXISTS":
            raise


def create_view(work: Work, statement: Statement) -> None:
    """CREATE [OR REPLACE] VIEW: the query is checked, its columns are stored beside its text."""
    reader = Reader(statement, 1)
    replace = reader.take_if("OR", "REPLACE")
    reader.expect("VIEW")
    database, name = reader.qualified(work.database)
    reader.expect("AS")
    query = reader.rest()
    plan = work.plan(reader.query())
    if plan.unnamed:
        raise QueryFailed(
            "MISSING_COLUMN_NAME",
            f"line 1:1: Column name not specified at position {plan.unnamed[0] + 1}",
        )
    work.scanned_bytes = 0
    columns = [(n.lower(), k) for n, k in plan.columns]
    document = {
        "originalSql": query,
        "catalog": CATALOG,
        "schema": work.database,
        "columns": [{"name": n, "type": k.trino()} for n, k in columns],
    }
    definition = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "ViewOriginalText": view_text(document),
        "ViewExpandedText": "/* Presto View */",
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [{"Name": n, "Type": _view_type(k)} for n, k in columns],
            "Location": "",
            "NumberOfBuckets": 0,
            "SerdeInfo": {},
        },
    }
    _store_view(work, database, name, definition, replace)


def _view_type(kind: Type) -> str:
    """What Glue shows of a column; the view's own document has the type itself."""
    if kind.name.startswith("timestamp"):
        return "timestamp"
    return "string" if kind.name == "json" else kind.hive()


def _store_view(
    work: Work, database: str, name: str, definition: dict[str, Any], replace: bool
) -> None:
    found = work.catalog.find(database, name)
    if found and not found.is_view:
        raise QueryFailed(
            "TABLE_ALREADY_EXISTS", f"line 1:1: Table already exists: '{CATALOG}.{database}.{name}'"
        )
    if found and not replace:
        raise QueryFailed(
            "TABLE_ALREADY_EXISTS", f"line 1:1: View already exists: '{CATALOG}.{database}.{name}'"
        )
    if found:
        work.catalog.update_table(database, definition)
        return
    if not work.catalog.database(database):
        raise QueryFailed("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{database}' does not exist")
    work.catalog.create_table(database, definition)


def _drop(view: bool) -> Callable[[Work, Statement], None]:
    def run(work: Work, statement: Statement) -> None:
        reader = Reader(statement, 2)
        quiet = reader.take_if("IF", "EXISTS")
        database, name = reader.qualified(work.database)
        if not view:
            reader.take_if("PURGE")
        reader.end()
        found = work.catalog.find(database, name)
        if not found:
            _require_quiet(quiet, database, name)
            return
        if found.is_view != view:
            raise QueryFailed(
                "",
                f"FAILED: SemanticException [Error 10129]: {name} is {'not ' if view else ''}a view",
            )
        if not work.catalog.drop_table(database, name):
            _require_quiet(quiet, database, name)
        elif found.is_iceberg:
            work.storage.remove_all([s.url for s in work.storage.under(found.location)])

    return run


def _require_quiet(quiet: bool, database: str, name: str) -> None:
    if not quiet:
        raise QueryFailed(
            "", f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}"
        )


def alter_table(work: Work, statement: Statement) -> None:
    """Once more from the start whenever another statement has changed the table meanwhile."""
    for _ in range(_ATTEMPTS):
        try:
            _alter(work, statement)
            return
        except Changed:
            continue
    _alter(work, statement)


_ATTEMPTS = 50


def _alter(work: Work, statement: Statement) -> None:
    reader = Reader(statement, 2)
    database, name = reader.qualified(work.database)
    table = work.catalog.table(database, name)
    if table.is_iceberg:
        work.iceberg.alter(reader, table)
        return
    for words, change in _ALTERATIONS.items():
        if reader.take_if(*words):
            change(work, reader, table)
            return
    raise reader.mismatch("Expecting: a change that Athena supports")


def _changed(table: Table) -> dict[str, Any]:
    return table_input(table.definition)


def _set_properties(work: Work, reader: Reader, table: Table) -> None:
    definition = _changed(table)
    definition["Parameters"] = {**table.parameters, **ddl.properties(reader)}
    reader.end()
    work.catalog.change_table(table, definition)


def _add_columns(work: Work, reader: Reader, table: Table) -> None:
    definition = _changed(table)
    added = ddl.columns(reader)
    reader.end()
    for column in added:
        if column["Name"] in table.all_columns:
            raise QueryFailed("", f"{DDL_TASK} Duplicate column name: {column['Name']}")
    storage = definition["StorageDescriptor"]
    definition["StorageDescriptor"] = {**storage, "Columns": [*storage["Columns"], *added]}
    work.catalog.change_table(table, definition)


def _replace_columns(work: Work, reader: Reader, table: Table) -> None:
    definition = _changed(table)
    definition["StorageDescriptor"] = {
        **definition["StorageDescriptor"],
        "Columns": ddl.columns(reader),
    }
    reader.end()
    work.catalog.change_table(table, definition)


def _set_location(work: Work, reader: Reader, table: Table) -> None:
    definition = _changed(table)
    definition["StorageDescriptor"] = {
        **definition["StorageDescriptor"],
        "Location": reader.string(),
    }
    reader.end()
    work.catalog.change_table(table, definition)


def _iceberg_only(what: str) -> Callable[[Work, Reader, Table], None]:
    def refuse(work: Work, reader: Reader, table: Table) -> None:
        raise NotSupported(f"ALTER TABLE {what}: Athena does this to Iceberg tables only")

    return refuse


_ALTERATIONS: dict[tuple[str, ...], Callable[[Work, Reader, Table], None]] = {
    ("SET", "TBLPROPERTIES"): _set_properties,
    ("ADD", "COLUMNS"): _add_columns,
    ("REPLACE", "COLUMNS"): _replace_columns,
    ("SET", "LOCATION"): _set_location,
    ("PARTITION",): partitions.change,
    ("RENAME", "TO"): _iceberg_only("RENAME TO"),
    ("RENAME", "COLUMN"): _iceberg_only("RENAME COLUMN"),
    ("CHANGE",): _iceberg_only("CHANGE COLUMN"),
    ("DROP", "COLUMN"): _iceberg_only("DROP COLUMN"),
    ("UNSET", "TBLPROPERTIES"): _iceberg_only("UNSET TBLPROPERTIES"),
    ("ADD",): partitions.add,
    ("DROP",): partitions.drop,
}


def maintain(work: Work, statement: Statement) -> None:
    """OPTIMIZE and VACUUM, which only Iceberg tables know."""
    work.iceberg.maintain(statement)


DEFINE: dict[str, Callable[[Work, Statement], None]] = {
    "create_database": create_database,
    "drop_database": drop_database,
    "create_external": create_external,
    "create_view": create_view,
    "drop_table": _drop(False),
    "drop_view": _drop(True),
    "alter_table": alter_table,
    "maintain": maintain,
}
