"""Statements that define an Iceberg table or add rows to it.

Sources: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html and
https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-evolving-table-schema.html.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.update.schema import UpdateSchema

from local.athena.engine.query import Plan, Work
from local.athena.errors import NotSupported, QueryFailed
from local.athena.iceberg import partitioning, schemas
from local.athena.iceberg.writing import CODEC, data_files
from local.athena.lake.catalog import CATALOG, Table
from local.athena.sql.types import parse_type
from local.athena.statements import ddl
from local.athena.statements.files import Written
from local.athena.statements.insert import fitted, given_columns
from local.athena.statements.kinds import Reader, Statement, arguments
from local.athena.statements.write import require_names

# https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html#querying-iceberg-table-properties
_SETTINGS = """
optimize_rewrite_min_data_file_size_bytes optimize_rewrite_max_data_file_size_bytes
optimize_rewrite_data_file_threshold optimize_rewrite_delete_file_threshold
write_target_data_file_size_bytes vacuum_min_snapshots_to_keep vacuum_max_snapshot_age_seconds
vacuum_max_metadata_files_to_keep
"""
SETTINGS = frozenset(_SETTINGS.split())
_OF_CREATE_AS = frozenset(["table_type", "is_external", "location", "partitioning"])


def create(work: Work, statement: Statement) -> None:
    """CREATE TABLE … TBLPROPERTIES ('table_type' = 'ICEBERG')."""
    reader = Reader(statement, 1)
    if reader.take_if("EXTERNAL"):
        raise QueryFailed("", "FAILED: External keyword not supported for table type ICEBERG")
    reader.expect("TABLE")
    quiet = reader.take_if("IF", "NOT", "EXISTS")
    database, name = reader.qualified(work.database)
    listed = ddl.columns(reader)
    location, partitions, properties = _clauses(reader)
    if work.catalog.find(database, name):
        if quiet:
            return
        raise ddl.table_exists(name)
    kinds = {c["Name"]: parse_type(c["Type"]) for c in listed}
    schema = schemas.schema_of(kinds, {c["Name"]: c.get("Comment") for c in listed}, hive=True)
    staged = _staged(work, (database, name), schema, location, partitions, properties)
    with work.iceberg.tables.committing(database, name):
        staged.commit_transaction()


def _clauses(reader: Reader) -> tuple[str, list[str], dict[str, str]]:
    """Location, partition fields and properties of a CREATE TABLE."""
    location, partitions, properties = "", [], {}
    while not reader.done:
        if reader.take_if("PARTITIONED", "BY"):
            partitions = arguments(reader.balanced())
        elif reader.take_if("LOCATION"):
            location = reader.string()
        elif reader.take_if("TBLPROPERTIES"):
            properties = ddl.properties(reader)
        else:
            raise reader.mismatch("Expecting: PARTITIONED BY, LOCATION or TBLPROPERTIES")
    properties = {k: v for k, v in properties.items() if k.lower() != "table_type"}
    return location, partitions, properties


def _staged(
    work: Work,
    names: tuple[str, str],
    schema: Schema,
    location: str,
    partitions: list[str],
    properties: dict[str, Any],
) -> Any:
    """A transaction that creates the table when it is committed."""
    database, name = names
    if not work.catalog.database(database):
        raise QueryFailed("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{database}' does not exist")
    if not location:
        raise QueryFailed(
            "INVALID_TABLE_PROPERTY", f"line 1:1: A location is needed for Iceberg table {name}"
        )
    location = location.rstrip("/")
    if work.storage.under(location):
        raise QueryFailed(
            "ICEBERG_FILESYSTEM_ERROR", f"Cannot create a table on a non-empty location: {location}"
        )
    spec = partitioning.spec(partitions, schema)
    return work.iceberg.tables.catalog.create_table_transaction(
        names, schema, location, spec, properties=settings(properties)
    )


def settings(given: dict[str, Any]) -> dict[str, str]:
    """Athena's properties as the metadata keeps them; raises QueryFailed for any other."""
    made: dict[str, str] = {}
    for key, value in given.items():
        if key == "format":
            if str(value).lower() != "parquet":
                raise NotSupported(f"Iceberg tables of format {value}")
            made["write.format.default"] = "parquet"
        elif key == "write_compression":
            made[CODEC] = str(value).lower()
        elif key in SETTINGS and str(value).isdecimal():
            made[key] = str(value)
        else:
            catalog = f"Catalog '{CATALOG}$iceberg-aws'"
            raise QueryFailed(
                "INVALID_TABLE_PROPERTY",
                f"line 1:1: {catalog} table property '{key}' does not exist"
                if key not in SETTINGS
                else f"line 1:1: {catalog} table property '{key}' must be a number: {value}",
            )
    return made


