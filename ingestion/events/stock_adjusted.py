from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ingestion.contract import Event, contract
from ingestion.fields import Key, Uuid


@contract(
    stream="products", version=1, owner="content", key="good_id", keep_days=2557, route="business"
)
class StockAdjusted(Event, frozen=True, kw_only=True):
    """A merchant corrected the units on its shelf by `quantity` (signed)."""

    movement_id: Uuid
    merchant_id: Uuid
    good_id: Key
    quantity: Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]
    reason: Literal["counted", "damaged", "found", "lost", "returned"]
