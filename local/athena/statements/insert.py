"""INSERT INTO, and the changes of rows that only Iceberg tables know."""

from __future__ import annotations

from collections.abc import Iterable

from local.athena.engine.query import Plan, Work
from local.athena.errors import NotSupported, QueryFailed
from local.athena.lake import projection
from local.athena.lake.catalog import Table
from local.athena.sql.coercion import common
from local.athena.sql.types import Type
from local.athena.statements.files import Written, encoding, files, folders, upload
from local.athena.statements.inner import QUERY_WORDS
from local.athena.statements.kinds import Reader, Statement
from local.athena.statements.write import register


def _require_plain(table: Table) -> None:
    """Raise NotSupported for a table with buckets or with properties of how lines are written."""
    if table.buckets[0]:
        # https://docs.aws.amazon.com/athena/latest/ug/ctas-partitioning-and-bucketing-what-is-bucketing.html
        raise NotSupported("INSERT INTO a bucketed table")
    if table.format == "csv":
        raise NotSupported("INSERT INTO a table with OpenCSVSerde")
    for name in ("escape.delim", "serialization.null.format", "skip.header.line.count"):
        if {**table.serde_parameters, **table.parameters}.get(name, "0") != "0":
            raise NotSupported(f"INSERT INTO a table with {name}")
    if any(name.startswith("mapping.") for name in table.serde_parameters):
        raise NotSupported("INSERT INTO a table with mapped names")


def insert(work: Work, statement: Statement) -> Written:
    """INSERT INTO a Hive table: new files, new partitions."""
    reader = Reader(statement, 2)
    database, name = reader.qualified(work.database)
    table = work.catalog.table(database, name)
    if table.is_iceberg:
        added: Written = work.iceberg.insert(reader, table)
        return added
    if table.is_view:
        raise NotSupported(f"INSERT INTO {database}.{name}: Inserting into views is not supported")
    _require_plain(table)
    given = given_columns(reader, table.all_columns)
    query = reader.query()
    plan = work.plan(query)
    plan = fitted(plan, table.all_columns, given)
    columns = dict(table.all_columns)
    keys = list(table.keys)
    form = encoding(
        {"text": "textfile"}.get(table.format, table.format),
        {"field_delimiter": table.delimiter},
    )
    made = files(work, plan, query, columns, keys, form)
    written = upload(work, made, form.suffix, lambda v: _location(table, keys, v))
    register(work, table, written)
    return written


def _location(table: Table, keys: list[str], values: tuple[str, ...]) -> str:
    if table.is_projected:
        return projection.Places(table).of(values)
    return "/".join([table.location, *folders(keys, values)])


def given_columns(reader: Reader, columns: dict[str, Type]) -> list[str]:
    """The columns that an INSERT names, all of the table when it names none."""
    start = reader.at
    if reader.take_if("("):
        if reader.peek() in QUERY_WORDS:
            reader.at = start
            return list(columns)
        names = [reader.name()]
        while reader.take_if(","):
            names.append(reader.name())
        reader.expect(")")
        require_columns(names, columns)
        return names
    return list(columns)


def require_columns(names: list[str], columns: Iterable[str]) -> None:
    """Raise QueryFailed unless each name that an INSERT gives is a column, and given once."""
    for at, name in enumerate(names):
        if name not in columns:
            raise QueryFailed(
                "COLUMN_NOT_FOUND",
                f"line 1:1: Insert column name does not exist in target table: {name}",
            )
        if name in names[:at]:
            raise QueryFailed(
                "DUPLICATE_COLUMN_NAME",
                f"line 1:1: Insert column name is specified more than once: {name}",
            )


def fitted(plan: Plan, columns: dict[str, Type], given: list[str]) -> Plan:
    """The plan's columns checked against the table's and put in their order."""
    kinds, wanted = [k for _, k in plan.columns], [columns[c] for c in given]
    if len(kinds) != len(wanted) or not all(map(coercible, kinds, wanted)):
        raise QueryFailed(
            "TYPE_MISMATCH",
            f"line 1:1: Insert query has mismatched column types: Table: [{_listed(wanted)}], "
            f"Query: [{_listed(kinds)}]",
        )
    parts = ", ".join(
        f"#{given.index(c) + 1}" if c in given else f"CAST(NULL AS {t.duckdb()})"
        for c, t in columns.items()
    )
    return Plan(
        f"SELECT {parts} FROM ({plan.sql}) AS inserted",
        list(columns.items()),
        plan.sources,
        plan.used,
        plan.scanned_bytes,
    )


def _listed(types: list[Type]) -> str:
    return ", ".join(t.trino() for t in types)


def coercible(kind: Type, wanted: Type) -> bool:
    """Whether INSERT converts by itself; rows whose fields have other names are refused by name."""
    found = common(kind, wanted)
    if found is None or found.name != wanted.name:
        return found is not None and found.kind == wanted.kind == "text"
    if kind.fields and kind.fields != wanted.fields:
        raise NotSupported(f"INSERT of {kind.trino()} into a column of type {wanted.trino()}")
    if found.items:
        return kind.name == "unknown" or all(map(coercible, kind.items, wanted.items))
    return found.kind == "text" or found.numbers == wanted.numbers


def change(work: Work, statement: Statement) -> Written:
    """MERGE, UPDATE and DELETE, which only Iceberg tables know."""
    made: Written = work.iceberg.change(statement)
    return made
