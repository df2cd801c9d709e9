"""What the location plane refuses, each class carrying the error type and status of the API."""

from __future__ import annotations


class LocationError(Exception):
    """A refused request."""

    code = "InternalServerException"
    status = 500


class NotFoundError(LocationError):
    code = "ResourceNotFoundException"
    status = 404


class ConflictError(LocationError):
    code = "ConflictException"
    status = 409


class QuotaError(LocationError):
    code = "ServiceQuotaExceededException"
    status = 402


class ValidationError(LocationError):
    """A member breaks a rule of the API; `reason` is one of the API's ValidationExceptionReason."""

    code = "ValidationException"
    status = 400

    def __init__(self, message: str, reason: str = "FieldValidationFailed") -> None:
        super().__init__(message)
        self.reason = reason
