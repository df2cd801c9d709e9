"""How CloudFormation's resource types become calls of the APIs that own them, and nothing else.

One class a type. Properties are given resolved.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from local.api import Api, Properties, ResourceError

Attributes = dict[str, Any]


class Owned(ABC):
    """A resource type: creates, updates and deletes one resource through its API."""

    kind: ClassVar[str]
    named_by: ClassVar[str] = ""
    """The property that carries the custom name, if the type has one."""
    fixed: ClassVar[frozenset[str]] = frozenset()
    """Properties whose change replaces the resource."""

    def __init__(self, api: Api) -> None:
        self.api = api

    @abstractmethod
    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        """The physical id and the attributes; `name` is used where properties give none."""

    def update(self, physical_id: str, old: Properties, new: Properties) -> tuple[str, Attributes]:
        """Change in place what is not `fixed`; a type of which all is fixed keeps this refusal."""
        raise ResourceError(f"Nothing of {self.kind} {physical_id} can be changed in place")

    @abstractmethod
    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it; that it is gone already is no error."""


class DeliveryStream(Owned):
    kind = "AWS::KinesisFirehose::DeliveryStream"
    named_by = "DeliveryStreamName"
    fixed = frozenset(
        {"DeliveryStreamName", "DeliveryStreamType", "KinesisStreamSourceConfiguration"}
    )

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        given = {"DeliveryStreamName": name, **properties}
        answer = self.api.call("firehose", "CreateDeliveryStream", given)
        self._await_active(given["DeliveryStreamName"])
        return given["DeliveryStreamName"], {"Arn": answer["DeliveryStreamARN"]}

    def update(self, physical_id: str, old: Properties, new: Properties) -> tuple[str, Attributes]:
        described = self._describe(physical_id)
        changed = {
            key: value
            for key, value in new["ExtendedS3DestinationConfiguration"].items()
            if key != "S3BackupConfiguration"
        }
        self.api.call(
            "firehose",
            "UpdateDestination",
            {
                "DeliveryStreamName": physical_id,
                "CurrentDeliveryStreamVersionId": described["VersionId"],
                "DestinationId": described["Destinations"][0]["DestinationId"],
                "ExtendedS3DestinationUpdate": changed,
            },
        )
        return physical_id, {"Arn": described["DeliveryStreamARN"]}

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.api.remove("firehose", "DeleteDeliveryStream", {"DeliveryStreamName": physical_id})

    def _describe(self, name: str) -> Any:
        answer = self.api.call("firehose", "DescribeDeliveryStream", {"DeliveryStreamName": name})
        return answer["DeliveryStreamDescription"]

    def _await_active(self, name: str) -> None:
        deadline = time.monotonic() + 30
        while (status := self._describe(name)["DeliveryStreamStatus"]) != "ACTIVE":
            if status == "CREATING_FAILED" or time.monotonic() > deadline:
                raise ResourceError(f"Delivery stream {name} is {status}, not ACTIVE")
            time.sleep(0.05)


class GlueDatabase(Owned):
    kind = "AWS::Glue::Database"
    fixed = frozenset({"CatalogId", "DatabaseName"})

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        given = {"Name": properties.get("DatabaseName") or name, **properties["DatabaseInput"]}
        self.api.call("glue", "CreateDatabase", {"DatabaseInput": given})
        return given["Name"], {}

    def update(self, physical_id: str, old: Properties, new: Properties) -> tuple[str, Attributes]:
        given = {"Name": physical_id, **new["DatabaseInput"]}
        self.api.call("glue", "UpdateDatabase", {"Name": physical_id, "DatabaseInput": given})
        return physical_id, {}

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.api.remove("glue", "DeleteDatabase", {"Name": physical_id})


class GlueTable(Owned):
    kind = "AWS::Glue::Table"
    fixed = frozenset({"CatalogId", "DatabaseName"})

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        given = {"Name": name, **properties["TableInput"]}
        self.api.call("glue", "CreateTable", {**properties, "TableInput": given})
        return given["Name"], {}

    def update(self, physical_id: str, old: Properties, new: Properties) -> tuple[str, Attributes]:
        given = {"Name": physical_id, **new["TableInput"]}
        self.api.call("glue", "UpdateTable", {**new, "TableInput": given})
        return physical_id, {}

    def delete(self, physical_id: str, properties: Properties) -> None:
        where = {"DatabaseName": properties["DatabaseName"], "Name": physical_id}
        self.api.remove("glue", "DeleteTable", where)


