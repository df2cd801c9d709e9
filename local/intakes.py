"""The event sources that are polled for functions: a table's stream and a queue, in Lambda's format.

How a batch is retried and given up is decided in `local.delivery`; when to read, in `local.poller`.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import boto3
import botocore.exceptions

from local.delivery import Delivery, Record, Stopped, policy
from local.event_filter import Rule, wanted
from local.functions import FunctionFailed, Host
from local.positions import Positions

MOST_STREAM_RECORDS = 1000
MOST_MESSAGES = 10

log = logging.getLogger(__name__)


class StreamIntake:
    """A DynamoDB stream: in order within a shard, its position kept."""

    def __init__(
        self,
        host: Host,
        function: str,
        source: dict[str, Any],
        positions: Positions,
        stopping: threading.Event,
    ) -> None:
        self._arn: str = source["EventSourceArn"]
        self.name = f"{function} {self._arn.split('/')[1]}"
        self._client = _client("dynamodbstreams")
        self._host, self._function, self._positions = host, function, positions
        self._size: int = source.get("BatchSize", 100)
        self._from: str = source.get("StartingPosition", "TRIM_HORIZON")
        self._wanted: Rule = wanted(source.get("FilterCriteria"))
        self._destination = source.get("DestinationConfig", {}).get("OnFailure", {})
        self._delivery = Delivery(self._invoke, self._discard, policy(source), _sequence, stopping)
        self._iterators: dict[str, str | None] = {}
        self._counts = {"records": 0, "invocations": 0, "given_up": 0}

    def take(self) -> int:
        return sum(self._take_from(shard) for shard in self._open_shards())

    def counts(self) -> dict[str, int]:
        return dict(self._counts)

    def _open_shards(self) -> list[str]:
        """Shards in order of parentage; looked up anew once all that are known have ended."""
        if not any(self._iterators.values()):
            described = self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]
            for shard in described["Shards"]:
                self._iterators.setdefault(shard["ShardId"], self._iterator(shard["ShardId"]))
        return [shard for shard, iterator in self._iterators.items() if iterator]

    def _iterator(self, shard: str) -> str:
        after = self._positions.get(self._key, shard)
        where: dict[str, str] = {"ShardIteratorType": self._from}
        if after:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        answer = self._client.get_shard_iterator(StreamArn=self._arn, ShardId=shard, **where)
        iterator: str = answer["ShardIterator"]
        return iterator

    @property
    def _key(self) -> str:
        return f"{self._function} {self._arn}"

    def _take_from(self, shard: str) -> int:
        try:
            page = self._client.get_records(
                ShardIterator=self._iterators[shard], Limit=MOST_STREAM_RECORDS
            )
            self._hand_over(shard, page["Records"])
        except (botocore.exceptions.ClientError, Stopped):
            # An iterator lives for minutes, and is past what was not settled: begin from the
            # position again.
            self._iterators[shard] = self._iterator(shard)
            raise
        self._iterators[shard] = page.get("NextShardIterator")
        self._counts["records"] += len(page["Records"])
        return len(page["Records"])

    def _hand_over(self, shard: str, records: list[Record]) -> None:
        shaped = [_stream_record(record, self._arn) for record in records]
        for batch in _batches([record for record in shaped if self._wanted(record)], self._size):
            self._delivery.deliver(batch)
            self._positions.set(self._key, shard, _sequence(batch[-1]))
        if shaped:
            self._positions.set(self._key, shard, _sequence(shaped[-1]))

    def _invoke(self, event: Record) -> Any:
        self._counts["invocations"] += 1
        return self._host.invoke(self._function, event)

    def _discard(self, records: Sequence[Record], tries: int, error: str) -> None:
        log.error(
            "%s: %d records given up after %d tries: %s", self.name, len(records), tries, error
        )
        self._counts["given_up"] += len(records)
        if self._destination:
            _send(self._destination["Destination"], _notice(self._function, records, tries, error))


class QueueIntake:
    """An SQS standard queue: a failed message comes again until its redrive policy ends it."""

    def __init__(self, host: Host, function: str, source: dict[str, Any]) -> None:
        self._arn: str = source["EventSourceArn"]
        queue = self._arn.rpartition(":")[2]
        self.name = f"{function} {queue}"
        self._client = _client("sqs")
        self._url = self._client.get_queue_url(QueueName=queue)["QueueUrl"]
        self._host, self._function = host, function
        self._size = min(MOST_MESSAGES, source.get("BatchSize", MOST_MESSAGES))
        self._reports = policy(source).reports_failures
        self._wanted: Rule = wanted(source.get("FilterCriteria"))
        self._counts = {"records": 0, "invocations": 0, "given_up": 0}

    def take(self) -> int:
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=self._size,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        records = [_queue_record(message, self._arn) for message in answer.get("Messages", [])]
        if records:
            self._delete(self._taken([record for record in records if self._wanted(record)]))
            # What the filter drops is deleted, as Lambda does.
            self._delete([record for record in records if not self._wanted(record)])
        self._counts["records"] += len(records)
        return len(records)

    def counts(self) -> dict[str, int]:
        return dict(self._counts)

    def _taken(self, records: list[Record]) -> list[Record]:
        """Hand over and return the records that need not come again."""
        if not records:
            return []
        self._counts["invocations"] += 1
        try:
            result = self._host.invoke(self._function, {"Records": records})
        except FunctionFailed:
            return []
        failures = (result or {}).get("batchItemFailures", []) if self._reports else []
        failed = {failure["itemIdentifier"] for failure in failures}
        return [record for record in records if record["messageId"] not in failed]

    def _delete(self, records: list[Record]) -> None:
        if records:
            entries = [
                {"Id": str(n), "ReceiptHandle": record["receiptHandle"]}
                for n, record in enumerate(records)
            ]
            self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)


def _stream_record(record: Record, arn: str) -> Record:
    """A record as Lambda gets it: bytes in base64, times in seconds since 1970."""
    return {**_jsonable(record), "eventSourceARN": arn}


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _jsonable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    return value


def _queue_record(message: Record, arn: str) -> Record:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": _jsonable(message.get("MessageAttributes", {})),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }


def _notice(function: str, records: Sequence[Record], tries: int, error: str) -> Record:
    """What an on-failure destination is told: where the records stand, not the records."""
    times = [
        datetime.fromtimestamp(record["dynamodb"]["ApproximateCreationDateTime"], UTC).isoformat()
        for record in (records[0], records[-1])
    ]
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": function,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": tries,
        },
        "responseContext": {"statusCode": 200, "functionError": error},
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(),
        "DDBStreamBatchInfo": {
            "startSequenceNumber": _sequence(records[0]),
            "endSequenceNumber": _sequence(records[-1]),
            "approximateArrivalOfFirstRecord": times[0],
            "approximateArrivalOfLastRecord": times[1],
            "batchSize": len(records),
            "streamArn": records[0]["eventSourceARN"],
        },
    }


def _send(queue_arn: str, notice: Record) -> None:
    sqs = _client("sqs")
    url = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(notice))


def _sequence(record: Record) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def _batches(records: list[Record], size: int) -> Iterator[list[Record]]:
    for start in range(0, len(records), size):
        yield records[start : start + size]


def _client(service: str) -> Any:
    make: Any = boto3.client
    return make(service)
