"""The exceptions of this package. Permanence is a type: what a retry cannot cure is a PermanentFailure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.envelope import Message


class IngestionError(Exception):
    """Root of everything this package raises on purpose."""


class PermanentFailure(IngestionError):
    """The same input will fail again; quarantine it or correct it."""


class TransientFailure(IngestionError):
    """The same input may succeed later."""


class ContractViolation(PermanentFailure):
    """A message breaks its contract.

    Attributes:
        code: stable word for the kind of violation, e.g. `malformed`, `unknown_type`.
        path: JSON path of the offending value, `$` for the whole message.
        reason: what was expected there.
    """

    def __init__(self, code: str, path: str, reason: str) -> None:
        super().__init__(f"{code} at {path}: {reason}")
        self.code, self.path, self.reason = code, path, reason


class ContractError(PermanentFailure):
    """An event class, or the change of one, is not acceptable. The message names the class."""


class MissingSetting(PermanentFailure):
    """A required environment variable is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"environment variable {name} is not set")
        self.name = name


class NotSent(TransientFailure):
    """Some messages could not be put after bounded retries.

    Attributes:
        unsent: the messages the stream did not accept, in the order given.
    """

    def __init__(self, unsent: Sequence[Message], reason: str) -> None:
        super().__init__(f"{len(unsent)} messages were not accepted by the stream: {reason}")
        self.unsent, self.reason = list(unsent), reason