def create_as(
    work: Work, names: tuple[str, str], properties: dict[str, Any], query: str, no_data: bool
) -> Written:
    """CREATE TABLE … WITH (table_type = 'ICEBERG') AS: rows and table appear in one commit."""
    if str(properties.get("is_external", True)).lower() != "false":
        raise QueryFailed(
            "INVALID_TABLE_PROPERTY", "line 1:1: External table not supported for table type ICEBERG: "
            "is_external must be false"
        )  # fmt: skip
    plan = work.plan(query)
    require_names(plan)
    schema = schemas.schema_of({name.lower(): kind for name, kind in plan.columns})
    own = {k: v for k, v in properties.items() if k not in _OF_CREATE_AS}
    location, partitions = str(properties.get("location", "")), properties.get("partitioning", [])
    staged = _staged(work, names, schema, location, partitions, own)
    if no_data:
        work.settle()
        with work.iceberg.tables.committing(*names):
            staged.commit_transaction()
        return Written([], 0, [])
    return _appended(work, plan, query, staged, names)


def _appended(
    work: Work, plan: Plan, text: str, transaction: Any, names: tuple[str, str]
) -> Written:
    with (
        work.running(plan, text) as (connection, rows),
        data_files(work, connection, rows, transaction._table) as files,
        work.iceberg.tables.committing(*names),
    ):
        with transaction.update_snapshot().fast_append() as append:
            for file in files:
                append.append_data_file(file)
        transaction.commit_transaction()
    return Written([f.file_path for f in files], sum(f.record_count for f in files), [])


def insert(work: Work, reader: Reader, table: Table) -> Written:
    """INSERT INTO: new files, one more snapshot."""
    opened = work.iceberg.open(table)
    columns = schemas.columns(opened.schema())
    given = given_columns(reader, columns)
    query = reader.query()
    plan = fitted(work.plan(query), columns, given)
    return _appended(work, plan, query, opened.transaction(), opened.name())


def alter(work: Work, reader: Reader, table: Table) -> None:
    """ALTER TABLE of an Iceberg table; the reader stands behind the table's name."""
    if reader.take_if("RENAME", "TO"):
        _rename(work, reader, table)
        return
    opened = work.iceberg.open(table)
    with work.iceberg.tables.committing(table.database, table.name):
        for words, change in _ALTERATIONS.items():
            if reader.take_if(*words):
                change(reader, opened)
                return
    if reader.peek() in ("ADD", "DROP", "REPLACE", "SET", "PARTITION"):
        raise QueryFailed(
            "NOT_SUPPORTED", "Query type not supported by Athena Iceberg at this time"
        )
    raise reader.mismatch("Expecting: a change that Athena makes to Iceberg tables")


def _rename(work: Work, reader: Reader, table: Table) -> None:
    database, name = reader.qualified(table.database)
    reader.end()
    with work.iceberg.tables.committing(database, name):
        work.iceberg.tables.catalog.rename_table((table.database, table.name), (database, name))


def _set(reader: Reader, table: IcebergTable) -> None:
    wanted = settings(ddl.properties(reader))
    reader.end()
    with table.transaction() as transaction:
        transaction.set_properties(wanted)


def _unset(reader: Reader, table: IcebergTable) -> None:
    reader.expect("(")
    names = [reader.string()]
    while reader.take_if(","):
        names.append(reader.string())
    reader.expect(")")
    reader.end()
    with table.transaction() as transaction:
        transaction.remove_properties(*(_KEPT_AS.get(n, n) for n in names))


_KEPT_AS = {"write_compression": CODEC, "format": "write.format.default"}


def _add(reader: Reader, table: IcebergTable) -> None:
    added = ddl.columns(reader)
    reader.end()
    with table.update_schema() as update:
        for column in added:
            _require_new(table, column["Name"])
            kind = schemas.made(parse_type(column["Type"]), hive=True)
            update.add_column(column["Name"], kind, doc=column.get("Comment"))


def _require_new(table: IcebergTable, name: str) -> None:
    if name in schemas.columns(table.schema()):
        raise QueryFailed("", f"{ddl.DDL_TASK} Duplicate column name: {name}")


def _existing(reader: Reader, table: IcebergTable) -> str:
    """The name of a column as the table spells it."""
    name = reader.name()
    found = next((f.name for f in table.schema().fields if f.name.lower() == name), None)
    if found is None:
        raise QueryFailed("", f"{ddl.DDL_TASK} Column does not exist: {name}")
    return str(found)


