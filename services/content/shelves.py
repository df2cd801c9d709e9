"""What a merchant says of its storefront, its goods and the units on its shelf."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ingestion.contract import Event
from ingestion.events.good_listed import GoodListed
from ingestion.events.stock_adjusted import StockAdjusted
from ingestion.events.stock_received import StockReceived
from ingestion.events.storefront_published import StorefrontPublished
from ingestion.fields import (
    Currency,
    Instant,
    Key,
    LongText,
    Points,
    Price,
    ShortText,
    State,
    Units,
    Uuid,
    ZipCode,
)
from services import roles
from services.errors import Unacceptable
from services.http import Body, Call
from services.ledger import Change, Listing, Party, StockMove, Transaction


class Storefront(Body, frozen=True, kw_only=True):
    """How a merchant presents itself."""

    merchant_id: Uuid
    name: ShortText
    description: LongText = ""
    zip_code: ZipCode | None = None
    state: State | None = None
    occurred_at: Instant | None = None


class ListedGood(Body, frozen=True, kw_only=True):
    """A good on the merchant's list, whole: what is left out is no longer so."""

    merchant_id: Uuid
    good_id: Key
    name: ShortText
    category: ShortText
    price_points: Points | None = None
    unit_price: Price | None = None
    currency: Currency | None = None
    is_listed: bool = True
    occurred_at: Instant | None = None


class Delivery(Body, frozen=True, kw_only=True):
    """Units that reached the shelf."""

    merchant_id: Uuid
    good_id: Key
    quantity: Units
    occurred_at: Instant | None = None


class Adjustment(Body, frozen=True, kw_only=True):
    """A correction of the units on the shelf, signed."""

    merchant_id: Uuid
    good_id: Key
    quantity: Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]
    reason: Literal["counted", "damaged", "found", "lost", "returned"]
    occurred_at: Instant | None = None


def publish(storefront: Storefront, call: Call, merchant: Party) -> Transaction:
    """Decide a storefront. Raises Refusal."""
    event = StorefrontPublished(
        merchant_id=merchant.user_id,
        name=storefront.name,
        description=storefront.description,
        zip_code=storefront.zip_code,
        state=storefront.state,
    )
    return _file(event, call, merchant, storefront, {"merchantId": merchant.user_id})


def list_good(good: ListedGood, call: Call, merchant: Party) -> Transaction:
    """Decide a listing. Raises Refusal."""
    if (good.unit_price is None) != (good.currency is None):
        raise Unacceptable("price", "unitPrice and currency go together", goodId=good.good_id)
    event = GoodListed(
        merchant_id=merchant.user_id,
        good_id=good.good_id,
        name=good.name,
        category=good.category,
        price_points=good.price_points,
        unit_price=good.unit_price,
        currency=good.currency,
        is_listed=good.is_listed,
    )
    listing = Listing(merchant.user_id, good.good_id, good.price_points, good.is_listed)
    receipt = {"merchantId": merchant.user_id, "goodId": good.good_id}
    return _file(event, call, merchant, good, receipt, listing)


def receive(delivery: Delivery, call: Call, merchant: Party) -> Transaction:
    """Decide a delivery. Raises Refusal."""
    event = StockReceived(
        movement_id=call.event_id,
        merchant_id=merchant.user_id,
        good_id=delivery.good_id,
        quantity=delivery.quantity,
    )
    move = StockMove(merchant.user_id, delivery.good_id, delivery.quantity)
    return _file(event, call, merchant, delivery, {"movementId": call.event_id}, move)


def adjust(adjustment: Adjustment, call: Call, merchant: Party) -> Transaction:
    """Decide a correction; the store refuses one below an empty shelf. Raises Refusal."""
    if adjustment.quantity == 0:
        raise Unacceptable("quantity", "an adjustment of 0 units corrects nothing", quantity=0)
    event = StockAdjusted(
        movement_id=call.event_id,
        merchant_id=merchant.user_id,
        good_id=adjustment.good_id,
        quantity=adjustment.quantity,
        reason=adjustment.reason,
    )
    move = StockMove(merchant.user_id, adjustment.good_id, adjustment.quantity)
    return _file(event, call, merchant, adjustment, {"movementId": call.event_id}, move)


def _file(
    event: Event,
    call: Call,
    merchant: Party,
    command: Storefront | ListedGood | Delivery | Adjustment,
    receipt: dict[str, str],
    *changes: Change,
) -> Transaction:
    roles.permit("sell", merchant.kind)
    at = call.occurred(command.occurred_at)
    return Transaction.of(
        call,
        call.message(event, actor=merchant.user_id, occurred_at=at),
        receipt,
        changes=changes,
    )
