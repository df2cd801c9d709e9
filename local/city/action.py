"""What a city does: requests to the gateway and records straight on a stream, each with what must follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# These keep no store: a repeated request publishes its event again, under the same id.
UNFILED = frozenset({"/tracking/positions", "/qr/codes"})


@dataclass(frozen=True, slots=True)
class Action:
    """One POST.

    Attributes:
        at: the simulated time of receipt. `kind`: the word under which it is counted.
        key: the Idempotency-Key. `expects`: the status that must be answered.
        events: types of the events that follow when it is accepted for the first time.
        says: members of the receipt that must hold exactly.
        postings: (account, points) that it moves. `shelf`: (merchant, good, units) likewise.
        is_repeat: the same request was sent before and this one must change nothing.
    """

    at: datetime
    kind: str
    path: str
    body: Mapping[str, Any]
    key: str
    expects: int = 201
    events: tuple[str, ...] = ()
    says: Mapping[str, Any] = field(default_factory=dict)
    postings: tuple[tuple[str, int], ...] = ()
    shelf: tuple[str, str, int] | None = None
    is_repeat: bool = False

    @property
    def is_accepted(self) -> bool:
        return self.expects < 300


@dataclass(frozen=True, slots=True)
class RawRecord:
    """Bytes that break every contract, put on a dataset's stream past the services."""

    at: datetime
    dataset: str
    partition_key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Nightfall:
    """A simulated day, counted from 0, is over."""

    day: int


Step = Action | RawRecord | Nightfall
