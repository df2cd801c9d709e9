"""The Lambda processor: batches records, invokes the function, judges each record by its answer.

https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from botocore.exceptions import ClientError, ReadTimeoutError

from local.firehose.errors import Stopped, UnfitRecord
from local.firehose.expressions import LAMBDA
from local.firehose.processors import Function
from local.firehose.records import FailedRecord, ReadyRecord, SourceRecord

PROCESSING_FAILED = "processing-failed"
BATCH_RECORDS = 500
PAYLOAD_BYTES = 6 * 1024 * 1024
ENVELOPE_BYTES = 400
CODES = {
    "ResourceNotFoundException": "Lambda.ResourceNotFound",
    "AccessDeniedException": "Lambda.InvokeAccessDenied",
    "TooManyRequestsException": "Lambda.InvokeLimitExceeded",
}


@dataclass
class Outcome:
    """What became of a batch: every record is in exactly one of the three."""

    ready: list[ReadyRecord] = field(default_factory=list)
    failed: list[FailedRecord] = field(default_factory=list)
    dropped: int = 0


class Answer(msgspec.Struct):
    """One record of the function's response."""

    recordId: str  # noqa: N815 - the name on the wire
    result: str
    data: str | None = None
    metadata: dict[str, Any] | None = None


class Response(msgspec.Struct):
    """The function's response."""

    records: list[Answer]


class Transformer:
    """Runs one delivery stream's records through its function.

    `source_arn` is the Kinesis stream's, None for directly put records. Raises botocore's
    connection errors when the endpoint is not there at all, which judges no record.
    """

    def __init__(
        self,
        client: Any,
        function: Function,
        stream_arn: str,
        source_arn: str | None,
        region: str,
        stopping: threading.Event,
    ) -> None:
        self._client = client
        self._function = function
        self._header: dict[str, str] = {"deliveryStreamArn": stream_arn, "region": region}
        if source_arn:
            self._header["sourceKinesisStreamArn"] = source_arn
        self._stopping = stopping

    def batches(self, records: Sequence[SourceRecord]) -> Iterator[Sequence[SourceRecord]]:
        """Split into invocations: 500 records, the size hint, and the 6 MB payload limit."""
        start = size = payload = 0
        for index, record in enumerate(records):
            cost = len(record.data) * 4 // 3 + ENVELOPE_BYTES + len(record.partition_key)
            full = (
                index - start == BATCH_RECORDS
                or size + len(record.data) > self._function.size_bytes
                or payload + cost > PAYLOAD_BYTES
            )
            if full and index > start:
                yield records[start:index]
                start, size, payload = index, 0, 0
            size += len(record.data)
            payload += cost
        if start < len(records):
            yield records[start:]

    def transform(self, batch: Sequence[SourceRecord]) -> Outcome:
        """Invoke the function for one batch, with its retries."""
        payload = msgspec.json.encode(
            {
                "invocationId": str(uuid.uuid4()),
                **self._header,
                "records": [_event(record) for record in batch],
            }
        )
        attempts = self._function.retries + 1
        for attempt in range(1, attempts + 1):
            try:
                return self._judged(batch, self._invoke(payload), attempt)
            except UnfitRecord as reason:
                if attempt == attempts:
                    return Outcome(failed=[_failure(record, reason, attempt) for record in batch])
                if self._stopping.wait(min(0.05 * 2**attempt, 2.0)):
                    raise Stopped from None
        raise AssertionError("a batch has at least one attempt")

    def _invoke(self, payload: bytes) -> bytes:
        if len(payload) > PAYLOAD_BYTES:
            raise UnfitRecord("Lambda.RequestTooLarge", f"{len(payload)} bytes exceed 6 MB")
        try:
            answer = self._client.invoke(FunctionName=self._function.arn, Payload=payload)
            body: bytes = answer["Payload"].read()
        except ReadTimeoutError as error:
            raise UnfitRecord("Lambda.FunctionTimedOut", str(error)) from error
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise UnfitRecord(CODES.get(code, f"Lambda.{code}"), str(error)) from error
        if answer.get("FunctionError"):
            raise UnfitRecord(
                "Lambda.FunctionError",
                "The Lambda function was successfully invoked but it returned an error result:"
                f" {body[:500].decode(errors='replace')}",
            )
        if len(body) > PAYLOAD_BYTES:
            raise UnfitRecord("Lambda.ResponseTooLarge", f"{len(body)} bytes exceed 6 MB")
        return body

    def _judged(self, batch: Sequence[SourceRecord], body: bytes, attempt: int) -> Outcome:
        try:
            answers = msgspec.json.decode(body, type=Response).records
        except msgspec.MsgspecError as error:
            # The function answered, and would answer the same again.
            reason = UnfitRecord(
                "Lambda.JsonProcessingException",
                f"There was an error parsing returned records from the Lambda function: {error}",
            )
            return Outcome(failed=[_failure(record, reason, attempt) for record in batch])
        times = Counter(answer.recordId for answer in answers)
        found = {answer.recordId: answer for answer in answers}
        outcome = Outcome()
        for record in batch:
            _judge(record, found.get(record.record_id), times[record.record_id], attempt, outcome)
        return outcome


