"""The data plane end to end, against real S3, Kinesis and Glue and a function over HTTP."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import time

import httpx
import pyarrow.parquet as pq
import pytest

from .delivery import (
    declare_table,
    from_kinesis,
    lake,
    lambda_processor,
    plain,
    prepare,
    put,
    transform,
)
from .servers import FUNCTION, Gateway, Running, running, wait_until

pytestmark = pytest.mark.integration
KEY = re.compile(
    r"raw/event_type=(a|b)/dt=\d{4}-\d\d-\d\d/hour=\d\d/"
    r"main-1-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9a-f-]{36}\.parquet"
)


def test_records_travel_from_kinesis_through_the_function_to_parquet_by_partition(
    plane: Running,
) -> None:
    bucket = prepare(plane, "main")
    plane.gateway.handler = transform
    plane.activate(
        "main", ExtendedS3DestinationConfiguration=lake(bucket, "main"), **from_kinesis("main")
    )
    events = [{"event_id": f"e{n}", "type": "ab"[n % 2]} for n in range(1200)]
    events += [{"event_id": "x1", "kind": "bad"}, {"event_id": "x2", "kind": "drop"}]
    events += [{"event_id": "x3", "type": ""}, {"event_id": "x4", "type": "a", "version": "no"}]
    put(plane, "main", events)
    counts = plane.flush("main")
    assert counts["incoming"] == 1204
    assert (counts["delivered"], counts["failed"], counts["dropped"]) == (1200, 3, 1)
    assert counts["pending"] == 0

    data = plane.objects(bucket, "raw/")
    assert len(data) == 2
    assert all(KEY.fullmatch(key) for key in data)
    rows = [row for body in data.values() for row in pq.read_table(io.BytesIO(body)).to_pylist()]
    assert sorted(row["event_id"] for row in rows) == sorted(f"e{n}" for n in range(1200))
    assert rows[0]["occurred_at"].isoformat() == "2026-03-01T10:11:12.345000"
    assert rows[0]["partition_key"] == rows[0]["event_id"]

    errors = [
        (key.split("/")[1], json.loads(line))
        for key, body in plane.objects(bucket, "errors/").items()
        for line in body.splitlines()
    ]
    told = {(kind, doc.get("errorCode") or doc["ErrorCode"]) for kind, doc in errors}
    assert told == {
        ("processing-failed", "Lambda.ProcessingFailedStatus"),
        ("processing-failed", "DynamicPartitioning.MetadataExtractionFailed"),
        ("format-conversion-failed", "DataFormatConversion.MalformedData"),
    }
    [bad] = [doc for _, doc in errors if doc.get("errorCode") == "Lambda.ProcessingFailedStatus"]
    assert json.loads(base64.b64decode(bad["rawData"]))["event_id"] == "x1"
    assert bad["lambdaArn"] == FUNCTION


def test_records_before_the_delivery_stream_are_not_its_own(plane: Running) -> None:
    bucket = prepare(plane, "late")
    put(plane, "late", [{"event_id": "before"}])
    time.sleep(0.02)
    plane.activate("late", ExtendedS3DestinationConfiguration=plain(bucket), **from_kinesis("late"))
    put(plane, "late", [{"event_id": "after"}])
    assert plane.flush("late")["incoming"] == 1
    [body] = plane.objects(bucket).values()
    assert json.loads(body) == {"event_id": "after"}


def test_without_a_flush_the_interval_delivers(plane: Running) -> None:
    bucket = prepare(plane, "interval")
    hints = {"SizeInMBs": 1, "IntervalInSeconds": 1}
    config = plain(bucket, BufferingHints=hints, CompressionFormat="GZIP", Prefix="p/")
    plane.activate(
        "interval", ExtendedS3DestinationConfiguration=config, **from_kinesis("interval")
    )
    put(plane, "interval", [{"event_id": "a"}])
    [(key, body)] = wait_until(lambda: plane.objects(bucket)).items()
    assert key.startswith("p/20")
    assert json.loads(gzip.decompress(body)) == {"event_id": "a"}
    wait_until(lambda: plane.app.plane.counts("interval")["delivered"] == 1)


def test_directly_put_records_are_partitioned_by_their_own_fields(plane: Running) -> None:
    plane.s3.create_bucket(Bucket="inline")
    query = {"MetadataExtractionQuery": "{device:.type.device}", "JsonParsingEngine": "JQ-1.6"}
    parameters = [{"ParameterName": k, "ParameterValue": v} for k, v in query.items()]
    processors = [
        {"Type": "MetadataExtraction", "Parameters": parameters},
        {"Type": "AppendDelimiterToRecord"},
    ]
    config = plain(
        "inline",
        Prefix="device=!{partitionKeyFromQuery:device}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration={"Enabled": True, "Processors": processors},
    )
    plane.activate("inline", ExtendedS3DestinationConfiguration=config)
    documents = [{"type": {"device": kind}} for kind in ("tv", "phone", "tv")]
    records = [{"Data": json.dumps(each).encode()} for each in documents] + [{"Data": b"no JSON"}]
    plane.firehose.put_record_batch(DeliveryStreamName="inline", Records=records)
    counts = plane.flush("inline")
    assert (counts["delivered"], counts["failed"], counts["pending"]) == (3, 1, 0)
    objects = plane.objects("inline")
    assert {key.split("/")[0]: len(body.splitlines()) for key, body in objects.items()} == {
        "device=tv": 2,
        "device=phone": 1,
        "errors": 1,
    }


def test_an_update_takes_effect_after_what_is_buffered(plane: Running) -> None:
    bucket = prepare(plane, "updated")
    plane.activate(
        "updated", ExtendedS3DestinationConfiguration=plain(bucket), **from_kinesis("updated")
    )
    put(plane, "updated", [{"event_id": "old"}])
    wait_until(lambda: plane.app.plane.counts("updated")["incoming"] == 1)
    plane.firehose.update_destination(
        DeliveryStreamName="updated",
        CurrentDeliveryStreamVersionId="1",
        DestinationId="destinationId-000000000001",
        ExtendedS3DestinationUpdate={"Prefix": "new/"},
    )
    wait_until(lambda: plane.objects(bucket))
    put(plane, "updated", [{"event_id": "new"}])
    plane.flush("updated")
    keys = sorted(plane.objects(bucket))
    assert "updated-1-" in keys[0]
    assert keys[1].startswith("new/")
    assert "updated-2-" in keys[1]


def test_a_function_that_breaks_sends_the_batch_to_the_errors(plane: Running) -> None:
    bucket = prepare(plane, "broken")
    plane.gateway.handler = lambda event: ValueError("broken")
    config = lake(bucket, "broken")
    config["ProcessingConfiguration"] = lambda_processor(NumberOfRetries="1")
    plane.activate("broken", ExtendedS3DestinationConfiguration=config, **from_kinesis("broken"))
    put(plane, "broken", [{"event_id": "a"}, {"event_id": "b"}])
    counts = plane.flush("broken")
    assert (counts["delivered"], counts["failed"]) == (0, 2)
    [body] = plane.objects(bucket).values()
    first = json.loads(body.splitlines()[0])
    assert (first["errorCode"], first["attemptsMade"]) == ("Lambda.FunctionError", 2)
    assert "broken" in first["errorMessage"]


def test_without_the_glue_table_nothing_is_judged_until_it_is_there(plane: Running) -> None:
    bucket = prepare(plane, "unknown")
    plane.gateway.handler = transform
    config = lake(bucket, "absent")
    plane.activate("unknown", ExtendedS3DestinationConfiguration=config, **from_kinesis("unknown"))
    put(plane, "unknown", [{"event_id": "a", "type": "a"}])
    answer = httpx.post(f"{plane.url}/_heyblue/firehose/flush?name=unknown", timeout=60)
    assert answer.status_code == 409
    assert "raw.absent" in answer.json()["message"]
    waiting = plane.app.plane.counts("unknown")
    assert (waiting["incoming"], waiting["failed"], waiting["pending"]) == (1, 0, 1)
    declare_table(plane, "absent")
    assert plane.flush("unknown")["delivered"] == 1
    assert plane.app.plane.counts("unknown")["trouble"] is None


def test_a_source_that_is_not_there_fails_the_creation(plane: Running) -> None:
    plane.firehose.create_delivery_stream(
        DeliveryStreamName="orphan",
        ExtendedS3DestinationConfiguration=plain("b"),
        **from_kinesis("nowhere"),
    )
    wait_until(lambda: plane.status("orphan") == "CREATING_FAILED")
    described = plane.firehose.describe_delivery_stream(DeliveryStreamName="orphan")
    failure = described["DeliveryStreamDescription"]["FailureDescription"]
    assert "nowhere" in failure["Details"]
    plane.firehose.delete_delivery_stream(DeliveryStreamName="orphan")


def test_a_recreated_source_is_read_from_its_start_and_told(
    plane: Running, gateway: tuple[Gateway, str]
) -> None:
    bucket = prepare(plane, "recreated")
    plane.activate(
        "recreated", ExtendedS3DestinationConfiguration=plain(bucket), **from_kinesis("recreated")
    )
    put(plane, "recreated", [{"event_id": "first"}])
    assert plane.flush("recreated")["notices"] == []
    plane.app.stop()
    summary = plane.kinesis.describe_stream_summary(StreamName="recreated")
    created = summary["StreamDescriptionSummary"]["StreamCreationTimestamp"].timestamp()
    plane.kinesis.delete_stream(StreamName="recreated")
    wait_until(lambda: time.time() >= created + 1)  # its resolution is a second
    plane.kinesis.create_stream(StreamName="recreated", ShardCount=1)
    wait_until(lambda: plane.kinesis.describe_stream_summary(StreamName="recreated"))
    put(plane, "recreated", [{"event_id": "second"}])
    with running(gateway, plane.settings.state_dir) as restarted:
        counts = restarted.flush("recreated")
    [notice] = counts["notices"]
    assert "was recreated" in notice
    assert counts["incoming"] == counts["delivered"] == 2
    bodies = b"".join(plane.objects(bucket).values())
    assert b"second" in bodies


def test_a_bucket_that_is_not_there_holds_the_round_until_it_is(plane: Running) -> None:
    plane.activate("patient", ExtendedS3DestinationConfiguration=plain("not-yet"))
    plane.firehose.put_record(DeliveryStreamName="patient", Record={"Data": b"x"})
    flushed = plane.app.plane.flush("patient")
    wait_until(lambda: plane.app.plane.counts("patient")["trouble"])
    assert plane.app.plane.counts("patient")["pending"] == 1
    plane.s3.create_bucket(Bucket="not-yet")
    flushed.result(30)
    assert list(plane.objects("not-yet").values()) == [b"x"]
