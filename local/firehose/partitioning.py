"""Dynamic partitioning: the partition key values of each record, or why it has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from local.firehose.destinations import Destination
from local.firehose.errors import ExpressionError, UnfitRecord
from local.firehose.expressions import QUERY
from local.firehose.processors import Processors
from local.firehose.queries import follow
from local.firehose.records import ReadyRecord

Partition = tuple[str, ...]
CODE = "DynamicPartitioning.MetadataExtractionFailed"


def extracted(record: ReadyRecord, processors: Processors) -> ReadyRecord:
    """The record with the keys that inline parsing finds in it; raises UnfitRecord."""
    if not processors.query:
        return record
    document = _document(record.data)
    keys = dict(record.keys)
    for name, path in processors.query.items():
        try:
            keys[QUERY, name] = follow(path, document)
        except ExpressionError as error:
            raise UnfitRecord(CODE, str(error)) from None
    return replace(record, keys=keys)


def _document(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnfitRecord(CODE, f"the record is not JSON: {error}") from None


def partition(record: ReadyRecord, destination: Destination) -> Partition:
    """The values of the prefix's keys, in order; raises UnfitRecord for a missing or empty one."""
    values = tuple(record.keys.get(key, "") for key in destination.bucket.prefix.keys)
    if "" in values:
        missing = destination.bucket.prefix.keys[values.index("")]
        raise UnfitRecord(
            CODE, f"partitionKeys values must not be null or empty: {':'.join(missing)}"
        )
    return values
