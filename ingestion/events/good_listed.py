from __future__ import annotations

from ingestion.contract import Event, contract
from ingestion.fields import Currency, Key, Points, Price, ShortText, Uuid


@contract(
    stream="products", version=1, owner="content", key="good_id", keep_days=2557, route="business"
)
class GoodListed(Event, frozen=True, kw_only=True):
    """A merchant put a good on its list, changed it there, or took it off (`is_listed` false).

    `price_points` is absent for goods that are sold for money only.
    """

    merchant_id: Uuid
    good_id: Key
    name: ShortText
    category: ShortText
    price_points: Points | None = None
    unit_price: Price | None = None
    currency: Currency | None = None
    is_listed: bool = True
