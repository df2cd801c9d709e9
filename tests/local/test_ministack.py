from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local import ministack

Kinesis = Any
HOUR = 3600


@pytest.fixture
def kinesis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kinesis]:
    """MiniStack's own module, as it is; what a test repairs is undone."""
    from ministack.services import kinesis

    for name in ("_expire_records", "_expire_iterators"):
        monkeypatch.setattr(kinesis, name, getattr(kinesis, name))
    yield kinesis
    kinesis.reset()


def _answer(response: Any) -> Any:
    return json.loads(response[2])


def _aged_stream(kinesis: Kinesis) -> tuple[dict[str, Any], Callable[[], list[str]]]:
    """A shard whose first five of ten records have expired, and a reader that has read eight."""
    kinesis._create_stream({"StreamName": "s", "ShardCount": 1})
    for number in range(8):
        kinesis._put_record({"StreamName": "s", "PartitionKey": str(number), "Data": "eA=="})
    shard = next(iter(kinesis._streams["s"]["shards"].items()))
    where = {"StreamName": "s", "ShardId": shard[0], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = [_answer(kinesis._get_shard_iterator(where))["ShardIterator"]]

    def read() -> list[str]:
        answer = _answer(kinesis._get_records({"ShardIterator": iterator[0]}))
        iterator[0] = answer["NextShardIterator"]
        return [record["PartitionKey"] for record in answer["Records"]]

    assert len(read()) == 8
    for number in (8, 9):
        kinesis._put_record({"StreamName": "s", "PartitionKey": str(number), "Data": "eA=="})
    for record in shard[1]["records"][:5]:
        record["ApproximateArrivalTimestamp"] -= 25 * HOUR
    return shard[1], read


def test_unrepaired_a_reader_misses_records_when_others_expire(kinesis: Kinesis) -> None:
    _, read = _aged_stream(kinesis)
    assert read() == []


def test_repaired_a_reader_goes_on_where_it_was_when_records_expire(kinesis: Kinesis) -> None:
    ministack.repair(kinesis)
    shard, read = _aged_stream(kinesis)
    assert read() == ["8", "9"]
    assert [record["PartitionKey"] for record in shard["records"]] == ["5", "6", "7", "8", "9"]


def test_unrepaired_a_request_copies_every_record(kinesis: Kinesis) -> None:
    shard, _ = _aged_stream(kinesis)
    before = shard["records"]
    kinesis._expire_records(kinesis._streams["s"])
    assert shard["records"] is not before


def test_repaired_a_request_copies_nothing(kinesis: Kinesis) -> None:
    ministack.repair(kinesis)
    shard, _ = _aged_stream(kinesis)
    before = shard["records"]
    kinesis._expire_records(kinesis._streams["s"])
    assert shard["records"] is before


def test_repaired_the_iterators_are_looked_through_only_now_and_then(
    kinesis: Kinesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps = []
    monkeypatch.setattr(kinesis, "_expire_iterators", lambda: sweeps.append(1))
    ministack.repair(kinesis)
    for _ in range(100):
        kinesis._expire_iterators()
    assert len(sweeps) == 1
