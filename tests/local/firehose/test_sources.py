"""Reading the shards of a real Kinesis stream, and what was put directly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.firehose.clients import Clients
from local.firehose.errors import SourceMissing
from local.firehose.settings import Settings
from local.firehose.sources import KinesisSource, PutSource
from local.firehose.store import PlannedObject, Store, Totals

from .servers import ACCOUNT, REGION, wait_until

pytestmark = pytest.mark.integration


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "firehose.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def clients(ministack: str, tmp_path: Path) -> Iterator[Clients]:
    made = Clients(Settings(ministack, REGION, ACCOUNT, tmp_path))
    yield made
    made.close()


def stream(clients: Clients, name: str) -> str:
    clients.kinesis.create_stream(StreamName=name, ShardCount=3)
    summary = wait_until(lambda: clients.kinesis.describe_stream_summary(StreamName=name))
    return str(summary["StreamDescriptionSummary"]["StreamARN"])


def put(clients: Clients, name: str, data: list[str]) -> None:
    records = [{"Data": each.encode(), "PartitionKey": each} for each in data]
    clients.kinesis.put_records(StreamName=name, Records=records)


def taken(source: KinesisSource | PutSource, until_ms: int | None = None) -> list[str]:
    return sorted(record.data.decode() for page in source.read(until_ms) for record in page)


def test_all_shards_are_read_once_and_then_on_from_there(clients: Clients, store: Store) -> None:
    arn = stream(clients, "on")
    source = KinesisSource(clients.kinesis, arn, 0.0, store, "s")
    put(clients, "on", [f"a{n}" for n in range(9)])
    pages = list(source.read())
    assert len(pages) > 1
    assert len({record.record_id for page in pages for record in page}) == 9
    assert taken(source) == []
    put(clients, "on", ["b"])
    assert taken(source) == ["b"]


def test_another_start_goes_on_from_the_checkpoints(clients: Clients, store: Store) -> None:
    arn = stream(clients, "checkpoints")
    put(clients, "checkpoints", ["a", "b", "c"])
    first = KinesisSource(clients.kinesis, arn, 0.0, store, "s")
    for page in first.read():
        covers = {page[0].shard_id: [page[0].position, page[-1].position]}
        store.commit_intent("s", covers, [PlannedObject("b", "k", b"")], Totals())
    put(clients, "checkpoints", ["d"])
    second = KinesisSource(clients.kinesis, arn, 0.0, store, "s")
    assert second.lost() == []
    assert taken(second) == ["d"]


def test_a_checkpoint_that_left_the_stream_is_told(clients: Clients, store: Store) -> None:
    arn = stream(clients, "trimmed")
    put(clients, "trimmed", ["a"])
    shard = "shardId-000000000001"
    store.commit_intent("s", {shard: ["1", "1"]}, [], Totals())
    assert KinesisSource(clients.kinesis, arn, 0.0, store, "s").lost() == [shard]


def test_reading_until_a_time_ends_though_records_keep_coming(
    clients: Clients, store: Store
) -> None:
    arn = stream(clients, "until")
    source = KinesisSource(clients.kinesis, arn, 0.0, store, "s")
    put(clients, "until", ["a"])
    for page in source.read(round(time.time() * 1000) - 5000):
        put(clients, "until", [page[0].partition_key])
    assert taken(source) == ["a"]


def test_a_stream_that_is_not_there_is_missing(clients: Clients, store: Store) -> None:
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/nowhere"
    source = KinesisSource(clients.kinesis, arn, 0.0, store, "s")
    with pytest.raises(SourceMissing, match="nowhere"):
        source.created_at()


def test_directly_put_records_come_in_order(store: Store) -> None:
    source = PutSource(store, "s")
    store.put("s", 1, [b"a", b"b"])
    store.put("other", 1, [b"x"])
    assert taken(source) == ["a", "b"]
    store.put("s", 2, [b"c"])
    assert taken(source, until_ms=5) == ["c"]
