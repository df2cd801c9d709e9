"""Made-up event types with every kind of field that the lake has a column for, and some it has not."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ingestion.contract import Event, contract
from ingestion.fields import Instant, Price, Uuid


class Place(Struct, frozen=True, rename="camel"):
    """Where."""

    zip_code: str
    floor: int = 0


class Leg(Struct, frozen=True, rename="camel"):
    """A struct whose names differ on the wire."""

    account_id: str


@contract(stream="users", version=1, owner="kiosk", key="tea_id", keep_days=1)
class TeaServed(Event, frozen=True, kw_only=True):
    """A cup
    of tea."""

    tea_id: Uuid
    kind: Literal["green", "black"]
    cups: int
    litres: float
    is_sweet: bool = False
    price: Price | None = None
    served_at: Instant
    guests: tuple[str, ...] = ()
    place: Place | None = None


@contract(stream="users", version=2, owner="kiosk", key="tea_id", keep_days=1, name="TeaServed")
class TeaServedAnew(Event, frozen=True, kw_only=True):
    """A cup of tea, measured."""

    tea_id: Uuid
    cups: float
    is_hot: bool = True


def event_with(**fields: object) -> type[Event]:
    body = {"__doc__": "Odd.", "__annotations__": {"key": str, **fields}}
    cls = type("Odd", (Event,), body, frozen=True, kw_only=True)
    return contract(stream="users", version=1, owner="kiosk", key="key", keep_days=1)(cls)
