from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Call = Callable[..., Any]
Table = tuple[str, str]


def _update(call: Call, comment: str, **more: Any) -> None:
    given = {"Name": "events", "Description": comment}
    call("UpdateTable", DatabaseName="lake", TableInput=given, **more)


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("GetDatabase", {"Name": "nowhere"}),
        ("DeleteDatabase", {"Name": "nowhere"}),
        ("GetTables", {"DatabaseName": "nowhere"}),
        ("GetTable", {"DatabaseName": "nowhere", "Name": "events"}),
        ("GetTable", {"DatabaseName": "lake", "Name": "nothing"}),
        ("DeleteTable", {"DatabaseName": "lake", "Name": "nothing"}),
        ("UpdateTable", {"DatabaseName": "lake", "TableInput": {"Name": "nothing"}}),
        ("GetPartitions", {"DatabaseName": "lake", "TableName": "nothing"}),
        ("GetTableVersion", {"DatabaseName": "lake", "TableName": "events", "VersionId": "7"}),
        ("GetUserDefinedFunction", {"DatabaseName": "lake", "FunctionName": "f"}),
    ],
)
def test_what_is_not_there_is_an_entity_not_found(
    refusal: Call, table: Table, operation: str, request_: dict[str, Any]
) -> None:
    assert refusal(operation, **request_) == "EntityNotFoundException"


def test_an_update_makes_a_new_version_and_keeps_the_old_one(call: Call, table: Table) -> None:
    _update(call, "second")
    versions = call("GetTableVersions", DatabaseName="lake", TableName="events")["TableVersions"]
    assert [(v["VersionId"], v["Table"].get("Description")) for v in versions] == [
        ("1", "second"),
        ("0", None),
    ]


def test_an_update_that_skips_the_archive_keeps_no_old_version(call: Call, table: Table) -> None:
    _update(call, "second", SkipArchive=True)
    versions = call("GetTableVersions", DatabaseName="lake", TableName="events")["TableVersions"]
    assert [v["VersionId"] for v in versions] == ["1"]


def test_an_update_against_a_stale_version_is_refused(
    call: Call, refusal: Call, table: Table
) -> None:
    _update(call, "second", VersionId="0")
    stale = {"DatabaseName": "lake", "TableInput": {"Name": "events"}, "VersionId": "0"}
    assert refusal("UpdateTable", **stale) == "ConcurrentModificationException"
    assert call("GetTable", DatabaseName="lake", Name="events")["Table"]["Description"] == "second"


def test_an_update_keeps_the_partitions(call: Call, table: Table) -> None:
    given = {"Values": ["2026-01-01", "1"]}
    call("CreatePartition", DatabaseName="lake", TableName="events", PartitionInput=given)
    _update(call, "second")
    assert len(call("GetPartitions", DatabaseName="lake", TableName="events")["Partitions"]) == 1


def test_archived_versions_can_be_deleted_but_not_the_current_one(call: Call, table: Table) -> None:
    for comment in ("second", "third"):
        _update(call, comment)
    where = {"DatabaseName": "lake", "TableName": "events"}
    errors = call("BatchDeleteTableVersion", **where, VersionIds=["0", "2", "9"])["Errors"]
    assert [(e["VersionId"], e["ErrorDetail"]["ErrorCode"]) for e in errors] == [
        ("2", "InvalidInputException"),
        ("9", "EntityNotFoundException"),
    ]
    versions = call("GetTableVersions", **where)["TableVersions"]
    assert [v["VersionId"] for v in versions] == ["2", "1"]


def test_tables_are_listed_by_pattern_and_page(call: Call, table: Table) -> None:
    for name in ("errors", "evening", "users"):
        call("CreateTable", DatabaseName="lake", TableInput={"Name": name})
    first = call("GetTables", DatabaseName="lake", Expression="ev.*|users", MaxResults=2)
    assert [t["Name"] for t in first["TableList"]] == ["evening", "events"]
    rest = call(
        "GetTables", DatabaseName="lake", Expression="ev.*|users", NextToken=first["NextToken"]
    )
    assert [t["Name"] for t in rest["TableList"]] == ["users"]
    assert "NextToken" not in rest


def test_a_token_that_was_never_given_is_refused(refusal: Call, table: Table) -> None:
    forged = {"DatabaseName": "lake", "NextToken": "!"}
    assert refusal("GetTables", **forged) == "InvalidInputException"


def test_a_table_that_is_created_again_has_no_partitions(call: Call, table: Table) -> None:
    given = {"Values": ["2026-01-01", "1"]}
    where = {"DatabaseName": "lake", "TableName": "events"}
    call("CreatePartition", **where, PartitionInput=given)
    errors = call("BatchDeleteTable", DatabaseName="lake", TablesToDelete=["events", "none"])
    assert [e["TableName"] for e in errors["Errors"]] == ["none"]
    call("CreateTable", DatabaseName="lake", TableInput={"Name": "events"})
    assert call("GetPartitions", **where)["Partitions"] == []


def test_a_search_finds_tables_by_column_and_filter(call: Call, table: Table) -> None:
    call("CreateTable", DatabaseName="lake", TableInput={"Name": "other"})
    assert [t["Name"] for t in call("SearchTables", SearchText="id")["TableList"]] == ["events"]
    filters = [{"Key": "DatabaseName", "Value": "lake"}, {"Key": "Name", "Value": "other"}]
    assert [t["Name"] for t in call("SearchTables", Filters=filters)["TableList"]] == ["other"]


def test_a_failed_request_changes_nothing(call: Call, refusal: Call, table: Table) -> None:
    lacking = {"DatabaseName": "lake", "TableInput": {"Description": "no name"}}
    assert refusal("UpdateTable", **lacking) == "InvalidInputException"
    assert call("GetTable", DatabaseName="lake", Name="events")["Table"]["VersionId"] == "0"


def test_an_operation_that_is_not_offered_says_so(plane: Any) -> None:
    status, answer = plane.answer("StartCrawler", b'{"Name": "c"}')
    assert (status, answer["__type"]) == (400, "UnknownOperationException")
    assert "StartCrawler" in answer["Message"]
