"""Registries and schemas of the Schema Registry. What a version is belongs to `versions`.

Public methods are the operations of the API under their snake-case names.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from local.glue.errors import AlreadyExistsError, EntityNotFoundError, InvalidInputError
from local.glue.requests import with_token
from local.glue.store import Record, Store, decode, encode, page_size, position_of, take_page
from local.glue.versions import Versions

COMPATIBILITIES = frozenset(
    {
        "NONE",
        "DISABLED",
        "BACKWARD",
        "BACKWARD_ALL",
        "FORWARD",
        "FORWARD_ALL",
        "FULL",
        "FULL_ALL",
    }
)
_DEFAULT = "default-registry"
_NAME = re.compile(r"[a-zA-Z0-9_$#.-]{1,255}")


class Registry:
    """Registry and schema operations; the default registry appears when first used."""

    def __init__(self, store: Store, versions: Versions, account: str, region: str) -> None:
        self._store = store
        self._versions = versions
        self._prefix = f"arn:aws:glue:{region}:{account}"

    def create_registry(self, request: Record) -> Record:
        name = _checked_name(request["RegistryName"])
        if self._find_registry(name) is not None:
            raise AlreadyExistsError(f"Registry {name} already exists")
        body = self._registry_body(name, request.get("Description", ""))
        self._store.write("insert into registries values (?, ?)", name, encode(body))
        tags = request.get("Tags") or {}
        self._tag(body["RegistryArn"], tags)
        return {**_shown(body, "RegistryArn", "RegistryName", "Description"), "Tags": tags}

    def get_registry(self, request: Record) -> Record:
        return self._registry(_registry_name(request.get("RegistryId")))

    def list_registries(self, request: Record) -> Record:
        after = position_of(request.get("NextToken"), "")
        found = self._store.rows(
            "select name, body from registries where name > ? order by name", after
        )
        page, token = take_page(
            ((name, decode(body)) for name, body in found), page_size(request, 25, 100)
        )
        return with_token({"Registries": page}, token)

    def update_registry(self, request: Record) -> Record:
        body = self._registry(_registry_name(request["RegistryId"]))
        body |= {"Description": request["Description"], "UpdatedTime": now()}
        self._store.write(
            "update registries set body = ? where name = ?", encode(body), body["RegistryName"]
        )
        return _shown(body, "RegistryName", "RegistryArn")

    def delete_registry(self, request: Record) -> Record:
        body = self._registry(_registry_name(request["RegistryId"]))
        name = body["RegistryName"]
        for (schema,) in list(
            self._store.rows("select name from schemas where registry = ?", name)
        ):
            self._forget(name, schema)
        self._store.write("delete from registries where name = ?", name)
        self._store.write("delete from tags where arn = ?", body["RegistryArn"])
        return {**_shown(body, "RegistryName", "RegistryArn"), "Status": "DELETING"}

    def create_schema(self, request: Record) -> Record:
        registry = self._registry(_registry_name(request.get("RegistryId")))["RegistryName"]
        name = _checked_name(request["SchemaName"])
        if self._store.row("select 1 from schemas where registry = ? and name = ?", registry, name):
            raise AlreadyExistsError(f"Schema {registry}/{name} already exists")
        body = self._schema_body(registry, name, request)
        self._store.write("insert into schemas values (?, ?, ?)", registry, name, encode(body))
        tags = request.get("Tags") or {}
        self._tag(body["SchemaArn"], tags)
        answer = {**body, "Tags": tags, "LatestSchemaVersion": 0, "NextSchemaVersion": 1}
        if request.get("SchemaDefinition"):
            first = self._versions.add(body, request["SchemaDefinition"])
            answer |= {
                "SchemaVersionId": first["SchemaVersionId"],
                "SchemaVersionStatus": first["Status"],
                "LatestSchemaVersion": 1,
                "NextSchemaVersion": 2,
            }
        return {key: value for key, value in answer.items() if not key.endswith("Time")}

    def get_schema(self, request: Record) -> Record:
        body = self._schema(request["SchemaId"])
        return {**body, **self._versions.counts(body)}

    def list_schemas(self, request: Record) -> Record:
        registry = None
        if request.get("RegistryId"):
            registry = self._registry(_registry_name(request["RegistryId"]))["RegistryName"]
        after = position_of(request.get("NextToken"), ["", ""])
        found = self._store.rows(
            "select registry, name, body from schemas where (registry, name) > (?, ?)"
            " and registry = coalesce(?, registry) order by registry, name",
            *after,
            registry,
        )
        page, token = take_page(
            (([owner, name], _summary(decode(body))) for owner, name, body in found),
            page_size(request, 25, 100),
        )
        return with_token({"Schemas": page}, token)

    def update_schema(self, request: Record) -> Record:
        body = self._schema(request["SchemaId"])
        if request.get("Compatibility"):
            body["Compatibility"] = _checked_compatibility(request["Compatibility"])
            body["SchemaCheckpoint"] = self._checkpoint(body, request)
        if request.get("Description") is not None:
            body["Description"] = request["Description"]
        body["UpdatedTime"] = now()
        self._store.write(
            "update schemas set body = ? where registry = ? and name = ?",
            encode(body),
            body["RegistryName"],
            body["SchemaName"],
        )
        return _shown(body, "SchemaArn", "SchemaName", "RegistryName")

    def delete_schema(self, request: Record) -> Record:
        body = self._schema(request["SchemaId"])
        self._forget(body["RegistryName"], body["SchemaName"])
        return {**_shown(body, "SchemaArn", "SchemaName"), "Status": "DELETING"}

    def register_schema_version(self, request: Record) -> Record:
        """A definition that breaks the compatibility is kept with status FAILURE, as on AWS."""
        return self._versions.register(
            self._schema(request["SchemaId"]), request["SchemaDefinition"]
        )

    def get_schema_version(self, request: Record) -> Record:
        if request.get("SchemaVersionId"):
            return self._versions.by_id(request["SchemaVersionId"], self._schema_by_names)
        body = self._schema(request["SchemaId"])
        return self._versions.by_number(body, request.get("SchemaVersionNumber") or {})

    def get_schema_by_definition(self, request: Record) -> Record:
        return self._versions.by_definition(
            self._schema(request["SchemaId"]), request["SchemaDefinition"]
        )

    def list_schema_versions(self, request: Record) -> Record:
        body = self._schema(request["SchemaId"])
        after = position_of(request.get("NextToken"), 0)
        page, token = take_page(self._versions.listed(body, after), page_size(request, 25, 100))
        return with_token({"Schemas": page}, token)

    def get_schema_versions_diff(self, request: Record) -> Record:
        body = self._schema(request["SchemaId"])
        return self._versions.diff(
            body, request["FirstSchemaVersionNumber"], request["SecondSchemaVersionNumber"]
        )

    def delete_schema_versions(self, request: Record) -> Record:
        return self._versions.delete(self._schema(request["SchemaId"]), request["Versions"])

    def get_tags(self, request: Record) -> Record:
        return {"Tags": self._tags(request["ResourceArn"])}

    def tag_resource(self, request: Record) -> Record:
        arn = request["ResourceArn"]
        self._tag(arn, {**self._tags(arn), **request["TagsToAdd"]})
        return {}

    def untag_resource(self, request: Record) -> Record:
        arn = request["ResourceArn"]
        kept = {k: v for k, v in self._tags(arn).items() if k not in request["TagsToRemove"]}
        self._tag(arn, kept)
        return {}

    def _tags(self, arn: str) -> Record:
        found = self._store.row("select body from tags where arn = ?", arn)
        return {} if found is None else decode(found[0])

    def _tag(self, arn: str, tags: Record) -> None:
        self._store.write("insert or replace into tags values (?, ?)", arn, encode(tags))

    def _find_registry(self, name: str) -> Record | None:
        found = self._store.row("select body from registries where name = ?", name)
        return None if found is None else decode(found[0])

    def _registry(self, name: str) -> Record:
        found = self._find_registry(name)
        if found is None and name == _DEFAULT:
            found = self._registry_body(name, "")
            self._store.write("insert into registries values (?, ?)", name, encode(found))
        if found is None:
            raise EntityNotFoundError(f"Registry {name} not found")
        return found

    def _registry_body(self, name: str, description: str) -> Record:
        created = now()
        return {
            "RegistryName": name,
            "RegistryArn": f"{self._prefix}:registry/{name}",
            "Description": description,
            "Status": "AVAILABLE",
            "CreatedTime": created,
            "UpdatedTime": created,
        }

    def _schema(self, schema_id: Record) -> Record:
        arn = schema_id.get("SchemaArn")
        if arn:
            return self._schema_by_names(*_names_in(arn))
        if not schema_id.get("SchemaName"):
            raise InvalidInputError("SchemaId needs a SchemaArn or a SchemaName")
        return self._schema_by_names(
            schema_id.get("RegistryName") or _DEFAULT, schema_id["SchemaName"]
        )

    def _schema_by_names(self, registry: str, name: str) -> Record:
        found = self._store.row(
            "select body from schemas where registry = ? and name = ?", registry, name
        )
        if found is None:
            raise EntityNotFoundError(f"Schema {registry}/{name} not found")
        body: Record = decode(found[0])
        return body

    def _schema_body(self, registry: str, name: str, request: Record) -> Record:
        if request["DataFormat"] != "JSON":
            raise InvalidInputError(
                f"DataFormat {request['DataFormat']} is not supported here: use JSON"
            )
        created = now()
        return {
            "RegistryName": registry,
            "RegistryArn": f"{self._prefix}:registry/{registry}",
            "SchemaName": name,
            "SchemaArn": f"{self._prefix}:schema/{registry}/{name}",
            "Description": request.get("Description", ""),
            "DataFormat": request["DataFormat"],
            "Compatibility": _checked_compatibility(request.get("Compatibility") or "NONE"),
            "SchemaCheckpoint": 1,
            "SchemaStatus": "AVAILABLE",
            "CreatedTime": created,
            "UpdatedTime": created,
        }

    def _checkpoint(self, body: Record, request: Record) -> int:
        wanted = request.get("SchemaVersionNumber")
        if not wanted:
            raise InvalidInputError("A change of Compatibility needs a SchemaVersionNumber")
        number: int = self._versions.by_number(body, wanted)["VersionNumber"]
        return number

    def _forget(self, registry: str, name: str) -> None:
        self._versions.forget(registry, name)
        self._store.write("delete from schemas where registry = ? and name = ?", registry, name)
        self._store.write(
            "delete from tags where arn = ?", f"{self._prefix}:schema/{registry}/{name}"
        )


def now() -> str:
    """The time as the registry's members of type string carry it (ISO 8601, UTC)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidInputError(f"Name {name!r} must match {_NAME.pattern}")
    return name


def _checked_compatibility(mode: str) -> str:
    if mode not in COMPATIBILITIES:
        raise InvalidInputError(
            f"Compatibility {mode} is unknown: use one of {', '.join(sorted(COMPATIBILITIES))}"
        )
    return mode


def _registry_name(registry_id: Record | None) -> str:
    if not registry_id:
        return _DEFAULT
    arn = registry_id.get("RegistryArn")
    name: str = arn.rpartition("/")[2] if arn else registry_id["RegistryName"]
    return name


def _names_in(arn: str) -> tuple[str, str]:
    parts = arn.rpartition(":schema/")[2].split("/")
    if len(parts) != 2:
        raise InvalidInputError(f"SchemaArn {arn} is not of the form …:schema/<registry>/<schema>")
    return parts[0], parts[1]


def _summary(body: Record) -> Record:
    return _shown(
        body,
        "RegistryName",
        "SchemaName",
        "SchemaArn",
        "Description",
        "SchemaStatus",
        "CreatedTime",
        "UpdatedTime",
    )


def _shown(body: Record, *members: str) -> Record:
    return {member: body[member] for member in members}
