"""The content function: merchants' storefronts, goods and stock over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.content import shelves
from services.desk import ledger
from services.http import Answer, Api, Call
from services.ledger import Party, Transaction

api = Api(__name__)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point."""
    return api.answer(event)


@api.post("/storefronts", shelves.Storefront)
def publish(storefront: shelves.Storefront, call: Call) -> Answer:
    return _execute(call, storefront.merchant_id, lambda m: shelves.publish(storefront, call, m))


@api.post("/goods", shelves.ListedGood)
def list_good(good: shelves.ListedGood, call: Call) -> Answer:
    return _execute(call, good.merchant_id, lambda m: shelves.list_good(good, call, m))


@api.post("/receipts", shelves.Delivery)
def receive(delivery: shelves.Delivery, call: Call) -> Answer:
    return _execute(call, delivery.merchant_id, lambda m: shelves.receive(delivery, call, m))


@api.post("/adjustments", shelves.Adjustment)
def adjust(adjustment: shelves.Adjustment, call: Call) -> Answer:
    return _execute(call, adjustment.merchant_id, lambda m: shelves.adjust(adjustment, call, m))


def _execute(call: Call, merchant_id: str, decide: Callable[[Party], Transaction]) -> Answer:
    return ledger().execute(call, lambda: decide(*ledger().parties(merchant_id)))
