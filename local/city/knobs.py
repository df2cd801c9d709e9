"""Everything that can be turned about a city; the same knobs are the same city."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Knobs:
    """The defaults make about 4,000 requests in 30 days.

    Attributes:
        seed: of all chance. `start`: the first simulated midnight, UTC. `days`: None lives on.
        civilians, officers, merchants, charities, families: how many of each.
        goods: on each merchant's shelf.
        busyness: factor on how much people do in a day.
        duplicates: share of accepted requests that are sent again with their Idempotency-Key.
        late: share of encounters and deliveries that are told hours or days after they happened.
        fraud: attempts a day that the rules must refuse.
        bad_requests: requests a day that make no sense. `malformed`: broken records put straight
            on the streams a day.
    """

    seed: int = 1
    days: int | None = 30
    start: datetime = datetime(2026, 6, 1, tzinfo=UTC)
    civilians: int = 52
    officers: int = 12
    merchants: int = 4
    charities: int = 6
    families: int = 8
    goods: int = 6
    busyness: float = 0.75
    duplicates: float = 0.03
    late: float = 0.06
    fraud: float = 4.0
    bad_requests: float = 2.0
    malformed: float = 1.0

    @property
    def name(self) -> str:
        """Names the city: all its keys and emails carry it, so that two cities never meet."""
        return f"city-{self.seed}-{hashlib.sha256(repr(self).encode()).hexdigest()[:8]}"
