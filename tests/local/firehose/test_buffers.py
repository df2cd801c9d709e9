"""What is buffered between two rounds, and when it is due."""

from __future__ import annotations

from typing import Any

import pytest

from local.firehose.buffers import ACTIVE_PARTITIONS, KPL_MAGIC, Buffer
from local.firehose.destinations import read_destination, with_defaults
from local.firehose.expressions import LAMBDA
from local.firehose.records import ReadyRecord, SourceRecord
from local.firehose.transformation import Outcome

from .delivery import lake, lambda_processor, plain


def buffer(config: dict[str, Any]) -> Buffer:
    return Buffer(read_destination(with_defaults(config), "us-east-1"))


def source(number: int, data: bytes = b"x", shard: str = "shardId-0") -> SourceRecord:
    return SourceRecord(f"id{number}", data, number, shard, str(number))


def ready(number: int, kind: str) -> ReadyRecord:
    return ReadyRecord(source(number), b"new", {(LAMBDA, "event_type"): kind})


def test_it_covers_what_it_took_by_shard() -> None:
    filled = buffer(plain("b"))
    filled.take([source(1), source(2)])
    filled.take([source(7, shard="shardId-1")])
    filled.take([source(3)])
    filled.take([])
    assert filled.covers == {"shardId-0": ["1", "3"], "shardId-1": ["7", "7"]}
    assert filled.incoming == 4


@pytest.mark.parametrize(("size", "due"), [((1 << 20) - 1, False), (1 << 20, True)])
def test_it_is_due_at_the_size_hint(size: int, due: bool) -> None:
    hints = {"SizeInMBs": 1, "IntervalInSeconds": 900}
    filled = buffer(plain("b", BufferingHints=hints))
    filled.take([source(1, b"x" * size)])
    assert not filled.is_due
    filled.settle(1, Outcome(ready=[ReadyRecord(filled.waiting[0], filled.waiting[0].data)]))
    assert filled.is_due is due


def test_it_is_due_at_the_interval_but_never_empty() -> None:
    filled = buffer(plain("b", BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 0}))
    assert not filled.is_due
    filled.take([source(1)])
    assert filled.is_due


def test_the_backup_has_hints_of_its_own() -> None:
    backup = plain("backup", BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900})
    filled = buffer(plain("b", S3BackupMode="Enabled", S3BackupConfiguration=backup))
    filled.take([source(1, b"x" * (1 << 20))])
    assert filled.is_due


def test_enough_for_an_invocation_is_the_functions_hint() -> None:
    function = lambda_processor(BufferSizeInMBs="0.2", BufferIntervalInSeconds="900")
    filled = buffer(plain("b", ProcessingConfiguration=function))
    filled.take([source(1, b"x" * 200_000)])
    assert not filled.transformable
    filled.take([source(2, b"x" * 20_000)])
    assert filled.transformable
    filled.settle(1, Outcome(dropped=1))
    assert not filled.transformable
    assert [record.record_id for record in filled.waiting] == ["id2"]


def test_records_are_kept_by_partition_and_one_without_a_key_fails() -> None:
    filled = buffer(lake("b"))
    filled.take([source(1), source(2), source(3)])
    filled.settle(3, Outcome(ready=[ready(1, "a"), ready(2, "b"), ready(3, "")]))
    assert set(filled.ready) == {("a",), ("b",)}
    [failed] = filled.failed
    assert failed.reason.code == "DynamicPartitioning.MetadataExtractionFailed"


def test_beyond_500_active_partitions_records_fail() -> None:
    filled = buffer(lake("b"))
    records = [ready(n, f"kind{n}") for n in range(ACTIVE_PARTITIONS + 1)]
    filled.settle(0, Outcome(ready=[*records, ready(0, "kind0")]))
    assert len(filled.ready) == ACTIVE_PARTITIONS
    assert [failed.source.record_id for failed in filled.failed] == [f"id{ACTIVE_PARTITIONS}"]
    assert len(filled.ready["kind0",]) == 2


def test_an_aggregated_record_is_refused_not_misread() -> None:
    filled = buffer(plain("b"))
    filled.take([source(1, KPL_MAGIC + b"rest"), source(2)])
    assert [record.record_id for record in filled.waiting] == ["id2"]
    assert [failed.reason.code for failed in filled.failed] == ["Local.AggregatedRecord"]
