"""The calls by which tools look around: data catalogs, databases, tables."""

from __future__ import annotations

from typing import Any

from local.athena.catalog import CATALOG, Catalog, Table
from local.athena.engine import Engine
from local.athena.errors import RequestRefused
from local.athena.information import listed_columns
from local.athena.paging import page_of
from local.athena.show import matches

Answer = dict[str, Any]


class Metadata:
    """Answers straight from Glue; raises RequestRefused with MetadataException for what is not there."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def list_catalogs(self, request: Answer) -> Answer:
        return {"DataCatalogsSummary": [{"CatalogName": "AwsDataCatalog", "Type": "GLUE"}]}

    def get_catalog(self, request: Answer) -> Answer:
        _require_catalog(request["Name"])
        return {
            "DataCatalog": {
                "Name": request["Name"],
                "Type": "GLUE",
                "Description": "",
                "Parameters": {},
            }
        }

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
    return {
        "Name": found["Name"],
        "Description": found.get("Description") or "",
        "Parameters": found.get("Parameters") or {},
    }


def _table(found: Table) -> Answer:
    columns: list[Answer] = []
    keys: list[Answer] = []
    for name, kind, comment, extra in listed_columns(found):
        shown = kind.trino() if "zone" in kind.name else kind.hive()
        column = {"Name": name, "Type": shown} | ({"Comment": comment} if comment else {})
        (keys if extra else columns).append(column)
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
        "CreateTime": _seconds(found.definition.get("CreateTime")),
        "TableType": found.definition.get("TableType") or "EXTERNAL_TABLE",
        "Columns": columns,
        "PartitionKeys": keys,
        "Parameters": parameters,
    }


def _seconds(moment: Any) -> float:
    return float(moment.timestamp()) if moment is not None else 0.0
