"""The calls by which tools look around: data catalogs, databases, tables."""

from __future__ import annotations

from typing import Any

from local.athena.api.paging import page_of
from local.athena.engine.runner import Engine
from local.athena.errors import RequestRefused
from local.athena.lake.catalog import CATALOG, Catalog, Table
from local.athena.statements.show import matches

Answer = dict[str, Any]


class Metadata:
    """Answers straight from Glue; raises RequestRefused with MetadataException for what is not there."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def list_catalogs(self, request: Answer) -> Answer:
        return {"DataCatalogsSummary": [{"CatalogName": "AwsDataCatalog", "Type": "GLUE"}]}

    def get_catalog(self, request: Answer) -> Answer:
        _require_catalog(request["Name"])
        return {"DataCatalog": {"Name": request["Name"], "Type": "GLUE", "Parameters": {}}}

    def list_databases(self, request: Answer) -> Answer:
        _require_catalog(request["CatalogName"])
        found = [_database(d) for d in Catalog(self.engine.glue).databases()]
        page, more = page_of(found, request, 50)
        return {"DatabaseList": page, **more}

    def get_database(self, request: Answer) -> Answer:
        _require_catalog(request["CatalogName"])
        found = Catalog(self.engine.glue).database(request["DatabaseName"])
        if not found:
            raise RequestRefused(
                f"Database {request['DatabaseName']} not found", "MetadataException"
            )
        return {"Database": _database(found)}

    def list_tables(self, request: Answer) -> Answer:
        _require_catalog(request["CatalogName"])
        catalog = Catalog(self.engine.glue)
        if not catalog.database(request["DatabaseName"]):
            raise RequestRefused(
                f"Database {request['DatabaseName']} not found", "MetadataException"
            )
        wanted = matches(request.get("Expression") or "*")
        found = [_table(t) for t in catalog.tables(request["DatabaseName"]) if wanted(t.name)]
        page, more = page_of(found, request, 50)
        return {"TableMetadataList": page, **more}

    def get_table(self, request: Answer) -> Answer:
        _require_catalog(request["CatalogName"])
        found = Catalog(self.engine.glue).find(request["DatabaseName"], request["TableName"])
        if not found:
            raise RequestRefused(f"Table {request['TableName']} not found", "MetadataException")
        return {"TableMetadata": _table(found)}


def _require_catalog(name: str) -> None:
    if name.lower() != CATALOG:
        raise RequestRefused(f"Data catalog {name} was not found", "InvalidRequestException")


def _database(found: Answer) -> Answer:
    description = {"Description": found["Description"]} if found.get("Description") else {}
    return {"Name": found["Name"], **description, "Parameters": found.get("Parameters") or {}}


def _table(found: Table) -> Answer:
    storage = found.definition.get("StorageDescriptor") or {}
    parameters = {
        **found.parameters,
        "location": storage.get("Location") or "",
        "inputformat": storage.get("InputFormat") or "",
        "outputformat": storage.get("OutputFormat") or "",
        "serde.serialization.lib": found.serde,
        **{f"serde.param.{k}": v for k, v in found.serde_parameters.items()},
    }
    return {
        "Name": found.name,
        "CreateTime": found.definition.get("CreateTime") or 0.0,
        "TableType": found.definition.get("TableType") or "EXTERNAL_TABLE",
        "Columns": [_column(c) for c in storage.get("Columns") or []],
        "PartitionKeys": [_column(c) for c in found.definition.get("PartitionKeys") or []],
        "Parameters": parameters,
    }


def _column(found: Answer) -> Answer:
    """As Glue has it, also when no query could read its type."""
    return {k: found[k] for k in ("Name", "Type", "Comment") if found.get(k)}
