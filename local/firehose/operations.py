"""The Firehose API: each operation from a checked request to its response document.

https://docs.aws.amazon.com/firehose/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from local.firehose.destinations import read_destination, with_defaults
from local.firehose.errors import (
    ConcurrentModification,
    FirehoseError,
    InvalidArgument,
    LimitExceeded,
    ResourceInUse,
    ResourceNotFound,
)
from local.firehose.plane import Plane
from local.firehose.shapes import check_request

DESTINATION_ID = "destinationId-000000000001"
SUPPORTED = {
    "DeliveryStreamName",
    "DeliveryStreamType",
    "DirectPutSourceConfiguration",
    "KinesisStreamSourceConfiguration",
    "DeliveryStreamEncryptionConfigurationInput",
    "ExtendedS3DestinationConfiguration",
    "Tags",
}
CHANGES = {"CreateDeliveryStream", "UpdateDestination", "DeleteDeliveryStream"}
MOST_STREAMS = 5000
MOST_TAGS = 50
BATCH_BYTES = 4 * 1024 * 1024
DELETE_SECONDS = 30.0
Document = dict[str, Any]


class Operations:
    """Answers requests; every method may block and belongs into a thread."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._changing = threading.Lock()
        self._operations: Mapping[str, Callable[[Document], Document]] = {
            "CreateDeliveryStream": self._create,
            "DescribeDeliveryStream": self._describe,
            "ListDeliveryStreams": self._list,
            "DeleteDeliveryStream": self._delete,
            "UpdateDestination": self._update,
            "PutRecord": self._put,
            "PutRecordBatch": self._put_batch,
            "TagDeliveryStream": self._tag,
            "UntagDeliveryStream": self._untag,
            "ListTagsForDeliveryStream": self._list_tags,
            "StartDeliveryStreamEncryption": self._start_encryption,
            "StopDeliveryStreamEncryption": self._stop_encryption,
        }

    def call(self, operation: str, request: Any) -> Document:
        """The response document of one call; raises ApiError."""
        check_request(operation, request)
        if operation not in CHANGES:
            return self._operations[operation](request)
        with self._changing:
            return self._operations[operation](request)

    def _stream(self, request: Document) -> Document:
        name = request["DeliveryStreamName"]
        document = self._plane.store.streams().get(name)
        if document is None:
            account = self._plane.settings.account_id
            raise ResourceNotFound(f"Firehose {name} under account {account} not found.")
        return document

    def _active(self, request: Document) -> Document:
        document = self._stream(request)
        if document["status"] != "ACTIVE":
            raise ResourceInUse(
                f"Firehose {request['DeliveryStreamName']} is {document['status']}, not ACTIVE."
            )
        return document

    def _create(self, request: Document) -> Document:
        name = request["DeliveryStreamName"]
        self._refuse_unsupported(request)
        streams = self._plane.store.streams()
        if name in streams:
            raise ResourceInUse(
                f"Firehose {name} under account {self._plane.settings.account_id} already exists"
            )
        if len(streams) >= MOST_STREAMS:
            raise LimitExceeded(f"there are {MOST_STREAMS} delivery streams already")
        document = self._new_document(name, request)
        read_destination(document["destination"], self._plane.settings.region)
        self._plane.store.save_stream(name, document)
        self._plane.run(name, document)
        return {"DeliveryStreamARN": document["arn"]}

    def _refuse_unsupported(self, request: Document) -> None:
        for member in sorted(set(request) - SUPPORTED):
            raise InvalidArgument(f"{member} is not supported here")
        if "ExtendedS3DestinationConfiguration" not in request:
            raise InvalidArgument("ExtendedS3DestinationConfiguration is missing")
        kind = request.get("DeliveryStreamType", "DirectPut")
        if kind not in ("DirectPut", "KinesisStreamAsSource"):
            raise InvalidArgument(f"DeliveryStreamType {kind} is not supported here")
        from_kinesis = kind == "KinesisStreamAsSource"
        if from_kinesis != ("KinesisStreamSourceConfiguration" in request):
            raise InvalidArgument(
                f"DeliveryStreamType {kind} and KinesisStreamSourceConfiguration do not agree"
            )
        if from_kinesis and "DeliveryStreamEncryptionConfigurationInput" in request:
            raise InvalidArgument("server-side encryption is the Kinesis stream's own here")

    def _new_document(self, name: str, request: Document) -> Document:
        settings = self._plane.settings
        source = request.get("KinesisStreamSourceConfiguration")
        now = round(time.time(), 3)
        document: Document = {
            "arn": f"arn:aws:firehose:{settings.region}:{settings.account_id}:deliverystream/{name}",
            "type": request.get("DeliveryStreamType", "DirectPut"),
            "status": "CREATING",
            "version": "1",
            "created_at": now,
            "updated_at": None,
            "source": source,
            "destination": with_defaults(request["ExtendedS3DestinationConfiguration"]),
            "encryption": {"Status": "DISABLED"},
            "tags": _tags(request.get("Tags") or []),
        }
        if encryption := request.get("DeliveryStreamEncryptionConfigurationInput"):
            document["encryption"] = {"Status": "ENABLED", **encryption}
        return document

    def _describe(self, request: Document) -> Document:
        document = self._stream(request)
        description: Document = {
            "DeliveryStreamName": request["DeliveryStreamName"],
            "DeliveryStreamARN": document["arn"],
            "DeliveryStreamStatus": document["status"],
            "DeliveryStreamEncryptionConfiguration": document["encryption"],
            "DeliveryStreamType": document["type"],
            "VersionId": document["version"],
            "CreateTimestamp": document["created_at"],
            "LastUpdateTimestamp": document["updated_at"],
            "Source": _described_source(document),
            "Destinations": [_described_destination(document["destination"])],
            "FailureDescription": document.get("failure"),
            "HasMoreDestinations": False,
        }
        present = {name: value for name, value in description.items() if value is not None}
        return {"DeliveryStreamDescription": present}

    def _list(self, request: Document) -> Document:
        kind, start = (
            request.get("DeliveryStreamType"),
            request.get("ExclusiveStartDeliveryStreamName", ""),
        )
        names = [
            name
            for name, document in self._plane.store.streams().items()
            if name > start and kind in (None, document["type"])
        ]
        limit = request.get("Limit", 10)
        return {
            "DeliveryStreamNames": names[:limit],
            "HasMoreDeliveryStreams": len(names) > limit,
        }

    def _delete(self, request: Document) -> Document:
        document = self._stream(request)
        name = request["DeliveryStreamName"]
        if document["status"] in ("CREATING", "DELETING"):
            raise ResourceInUse(f"Firehose {name} is {document['status']}.")
        if document["source"] is None and document["status"] == "ACTIVE":
            self._deliver_last(name)
        self._plane.store.change_stream(name, {"status": "DELETING"})
        self._plane.end(name)
        self._plane.store.forget_stream(name)
        return {}

    def _deliver_last(self, name: str) -> None:
        """What was put and acknowledged has no other copy; AWS promises nothing, but tries."""
        future = self._plane.flush(name)
        try:
            future.result(DELETE_SECONDS)
        except (FirehoseError, TimeoutError) as error:
            raise ResourceInUse(
                f"Firehose {name} still holds records that cannot be delivered: {error}"
            ) from error

    def _update(self, request: Document) -> Document:
        document = self._active(request)
        self._check_update(request, document)
        update = request["ExtendedS3DestinationUpdate"]
        backup = update.pop("S3BackupUpdate", None)
        merged = {**document["destination"], **update}
        if backup is not None:
            merged["S3BackupConfiguration"] = {
                **merged.pop("S3BackupDescription", {}),
                **backup,
            }
        destination = with_defaults(merged)
        _check_lasting(document["destination"], destination)
        read_destination(destination, self._plane.settings.region)
        self._plane.store.change_stream(
            request["DeliveryStreamName"],
            {
                "destination": destination,
                "version": str(int(document["version"]) + 1),
                "updated_at": round(time.time(), 3),
            },
        )
        self._plane.reconfigure(request["DeliveryStreamName"])
        return {}

    def _check_update(self, request: Document, document: Document) -> None:
        known = {
            "DeliveryStreamName",
            "CurrentDeliveryStreamVersionId",
            "DestinationId",
            "ExtendedS3DestinationUpdate",
        }
        for member in sorted(set(request) - known):
            raise InvalidArgument(f"{member} is not supported here")
        if "ExtendedS3DestinationUpdate" not in request:
            raise InvalidArgument("ExtendedS3DestinationUpdate is missing")
        if request["CurrentDeliveryStreamVersionId"] != document["version"]:
            raise ConcurrentModification(
                f"version {request['CurrentDeliveryStreamVersionId']} is not the current"
                f" {document['version']}"
            )
        if request["DestinationId"] != DESTINATION_ID:
            raise InvalidArgument(f"Destination Id {request['DestinationId']} not found")

    def _put(self, request: Document) -> Document:
        encrypted, [record_id] = self._kept(request, [request["Record"]])
        return {"RecordId": record_id, "Encrypted": encrypted}

    def _put_batch(self, request: Document) -> Document:
        encrypted, ids = self._kept(request, request["Records"])
        return {
            "FailedPutCount": 0,
            "Encrypted": encrypted,
            "RequestResponses": [{"RecordId": record_id} for record_id in ids],
        }

    def _kept(self, request: Document, records: list[Document]) -> tuple[bool, list[str]]:
        document = self._active(request)
        if document["source"] is not None:
            raise InvalidArgument(
                "This operation is not permitted on KinesisStreamAsSource delivery stream type."
            )
        data = [base64.b64decode(record["Data"]) for record in records]
        if sum(len(item) for item in data) > BATCH_BYTES:
            raise InvalidArgument(f"the batch is larger than {BATCH_BYTES} bytes")
        ids = self._plane.store.put(request["DeliveryStreamName"], round(time.time() * 1000), data)
        encrypted = document["encryption"]["Status"] == "ENABLED"
        return encrypted, [f"{number:049d}" for number in ids]

    def _tag(self, request: Document) -> Document:
        tags = {**self._stream(request)["tags"], **_tags(request["Tags"])}
        if len(tags) > MOST_TAGS:
            raise LimitExceeded(f"a delivery stream can have {MOST_TAGS} tags")
        self._plane.store.change_stream(request["DeliveryStreamName"], {"tags": tags})
        return {}

    def _untag(self, request: Document) -> Document:
        tags = self._stream(request)["tags"]
        left = {key: value for key, value in tags.items() if key not in request["TagKeys"]}
        self._plane.store.change_stream(request["DeliveryStreamName"], {"tags": left})
        return {}

    def _list_tags(self, request: Document) -> Document:
        tags = sorted(self._stream(request)["tags"].items())
        start = request.get("ExclusiveStartTagKey", "")
        rest = [{"Key": key, "Value": value} for key, value in tags if key > start]
        limit = request.get("Limit", MOST_TAGS)
        return {"Tags": rest[:limit], "HasMoreTags": len(rest) > limit}

    def _start_encryption(self, request: Document) -> Document:
        declared = request.get("DeliveryStreamEncryptionConfigurationInput") or {
            "KeyType": "AWS_OWNED_CMK"
        }
        return self._encrypt(request, {"Status": "ENABLED", **declared})

    def _stop_encryption(self, request: Document) -> Document:
        return self._encrypt(request, {"Status": "DISABLED"})

    def _encrypt(self, request: Document, encryption: Document) -> Document:
        if self._active(request)["source"] is not None:
            raise InvalidArgument(
                "server-side encryption of a delivery stream with a Kinesis source is the"
                " Kinesis stream's own"
            )
        self._plane.store.change_stream(request["DeliveryStreamName"], {"encryption": encryption})
        return {}


