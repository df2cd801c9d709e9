from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Call = Callable[..., Any]
SCHEMA_ID = {"RegistryName": "heyblue", "SchemaName": "PointsGiven"}


def _schema(*required: str, **fields: str) -> str:
    return json.dumps(
        {
            "type": "object",
            "properties": {name: {"type": kind} for name, kind in fields.items()},
            "required": list(required),
            "additionalProperties": False,
        }
    )


FIRST = _schema("points", points="integer", note="string")
WIDER = _schema("points", points="integer", note="string", tip="integer")
BREAKING = _schema("points", points="string", note="string")


@pytest.fixture
def create(call: Call) -> Call:
    def perform(compatibility: str) -> Any:
        call("CreateRegistry", RegistryName="heyblue")
        return call(
            "CreateSchema",
            RegistryId={"RegistryName": "heyblue"},
            SchemaName="PointsGiven",
            DataFormat="JSON",
            Compatibility=compatibility,
            SchemaDefinition=FIRST,
            Tags={"owner": "scoring"},
        )

    return perform


def _register(call: Call, definition: str) -> Any:
    return call("RegisterSchemaVersion", SchemaId=SCHEMA_ID, SchemaDefinition=definition)


def test_a_new_schema_has_its_definition_as_version_one(call: Call, create: Call) -> None:
    created = create("BACKWARD")
    assert (created["LatestSchemaVersion"], created["SchemaVersionStatus"]) == (1, "AVAILABLE")
    latest = {"LatestVersion": True}
    found = call("GetSchemaVersion", SchemaId=SCHEMA_ID, SchemaVersionNumber=latest)
    assert found["SchemaDefinition"] == FIRST
    assert found["SchemaVersionId"] == created["SchemaVersionId"]
    assert call("GetTags", ResourceArn=created["SchemaArn"])["Tags"] == {"owner": "scoring"}


@pytest.mark.parametrize(
    ("compatibility", "definition", "status"),
    [
        ("BACKWARD", WIDER, "AVAILABLE"),
        ("BACKWARD", BREAKING, "FAILURE"),
        ("FORWARD", BREAKING, "FAILURE"),
        ("FULL", BREAKING, "FAILURE"),
        ("FULL_ALL", BREAKING, "FAILURE"),
        ("NONE", BREAKING, "AVAILABLE"),
    ],
)
def test_the_compatibility_decides_the_status_of_a_version(
    call: Call, create: Call, compatibility: str, definition: str, status: str
) -> None:
    create(compatibility)
    assert _register(call, definition)["Status"] == status


def test_a_failed_version_never_becomes_the_latest(call: Call, create: Call) -> None:
    create("BACKWARD")
    failed = _register(call, BREAKING)
    assert call("GetSchema", SchemaId=SCHEMA_ID)["LatestSchemaVersion"] == 1
    good = _register(call, WIDER)
    assert good["VersionNumber"] == failed["VersionNumber"] + 1
    versions = call("ListSchemaVersions", SchemaId=SCHEMA_ID)["Schemas"]
    assert [v["Status"] for v in versions] == ["AVAILABLE", "FAILURE", "AVAILABLE"]


def test_a_failed_definition_can_be_registered_once_the_compatibility_allows_it(
    call: Call, create: Call
) -> None:
    create("BACKWARD")
    assert _register(call, BREAKING)["Status"] == "FAILURE"
    call(
        "UpdateSchema",
        SchemaId=SCHEMA_ID,
        Compatibility="NONE",
        SchemaVersionNumber={"LatestVersion": True},
    )
    assert _register(call, BREAKING)["Status"] == "AVAILABLE"


def test_the_all_modes_look_behind_the_latest_version(call: Call, create: Call) -> None:
    create("NONE")
    _register(call, BREAKING)
    newest = _schema("points", points="string", note="string", more="string")
    for compatibility, status in (("BACKWARD_ALL", "FAILURE"), ("BACKWARD", "AVAILABLE")):
        call(
            "UpdateSchema",
            SchemaId=SCHEMA_ID,
            Compatibility=compatibility,
            SchemaVersionNumber={"VersionNumber": 1},
        )
        assert _register(call, newest)["Status"] == status


def test_a_definition_that_is_there_already_keeps_its_version(call: Call, create: Call) -> None:
    created = create("BACKWARD")
    again = _register(call, json.dumps(json.loads(FIRST), indent=2))
    assert (again["SchemaVersionId"], again["VersionNumber"]) == (created["SchemaVersionId"], 1)
    found = call("GetSchemaByDefinition", SchemaId=SCHEMA_ID, SchemaDefinition=FIRST)
    assert found["SchemaVersionId"] == created["SchemaVersionId"]


