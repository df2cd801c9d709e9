"""Schema versions: numbering, compatibility and differences of JSON Schemas.

A version that breaks the schema's compatibility is kept with status FAILURE and takes a number,
as AWS documents ("How the Schema Registry works", schema evolution); it never becomes the latest.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from local.glue.errors import EntityNotFoundError, GlueError, InvalidInputError
from local.glue.store import Record, Store

Decision = Callable[[dict[str, Any], dict[str, Any], str], list[str]]

# https://docs.aws.amazon.com/glue/latest/dg/schema-registry.html#schema-registry-supported-formats
_DRAFTS = ("draft-04", "draft-06", "draft-07")


class Versions:
    """The versions of all schemas; which schema is meant is decided by the registry."""

    def __init__(self, store: Store, violations: Decision) -> None:
        self._store = store
        self._violations = violations

    def register(self, schema: Record, definition: str) -> Record:
        """The version of this definition: the one stored already, or a new one."""
        _parsed(definition)
        known = self._same(schema, definition)
        if known is not None and known["Status"] == "AVAILABLE":
            return _shown(known)
        if known is not None:
            self._drop(known["SchemaVersionId"])
        if schema["Compatibility"] == "DISABLED":
            raise InvalidInputError(
                f"Schema {schema['SchemaName']} takes no new versions: its compatibility is DISABLED"
            )
        return self.add(schema, definition)

    def add(self, schema: Record, definition: str) -> Record:
        """A new version; its status says whether it keeps the schema's compatibility."""
        _parsed(definition)
        status = "FAILURE" if self.broken(schema, definition) else "AVAILABLE"
        version_id, number = str(uuid.uuid4()), self._last(schema) + 1
        self._store.write(
            "insert into schema_versions values (?, ?, ?, ?, ?, ?, ?)",
            version_id,
            schema["RegistryName"],
            schema["SchemaName"],
            number,
            status,
            definition,
            datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )
        return {"SchemaVersionId": version_id, "VersionNumber": number, "Status": status}

    def broken(self, schema: Record, definition: str) -> list[str]:
        """Why the definition breaks the schema's compatibility, empty when it does not.

        The plain modes look at the latest version, the _ALL modes at every version from the
        checkpoint on.
        """
        mode, _, every = schema["Compatibility"].partition("_")
        if mode in ("NONE", "DISABLED"):
            return []
        older = [v for v in self._rows(schema) if v["Status"] == "AVAILABLE"]
        compared = [v for v in older if v["VersionNumber"] >= schema["SchemaCheckpoint"]]
        new = _parsed(definition)
        return [
            reason
            for version in (compared if every else older[-1:])
            for reason in self._violations(_parsed(version["SchemaDefinition"]), new, mode)
        ]

    def counts(self, schema: Record) -> Record:
        available = [v["VersionNumber"] for v in self._rows(schema) if v["Status"] == "AVAILABLE"]
        return {
            "LatestSchemaVersion": max(available, default=0),
            "NextSchemaVersion": self._last(schema) + 1,
        }

    def by_id(self, version_id: str, schema_of: Callable[[str, str], Record]) -> Record:
        owner = self._store.row(
            "select registry, name, number from schema_versions where id = ?", version_id
        )
        if owner is None:
            raise EntityNotFoundError(f"Schema version {version_id} not found")
        return self.by_number(schema_of(owner[0], owner[1]), {"VersionNumber": owner[2]})

    def by_number(self, schema: Record, wanted: Record) -> Record:
        """The version of `wanted` ({LatestVersion} or {VersionNumber}) in full."""
        latest = wanted.get("LatestVersion")
        if not latest and not wanted.get("VersionNumber"):
            raise InvalidInputError("SchemaVersionNumber needs LatestVersion or VersionNumber")
        number = self.counts(schema)["LatestSchemaVersion"] if latest else wanted["VersionNumber"]
        for version in self._rows(schema):
            if version["VersionNumber"] == number:
                return {
                    **version,
                    "DataFormat": schema["DataFormat"],
                    "SchemaArn": schema["SchemaArn"],
                }
        raise EntityNotFoundError(f"Schema {schema['SchemaName']} has no version {number}")

    def by_definition(self, schema: Record, definition: str) -> Record:
        _parsed(definition)
        known = self._same(schema, definition)
        if known is None:
            raise EntityNotFoundError(f"Schema {schema['SchemaName']} has no such definition")
        return {
            "SchemaVersionId": known["SchemaVersionId"],
            "SchemaArn": schema["SchemaArn"],
            "DataFormat": schema["DataFormat"],
            "Status": known["Status"],
            "CreatedTime": known["CreatedTime"],
        }

    def listed(self, schema: Record, after: int) -> Iterator[tuple[int, Record]]:
        for version in self._rows(schema):
            if version["VersionNumber"] > after:
                yield (
                    version["VersionNumber"],
                    {
                        "SchemaArn": schema["SchemaArn"],
                        **{k: v for k, v in version.items() if k != "SchemaDefinition"},
                    },
                )

    def diff(self, schema: Record, first: Record, second: Record) -> Record:
        """The steps from the first to the second version, as a JSON Patch (RFC 6902)."""
        old, new = (
            _parsed(self.by_number(schema, wanted)["SchemaDefinition"])
            for wanted in (first, second)
        )
        return {"Diff": json.dumps(list(_patch(old, new, "")))}

    def delete(self, schema: Record, wanted: str) -> Record:
        """Delete versions such as "2" or "2-4"; the checkpoint cannot be deleted."""
        errors = []
        for number in _numbers(wanted):
            try:
                self._delete_one(schema, number)
            except GlueError as refused:
                detail = {"ErrorCode": refused.code, "ErrorMessage": str(refused)}
                errors.append({"VersionNumber": number, "ErrorDetails": detail})
        return {"SchemaVersionErrors": errors}

    def forget(self, registry: str, name: str) -> None:
        for (version_id,) in list(
            self._store.rows(
                "select id from schema_versions where registry = ? and name = ?", registry, name
            )
        ):
            self._drop(version_id)

    def check_schema_version_validity(self, request: Record) -> Record:
        if request["DataFormat"] != "JSON":
            raise InvalidInputError(
                f"DataFormat {request['DataFormat']} is not supported here: use JSON"
            )
        try:
            _parsed(request["SchemaDefinition"])
        except InvalidInputError as refused:
            return {"Valid": False, "Error": str(refused)}
        return {"Valid": True}

    def put_schema_version_metadata(self, request: Record) -> Record:
        version_id, pair = self._meant(request), request["MetadataKeyValue"]
        self._store.write(
            "insert or replace into version_metadata values (?, ?, ?, ?)",
            version_id,
            pair["MetadataKey"],
            pair["MetadataValue"],
            datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )
        return {"SchemaVersionId": version_id, **pair}

    def remove_schema_version_metadata(self, request: Record) -> Record:
        version_id, pair = self._meant(request), request["MetadataKeyValue"]
        gone = self._store.write(
            "delete from version_metadata where id = ? and key = ? and value = ?",
            version_id,
            pair["MetadataKey"],
            pair["MetadataValue"],
        )
        if not gone:
            raise EntityNotFoundError(f"Version {version_id} has no metadata {pair}")
        return {"SchemaVersionId": version_id, **pair}

    def query_schema_version_metadata(self, request: Record) -> Record:
        version_id = self._meant(request)
        found = {
            key: {"MetadataValue": value, "CreatedTime": created}
            for key, value, created in self._store.rows(
                "select key, value, created from version_metadata where id = ? order by created",
                version_id,
            )
        }
        return {"SchemaVersionId": version_id, "MetadataInfoMap": found}

    def _meant(self, request: Record) -> str:
        if request.get("SchemaVersionId"):
            version_id: str = request["SchemaVersionId"]
        else:
            version_id = self._id_of(request["SchemaId"], request["SchemaVersionNumber"])
        if self._store.row("select 1 from schema_versions where id = ?", version_id) is None:
            raise EntityNotFoundError(f"Schema version {version_id} not found")
        return version_id

    def _id_of(self, schema_id: Record, wanted: Record) -> str:
        arn = schema_id.get("SchemaArn", "")
        registry, name = (
            arn.split("/")[-2:]
            if arn
            else (schema_id.get("RegistryName", "default-registry"), schema_id["SchemaName"])
        )
        found = self._store.row(
            "select id from schema_versions where registry = ? and name = ?"
            " and (number = ? or (? and status = 'AVAILABLE')) order by number desc",
            registry,
            name,
            wanted.get("VersionNumber") or 0,
            bool(wanted.get("LatestVersion")),
        )
        return "" if found is None else str(found[0])

    def _rows(self, schema: Record) -> list[Record]:
        """Versions by number, each with its definition."""
        members = ("SchemaVersionId", "VersionNumber", "Status", "SchemaDefinition", "CreatedTime")
        found = self._store.rows(
            "select id, number, status, definition, created from schema_versions"
            " where registry = ? and name = ? order by number",
            schema["RegistryName"],
            schema["SchemaName"],
        )
        return [dict(zip(members, row, strict=True)) for row in found]

    def _last(self, schema: Record) -> int:
        found = self._store.row(
            "select coalesce(max(number), 0) from schema_versions where registry = ? and name = ?",
            schema["RegistryName"],
            schema["SchemaName"],
        )
        return int(found[0]) if found else 0

    def _same(self, schema: Record, definition: str) -> Record | None:
        wanted = _parsed(definition)
        for version in self._rows(schema):
            if _parsed(version["SchemaDefinition"]) == wanted:
                return version
        return None

    def _delete_one(self, schema: Record, number: int) -> None:
        if number == schema["SchemaCheckpoint"]:
            raise InvalidInputError(
                f"Version {number} is the checkpoint: delete the schema instead"
            )
        self._drop(self.by_number(schema, {"VersionNumber": number})["SchemaVersionId"])

    def _drop(self, version_id: str) -> None:
        self._store.write("delete from schema_versions where id = ?", version_id)
        self._store.write("delete from version_metadata where id = ?", version_id)


