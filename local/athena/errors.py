"""One exception tree: requests that are refused at once, and queries that end as FAILED."""

from __future__ import annotations


class AthenaError(Exception):
    """Root of everything this package raises on purpose."""


class RequestRefused(AthenaError):
    """The call itself is answered with an HTTP 400 and a service error code.

    `detail` is the AthenaErrorCode that goes with an InvalidRequestException.
    """

    def __init__(
        self,
        message: str,
        code: str = "InvalidRequestException",
        detail: str = "INVALID_INPUT",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.detail = detail


class QueryFailed(AthenaError):
    """The query ends FAILED; `name` is Trino's or Hive's error name, as in StateChangeReason.

    `user` is Athena's AthenaError.ErrorCategory 2 (the query) as against 1 (the system).
    """

    def __init__(self, name: str, message: str, *, user: bool = True) -> None:
        super().__init__(f"{name}: {message}" if name else message)
        self.name = name
        self.message = message
        self.user = user

    @property
    def reason(self) -> str:
        return str(self)


class NotSupported(QueryFailed):
    """What cannot be answered with Trino's value is refused by name."""

    def __init__(self, what: str) -> None:
        super().__init__("NOT_SUPPORTED", what)


def mismatch(message: str) -> QueryFailed:
    return QueryFailed("TYPE_MISMATCH", f"line 1:1: {message}")


def without_type(what: str) -> NotSupported:
    """Of a NULL whose type something hangs on; `what` ends in a preposition."""
    return NotSupported(f"{what} a NULL without a type: cast it to what it stands for")


class ReadUnplanned(QueryFailed):
    """The engine reads a column of which the planner saw no use: plan again, for all columns."""

    def __init__(self, column: str) -> None:
        super().__init__("GENERIC_INTERNAL_ERROR", f"{column} is read unplanned", user=False)


class QueryCancelled(AthenaError):
    """The query was stopped by its user or by a limit of its workgroup."""
