from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from local.city.action import Action
from local.city.life import Pace, differences, live

from .agreeing import BRIEF, CHARITIES, Agreeing, lived

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_a_pace_waits_for_the_simulated_moment() -> None:
    pace = Pace(3_600, threading.Event())
    begin = time.monotonic()
    assert pace.keep(NOON)
    assert pace.keep(NOON + timedelta(minutes=6))
    assert 0.09 < time.monotonic() - begin < 60


def test_a_city_in_slow_motion_stops_when_told() -> None:
    stop = threading.Event()

    class Telling(Agreeing):
        def post(self, action: Action) -> tuple[int, Mapping[str, Any]]:
            if len(self.sent) == 2:
                stop.set()
            return super().post(action)

    gateway, endless = Telling(), replace(BRIEF, days=None)
    books = live(endless, CHARITIES, gateway, lambda *_: None, pace=Pace(600, stop))
    assert books.accepted == len(gateway.sent) == 3


def test_a_balance_that_differs_is_named() -> None:
    class Forgetful(Agreeing):
        def balance(self, account: str) -> int | None:
            return 7 if account == "user:a" else None

    _, _, books, _ = lived(BRIEF)
    books.balances.clear()
    books.balances.update({"user:a": 7, "user:b": 1, "mint": -8})
    assert differences(books, Forgetful()) == ["user:b: the ledger keeps None, the city's books 1"]
