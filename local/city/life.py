"""Lets a city live: carries out its plan against a gateway, books every answer, checks the balances."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ingestion.producer import Producer
from local.city.action import Action, Nightfall, RawRecord
from local.city.books import BOUNDARY, Books
from local.city.gateway import Gateway
from local.city.knobs import Knobs
from local.city.people import family_entries, midnight, populate
from local.city.plan import plan
from services.catalog_store import CatalogStore, Entry
from services.catalogs import catalog

# dataset, partition key, bytes
PutRaw = Callable[[str, str, bytes], None]


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one simulated day; `number` counts from 1, `of` is None without an end."""

    number: int
    of: int | None
    date: date
    requests: int
    accepted: int
    refused: int


class Pace:
    """Keeps a city to `factor` simulated seconds a real one, until `stop` is set."""

    def __init__(self, factor: float, stop: threading.Event) -> None:
        self._factor, self.stop = factor, stop
        self._first: tuple[datetime, float] | None = None

    def keep(self, at: datetime) -> bool:
        """Wait for the simulated moment; False when the city is to stop."""
        self._first = self._first or (at, time.monotonic())
        began_at, began = self._first
        due = began + (at - began_at) / timedelta(seconds=1) / self._factor
        return not self.stop.wait(max(0.0, due - time.monotonic()))


def list_families(knobs: Knobs, store: CatalogStore, producer: Producer) -> int:
    """Put the city's families in need into the catalogue; returns how many events that made.

    Families of other cities stay.
    """
    known = catalog.read(store, "families")
    wanted = {**known, **{entry.entry_id: entry for entry in family_entries(knobs)}}
    changes = catalog.diff("families", wanted.values(), known, knobs.name)
    return catalog.apply(changes, store, producer, midnight(knobs, 0))


def live(
    knobs: Knobs,
    charities: Iterable[Entry],
    gateway: Gateway,
    put_raw: PutRaw,
    *,
    on_day: Callable[[Day], None] = lambda day: None,
    pace: Pace | None = None,
) -> Books:
    """Live through the knobs' days, or until `pace` says stop; returns what must now be true.

    The families must be in the catalogue (`list_families`); `charities` is what it offers.
    Raises TooFewCharities and NoGateway.
    """
    books = Books()
    seen = (0, 0)
    for step in plan(knobs, populate(knobs, charities), books):
        match step:
            case Action():
                if pace is not None and not pace.keep(step.at):
                    break
                books.take(step, *gateway.post(step))
            case RawRecord():
                put_raw(step.dataset, step.partition_key, step.body)
                books.note(step)
            case Nightfall(day):
                accepted, refused = books.accepted - seen[0], books.refused - seen[1]
                seen = books.accepted, books.refused
                today = midnight(knobs, day).date()
                on_day(Day(day + 1, knobs.days, today, accepted + refused, accepted, refused))
    return books


def differences(books: Books, gateway: Gateway) -> list[str]:
    """Every account whose balance in the ledger is not the one in the city's books, in words."""
    found = []
    for account, points in sorted(books.balances.items()):
        if account in BOUNDARY:
            continue
        kept = gateway.balance(account)
        if kept != points:
            found.append(f"{account}: the ledger keeps {kept}, the city's books {points}")
    return found
