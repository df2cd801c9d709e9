"""A stream kept by Kinesis: batches within the service's limits, and resends only what was refused."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import botocore.exceptions

from ingestion.envelope import Message
from ingestion.errors import NotSent, PermanentFailure
from ingestion.streams import Record

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
# The documentation has named both 5 and 10 MiB a request; 5 is safe under either.
MAX_RECORDS = 500
MAX_REQUEST_BYTES = 5 * 1024 * 1024
MAX_RECORD_BYTES = 1024 * 1024
ATTEMPTS = 8
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 3.0


class KinesisStream:
    """One Kinesis data stream through a boto3 client; `sleep` takes seconds."""

    def __init__(
        self, client: Any, name: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client, self._name, self._sleep = client, name, sleep

    def put(self, messages: Sequence[Message]) -> None:
        """Append all. Raises PermanentFailure before sending if one exceeds 1 MiB.

        A call carries each partition key at most once: a service that refuses one record of a
        call and takes a later one of the same key would otherwise reorder them.
        """
        for message in messages:
            _check_size(message)
        queues = _by_key(messages)
        ready = deque(queues)
        attempt = 0
        while ready:
            keys = _next_keys(ready, queues)
            refused, reason = self._send([queues[key][0] for key in keys])
            attempt = attempt + 1 if len(refused) == len(keys) else 0
            if attempt == ATTEMPTS:
                raise NotSent(_unsent(messages, queues), f"{self._name}: {reason}")
            _settle(ready, queues, keys, refused)
            if refused:
                self._sleep(_pause(attempt))

    def shards(self) -> list[str]:
        pages = self._client.get_paginator("list_shards").paginate(StreamName=self._name)
        return [shard["ShardId"] for page in pages for shard in page["Shards"]]

    def read(self, shard: str, after: str | None = None) -> Iterator[Record]:
        iterator = self._client.get_shard_iterator(
            StreamName=self._name,
            ShardId=shard,
            **(
                {"ShardIteratorType": "TRIM_HORIZON"}
                if after is None
                else {
                    "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                    "StartingSequenceNumber": after,
                }
            ),
        )["ShardIterator"]
        while iterator:
            page = self._client.get_records(ShardIterator=iterator, Limit=10_000)
            for record in page["Records"]:
                yield Record(
                    shard, record["SequenceNumber"], record["PartitionKey"], record["Data"]
                )
            if not page["Records"] and page.get("MillisBehindLatest", 0) == 0:
                return
            iterator = page.get("NextShardIterator")

    def _send(self, batch: list[Message]) -> tuple[set[str], str]:
        """One call; the partition keys it refused, and why."""
        try:
            answer = self._client.put_records(
                StreamName=self._name,
                Records=[{"Data": m.body, "PartitionKey": m.partition_key} for m in batch],
            )
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "ProvisionedThroughputExceededException":
                raise
            return {message.partition_key for message in batch}, str(error)
        if not answer["FailedRecordCount"]:
            return set(), ""
        refused = {
            message.partition_key: result
            for message, result in zip(batch, answer["Records"], strict=True)
            if "ErrorCode" in result
        }
        return set(refused), next(iter(refused.values())).get("ErrorMessage", "")


def _by_key(messages: Sequence[Message]) -> dict[str, deque[Message]]:
    queues: dict[str, deque[Message]] = {}
    for message in messages:
        queues.setdefault(message.partition_key, deque()).append(message)
    return queues


def _next_keys(ready: deque[str], queues: dict[str, deque[Message]]) -> list[str]:
    """The keys at the head of `ready` whose next messages fit one call."""
    keys: list[str] = []
    size = 0
    for key in ready:
        size += _size(queues[key][0])
        if len(keys) == MAX_RECORDS or size > MAX_REQUEST_BYTES:
            break
        keys.append(key)
    return keys


def _settle(
    ready: deque[str], queues: dict[str, deque[Message]], keys: list[str], refused: set[str]
) -> None:
    """Drop what was sent; a refused key stays in front, a key with more goes to the back."""
    for key in keys:
        ready.popleft()
        if key not in refused:
            queues[key].popleft()
            if queues[key]:
                ready.append(key)
    ready.extendleft(key for key in reversed(keys) if key in refused)


def _unsent(messages: Sequence[Message], queues: dict[str, deque[Message]]) -> list[Message]:
    left = {id(message) for queue in queues.values() for message in queue}
    return [message for message in messages if id(message) in left]


def _size(message: Message) -> int:
    return len(message.body) + len(message.partition_key.encode())


def _check_size(message: Message) -> None:
    if _size(message) > MAX_RECORD_BYTES:
        raise PermanentFailure(
            f"{message.event_type} {message.event_id} is {_size(message)} bytes with its key; "
            f"a Kinesis record holds {MAX_RECORD_BYTES}"
        )


def _pause(attempt: int) -> float:
    """Seconds before the next attempt: full jitter under an exponential bound."""
    return random.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt))
