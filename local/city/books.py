"""The city's own bookkeeping: a double entry for every receipt, kept apart from the platform's ledger."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from ingestion import envelope
from ingestion.registry import latest
from local.city.action import UNFILED, Action, RawRecord

BOUNDARY = ("mint", "burn", "expired")
MOST_SURPRISES = 50


@dataclass(frozen=True, slots=True)
class Filed:
    """An accepted movement of points, as far as a reversal needs it."""

    transaction_id: str
    kind: str
    at: datetime
    postings: tuple[tuple[str, int], ...]
    shelf: tuple[str, str, int] | None


@dataclass(slots=True)
class Books:
    """What the city knows to be true.

    Attributes:
        requests: (kind, status) -> how many. `accepted`, `refused`: all of them, repeats included.
        events: type -> distinct events that must arrive in the lake.
        records: dataset -> records put on its stream, repeated ones included, broken ones not.
        malformed: dataset -> broken records, all of which must end in quarantine.
        balances: account -> points; those of the boundary accounts are what crossed them.
        shelves: (merchant, good) -> units.
        tokens: key of a QR request -> the token it was answered with.
        filed: the latest movements of points.
        surprises: answers that were not what the city expected, in words; the first few.
    """

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    accepted: int = 0
    refused: int = 0
    events: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    malformed: Counter[str] = field(default_factory=Counter)
    balances: Counter[str] = field(default_factory=Counter)
    shelves: Counter[tuple[str, str]] = field(default_factory=Counter)
    tokens: dict[str, str] = field(default_factory=dict)
    filed: deque[Filed] = field(default_factory=lambda: deque(maxlen=200))
    surprises: list[str] = field(default_factory=list)
    surprised: int = 0

    @property
    def minted(self) -> int:
        return -self.balances["mint"]

    @property
    def burned(self) -> int:
        return self.balances["burn"]

    @property
    def outstanding(self) -> int:
        """Points in the accounts of users and merchants."""
        return sum(n for account, n in self.balances.items() if account not in BOUNDARY)

    def take(self, action: Action, status: int, answer: Mapping[str, Any]) -> None:
        """Book the answer to an action."""
        self.requests[action.kind, status] += 1
        is_accepted = status < 300
        self.accepted += is_accepted
        self.refused += not is_accepted
        if status != action.expects:
            self._wonder(action, f"answered {status}, not {action.expects}: {answer}")
        if not is_accepted:
            return
        if not action.is_repeat:
            self._book(action)
        if not action.is_repeat or action.path in UNFILED:
            self._publish(action)
        self._compare(action, answer)
        if token := answer.get("token"):
            self.tokens[action.key] = token

    def note(self, record: RawRecord) -> None:
        """Book a broken record."""
        self.malformed[record.dataset] += 1

    def _book(self, action: Action) -> None:
        for account, points in action.postings:
            self.balances[account] += points
        if action.shelf is not None:
            merchant, good, units = action.shelf
            self.shelves[merchant, good] += units
        if action.postings:
            id_ = envelope.event_id("scoring", action.key)
            filed = Filed(id_, action.kind, action.at, action.postings, action.shelf)
            self.filed.append(filed)

    def _publish(self, action: Action) -> None:
        for event in action.events:
            # What a geofence notices is not repeated: the device is inside already.
            if not action.is_repeat:
                self.events[event] += 1
            if not action.is_repeat or event != "OfficerNearby":
                self.records[_datasets()[event]] += 1

    def _compare(self, action: Action, answer: Mapping[str, Any]) -> None:
        for name, value in action.says.items():
            if answer.get(name) != value:
                self._wonder(action, f"{name} is {answer.get(name)!r}, not {value!r}")

    def _wonder(self, action: Action, words: str) -> None:
        self.surprised += 1
        if len(self.surprises) < MOST_SURPRISES:
            self.surprises.append(f"{action.kind} {action.key} at {action.at}: {words}")


@cache
def _datasets() -> Mapping[str, str]:
    return {cls.contract.name: cls.contract.stream for cls in latest()}
