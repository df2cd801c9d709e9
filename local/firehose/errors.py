"""The plane's exceptions: refusals of the API, records that do not fit, and dependencies in the way.

`ApiError` reaches the caller under AWS's error code. `UnfitRecord` sends one record to the
error prefix. `Interruption` stops a round without judging any record: it is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping


class FirehoseError(Exception):
    """Everything this package raises on purpose."""


class ApiError(FirehoseError):
    """A refused request; `code` is the AWS error code and `status` the HTTP status."""

    code = "InternalFailure"
    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidArgument(ApiError):
    """The request contradicts itself, AWS's rules, or what this plane supports."""

    code = "InvalidArgumentException"
    status = 400


class ValidationFailed(ApiError):
    """The request does not have the shape of the API model."""

    code = "ValidationException"
    status = 400


class UnknownOperation(ApiError):
    """No such operation in the Firehose API."""

    code = "UnknownOperationException"
    status = 400


class ResourceNotFound(ApiError):
    """No delivery stream of that name."""

    code = "ResourceNotFoundException"
    status = 400


class ResourceInUse(ApiError):
    """The delivery stream exists already, or is not in a state for the request."""

    code = "ResourceInUseException"
    status = 400


class LimitExceeded(ApiError):
    """A documented quota is reached."""

    code = "LimitExceededException"
    status = 400


class ConcurrentModification(ApiError):
    """The caller's version of the delivery stream is not the current one."""

    code = "ConcurrentModificationException"
    status = 400


class ExpressionError(FirehoseError):
    """A prefix, a timestamp pattern or a query that cannot be read or evaluated."""


class SchemaError(FirehoseError):
    """A Hive type that cannot be read or has no Parquet type here."""


class UnfitRecord(FirehoseError):
    """One record that cannot be delivered; `code` and the message go into its error document."""

    def __init__(self, code: str, message: str, evidence: Mapping[str, object] | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.evidence = dict(evidence or {})


class Interruption(FirehoseError):
    """Something this plane depends on did not answer; no record is judged by it."""


class SourceMissing(Interruption):
    """The Kinesis stream that feeds a delivery stream does not exist."""


class SchemaUnavailable(Interruption):
    """The Glue table of a format conversion cannot be read, so nothing can be converted."""


class Stopped(FirehoseError):
    """The worker was asked to stop in the middle of a round."""
