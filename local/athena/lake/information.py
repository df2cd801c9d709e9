"""information_schema, computed from Glue when a query asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from local.athena.errors import QueryFailed
from local.athena.lake.catalog import CATALOG, Catalog, Table, current
from local.athena.sql.types import Type, parse_type

_V, _B = Type("varchar"), Type("bigint")
_COLUMNS = {
    "schemata": {"catalog_name": _V, "schema_name": _V},
    "tables": {"table_catalog": _V, "table_schema": _V, "table_name": _V, "table_type": _V},
    "views": {"table_catalog": _V, "table_schema": _V, "table_name": _V, "view_definition": _V},
    "columns": {
        "table_catalog": _V,
        "table_schema": _V,
        "table_name": _V,
        "column_name": _V,
        "ordinal_position": _B,
        "column_default": _V,
        "is_nullable": _V,
        "data_type": _V,
        "comment": _V,
        "extra_info": _V,
    },
}


Kinds = Callable[[Table], dict[str, Type]]


def relation(
    catalog: Catalog, name: str, where: str, of_iceberg: Kinds
) -> tuple[dict[str, Type], list[tuple[Any, ...]]]:
    """Columns and rows of one of its tables; raises QueryFailed for another name.

    The types of an Iceberg table's columns are asked of `of_iceberg`: Glue knows no precision.
    """
    if name not in _COLUMNS:
        raise QueryFailed(
            "TABLE_NOT_FOUND",
            f"{where}: Table '{CATALOG}.information_schema.{name}' does not exist",
        )
    rows = _columns(catalog, of_iceberg) if name == "columns" else _ROWS[name](catalog)
    return _COLUMNS[name], list(rows)


def _schemata(catalog: Catalog) -> Iterable[tuple[Any, ...]]:
    names = {d["Name"] for d in catalog.databases()} | {"information_schema"}
    return ((CATALOG, name) for name in sorted(names))


def _every_table(catalog: Catalog) -> Iterable[Table]:
    return (t for d in catalog.databases() for t in catalog.tables(d["Name"]))


def _tables(catalog: Catalog) -> Iterable[tuple[Any, ...]]:
    for table in _every_table(catalog):
        yield CATALOG, table.database, table.name, "VIEW" if table.is_view else "BASE TABLE"


def _views(catalog: Catalog) -> Iterable[tuple[Any, ...]]:
    for table in _every_table(catalog):
        if table.is_view:
            yield CATALOG, table.database, table.name, table.view()["originalSql"]


def _columns(catalog: Catalog, of_iceberg: Kinds) -> Iterable[tuple[Any, ...]]:
    for table in _every_table(catalog):
        listed = listed_columns(table)
        if table.is_iceberg:
            kinds = of_iceberg(table)
            listed = [(n, kinds.get(n.lower(), k), c, e) for n, k, c, e in listed]
        for at, (name, kind, comment, extra) in enumerate(listed, 1):
            yield (
                CATALOG,
                table.database,
                table.name,
                name,
                at,
                None,
                "YES",
                kind.trino(),
                comment,
                extra,
            )


def listed_columns(table: Table) -> list[tuple[str, Type, str | None, str | None]]:
    """Name, type, comment and `partition key` of every column; for a view its declared ones."""
    stored = current(table.definition.get("StorageDescriptor", {}).get("Columns") or [])
    keys = table.definition.get("PartitionKeys") or []
    marked = [(c, None) for c in stored] + [(c, "partition key") for c in keys]
    return [
        (c["Name"], parse_type(c.get("Type") or "string"), c.get("Comment"), extra)
        for c, extra in marked
    ]


_ROWS = {"schemata": _schemata, "tables": _tables, "views": _views}
