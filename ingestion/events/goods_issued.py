from __future__ import annotations

from ingestion.contract import Event, contract
from ingestion.fields import Currency, Key, Price, Units, Uuid


@contract(
    stream="products", version=1, owner="content", key="good_id", keep_days=2557, route="business"
)
class GoodsIssued(Event, frozen=True, kw_only=True):
    """Goods left a merchant's shelf for money: stock moves, no points do."""

    merchant_id: Uuid
    good_id: Key
    quantity: Units
    unit_price: Price
    currency: Currency
    invoice_id: Key
    invoice_line: Units