class GlueRegistry(Owned):
    kind = "AWS::Glue::Registry"
    named_by = "Name"
    fixed = frozenset({"Name"})

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        given = {"RegistryName": properties.get("Name") or name, **_without(properties, "Name")}
        arn = self.api.call("glue", "CreateRegistry", given)["RegistryArn"]
        return arn, {"Arn": arn}

    def update(self, physical_id: str, old: Properties, new: Properties) -> tuple[str, Attributes]:
        given = {
            "RegistryId": {"RegistryArn": physical_id},
            "Description": new.get("Description", ""),
        }
        self.api.call("glue", "UpdateRegistry", given)
        return physical_id, {"Arn": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        given = {"RegistryId": {"RegistryArn": physical_id}}
        self.api.remove("glue", "DeleteRegistry", given)


class GlueSchema(Owned):
    kind = "AWS::Glue::Schema"
    named_by = "Name"
    fixed = frozenset({"Name", "Registry", "DataFormat", "SchemaDefinition"})

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        given = {
            "SchemaName": properties.get("Name") or name,
            **_without(properties, "Name", "Registry", "CheckpointVersion"),
        }
        if properties.get("Registry"):
            given["RegistryId"] = _registry_id(properties["Registry"])
        answer = self.api.call("glue", "CreateSchema", given)
        arn = answer["SchemaArn"]
        return arn, {"Arn": arn, "InitialSchemaVersionId": answer.get("SchemaVersionId", "")}

    def update(self, physical_id: str, old: Properties, new: Properties) -> tuple[str, Attributes]:
        checkpoint = new.get("CheckpointVersion", {"IsLatest": True})
        number = checkpoint.get("VersionNumber")
        given = {
            "SchemaId": {"SchemaArn": physical_id},
            "Compatibility": new["Compatibility"],
            "Description": new.get("Description", ""),
            "SchemaVersionNumber": {"VersionNumber": number} if number else {"LatestVersion": True},
        }
        self.api.call("glue", "UpdateSchema", given)
        return physical_id, {"Arn": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.api.remove("glue", "DeleteSchema", {"SchemaId": {"SchemaArn": physical_id}})


class GeofenceCollection(Owned):
    kind = "AWS::Location::GeofenceCollection"
    named_by = "CollectionName"
    fixed = frozenset({"CollectionName", "KmsKeyId"})

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        given = {"CollectionName": name, **properties}
        self.api.call("location", "CreateGeofenceCollection", given)
        return given["CollectionName"], self._attributes(given["CollectionName"])

    def update(self, physical_id: str, old: Properties, new: Properties) -> tuple[str, Attributes]:
        given = {"CollectionName": physical_id, "Description": new.get("Description", "")}
        self.api.call("location", "UpdateGeofenceCollection", given)
        return physical_id, self._attributes(physical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.api.remove("location", "DeleteGeofenceCollection", {"CollectionName": physical_id})

    def _attributes(self, name: str) -> Attributes:
        found = self.api.call("location", "DescribeGeofenceCollection", {"CollectionName": name})
        arn = found["CollectionArn"]
        times = {key: found[key].isoformat() for key in ("CreateTime", "UpdateTime")}
        return {"Arn": arn, "CollectionArn": arn, **times}


class TrackerConsumer(Owned):
    kind = "AWS::Location::TrackerConsumer"
    fixed = frozenset({"ConsumerArn", "TrackerName"})

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        self.api.call("location", "AssociateTrackerConsumer", properties)
        return f"{properties['TrackerName']}|{properties['ConsumerArn']}", {}

    def delete(self, physical_id: str, properties: Properties) -> None:
        tracker, _, arn = physical_id.partition("|")
        given = {"TrackerName": tracker, "ConsumerArn": arn}
        self.api.remove("location", "DisassociateTrackerConsumer", given)


class WorkGroup(Owned):
    kind = "AWS::Athena::WorkGroup"
    named_by = "Name"
    fixed = frozenset({"Name"})

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        given = {"Name": name, **_without(properties, *self._elsewhere)}
        if properties.get("WorkGroupConfiguration"):
            given["Configuration"] = properties["WorkGroupConfiguration"]
        self.api.call("athena", "CreateWorkGroup", given)
        if properties.get("State") == "DISABLED":
            given = {"WorkGroup": given["Name"], "State": "DISABLED"}
            self.api.call("athena", "UpdateWorkGroup", given)
        return properties.get("Name") or name, {}

    _elsewhere = ("WorkGroupConfiguration", "RecursiveDeleteOption", "State")

    def update(self, physical_id: str, old: Properties, new: Properties) -> tuple[str, Attributes]:
        wanted = new.get("WorkGroupConfiguration") or {}
        results = wanted.get("ResultConfiguration")
        updates = {
            "ConfigurationUpdates": {
                **_without(wanted, "ResultConfiguration"),
                **({"ResultConfigurationUpdates": results} if results else {}),
            },
            "Description": new.get("Description", ""),
            "State": new.get("State", "ENABLED"),
        }
        self.api.call("athena", "UpdateWorkGroup", {"WorkGroup": physical_id, **updates})
        return physical_id, {}

    def delete(self, physical_id: str, properties: Properties) -> None:
        recursive = properties.get("RecursiveDeleteOption", False)
        given = {"WorkGroup": physical_id, "RecursiveDeleteOption": recursive}
        self.api.remove("athena", "DeleteWorkGroup", given)


class NamedQuery(Owned):
    kind = "AWS::Athena::NamedQuery"
    fixed = frozenset({"Name", "Database", "Description", "QueryString", "WorkGroup"})

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        answer = self.api.call("athena", "CreateNamedQuery", {"Name": name, **properties})
        return answer["NamedQueryId"], {"NamedQueryId": answer["NamedQueryId"]}

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.api.remove("athena", "DeleteNamedQuery", {"NamedQueryId": physical_id})


class Function(Owned):
    kind = "AWS::Lambda::Function"
    named_by = "FunctionName"
    fixed = frozenset({"FunctionName", "PackageType"})

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        given = {"FunctionName": name, **properties, "Code": {}}
        answer = self.api.call("lambda", "CreateFunction", given)
        return answer["FunctionName"], {"Arn": answer["FunctionArn"]}

    def update(self, physical_id: str, old: Properties, new: Properties) -> tuple[str, Attributes]:
        given = {
            **_without(new, "Code", "Tags", "Architectures", "PackageType"),
            "FunctionName": physical_id,
        }
        given.setdefault("Environment", {"Variables": {}})
        answer = self.api.call("lambda", "UpdateFunctionConfiguration", given)
        return physical_id, {"Arn": answer["FunctionArn"]}

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.api.remove("lambda", "DeleteFunction", {"FunctionName": physical_id})


class Permission(Owned):
    kind = "AWS::Lambda::Permission"
    fixed = frozenset(
        {
            "Action",
            "EventSourceToken",
            "FunctionName",
            "FunctionUrlAuthType",
            "Principal",
            "PrincipalOrgID",
            "SourceAccount",
            "SourceArn",
        }
    )

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        self.api.call("lambda", "AddPermission", {"StatementId": name, **properties})
        return name, {}

    def delete(self, physical_id: str, properties: Properties) -> None:
        given = {"FunctionName": properties["FunctionName"], "StatementId": physical_id}
        self.api.remove("lambda", "RemovePermission", given)


class EventSourceMapping(Owned):
    kind = "AWS::Lambda::EventSourceMapping"
    fixed = frozenset({"EventSourceArn", "StartingPosition", "StartingPositionTimestamp"})

    def create(self, name: str, properties: Properties) -> tuple[str, Attributes]:
        answer = self.api.call("lambda", "CreateEventSourceMapping", properties)
        return answer["UUID"], self._attributes(answer)

    def update(self, physical_id: str, old: Properties, new: Properties) -> tuple[str, Attributes]:
        given = {"UUID": physical_id, **_without(new, *self.fixed, "Tags")}
        answer = self.api.call("lambda", "UpdateEventSourceMapping", given)
        return physical_id, self._attributes(answer)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.api.remove("lambda", "DeleteEventSourceMapping", {"UUID": physical_id})

    def _attributes(self, answer: Any) -> Attributes:
        return {"Id": answer["UUID"], "EventSourceMappingArn": answer["EventSourceMappingArn"]}


OWNED: tuple[type[Owned], ...] = tuple(Owned.__subclasses__())


def _without(properties: Properties, *names: str) -> Properties:
    return {name: value for name, value in properties.items() if name not in names}


def _registry_id(registry: Properties) -> Properties:
    arn = registry.get("Arn")
    return {"RegistryArn": arn} if arn else {"RegistryName": registry["Name"]}