def _drop(reader: Reader, table: IcebergTable) -> None:
    name = _existing(reader, table)
    reader.end()
    source = table.schema().find_field(name).field_id
    if any(f.source_id == source for f in table.spec().fields):
        raise QueryFailed("", f"{ddl.DDL_TASK} Cannot drop partition column: {name}")
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.delete_column(name)


def _change(reader: Reader, table: IcebergTable) -> None:
    """`CHANGE [COLUMN] old new type [COMMENT 'text'] [FIRST | AFTER column]`."""
    reader.take_if("COLUMN")
    old = _existing(reader, table)
    column = ddl.column(reader)
    new, kind = column["Name"], schemas.made(parse_type(column["Type"]), hive=True)
    known = table.schema().find_field(old)
    schemas.require_promotion(old, known.field_type, kind)
    with table.update_schema() as update:
        if kind != known.field_type or column.get("Comment") is not None:
            update.update_column(old, kind, doc=column.get("Comment"))
        _place(reader, table, update, old)
        if new != old.lower():
            _require_new(table, new)
            update.rename_column(old, new)


def _place(reader: Reader, table: IcebergTable, update: UpdateSchema, name: str) -> None:
    if reader.take_if("FIRST"):
        update.move_first(name)
    elif reader.take_if("AFTER"):
        update.move_after(name, _existing(reader, table))
    elif not reader.done:
        raise reader.mismatch("Expecting: FIRST or AFTER")


_ALTERATIONS: dict[tuple[str, ...], Callable[[Reader, IcebergTable], None]] = {
    ("SET", "TBLPROPERTIES"): _set,
    ("UNSET", "TBLPROPERTIES"): _unset,
    ("ADD", "COLUMNS"): _add,
    ("DROP", "COLUMN"): _drop,
    ("CHANGE",): _change,
}


def described(work: Work, table: Table, *, formatted: bool) -> list[str]:
    """What DESCRIBE answers, in Iceberg's own spelling of types."""
    opened = work.iceberg.open(table)
    schema, spec = opened.schema(), opened.spec()
    lines = ["# Table schema:\t\t", "# col_name\tdata_type\tcomment"]
    lines += [f"{f.name}\t{schemas.spelled(f.field_type)}\t{f.doc or ''}" for f in schema.fields]
    lines += ["\t\t", "# Partition spec:\t\t", "# field_name\tfield_transform\tcolumn_name"]
    names = {f.source_id: schema.find_column_name(f.source_id) for f in spec.fields}
    lines += [f"{f.name}\t{f.transform}\t{names[f.source_id]}" for f in spec.fields]
    if not formatted:
        return lines
    named = f"iceberg.{table.database}.{table.name}"
    kept = _shown(opened)
    stored = opened.metadata.properties
    return [
        *[*lines, "\t\t", f"Name:\t{named}\t", f"Location:\t{opened.location()}\t"],
        *["\t\t", "# Table properties:\t\t", "# key\tvalue\t"],
        *[f"{k}\t{v.upper() if k == 'format' else v}\t" for k, v in kept.items()],
        *["\t\t", "# Iceberg storage table properties:\t\t", "# key\tvalue\t"],
        *[f"{k}\t{v}\t" for k, v in sorted(stored.items())],
    ]


def created(work: Work, table: Table) -> str:
    """What SHOW CREATE TABLE answers."""
    opened = work.iceberg.open(table)
    schema, spec = opened.schema(), opened.spec()
    lines = [
        f"  {name} {kind.hive()}" + (f" COMMENT '{field.doc}'" if field.doc else "")
        for (name, kind), field in zip(table.columns.items(), schema.fields, strict=True)
    ]
    text = f"CREATE TABLE {table.database}.{table.name} (\n" + ",\n".join(lines) + ")\n"
    if spec.fields:
        text += f"PARTITIONED BY ({', '.join(partitioning.described(spec, schema))})\n"
    shown = {"table_type": "iceberg", **_shown(opened)}
    listed = ",\n".join(f"  '{k}'='{v}'" for k, v in shown.items())
    return f"{text}LOCATION '{opened.location()}'\nTBLPROPERTIES (\n{listed}\n);"


def _shown(table: IcebergTable) -> dict[str, str]:
    kept = table.metadata.properties
    named = {name: kept[key] for name, key in _KEPT_AS.items() if key in kept}
    return {**named, **{k: v for k, v in sorted(kept.items()) if k in SETTINGS}}
