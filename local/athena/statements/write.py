"""CREATE TABLE AS and UNLOAD: files in S3, tables and partitions in Glue."""

from __future__ import annotations

from typing import Any

from local.athena.engine.query import Plan, Work
from local.athena.errors import NotSupported, QueryFailed
from local.athena.lake.catalog import Partition, Table
from local.athena.sql.types import Type
from local.athena.statements import buckets
from local.athena.statements.ddl import external_parameters
from local.athena.statements.ddl import storage as storage_descriptor
from local.athena.statements.files import Written, encoding, files, folders, upload
from local.athena.statements.inner import without_data
from local.athena.statements.kinds import Reader, Statement

_FORMATS = frozenset(["parquet", "json", "textfile"])
# https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html#ctas-table-properties
_USED_NAMES = """
table_type is_external external_location format partitioned_by field_delimiter
write_compression parquet_compression compression_level bucketed_by bucket_count
"""
_USED = frozenset(_USED_NAMES.split())
_REFUSED = frozenset(["orc_compression"])
# https://docs.aws.amazon.com/athena/latest/ug/unload.html
_UNLOADED = {"format", "compression", "compression_level", "partitioned_by", "field_delimiter"}


def _check_properties(properties: dict[str, Any]) -> None:
    for name in properties:
        if name in _REFUSED:
            raise NotSupported(f"table property {name}")
        if name not in _USED:
            raise QueryFailed(
                "INVALID_TABLE_PROPERTY",
                f"line 1:1: Catalog 'awsdatacatalog' table property '{name}' does not exist",
            )


def with_properties(text: str) -> dict[str, Any]:
    """`key = value, …` of a WITH clause: strings, booleans, numbers, ARRAY['a', …]."""
    reader = Reader(Statement.part(text))
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


def require_names(plan: Plan) -> None:
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


def _require_milliseconds(columns: list[tuple[str, Type]]) -> None:
    """Raise NotSupported, in Athena's words, for a timestamp that its Hive writer does not take."""
    for name, kind in columns:
        found = _fine(kind)
        if found:
            raise NotSupported(
                f"Incorrect timestamp precision for {found.trino()}; "
                f"the configured precision is MILLISECONDS; column name: {name.lower()}"
            )


def _require_no_zone(columns: list[tuple[str, Type]]) -> None:
    """Raise QueryFailed for a timestamp with time zone, which no Hive file holds."""
    for _, kind in columns:
        if "with time zone" in kind.trino():
            kind.hive()


def _fine(kind: Type) -> Type | None:
    """The timestamp of microseconds that a type is or holds."""
    if not kind.items:
        return kind if kind.has_microseconds else None
    return next(filter(None, map(_fine, kind.items)), None)


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
    query, no_data = without_data(reader)
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
        created: Written = work.iceberg.create_as((database, name), properties, query, no_data)
        return created
    _check_properties(properties)
    file_format = str(properties.get("format", "parquet")).lower()
    if file_format not in _FORMATS:
        raise NotSupported(f"format {file_format}")
    plan = work.plan(query)
    require_names(plan)
    _require_milliseconds(plan.columns)
    keys = [k.lower() for k in properties.get("partitioned_by", [])]
    columns = _stored(plan.columns)
    _require_last(list(columns), keys)
    clusters = buckets.asked(properties, columns, keys)
    location = str(properties.get("external_location") or default_location).rstrip("/")
    require_empty(work, location, f"{database}.{name}")
    definition = _definition(name, columns, keys, file_format, location, properties)
    if clusters:
        definition["StorageDescriptor"].update(
            BucketColumns=list(clusters.columns), NumberOfBuckets=clusters.count
        )
    written = Written([], 0, [])
    if not no_data:
        form = encoding(file_format, properties)
        made = files(work, plan, query, columns, keys, form, clusters)
        written = upload(work, made, form.suffix, lambda v: "/".join([location, *folders(keys, v)]))
    work.settle()
    work.catalog.create_table(database, definition)
    register(work, work.catalog.table(database, name), written)
    return written


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
        "Parameters": {**external_parameters(), "has_encrypted_data": "false"},
    }


def register(work: Work, table: Table, written: Written) -> None:
    """Tell the catalogue of the partitions that were written."""
    if table.keys and written.partitions and not table.is_projected:
        keys = list(table.keys)
        made = [
            Partition(v, "/".join([table.location, *folders(keys, v)])) for v in written.partitions
        ]
        work.catalog.add_partitions(table, made)


def unload(work: Work, statement: Statement) -> Written:
    """UNLOAD (query) TO 'location' WITH (…)."""
    reader = Reader(statement, 1)
    query = reader.inside()
    reader.expect("TO")
    location = reader.string().rstrip("/")
    properties = with_properties(reader.balanced()) if reader.take_if("WITH") else {}
    reader.end()
    for unknown in properties.keys() - _UNLOADED:
        raise NotSupported(f"UNLOAD with property {unknown}")
    file_format = str(properties.get("format", "")).lower()
    if file_format not in _FORMATS:
        raise NotSupported(f"UNLOAD to format '{file_format}'")
    plan = work.plan(query)
    _require_milliseconds(plan.display_columns())
    _require_no_zone(plan.display_columns())
    require_empty(work, location, "unload")
    keys = [k.lower() for k in properties.get("partitioned_by", [])]
    columns = {(n.lower()): k for n, k in plan.display_columns()}
    _require_last(list(columns), keys)
    form = encoding(file_format, properties)
    made = files(work, plan, query, columns, keys, form)
    return upload(work, made, form.suffix, lambda v: "/".join([location, *folders(keys, v)]))
