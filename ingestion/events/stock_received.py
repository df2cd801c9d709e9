from __future__ import annotations

from ingestion.contract import Event, contract
from ingestion.fields import Key, Units, Uuid


@contract(
    stream="products", version=1, owner="content", key="good_id", keep_days=2557, route="business"
)
class StockReceived(Event, frozen=True, kw_only=True):
    """A delivery of a good reached the merchant's shelf.

    `is_estimated` marks receipts that an import inferred because its source knows none.
    """

    movement_id: Uuid
    merchant_id: Uuid
    good_id: Key
    quantity: Units
    is_estimated: bool = False
