from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Call = Callable[..., Any]
Table = tuple[str, str]
WHERE = {"DatabaseName": "lake", "TableName": "events"}


def _input(day: int, hour: int, **more: Any) -> dict[str, Any]:
    storage = {
        "Location": f"s3://lake/{day}/{hour}",
        "Columns": [{"Name": "id", "Type": "string"}],
    }
    values = [f"2026-01-{day:02d}", str(hour)]
    return {"Values": values, "StorageDescriptor": storage, **more}


@pytest.fixture
def filled(call: Call, table: Table) -> list[list[str]]:
    """Ten days of ten hours."""
    for day in range(1, 11):
        inputs = [_input(day, hour) for hour in range(10)]
        answer = call("BatchCreatePartition", **WHERE, PartitionInputList=inputs)
        assert answer["Errors"] == []
    return [_input(day, hour)["Values"] for day in range(1, 11) for hour in range(10)]


def _all(call: Call, **request: Any) -> list[list[str]]:
    """The values of all pages."""
    found: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        answer = call("GetPartitions", **WHERE, **request, **token)
        found += [partition["Values"] for partition in answer["Partitions"]]
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


def test_pages_give_every_partition_once_and_in_order(call: Call, filled: list[list[str]]) -> None:
    assert _all(call, MaxResults=7) == filled


def test_an_expression_filters_across_pages(call: Call, filled: list[list[str]]) -> None:
    found = _all(call, Expression="hour in (3, 4) and dt > '2026-01-08'", MaxResults=3)
    assert found == [v for v in filled if v[1] in "34" and v[0] > "2026-01-08"]


def test_segments_share_the_partitions_among_them(call: Call, filled: list[list[str]]) -> None:
    parts = [_all(call, Segment={"SegmentNumber": n, "TotalSegments": 4}) for n in range(4)]
    assert all(parts)
    assert sorted(v for part in parts for v in part) == sorted(filled)


def test_columns_can_be_left_out(call: Call, filled: list[list[str]]) -> None:
    found = call("GetPartitions", **WHERE, ExcludeColumnSchema=True, MaxResults=1)
    assert "Columns" not in found["Partitions"][0]["StorageDescriptor"]
    assert found["Partitions"][0]["StorageDescriptor"]["Location"] == "s3://lake/1/0"


def test_a_batch_creates_what_is_new_and_names_what_was_there(call: Call, table: Table) -> None:
    call("CreatePartition", **WHERE, PartitionInput=_input(1, 1))
    inputs = [_input(1, 1), _input(1, 2)]
    errors = call("BatchCreatePartition", **WHERE, PartitionInputList=inputs)["Errors"]
    assert [(e["PartitionValues"], e["ErrorDetail"]["ErrorCode"]) for e in errors] == [
        (["2026-01-01", "1"], "AlreadyExistsException")
    ]
    assert len(_all(call)) == 2


def test_the_values_must_match_the_keys_in_number(refusal: Call, table: Table) -> None:
    lacking = {"Values": ["2026-01-01"]}
    code = refusal("CreatePartition", **WHERE, PartitionInput=lacking)
    assert code == "InvalidInputException"


def test_an_update_may_move_a_partition_to_other_values(call: Call, table: Table) -> None:
    call("CreatePartition", **WHERE, PartitionInput=_input(1, 1))
    call(
        "UpdatePartition",
        **WHERE,
        PartitionValueList=["2026-01-01", "1"],
        PartitionInput=_input(2, 2),
    )
    assert _all(call) == [["2026-01-02", "2"]]


def test_a_batch_update_names_what_is_missing(call: Call, table: Table) -> None:
    call("CreatePartition", **WHERE, PartitionInput=_input(1, 1))
    entries = [
        {
            "PartitionValueList": _input(1, hour)["Values"],
            "PartitionInput": _input(1, hour, Parameters={"rows": "5"}),
        }
        for hour in (1, 2)
    ]
    errors = call("BatchUpdatePartition", **WHERE, Entries=entries)["Errors"]
    assert [e["PartitionValueList"] for e in errors] == [["2026-01-01", "2"]]
    found = call("GetPartition", **WHERE, PartitionValues=["2026-01-01", "1"])["Partition"]
    assert found["Parameters"] == {"rows": "5"}


def test_a_batch_deletes_what_is_there_and_names_the_rest(
    call: Call, refusal: Call, filled: list[list[str]]
) -> None:
    wanted = [{"Values": filled[0]}, {"Values": ["2030-01-01", "1"]}]
    errors = call("BatchDeletePartition", **WHERE, PartitionsToDelete=wanted)["Errors"]
    assert [e["PartitionValues"] for e in errors] == [["2030-01-01", "1"]]
    assert _all(call) == filled[1:]
    gone = {"PartitionValues": filled[0]}
    assert refusal("GetPartition", **WHERE, **gone) == "EntityNotFoundException"
    assert refusal("DeletePartition", **WHERE, **gone) == "EntityNotFoundException"


def test_a_batch_get_returns_the_found_ones_and_the_missing_keys(
    call: Call, filled: list[list[str]]
) -> None:
    wanted = [{"Values": filled[5]}, {"Values": ["2030-01-01", "1"]}]
    answer = call("BatchGetPartition", **WHERE, PartitionsToGet=wanted)
    assert [p["Values"] for p in answer["Partitions"]] == [filled[5]]
    assert answer["UnprocessedKeys"] == [{"Values": ["2030-01-01", "1"]}]


@pytest.mark.parametrize(
    ("operation", "member", "most"),
    [
        ("BatchCreatePartition", "PartitionInputList", 100),
        ("BatchUpdatePartition", "Entries", 100),
        ("BatchDeletePartition", "PartitionsToDelete", 25),
        ("BatchGetPartition", "PartitionsToGet", 1000),
    ],
)
def test_a_batch_larger_than_the_api_takes_is_refused(
    refusal: Call, table: Table, operation: str, member: str, most: int
) -> None:
    assert refusal(operation, **WHERE, **{member: [{}] * (most + 1)}) == "ValidationException"
