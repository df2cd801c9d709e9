"""What the operations of the catalog have in common: names, the limits of batches, details of errors."""

from __future__ import annotations

from typing import Any

from local.glue.errors import InvalidInputError, ValidationError
from local.glue.store import Record


def folded(name: str) -> str:
    """The name as Glue stores it. Raises InvalidInputError for an empty one."""
    if not name or len(name) > 255:
        raise InvalidInputError(f"Name {name!r} must have 1 to 255 characters")
    return name.lower()


def at_most(member: str, given: list[Any], most: int) -> None:
    """Refuse a batch larger than the API allows, as the service does."""
    if len(given) > most:
        raise ValidationError(
            f"1 validation error detected: Value at '{member}' failed to satisfy constraint:"
            f" Member must have length less than or equal to {most}"
        )


def detail(refused: Any) -> Record:
    return {"ErrorCode": refused.code, "ErrorMessage": str(refused)}


def with_token(answer: Record, token: str | None) -> Record:
    return answer if token is None else {**answer, "NextToken": token}
