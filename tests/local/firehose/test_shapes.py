"""Requests checked against botocore's model of the API."""

from __future__ import annotations

from typing import Any

import pytest

from local.firehose.errors import UnknownOperation, ValidationFailed
from local.firehose.shapes import check_request, compiled, service_model

from .delivery import plain


def test_every_pattern_of_the_model_is_one_here() -> None:
    model = service_model()
    patterns = [model.shape_for(name).metadata.get("pattern") for name in model.shape_names]
    assert [compiled(pattern) for pattern in patterns if pattern]


def test_a_request_of_the_right_shape_passes() -> None:
    tags = [{"Key": "Stra\u00dfe 1", "Value": "a b"}]
    check_request(
        "CreateDeliveryStream",
        {
            "DeliveryStreamName": "s",
            "ExtendedS3DestinationConfiguration": plain("b"),
            "Tags": tags,
        },
    )


@pytest.mark.parametrize(
    ("operation", "request_", "told"),
    [
        ("PutRecord", {"Record": {"Data": "eA=="}}, "'deliveryStreamName'"),
        ("PutRecord", {"DeliveryStreamName": "s", "Record": {"Data": "?"}}, "be base64"),
        ("PutRecord", {"DeliveryStreamName": "s s", "Record": {"Data": ""}}, "pattern"),
        ("PutRecord", {"DeliveryStreamName": 1, "Record": []}, "2 validation errors"),
        (
            "PutRecordBatch",
            {"DeliveryStreamName": "s", "Records": []},
            "greater than or equal to 1",
        ),
        ("ListDeliveryStreams", {"Limit": True}, "be an integer"),
        ("ListDeliveryStreams", {"Limit": 10_001}, "less than or equal to 10000"),
        ("ListDeliveryStreams", [], "be an object"),
    ],
)
def test_a_wrong_member_is_named(operation: str, request_: Any, told: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        check_request(operation, request_)
    assert told in refusal.value.message


def test_an_operation_that_the_api_lacks_is_unknown() -> None:
    with pytest.raises(UnknownOperation):
        check_request("PutRecords", {})
