"""Publishes the contracts to AWS Glue: schema registry and raw tables, idempotently.

Compatibility was decided by `ingestion.lock` before anything gets here; Glue itself accepts
breaking JSON Schemas.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingestion.contract import Contract, Event
from ingestion.errors import ContractError
from ingestion.lake import COLUMNS, COMMENTS, raw_prefix
from ingestion.lock import revisions
from ingestion.registry import Registry
from ingestion.settings import Settings

PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    },
}
FIRST_ARRIVAL = "2026-01-01"


def publish_schemas(client: Any, known: Registry, folder: Path, settings: Settings) -> list[str]:
    """Register every released revision in order; returns the names that were new.

    Raises ContractError when Glue holds another definition or refuses one.
    """
    _ensure_registry(client, settings.registry)
    new: list[str] = []
    for cls in known.values():
        new += _publish_revisions(client, cls, folder, settings.registry)
    return new


def publish_tables(client: Any, known: Registry, settings: Settings) -> list[str]:
    """Create or update the raw table of each event type; returns the names created."""
    existing = _tables(client, "raw")
    created: list[str] = []
    for cls in known.values():
        wanted = raw_table(cls.contract, cls.__doc__ or "", settings.lake_bucket)
        name = wanted["Name"]
        if name not in existing:
            client.create_table(DatabaseName="raw", TableInput=wanted)
            existing[name] = wanted
            created.append(name)
        elif _differs(existing[name], wanted):
            client.update_table(DatabaseName="raw", TableInput=wanted)
    return created


def raw_table(facts: Contract, description: str, bucket: str) -> dict[str, Any]:
    """Glue's TableInput of an event type: Parquet, found by partition projection alone."""
    location = f"s3://{bucket}/{raw_prefix(facts.stream, facts.name)}"
    return {
        "Name": facts.table,
        "Description": " ".join(description.split())[:2048],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "classification": "parquet",
            "EXTERNAL": "TRUE",
            **projection(f"{location}dt=${{dt}}/hour=${{hour}}/"),
        },
        "PartitionKeys": [
            {"Name": "dt", "Type": "string", "Comment": "Day of arrival, UTC."},
            {"Name": "hour", "Type": "string", "Comment": "Hour of arrival, UTC."},
        ],
        "StorageDescriptor": {"Columns": list(_columns()), "Location": location, **PARQUET},
    }


def projection(template: str) -> dict[str, str]:
    """Athena's partition projection over arrival day and hour."""
    return {
        "projection.enabled": "true",
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": f"{FIRST_ARRIVAL},NOW+1DAY",
        "projection.dt.interval": "1",
        "projection.dt.interval.unit": "DAYS",
        "projection.hour.type": "integer",
        "projection.hour.range": "0,23",
        "projection.hour.digits": "2",
        "storage.location.template": template,
    }


def _columns() -> Iterator[Mapping[str, str]]:
    for name, kind in COLUMNS.items():
        yield {"Name": name, "Type": kind, "Comment": COMMENTS[name]}


def _tables(client: Any, database: str) -> dict[str, Any]:
    pages = client.get_paginator("get_tables").paginate(DatabaseName=database)
    return {table["Name"]: table for page in pages for table in page["TableList"]}


def _differs(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return any(_covers(existing.get(key), value) is False for key, value in wanted.items())


def _covers(existing: Any, wanted: Any) -> bool:
    """Whether `existing` holds all of `wanted`; Glue adds fields of its own."""
    if isinstance(wanted, Mapping):
        return isinstance(existing, Mapping) and all(
            _covers(existing.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(existing, list)
            and len(existing) == len(wanted)
            and all(_covers(old, new) for old, new in zip(existing, wanted, strict=True))
        )
    return bool(existing == wanted)


def _ensure_registry(client: Any, name: str) -> None:
    try:
        client.create_registry(RegistryName=name, Description="Contracts of the event lake.")
    except client.exceptions.AlreadyExistsException:
        return


def _publish_revisions(client: Any, cls: type[Event], folder: Path, registry: str) -> Iterator[str]:
    facts = cls.contract
    for number, schema in revisions(folder, cls):
        definition = json.dumps(schema, separators=(",", ":"))
        if _known(client, registry, facts.schema_name, definition):
            continue
        _register(client, registry, facts, definition)
        yield f"{facts.name} {number}"


def _known(client: Any, registry: str, name: str, definition: str) -> bool:
    try:
        client.get_schema_by_definition(
            SchemaId={"RegistryName": registry, "SchemaName": name}, SchemaDefinition=definition
        )
    except client.exceptions.EntityNotFoundException:
        return False
    return True


def _register(client: Any, registry: str, facts: Contract, definition: str) -> None:
    schema_id = {"RegistryName": registry, "SchemaName": facts.schema_name}
    try:
        answer = client.create_schema(
            RegistryId={"RegistryName": registry},
            SchemaName=facts.schema_name,
            DataFormat="JSON",
            Compatibility=facts.compatibility,
            SchemaDefinition=definition,
        )
        status = answer["SchemaVersionStatus"]
    except client.exceptions.AlreadyExistsException:
        answer = client.register_schema_version(SchemaId=schema_id, SchemaDefinition=definition)
        status = answer["Status"]
    if status not in ("AVAILABLE", "PENDING"):
        raise ContractError(f"Glue refused {facts.schema_name}: status {status}")
