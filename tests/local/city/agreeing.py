"""A gateway in memory that answers as the city expects; what the platform answers is tested on the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.city.action import Action
from local.city.books import Books
from local.city.gateway import Gateway
from local.city.knobs import Knobs
from local.city.life import Day, live
from services.catalog_store import Entry

CHARITIES = [
    Entry(entry_id=f"00{n:07d}", name=f"CHARITY {n}", city="LARAMIE", state="WY", zip_code="82070")
    for n in range(20)
]
BRIEF = Knobs(
    days=4, civilians=12, officers=4, merchants=2, charities=3, families=3, goods=3, busyness=1.0
)


class Agreeing(Gateway):
    """Keeps what it was sent in `sent`."""

    def __init__(self) -> None:
        self.sent: list[Action] = []

    def post(self, action: Action) -> tuple[int, Mapping[str, Any]]:
        self.sent.append(action)
        return action.expects, {**action.says, "token": f"token of {action.key}"}


def lived(knobs: Knobs) -> tuple[list[Action], list[bytes], Books, list[Day]]:
    """What a city did: requests, broken records, its books, its days."""
    gateway, records, days = Agreeing(), list[bytes](), list[Day]()
    books = live(
        knobs,
        CHARITIES,
        gateway,
        lambda dataset, key, body: records.append(body),
        on_day=days.append,
    )
    return gateway.sent, records, books, days
