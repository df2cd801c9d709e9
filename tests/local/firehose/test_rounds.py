"""From a buffer to finished objects: keys, bodies, error documents, counts."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any

from local.firehose.buffers import Buffer
from local.firehose.destinations import read_destination, with_defaults
from local.firehose.errors import UnfitRecord
from local.firehose.expressions import LAMBDA
from local.firehose.records import FailedRecord, ReadyRecord, SourceRecord
from local.firehose.rounds import Planner
from local.firehose.store import PlannedObject, Totals
from local.firehose.transformation import Outcome

from .delivery import lake, plain
from .servers import FUNCTION

TEN = 1_535_365_800_000  # 2018-08-27 10:30 UTC
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


def source(number: int, arrived: int = TEN) -> SourceRecord:
    return SourceRecord(f"id{number}", f"s{number}\n".encode(), arrived, "shardId-0", str(number))


def plan(
    config: dict[str, Any], records: list[SourceRecord], outcome: Outcome
) -> tuple[list[PlannedObject], Totals]:
    destination = read_destination(with_defaults(config), "us-east-1")
    buffer = Buffer(destination)
    buffer.take(records)
    buffer.settle(len(records), outcome)
    return Planner("stream", "3", destination).plan(buffer, None)


def passed(records: list[SourceRecord]) -> Outcome:
    return Outcome(ready=[ReadyRecord(record, record.data) for record in records])


def test_records_are_joined_under_the_default_name() -> None:
    records = [source(1, TEN + 5000), source(2, TEN)]
    [data], totals = plan(plain("b"), records, passed(records))
    assert data.body == b"s1\ns2\n"
    assert re.fullmatch(rf"2018/08/27/10/stream-3-2018-08-27-10-30-00-{UUID}", data.key)
    assert totals == Totals(incoming=2, delivered=2, objects=1, bytes=6)


def test_the_time_zone_shifts_prefix_and_name() -> None:
    config = plain("b", CustomTimeZone="Asia/Tokyo")
    [data], _ = plan(config, [source(1)], passed([source(1)]))
    assert data.key.startswith("2018/08/27/19/stream-3-2018-08-27-19-30-00-")


def test_gzip_and_file_extension() -> None:
    compressed = plain("b", CompressionFormat="GZIP")
    [data], _ = plan(compressed, [source(1)], passed([source(1)]))
    assert data.key.endswith(".gz")
    assert gzip.decompress(data.body) == b"s1\n"
    named = plain("b", FileExtension=".jsonl")
    [data], _ = plan(named, [source(1)], passed([source(1)]))
    assert data.key.endswith(".jsonl")


def test_each_partition_is_an_object_named_by_its_oldest_record() -> None:
    config = {**lake("b"), "DataFormatConversionConfiguration": {"Enabled": False}}
    records = [source(1, TEN + 3_600_000), source(2, TEN), source(3, TEN + 7_200_000)]
    ready = [
        ReadyRecord(record, record.data, {(LAMBDA, "event_type"): kind})
        for record, kind in zip(records, "aab", strict=True)
    ]
    objects, totals = plan(config, records, Outcome(ready=ready))
    assert [item.key.split("/stream")[0] for item in objects] == [
        "raw/event_type=a/dt=2018-08-27/hour=10",
        "raw/event_type=b/dt=2018-08-27/hour=12",
    ]
    assert objects[0].body == b"s1\ns2\n"
    assert totals.delivered == 3


def test_failed_records_are_one_document_a_line_under_the_error_prefix() -> None:
    records = [source(1), source(2)]
    reason = UnfitRecord("Lambda.FunctionError", "broken")
    failed = [
        FailedRecord(each, "processing-failed", reason, TEN + 9, each.data, 4) for each in records
    ]
    [item], totals = plan(lake("b"), records, Outcome(failed=failed))
    assert item.key.startswith("errors/processing-failed/dt=2018-08-27/stream-3-2018-08-27-10-30")
    first, second = item.body.splitlines()
    assert json.loads(first) == {
        "attemptsMade": 4,
        "arrivalTimestamp": TEN,
        "errorCode": "Lambda.FunctionError",
        "errorMessage": "broken",
        "attemptEndingTimestamp": TEN + 9,
        "rawData": base64.b64encode(b"s1\n").decode(),
        "lambdaArn": FUNCTION,
    }
    assert json.loads(second)["rawData"] == base64.b64encode(b"s2\n").decode()
    assert totals == Totals(incoming=2, failed=2, objects=1, bytes=len(item.body))


def test_a_partition_whose_prefix_grows_too_long_fails_its_records() -> None:
    config = {**lake("b"), "DataFormatConversionConfiguration": {"Enabled": False}}
    ready = [ReadyRecord(source(1), b"x", {(LAMBDA, "event_type"): "k" * 600})]
    [item], totals = plan(config, [source(1)], Outcome(ready=ready))
    assert item.key.startswith("errors/processing-failed/")
    assert (totals.delivered, totals.failed) == (0, 1)


def test_the_backup_holds_every_source_record_whatever_became_of_it() -> None:
    backup = plain("copies", Prefix="all/", CompressionFormat="GZIP")
    config = plain("b", S3BackupMode="Enabled", S3BackupConfiguration=backup)
    records = [source(1), source(2)]
    [data, copy], totals = plan(
        config, records, Outcome(ready=passed(records[:1]).ready, dropped=1)
    )
    assert (data.bucket, copy.bucket) == ("b", "copies")
    assert copy.key.startswith("all/2018/08/27/10/")
    assert gzip.decompress(copy.body) == b"s1\ns2\n"
    assert (totals.delivered, totals.dropped, totals.objects) == (1, 1, 2)
