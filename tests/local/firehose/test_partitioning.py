"""Partition key values of single records."""

from __future__ import annotations

import pytest

from local.firehose.destinations import read_destination, with_defaults
from local.firehose.errors import UnfitRecord
from local.firehose.expressions import LAMBDA, QUERY
from local.firehose.partitioning import extracted, partition
from local.firehose.processors import Processors
from local.firehose.records import ReadyRecord, SourceRecord

from .delivery import lake

SOURCE = SourceRecord("id", b"", 0, "", "1")
PROCESSORS = Processors(query={"kind": ("type", "kind")})


def ready(data: bytes = b"", **keys: str) -> ReadyRecord:
    return ReadyRecord(SOURCE, data, {(LAMBDA, name): value for name, value in keys.items()})


def test_inline_parsing_adds_to_the_functions_keys() -> None:
    keyed = extracted(ready(b'{"type":{"kind":"a"}}', other="b"), PROCESSORS)
    assert keyed.keys == {(LAMBDA, "other"): "b", (QUERY, "kind"): "a"}


@pytest.mark.parametrize("data", [b"", b"no JSON", b'{"type":5}', b'{"type":{"kind":""}}'])
def test_a_record_without_the_field_has_no_partition(data: bytes) -> None:
    with pytest.raises(UnfitRecord) as reason:
        extracted(ready(data), PROCESSORS)
    assert reason.value.code == "DynamicPartitioning.MetadataExtractionFailed"


def test_without_inline_parsing_the_data_need_not_be_json() -> None:
    assert extracted(ready(b"no JSON"), Processors()).data == b"no JSON"


def test_the_partition_is_the_values_of_the_prefixs_keys() -> None:
    destination = read_destination(with_defaults(lake("b")), "us-east-1")
    assert partition(ready(event_type="a", unused="x"), destination) == ("a",)
    for without in (ready(), ready(event_type="")):
        with pytest.raises(UnfitRecord, match="event_type"):
            partition(without, destination)
