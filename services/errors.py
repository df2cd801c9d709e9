"""The exceptions of the services; a Refusal is what a caller is told, as a problem document."""

from __future__ import annotations

from typing import Any, ClassVar


class ServiceError(Exception):
    """Root of everything the services raise on purpose."""


class Unbalanced(ServiceError):
    """A transaction's postings do not sum to zero: a defect of ours, never the caller's."""


class Stale(ServiceError):
    """What a decision rested on has changed, or others write the same items: decide again."""


class Refusal(ServiceError):
    """A request that is answered with a problem.

    Attributes:
        code: stable word for the kind of refusal. detail: the sentence for a person.
        figures: the values it rests on, keys in camelCase; they become members of the problem.
    """

    status: ClassVar[int]
    title: ClassVar[str]

    def __init__(self, code: str, detail: str, **figures: Any) -> None:
        super().__init__(detail)
        self.code, self.detail, self.figures = code, detail, figures


class Malformed(Refusal):
    """The request cannot be read."""

    status, title = 400, "The request cannot be read"


class NotAllowed(Refusal):
    """The parties may not do this."""

    status, title = 403, "Not allowed"


class Unknown(Refusal):
    """Nothing has this name."""

    status, title = 404, "Not found"


class WrongMethod(Refusal):
    """The path exists for other methods."""

    status, title = 405, "Method not allowed"


class Conflict(Refusal):
    """The present state does not admit this."""

    status, title = 409, "In conflict with the present state"


class Expired(Refusal):
    """It was valid once."""

    status, title = 410, "Expired"


class Unacceptable(Refusal):
    """The request can be read and makes no sense."""

    status, title = 422, "Not acceptable"


class Busy(Refusal):
    """The same request may succeed later."""

    status, title = 503, "Busy"