def _shown(version: Record) -> Record:
    return {key: version[key] for key in ("SchemaVersionId", "VersionNumber", "Status")}


def _parsed(definition: str) -> dict[str, Any]:
    """The schema. Raises InvalidInputError for what the registry does not take."""
    try:
        schema = json.loads(definition)
    except ValueError as refused:
        raise InvalidInputError(f"Schema definition is no JSON: {refused}") from refused
    if not isinstance(schema, dict):
        raise InvalidInputError("Schema definition must be a JSON object")
    draft = schema.get("$schema", "")
    if draft and not any(known in draft for known in _DRAFTS):
        raise InvalidInputError(
            f"Schema definition names {draft}: the registry takes {', '.join(_DRAFTS)}"
        )
    return schema


def _numbers(wanted: str) -> list[int]:
    first, _, last = wanted.partition("-")
    if not first.isdigit() or (last and not last.isdigit()):
        raise InvalidInputError(f"Versions {wanted!r} must be a number or a range such as 2-4")
    return list(range(int(first), int(last or first) + 1))


def _patch(old: Any, new: Any, path: str) -> Iterator[Record]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield {"op": "replace", "path": path, "value": new}
        return
    for key in sorted({*old, *new}):
        at = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in new:
            yield {"op": "remove", "path": at}
        elif key not in old:
            yield {"op": "add", "path": at, "value": new[key]}
        else:
            yield from _patch(old[key], new[key], at)
