"""One record on its way through a delivery stream, before and after the processors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local.firehose.errors import UnfitRecord


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record as its source gave it.

    `position` is the sequence number in a Kinesis shard, or the row of a directly put record
    (whose `shard_id` and `partition_key` are empty).
    """

    record_id: str
    data: bytes
    arrived_ms: int
    shard_id: str
    position: str
    partition_key: str = ""


@dataclass(frozen=True, slots=True)
class ReadyRecord:
    """A record as it may be delivered; `keys` maps (namespace, name) to partition key values."""

    source: SourceRecord
    data: bytes
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A record for the error prefix: why, after how many attempts, and the bytes to keep."""

    source: SourceRecord
    error_type: str
    reason: UnfitRecord
    ended_ms: int
    raw: bytes
    attempts: int = 1


def instant(millis: int) -> datetime:
    """Epoch milliseconds as an aware UTC instant."""
    whole, rest = divmod(millis, 1000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest * 1000)
