from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from local.api import ResourceError, shaped

_MODEL: Any = botocore.session.get_session().get_service_model("firehose")
_CREATE = _MODEL.operation_model("CreateDeliveryStream").input_shape
_DESTINATION = _CREATE.members["ExtendedS3DestinationConfiguration"]


def test_text_becomes_the_type_that_the_api_wants() -> None:
    given = {
        "BufferingHints": {"SizeInMBs": "64", "IntervalInSeconds": 60},
        "DynamicPartitioningConfiguration": {"Enabled": "true"},
        "Prefix": 5,
        "FileExtension": None,
    }
    assert shaped(given, _DESTINATION, "Create") == {
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
        "DynamicPartitioningConfiguration": {"Enabled": True},
        "Prefix": "5",
    }


def test_tags_become_a_map_where_the_api_wants_one() -> None:
    shape = botocore.session.get_session().get_service_model("glue").shape_for("TagsMap")
    assert shaped([{"Key": "a", "Value": 1}], shape, "Tags") == {"a": "1"}
    assert shaped({"a": "b"}, shape, "Tags") == {"a": "b"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"Colour": "red"}, "Create has no property Colour"),
        ({"BufferingHints": {"SizeInMBs": "big"}}, "Create.BufferingHints.SizeInMBs"),
        ({"DynamicPartitioningConfiguration": {"Enabled": "yes"}}, "'yes'"),
        ({"BufferingHints": "64"}, "Create.BufferingHints must be an object"),
    ],
)
def test_what_the_api_does_not_take_is_refused_by_its_path(given: Any, reason: str) -> None:
    with pytest.raises(ResourceError, match="Create") as refused:
        shaped(given, _DESTINATION, "Create")
    assert reason in str(refused.value)
