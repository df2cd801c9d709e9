"""The city as it stands at one moment: its clock, its chance, and what its people know of each other."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any
from zoneinfo import ZoneInfo

from ingestion import envelope
from local.city.action import Action
from local.city.books import Books
from local.city.knobs import Knobs
from local.city.people import Good, People, Person, Position

TIME_ZONE = ZoneInfo("America/New_York")
METRES_PER_DEGREE = 111_195.0


@dataclass(slots=True)
class World:
    """What errands read and change. The clock only goes forward.

    Attributes:
        joined: who has been onboarded. `devices`: user id -> generation of the phone.
        met: (civilian id, officer id, local date) of all meetings, told or still to be told.
        scored: the latest that have been told. `visible`: officer id -> until when it can be found.
        prices: (merchant id, good id) -> points now. `undone`: transactions that were reversed.
        sent: the last accepted donation, whose key someone may reuse.
    """

    knobs: Knobs
    people: People
    books: Books
    now: datetime
    day: int = 0
    chance: random.Random = field(default_factory=random.Random)
    joined: dict[str, list[Person]] = field(default_factory=dict)
    devices: dict[str, int] = field(default_factory=dict)
    met: set[tuple[str, str, str]] = field(default_factory=set)
    scored: deque[tuple[Person, Person, str]] = field(default_factory=lambda: deque(maxlen=100))
    visible: dict[str, datetime] = field(default_factory=dict)
    prices: dict[tuple[str, str], int] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    sent: Action | None = None
    _name: str = ""
    _count: int = 0
    _later: list[tuple[datetime, int, Callable[[], Action]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._name = self.knobs.name

    def begin_day(self, day: int) -> None:
        """A day's chance is its own, so that no day depends on how much the last one drew."""
        self.day, self._count = day, 0
        self.chance = random.Random(f"{self._name}/{day}")

    def wait(self, least_s: float, most_s: float) -> datetime:
        """Let some time pass, in whole milliseconds, and return the time then."""
        self.now += timedelta(
            milliseconds=self.chance.randint(int(least_s * 1000), int(most_s * 1000))
        )
        return self.now

    def wait_until(self, moment: datetime) -> None:
        self.now = max(self.now, moment)

    def act(self, kind: str, path: str, body: Mapping[str, Any], **facts: Any) -> Action:
        """A request made now, under the next key of the day."""
        self._count += 1
        facts.setdefault("key", f"{self._name}/{self.day}/{self._count}")
        return Action(at=self.now, kind=kind, path=path, body=body, **facts)

    def tell_later(self, due: datetime, make: Callable[[], Action]) -> None:
        """Have an action made once the clock has reached `due`: a phone without a connection."""
        self._count += 1
        heappush(self._later, (due, self.day * 1_000_000 + self._count, make))

    def overdue(self, *, all_of_them: bool = False) -> list[Callable[[], Action]]:
        """Take out what is due now, in order."""
        due = []
        while self._later and (all_of_them or self._later[0][0] <= self.now):
            due.append(heappop(self._later)[2])
        return due

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def times(self, rate: float) -> int:
        """A whole number whose mean is `rate`."""
        return int(rate) + self.happens(rate % 1)

    def anyone(self, kind: str) -> Person:
        return self.chance.choice(self.joined[kind])

    def device(self, person: Person) -> str:
        return person.device(self.devices.get(person.id, 0))

    def balance(self, person: Person) -> int:
        return self.books.balances[person.account]

    def payer(self, *kinds: str, least: int) -> Person | None:
        """Someone of these kinds who has at least so many points."""
        able = [p for kind in kinds for p in self.joined[kind] if self.balance(p) >= least]
        return self.chance.choice(able) if able else None

    def units(self, good: Good) -> int:
        return self.books.shelves[good.merchant.id, good.id]

    def price(self, good: Good) -> int:
        return self.prices[good.merchant.id, good.id]

    def local_date(self) -> str:
        return self.now.astimezone(TIME_ZONE).date().isoformat()

    def strangers(self) -> tuple[Person, Person] | None:
        """A civilian and an officer who have not met today."""
        for _ in range(20):
            civilian, officer = self.anyone("civilian"), self.anyone("officer")
            if (civilian.id, officer.id, self.local_date()) not in self.met:
                return civilian, officer
        return None


def instant(moment: datetime) -> str:
    return envelope.instant(moment)


def shifted(place: Position, north_m: float, east_m: float) -> Position:
    """A place so many metres away; good enough for a city."""
    # A degree of longitude is shorter by the cosine of the latitude, 0.78 hereabouts.
    return place[0] + north_m / METRES_PER_DEGREE, place[1] + east_m / (METRES_PER_DEGREE * 0.78)


def coordinates(place: Position) -> dict[str, float]:
    return {"latitude": round(place[0], 6), "longitude": round(place[1], 6)}


def mirrored(postings: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple((account, -points) for account, points in postings)
