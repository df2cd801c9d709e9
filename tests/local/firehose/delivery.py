"""Delivery streams as the tests declare them, and the transformation functions they name."""

from __future__ import annotations

import base64
import json
from typing import Any

from .servers import ACCOUNT, FUNCTION, REGION, ROLE, Running, wait_until

COLUMNS = {
    "event_id": "string",
    "event_version": "int",
    "occurred_at": "timestamp",
    "data": "string",
    "partition_key": "string",
    "sequence_number": "string",
    "shard_id": "string",
    "arrived_at": "timestamp",
}


def lambda_processor(**parameters: str) -> dict[str, Any]:
    """A ProcessingConfiguration with the test's function."""
    given = {"LambdaArn": FUNCTION, **parameters}
    named = [{"ParameterName": key, "ParameterValue": value} for key, value in given.items()]
    return {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": named}]}


def conversion(table: str, codec: str = "SNAPPY") -> dict[str, Any]:
    """OpenX JSON to Parquet by a table of database `raw`."""
    return {
        "Enabled": True,
        "SchemaConfiguration": {"DatabaseName": "raw", "TableName": table, "RoleARN": ROLE},
        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": codec}}},
    }


def plain(bucket: str, **more: Any) -> dict[str, Any]:
    """The least destination."""
    return {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{bucket}", **more}


def lake(bucket: str, table: str = "record") -> dict[str, Any]:
    """The platform's own destination: function, partitions, Parquet."""
    return plain(
        bucket,
        Prefix="raw/event_type=!{partitionKeyFromLambda:event_type}"
        "/dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/",
        BufferingHints={"SizeInMBs": 64, "IntervalInSeconds": 60},
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration=lambda_processor(),
        DataFormatConversionConfiguration=conversion(table),
    )


def from_kinesis(stream: str) -> dict[str, Any]:
    """The members of CreateDeliveryStream that name a Kinesis source."""
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"
    return {
        "DeliveryStreamType": "KinesisStreamAsSource",
        "KinesisStreamSourceConfiguration": {"KinesisStreamARN": arn, "RoleARN": ROLE},
    }


def prepare(plane: Running, name: str, shards: int = 2) -> str:
    """A Kinesis stream, a bucket (returned) and the Glue table, all for one test."""
    bucket = f"{name}-lake"
    plane.s3.create_bucket(Bucket=bucket)
    plane.kinesis.create_stream(StreamName=name, ShardCount=shards)
    wait_until(lambda: _is_active(plane, name))
    declare_table(plane, name)
    return bucket


def _is_active(plane: Running, name: str) -> bool:
    summary = plane.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return bool(summary["StreamStatus"] == "ACTIVE")


def declare_table(plane: Running, table: str, columns: dict[str, str] | None = None) -> None:
    """A Glue table in database `raw`."""
    if "raw" not in [each["Name"] for each in plane.glue.get_databases()["DatabaseList"]]:
        plane.glue.create_database(DatabaseInput={"Name": "raw"})
    described = [{"Name": key, "Type": kind} for key, kind in (columns or COLUMNS).items()]
    plane.glue.create_table(
        DatabaseName="raw",
        TableInput={"Name": table, "StorageDescriptor": {"Columns": described}},
    )


def put(plane: Running, stream: str, events: list[dict[str, Any]]) -> None:
    """Put events into a Kinesis stream, 500 a call."""
    for start in range(0, len(events), 500):
        records = [
            {"Data": json.dumps(event).encode(), "PartitionKey": str(event["event_id"])}
            for event in events[start : start + 500]
        ]
        answer = plane.kinesis.put_records(StreamName=stream, Records=records)
        assert answer["FailedRecordCount"] == 0


def transform(event: dict[str, Any]) -> dict[str, Any]:
    """The platform's function in small: a flat row, refused for `bad`, dropped for `drop`."""
    return {"records": [_row(record) for record in event["records"]]}


def _row(record: dict[str, Any]) -> dict[str, Any]:
    payload = json.loads(base64.b64decode(record["data"]))
    result = {"bad": "ProcessingFailed", "drop": "Dropped"}.get(payload.get("kind"), "Ok")
    source = record["kinesisRecordMetadata"]
    row = {
        "event_id": payload["event_id"],
        "event_version": payload.get("version", 1),
        "occurred_at": "2026-03-01T10:11:12.345Z",
        "data": json.dumps(payload),
        "partition_key": source["partitionKey"],
        "sequence_number": source["sequenceNumber"],
        "shard_id": source["shardId"],
        "arrived_at": source["approximateArrivalTimestamp"],
    }
    return {
        "recordId": record["recordId"],
        "result": result,
        "data": base64.b64encode(json.dumps(row).encode()).decode(),
        "metadata": {"partitionKeys": {"event_type": payload.get("type", "")}},
    }
