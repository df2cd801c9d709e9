"""Where a delivery stream's records come from: the shards of a Kinesis stream, or its own puts.

A source is read forward from a position; what has been read becomes durable only with the
intent that covers it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Protocol

from botocore.exceptions import ClientError

from local.firehose.errors import Interruption, SourceMissing
from local.firehose.records import SourceRecord
from local.firehose.store import Store

PAGE_RECORDS = 10_000
SHARDS_SECONDS = 30.0


class Source(Protocol):
    """Records after what has been read so far."""

    def read(self, until_ms: int | None = None) -> Iterator[list[SourceRecord]]:
        """Pages of records that are there now; with `until_ms` none that arrived much later."""


class PutSource:
    """Records put directly; the store keeps them until an intent covers them."""

    def __init__(self, store: Store, stream: str) -> None:
        self._store = store
        self._stream = stream
        self._position = 0

    def read(self, until_ms: int | None = None) -> Iterator[list[SourceRecord]]:
        """See Source."""
        while page := self._store.puts_after(self._stream, self._position, PAGE_RECORDS):
            self._position = int(page[-1].position)
            yield page
            if until_ms is not None and page[-1].arrived_ms > until_ms:
                return


class KinesisSource:
    """All shards of a Kinesis stream, each from its checkpoint.

    A shard without one is read from `start`, epoch seconds: Firehose delivers what arrived
    after its delivery stream was created, DescribeDeliveryStream's DeliveryStartTimestamp.
    """

    def __init__(self, client: Any, arn: str, start: float, store: Store, stream: str) -> None:
        self._client = client
        self._arn = arn
        self._start = start
        self._store = store
        self._stream = stream
        self._shards: list[str] = []
        self._listed_at = 0.0
        self._positions = store.checkpoints(stream)

    def created_at(self) -> float:
        """When the Kinesis stream was created, epoch seconds; raises SourceMissing."""
        try:
            answer = self._client.describe_stream_summary(StreamARN=self._arn)
        except ClientError as error:
            raise _told(error, self._arn) from error
        return float(answer["StreamDescriptionSummary"]["StreamCreationTimestamp"])

    def restart(self) -> None:
        """Read every shard from its start again: the stream is another one."""
        self._store.forget_checkpoints(self._stream)
        self._positions = {}
        self._listed_at = 0.0

    def lost(self) -> list[str]:
        """Shards whose checkpoint has left the stream, so that records after it may be gone."""
        return [
            shard
            for shard in self._listed()
            if shard in self._positions and not self._is_held(shard, self._positions[shard])
        ]

    def _is_held(self, shard: str, position: str) -> bool:
        iterator = self._iterator(shard, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=position)
        page = self._page(iterator, limit=1)["Records"]
        return bool(page) and page[0]["SequenceNumber"] == position

    def read(self, until_ms: int | None = None) -> Iterator[list[SourceRecord]]:
        """See Source."""
        for shard in self._listed():
            yield from self._read_shard(shard, until_ms)

    def _listed(self) -> list[str]:
        if not self._shards or time.monotonic() - self._listed_at > SHARDS_SECONDS:
            try:
                pages = self._client.get_paginator("list_shards").paginate(StreamARN=self._arn)
                self._shards = [shard["ShardId"] for page in pages for shard in page["Shards"]]
            except ClientError as error:
                raise _told(error, self._arn) from error
            self._listed_at = time.monotonic()
        return self._shards

    def _read_shard(self, shard: str, until_ms: int | None) -> Iterator[list[SourceRecord]]:
        # A new iterator each time: emulators keep iterators as list indexes, which expired
        # records silently shift.
        position = self._positions.get(shard)
        iterator: str | None = (
            self._iterator(shard, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=position)
            if position
            else self._iterator(shard, "AT_TIMESTAMP", Timestamp=self._start)
        )
        while iterator:
            answer = self._page(iterator)
            iterator = answer.get("NextShardIterator")
            if answer["Records"]:
                page = [_record(shard, raw) for raw in answer["Records"]]
                self._positions[shard] = page[-1].position
                yield page
                if until_ms is not None and page[-1].arrived_ms > until_ms:
                    return
            elif answer.get("MillisBehindLatest", 0) == 0:
                return

    def _iterator(self, shard: str, kind: str, **start: Any) -> str:
        try:
            answer = self._client.get_shard_iterator(
                StreamARN=self._arn, ShardId=shard, ShardIteratorType=kind, **start
            )
        except ClientError as error:
            raise _told(error, self._arn) from error
        return str(answer["ShardIterator"])

    def _page(self, iterator: str, limit: int = PAGE_RECORDS) -> Any:
        try:
            return self._client.get_records(
                ShardIterator=iterator, Limit=limit, StreamARN=self._arn
            )
        except ClientError as error:
            raise _told(error, self._arn) from error


def _record(shard: str, raw: Any) -> SourceRecord:
    sequence = raw["SequenceNumber"]
    return SourceRecord(
        # Sequence numbers are unique in a shard only; the shard's number makes the id unique.
        record_id=f"{sequence}{int(shard.rpartition('-')[2]):06d}",
        data=raw["Data"],
        arrived_ms=round(raw["ApproximateArrivalTimestamp"] * 1000),
        shard_id=shard,
        position=sequence,
        partition_key=raw["PartitionKey"],
    )


def _told(error: ClientError, arn: str) -> Interruption:
    code = error.response.get("Error", {}).get("Code")
    if code == "ResourceNotFoundException":
        return SourceMissing(f"Kinesis stream {arn} is not there: {error}")
    return Interruption(f"Kinesis stream {arn} did not answer: {error}")
