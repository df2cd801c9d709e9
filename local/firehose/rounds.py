"""A round of delivery: what is buffered becomes finished objects under their final keys."""

from __future__ import annotations

import base64
import gzip
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from local.firehose.buffers import Buffer
from local.firehose.conversion import CONVERSION_FAILED, Converter
from local.firehose.destinations import Bucket, Destination
from local.firehose.errors import ExpressionError, UnfitRecord
from local.firehose.expressions import Prefix, Situation
from local.firehose.partitioning import CODE
from local.firehose.records import FailedRecord, ReadyRecord, SourceRecord, instant
from local.firehose.store import PlannedObject, Totals
from local.firehose.transformation import PROCESSING_FAILED

RANDOM_CHARACTERS = 11


@dataclass(frozen=True)
class Planner:
    """Plans the objects of one delivery stream at one version.

    Key suffix: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
    """

    stream: str
    version: str
    destination: Destination

    def plan(
        self, buffer: Buffer, converter: Converter | None
    ) -> tuple[list[PlannedObject], Totals]:
        """All objects of the buffer and the fate of each of its records."""
        failed = list(buffer.failed)
        objects: list[PlannedObject] = []
        delivered = 0
        for records in buffer.ready.values():
            planned, bad, good = self._data(records, converter)
            objects += planned
            failed += bad
            delivered += good
        objects += self._errors(failed)
        objects += self._backup(buffer.backup)
        return objects, Totals(
            incoming=buffer.incoming,
            delivered=delivered,
            failed=len(failed),
            dropped=buffer.dropped,
            objects=len(objects),
            bytes=sum(len(item.body) for item in objects),
        )

    def _data(
        self, records: Sequence[ReadyRecord], converter: Converter | None
    ) -> tuple[list[PlannedObject], list[FailedRecord], int]:
        fitting, body, failed = self._body(records, converter)
        if not fitting:
            return [], failed, 0
        try:
            key = self._key(
                self.destination.bucket.prefix,
                _oldest(record.source for record in fitting),
                self.destination.extension,
                keys=fitting[0].keys,
            )
        except ExpressionError as error:
            reason = UnfitRecord(CODE, str(error))
            return (
                [],
                failed + [_failed(record, PROCESSING_FAILED, reason) for record in fitting],
                0,
            )
        return [self._object(self.destination.bucket, key, body)], failed, len(fitting)

    def _body(
        self, records: Sequence[ReadyRecord], converter: Converter | None
    ) -> tuple[list[ReadyRecord], bytes, list[FailedRecord]]:
        if converter is None:
            delimiter = self.destination.processors.delimiter
            return list(records), b"".join(record.data + delimiter for record in records), []
        fitting, failed, rows = [], [], []
        for record in records:
            try:
                rows += converter.rows(record)
                fitting.append(record)
            except UnfitRecord as reason:
                reason.evidence = converter.evidence
                failed.append(_failed(record, CONVERSION_FAILED, reason))
        return fitting, converter.parquet(rows) if rows else b"", failed

    def _errors(self, failed: Sequence[FailedRecord]) -> list[PlannedObject]:
        groups: dict[str, list[FailedRecord]] = defaultdict(list)
        for record in failed:
            groups[record.error_type].append(record)
        return [self._error_object(kind, records) for kind, records in sorted(groups.items())]

    def _error_object(self, kind: str, records: Sequence[FailedRecord]) -> PlannedObject:
        lines = [
            msgspec.json.encode(error_document(record, self.destination)) for record in records
        ]
        key = self._key(
            self.destination.error_prefix,
            _oldest(record.source for record in records),
            ".gz" if self.destination.bucket.compression == "GZIP" else "",
            error_type=kind,
        )
        return self._object(self.destination.bucket, key, b"\n".join(lines) + b"\n")

    def _backup(self, records: Sequence[SourceRecord]) -> list[PlannedObject]:
        bucket = self.destination.backup
        if bucket is None or not records:
            return []
        extension = ".gz" if bucket.compression == "GZIP" else ""
        key = self._key(bucket.prefix, _oldest(records), extension)
        return [self._object(bucket, key, b"".join(record.data for record in records))]

    def _object(self, bucket: Bucket, key: str, body: bytes) -> PlannedObject:
        if bucket.compression == "GZIP":
            body = gzip.compress(body, mtime=0)
        return PlannedObject(bucket.name, key, body, bucket.kms_key)

    def _key(
        self,
        prefix: Prefix,
        oldest_ms: int,
        extension: str,
        keys: Mapping[tuple[str, str], str] | None = None,
        error_type: str | None = None,
    ) -> str:
        moment = instant(oldest_ms).astimezone(self.destination.zone)
        evaluated = prefix.evaluate(Situation(moment, random_string, keys or {}, error_type))
        time_text = moment.strftime("%Y-%m-%d-%H-%M-%S")
        return f"{evaluated}{self.stream}-{self.version}-{time_text}-{uuid.uuid4()}{extension}"


def random_string() -> str:
    """Eleven random characters, as !{firehose:random-string} gives."""
    return str(uuid.uuid4())[:RANDOM_CHARACTERS]


def _oldest(records: Iterable[SourceRecord]) -> int:
    return min(record.arrived_ms for record in records)


def _failed(record: ReadyRecord, kind: str, reason: UnfitRecord) -> FailedRecord:
    raw = record.data if kind == CONVERSION_FAILED else record.source.data
    return FailedRecord(record.source, kind, reason, round(time.time() * 1000), raw)


def error_document(record: FailedRecord, destination: Destination) -> dict[str, object]:
    """A failed record as Firehose writes it, one JSON document in a line.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
    https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html
    """
    converting = record.error_type == CONVERSION_FAILED
    document: dict[str, object] = {
        "attemptsMade": record.attempts,
        "arrivalTimestamp": record.source.arrived_ms,
        "ErrorCode" if converting else "errorCode": record.reason.code,
        "ErrorMessage" if converting else "errorMessage": record.reason.message,
        "attemptEndingTimestamp": record.ended_ms,
        "rawData": base64.b64encode(record.raw).decode(),
    }
    if converting:
        document["sequenceNumber"] = record.source.position if record.source.shard_id else None
        document["subSequenceNumber"] = 0 if record.source.shard_id else None
        document.update(record.reason.evidence)
    elif destination.processors.function:
        document["lambdaArn"] = destination.processors.function.arn
    return document
