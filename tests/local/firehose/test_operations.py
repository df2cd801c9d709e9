"""The Firehose API through boto3, with nothing behind it: no call of it reaches another service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.firehose.app import create_app
from local.firehose.errors import InvalidArgument, UnknownOperation, ValidationFailed
from local.firehose.settings import Settings
from local.firehose.shapes import _problems, service_model

from .delivery import from_kinesis, lake, plain
from .servers import ACCOUNT, REGION, ROLE, client, served, wait_until

pytestmark = pytest.mark.integration
ARN = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/"
MSK = {
    "MSKClusterARN": "arn:aws:kafka:us-east-1:000000000000:cluster/c/1",
    "TopicName": "t",
    "AuthenticationConfiguration": {"RoleARN": ROLE, "Connectivity": "PUBLIC"},
}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def firehose(tmp_path: Path) -> Iterator[Any]:
    app = create_app(Settings(NOWHERE, REGION, ACCOUNT, tmp_path, 0.05, 0.05))
    app.start()
    with served(app) as url:
        api = client("firehose", url)
        api.app = app
        yield api
        api.close()
    app.stop()


def create(firehose: Any, name: str, **request: Any) -> None:
    request.setdefault("ExtendedS3DestinationConfiguration", plain("bucket"))
    answer = firehose.create_delivery_stream(DeliveryStreamName=name, **request)
    assert answer["DeliveryStreamARN"] == ARN + name


def describe(firehose: Any, name: str) -> dict[str, Any]:
    answer = firehose.describe_delivery_stream(DeliveryStreamName=name)
    description: dict[str, Any] = answer["DeliveryStreamDescription"]
    return description


def activate(firehose: Any, name: str, **request: Any) -> None:
    create(firehose, name, **request)
    wait_until(lambda: describe(firehose, name)["DeliveryStreamStatus"] == "ACTIVE")


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=code)


def test_a_stream_is_described_as_it_was_declared_with_the_defaults(firehose: Any) -> None:
    activate(firehose, "s", ExtendedS3DestinationConfiguration=lake("bucket"))
    description = describe(firehose, "s")
    assert description["VersionId"] == "1"
    assert description["DeliveryStreamType"] == "DirectPut"
    [destination] = description["Destinations"]
    extended = destination["ExtendedS3DestinationDescription"]
    assert lake("bucket").items() <= extended.items()
    assert extended["S3BackupMode"] == "Disabled"
    assert destination["S3DestinationDescription"]["BucketARN"] == "arn:aws:s3:::bucket"


def test_the_description_has_the_shape_of_the_api(firehose: Any) -> None:
    backup = plain("copies")
    config = {**lake("b"), "S3BackupMode": "Enabled", "S3BackupConfiguration": backup}
    create(firehose, "s", ExtendedS3DestinationConfiguration=config, **from_kinesis("source"))
    answer = firehose.app.call("DescribeDeliveryStream", {"DeliveryStreamName": "s"})
    shape = service_model().operation_model("DescribeDeliveryStream").output_shape
    assert list(_problems(answer, shape, "")) == []


def test_a_stream_exists_once_and_a_missing_one_is_not_found(firehose: Any) -> None:
    activate(firehose, "s")
    with refused("ResourceInUseException"):
        create(firehose, "s")
    for call in (firehose.describe_delivery_stream, firehose.delete_delivery_stream):
        with refused("ResourceNotFoundException"):
            call(DeliveryStreamName="other")


@pytest.mark.parametrize(
    ("request_members", "told"),
    [
        ({"MSKSourceConfiguration": MSK}, "MSKSourceConfiguration is not supported"),
        ({"DeliveryStreamType": "KinesisStreamAsSource"}, "do not agree"),
        ({"DeliveryStreamType": "MSKAsSource"}, "MSKAsSource is not supported"),
        ({"S3DestinationConfiguration": plain("b")}, "S3DestinationConfiguration is not supported"),
        ({"ExtendedS3DestinationConfiguration": plain("b", Prefix="!{x:y}")}, "namespace"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(
    firehose: Any, request_members: dict[str, Any], told: str
) -> None:
    request = {
        "DeliveryStreamName": "s",
        "ExtendedS3DestinationConfiguration": plain("b"),
        **request_members,
    }
    with pytest.raises(InvalidArgument) as refusal:
        firehose.app.call("CreateDeliveryStream", request)
    assert told in str(refusal.value)
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"RoleARN": "role"}, "roleARN"),
        (
            {"BufferingHints": {"SizeInMBs": 129, "IntervalInSeconds": 1}},
            "less than or equal to 128",
        ),
        ({"CompressionFormat": "BROTLI"}, "enum value set"),
        ({"Prefx": "a"}, "prefx"),
    ],
)
def test_a_request_of_another_shape_fails_validation(
    firehose: Any, config: dict[str, Any], told: str
) -> None:
    request = {
        "DeliveryStreamName": "s",
        "ExtendedS3DestinationConfiguration": {**plain("b"), **config},
    }
    with pytest.raises(ValidationFailed, match="validation error detected") as refusal:
        firehose.app.call("CreateDeliveryStream", request)
    assert told in str(refusal.value)


def test_listing_pages_by_name_and_type(firehose: Any) -> None:
    for name in ("c", "a", "b"):
        create(firehose, name)
    create(firehose, "k", **from_kinesis("source"))
    first = firehose.list_delivery_streams(Limit=2)
    assert first["DeliveryStreamNames"] == ["a", "b"]
    assert first["HasMoreDeliveryStreams"]
    rest = firehose.list_delivery_streams(ExclusiveStartDeliveryStreamName="b")
    assert rest["DeliveryStreamNames"] == ["c", "k"]
    from_stream = firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource")
    assert from_stream["DeliveryStreamNames"] == ["k"]


def test_an_update_needs_the_current_version_and_raises_it(firehose: Any) -> None:
    activate(firehose, "s")
    update = {
        "DeliveryStreamName": "s",
        "DestinationId": "destinationId-000000000001",
        "ExtendedS3DestinationUpdate": {"Prefix": "other/"},
    }
    with refused("ConcurrentModificationException"):
        firehose.update_destination(CurrentDeliveryStreamVersionId="2", **update)
    firehose.update_destination(CurrentDeliveryStreamVersionId="1", **update)
    description = describe(firehose, "s")
    assert description["VersionId"] == "2"
    [destination] = description["Destinations"]
    assert destination["ExtendedS3DestinationDescription"]["Prefix"] == "other/"
    assert destination["ExtendedS3DestinationDescription"]["RoleARN"]


@pytest.mark.parametrize(
    "update",
    [
        {"DynamicPartitioningConfiguration": {"Enabled": False}},
        {"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60}},
        {"ErrorOutputPrefix": "errors/!{timestamp:yyyy}"},
    ],
)
def test_an_update_that_breaks_a_rule_changes_nothing(
    firehose: Any, update: dict[str, Any]
) -> None:
    activate(firehose, "s", ExtendedS3DestinationConfiguration=lake("bucket"))
    with refused("InvalidArgumentException"):
        firehose.update_destination(
            DeliveryStreamName="s",
            CurrentDeliveryStreamVersionId="1",
            DestinationId="destinationId-000000000001",
            ExtendedS3DestinationUpdate=update,
        )
    assert describe(firehose, "s")["VersionId"] == "1"


def test_a_stream_fed_by_kinesis_takes_no_direct_records_and_no_encryption(firehose: Any) -> None:
    create(firehose, "k", **from_kinesis("source"))
    firehose.app.plane.end("k")
    firehose.app.plane.store.change_stream("k", {"status": "ACTIVE"})
    with refused("InvalidArgumentException"):
        firehose.put_record(DeliveryStreamName="k", Record={"Data": b"x"})
    with refused("InvalidArgumentException"):
        firehose.start_delivery_stream_encryption(DeliveryStreamName="k")


def test_put_records_are_acknowledged_once_each_and_within_the_limits(firehose: Any) -> None:
    activate(firehose, "s")
    records = [{"Data": b"x"} for _ in range(500)]
    answer = firehose.put_record_batch(DeliveryStreamName="s", Records=records)
    assert answer["FailedPutCount"] == 0
    assert len({each["RecordId"] for each in answer["RequestResponses"]}) == 500
    for too_much in (records * 2, [{"Data": b"x" * 1_024_001}]):
        with refused("ValidationException"):
            firehose.put_record_batch(DeliveryStreamName="s", Records=too_much)
    with refused("InvalidArgumentException"):
        firehose.put_record_batch(DeliveryStreamName="s", Records=[{"Data": b"x" * 1_000_000}] * 5)
    assert firehose.app.plane.counts("s")["pending"] == 500


def test_a_stream_that_holds_undelivered_records_is_not_deleted(
    firehose: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.firehose.operations.DELETE_SECONDS", 0.2)
    activate(firehose, "s")
    firehose.put_record(DeliveryStreamName="s", Record={"Data": b"x"})
    with refused("ResourceInUseException"):
        firehose.delete_delivery_stream(DeliveryStreamName="s")
    assert describe(firehose, "s")["DeliveryStreamStatus"] == "ACTIVE"


def test_an_empty_stream_is_deleted_with_all_that_belongs_to_it(firehose: Any) -> None:
    activate(firehose, "s")
    firehose.delete_delivery_stream(DeliveryStreamName="s")
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []
    activate(firehose, "s")
    assert describe(firehose, "s")["VersionId"] == "1"


def test_tags_are_added_listed_and_removed(firehose: Any) -> None:
    create(firehose, "s", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b"}])
    firehose.tag_delivery_stream(DeliveryStreamName="s", Tags=[{"Key": "c", "Value": "3"}])
    firehose.untag_delivery_stream(DeliveryStreamName="s", TagKeys=["b"])
    listed = firehose.list_tags_for_delivery_stream(DeliveryStreamName="s")
    assert listed["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "c", "Value": "3"}]
    page = firehose.list_tags_for_delivery_stream(DeliveryStreamName="s", Limit=1)
    assert page["HasMoreTags"]


def test_encryption_is_started_and_stopped(firehose: Any) -> None:
    activate(firehose, "s")
    firehose.start_delivery_stream_encryption(DeliveryStreamName="s")
    described = describe(firehose, "s")["DeliveryStreamEncryptionConfiguration"]
    assert described == {"Status": "ENABLED", "KeyType": "AWS_OWNED_CMK"}
    assert firehose.put_record(DeliveryStreamName="s", Record={"Data": b"x"})["Encrypted"]
    firehose.stop_delivery_stream_encryption(DeliveryStreamName="s")
    described = describe(firehose, "s")["DeliveryStreamEncryptionConfiguration"]
    assert described == {"Status": "DISABLED"}


def test_an_unknown_operation_is_told(firehose: Any) -> None:
    with pytest.raises(UnknownOperation, match="PutRecords"):
        firehose.app.call("PutRecords", {})
