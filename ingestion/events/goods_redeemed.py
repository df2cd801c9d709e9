from __future__ import annotations

from typing import Literal

from ingestion.contract import Event, contract
from ingestion.fields import Instant, Key, Points, Posting, Units, Uuid


@contract(
    stream="transactions",
    version=1,
    owner="scoring",
    key="user_id",
    keep_days=2557,
    route="financial",
)
class GoodsRedeemed(Event, frozen=True, kw_only=True):
    """A civilian or a family redeemed points for goods; the merchant collects the points.

    The same transaction takes `quantity` units off the merchant's shelf.
    """

    transaction_id: Uuid
    user_id: Uuid
    user_kind: Literal["civilian", "family"]
    merchant_id: Uuid
    good_id: Key
    quantity: Units
    points: Points
    recorded_at: Instant
    postings: tuple[Posting, ...]