def test_a_disabled_schema_takes_no_new_version(call: Call, refusal: Call, create: Call) -> None:
    create("DISABLED")
    given = {"SchemaId": SCHEMA_ID, "SchemaDefinition": WIDER}
    assert refusal("RegisterSchemaVersion", **given) == "InvalidInputException"
    assert _register(call, FIRST)["VersionNumber"] == 1


@pytest.mark.parametrize(
    ("definition", "valid"),
    [
        (FIRST, True),
        ('{"$schema": "http://json-schema.org/draft-07/schema#"}', True),
        ('{"$schema": "https://json-schema.org/draft/2020-12/schema"}', False),
        ("{", False),
        ("[]", False),
    ],
)
def test_a_definition_is_valid_if_it_is_a_schema_of_a_known_draft(
    call: Call, definition: str, valid: bool
) -> None:
    answer = call("CheckSchemaVersionValidity", DataFormat="JSON", SchemaDefinition=definition)
    assert answer["Valid"] is valid
    assert ("Error" in answer) is not valid


def test_the_difference_of_two_versions_is_a_json_patch(call: Call, create: Call) -> None:
    create("BACKWARD")
    _register(call, WIDER)
    answer = call(
        "GetSchemaVersionsDiff",
        SchemaId=SCHEMA_ID,
        FirstSchemaVersionNumber={"VersionNumber": 1},
        SecondSchemaVersionNumber={"LatestVersion": True},
        SchemaDiffType="SYNTAX_DIFF",
    )
    assert json.loads(answer["Diff"]) == [
        {"op": "add", "path": "/properties/tip", "value": {"type": "integer"}}
    ]


def test_versions_can_be_deleted_but_not_the_checkpoint(
    call: Call, refusal: Call, create: Call
) -> None:
    create("BACKWARD")
    _register(call, WIDER)
    answer = call("DeleteSchemaVersions", SchemaId=SCHEMA_ID, Versions="1-2")
    assert [e["VersionNumber"] for e in answer["SchemaVersionErrors"]] == [1]
    second = {"SchemaId": SCHEMA_ID, "SchemaVersionNumber": {"VersionNumber": 2}}
    assert refusal("GetSchemaVersion", **second) == "EntityNotFoundException"


def test_metadata_is_kept_with_its_version(call: Call, create: Call) -> None:
    version = create("BACKWARD")["SchemaVersionId"]
    pair = {"MetadataKey": "owner", "MetadataValue": "scoring"}
    call("PutSchemaVersionMetadata", SchemaVersionId=version, MetadataKeyValue=pair)
    where = {"SchemaId": SCHEMA_ID, "SchemaVersionNumber": {"LatestVersion": True}}
    found = call("QuerySchemaVersionMetadata", **where)["MetadataInfoMap"]
    assert found["owner"]["MetadataValue"] == "scoring"
    call("RemoveSchemaVersionMetadata", SchemaVersionId=version, MetadataKeyValue=pair)
    assert call("QuerySchemaVersionMetadata", **where)["MetadataInfoMap"] == {}


def test_schemas_without_a_registry_go_to_the_default_one(call: Call) -> None:
    call("CreateSchema", SchemaName="loose", DataFormat="JSON", SchemaDefinition=FIRST)
    assert call("GetSchema", SchemaId={"SchemaName": "loose"})["RegistryName"] == "default-registry"
    assert [r["RegistryName"] for r in call("ListRegistries")["Registries"]] == ["default-registry"]


def test_deleting_a_registry_deletes_its_schemas(call: Call, refusal: Call, create: Call) -> None:
    version = create("BACKWARD")["SchemaVersionId"]
    call("DeleteRegistry", RegistryId={"RegistryName": "heyblue"})
    assert call("ListSchemas")["Schemas"] == []
    code = refusal("GetSchemaVersion", SchemaVersionId=version)
    assert code == "EntityNotFoundException"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"SchemaName": "a b", "DataFormat": "JSON"}, "InvalidInputException"),
        ({"SchemaName": "a", "DataFormat": "AVRO"}, "InvalidInputException"),
        (
            {"SchemaName": "a", "DataFormat": "JSON", "Compatibility": "SIDEWAYS"},
            "InvalidInputException",
        ),
        (
            {"SchemaName": "a", "DataFormat": "JSON", "RegistryId": {"RegistryName": "none"}},
            "EntityNotFoundException",
        ),
    ],
)
def test_a_schema_that_cannot_be_kept_is_refused(
    call: Call, refusal: Call, request_: dict[str, Any], code: str
) -> None:
    assert refusal("CreateSchema", **request_) == code
    assert call("ListSchemas")["Schemas"] == []