def _tags(tags: list[Document]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def _described_source(document: Document) -> Document | None:
    if document["source"] is None:
        return None
    described = {**document["source"], "DeliveryStartTimestamp": document["created_at"]}
    return {"KinesisStreamSourceDescription": described}


def _described_destination(destination: Document) -> Document:
    plain = (
        "RoleARN",
        "BucketARN",
        "Prefix",
        "ErrorOutputPrefix",
        "BufferingHints",
        "CompressionFormat",
        "EncryptionConfiguration",
        "CloudWatchLoggingOptions",
    )
    return {
        "DestinationId": DESTINATION_ID,
        "ExtendedS3DestinationDescription": destination,
        "S3DestinationDescription": {
            name: destination[name] for name in plain if name in destination
        },
    }


def _check_lasting(before: Document, after: Document) -> None:
    """Two choices last: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-enable.html"""

    def partitioned(document: Document) -> bool:
        return bool((document.get("DynamicPartitioningConfiguration") or {}).get("Enabled"))

    if partitioned(before) != partitioned(after):
        raise InvalidArgument("Dynamic Partitioning can be enabled only at creation, and stays")
    if before["S3BackupMode"] == "Enabled" and after["S3BackupMode"] == "Disabled":
        raise InvalidArgument("S3BackupMode cannot be disabled once it is enabled")
