"""Where events lie in the lake and which columns they have there; moving them is Firehose's work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from ingestion.contract import snake
from ingestion.envelope import Envelope, read

# Hive types. `data` and `metadata` stay JSON text: what was published, readable for ever.
COLUMNS: Mapping[str, str] = {
    "event_id": "string",
    "event_type": "string",
    "event_version": "int",
    "source": "string",
    "occurred_at": "timestamp",
    "correlation_id": "string",
    "causation_id": "string",
    "data": "string",
    "metadata": "string",
    "partition_key": "string",
    "sequence_number": "string",
    "shard_id": "string",
    "arrived_at": "timestamp",
}
COMMENTS: Mapping[str, str] = {
    "event_id": "Id of the event; a duplicate delivery repeats it.",
    "event_type": "PascalCase type.",
    "event_version": "Breaking version of the type.",
    "source": "The service that wrote it.",
    "occurred_at": "When it happened, UTC.",
    "correlation_id": "Shared by all events of one request.",
    "causation_id": "The event or command that caused it.",
    "data": "The event itself, JSON as published.",
    "metadata": "Who and what caused it, JSON.",
    "partition_key": "What orders it inside its stream.",
    "sequence_number": "Its place in the Kinesis shard.",
    "shard_id": "The Kinesis shard.",
    "arrived_at": "When Kinesis took it, UTC.",
}


def raw_prefix(dataset: str, event_type: str) -> str:
    """The folder of one event type's raw objects, below the lake bucket."""
    return f"raw/{dataset}/event_type={snake(event_type)}/"


def row(body: bytes, origin: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """(event type's lake name, raw row) of one published message, contract checked.

    `origin` is Firehose's kinesisRecordMetadata. Raises ContractViolation.
    """
    envelope, _ = read(body)
    return snake(envelope.event_type), _columns(envelope, origin)


def _columns(envelope: Envelope, origin: Mapping[str, Any]) -> dict[str, Any]:
    arrived = datetime.fromtimestamp(origin["approximateArrivalTimestamp"] / 1000, UTC)
    return {
        "event_id": envelope.event_id,
        "event_type": envelope.event_type,
        "event_version": envelope.event_version,
        "source": envelope.source,
        "occurred_at": _timestamp(envelope.timestamp),
        "correlation_id": envelope.correlation_id,
        "causation_id": envelope.causation_id,
        "data": bytes(envelope.data).decode(),
        "metadata": msgspec.json.encode(envelope.metadata).decode(),
        "partition_key": origin["partitionKey"],
        "sequence_number": origin["sequenceNumber"],
        "shard_id": origin["shardId"],
        "arrived_at": _timestamp(arrived),
    }


def _timestamp(moment: datetime) -> str:
    """The text form that Hive's and OpenX's JSON readers take for a timestamp."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"  # fmt: skip