def _event(record: SourceRecord) -> dict[str, Any]:
    event: dict[str, Any] = {
        "recordId": record.record_id,
        "approximateArrivalTimestamp": record.arrived_ms,
        "data": base64.b64encode(record.data).decode(),
    }
    if record.shard_id:
        event["kinesisRecordMetadata"] = {
            "sequenceNumber": record.position,
            "subsequenceNumber": "",
            "partitionKey": record.partition_key,
            "shardId": record.shard_id,
            "approximateArrivalTimestamp": record.arrived_ms,
        }
    return event


def _judge(
    record: SourceRecord, answer: Answer | None, times: int, attempt: int, outcome: Outcome
) -> None:
    try:
        verdict = _verdict(record, answer, times)
    except UnfitRecord as reason:
        outcome.failed.append(_failure(record, reason, attempt))
        return
    if verdict is None:
        outcome.dropped += 1
    else:
        outcome.ready.append(verdict)


def _verdict(record: SourceRecord, answer: Answer | None, times: int) -> ReadyRecord | None:
    if answer is None:
        raise UnfitRecord("Lambda.MissingRecordId", "One or more record IDs were not returned.")
    if times > 1:
        raise UnfitRecord(
            "Lambda.DuplicatedRecordId", "Multiple records were returned with the same record ID."
        )
    if answer.result == "Dropped":
        return None
    if answer.result == "ProcessingFailed":
        raise UnfitRecord("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
    if answer.result != "Ok":
        raise UnfitRecord(
            "Lambda.JsonProcessingException",
            f"result {answer.result!r} is none of Ok, Dropped, ProcessingFailed",
        )
    return ReadyRecord(record, _decoded(answer), _keys(answer))


def _decoded(answer: Answer) -> bytes:
    try:
        return base64.b64decode(answer.data or "", validate=True)
    except (ValueError, binascii.Error):
        raise UnfitRecord("Lambda.JsonProcessingException", "data is not base64") from None


def _keys(answer: Answer) -> Mapping[tuple[str, str], str]:
    keys = (answer.metadata or {}).get("partitionKeys") or {}
    if not isinstance(keys, dict) or not all(isinstance(value, str) for value in keys.values()):
        raise UnfitRecord(
            "Lambda.JsonProcessingException", "metadata.partitionKeys is not a map of strings"
        )
    return {(LAMBDA, name): value for name, value in keys.items()}


def _failure(record: SourceRecord, reason: UnfitRecord, attempts: int) -> FailedRecord:
    ended = round(time.time() * 1000)
    return FailedRecord(record, PROCESSING_FAILED, reason, ended, record.data, attempts)
