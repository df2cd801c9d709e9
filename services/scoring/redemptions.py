"""Points for goods: the merchant collects the points and the goods leave its shelf."""

from __future__ import annotations

from typing import Literal, cast

from ingestion.events.goods_redeemed import GoodsRedeemed
from ingestion.fields import Instant, Key, Units, Uuid
from services import roles
from services.errors import Conflict
from services.http import Body, Call
from services.ledger import (
    Good,
    Party,
    StockMove,
    Transaction,
    insufficient_balance,
    insufficient_stock,
    transfer,
)


class Redemption(Body, frozen=True, kw_only=True):
    """`quantity` units of a merchant's good."""

    user_id: Uuid
    merchant_id: Uuid
    good_id: Key
    quantity: Units
    occurred_at: Instant | None = None


def redeem(
    redemption: Redemption, call: Call, user: Party, merchant: Party, good: Good, balance: int
) -> Transaction:
    """Decide a redemption at the good's price now; `balance` is the user's. Raises Refusal."""
    roles.permit("redeem", user.kind, merchant.kind)
    price = _price(good)
    points = price * redemption.quantity
    if good.units < redemption.quantity:
        raise insufficient_stock(good, redemption.quantity)
    if balance < points:
        raise insufficient_balance(user.account, balance, points)
    event = GoodsRedeemed(
        transaction_id=call.event_id,
        user_id=user.user_id,
        user_kind=cast("Literal['civilian', 'family']", user.kind),
        merchant_id=merchant.user_id,
        good_id=good.good_id,
        quantity=redemption.quantity,
        points=points,
        recorded_at=call.now,
        postings=transfer(user.account, merchant.account, points),
    )
    at = call.occurred(redemption.occurred_at)
    receipt = {"transactionId": call.event_id, "points": points, "balance": balance - points}
    return Transaction.of(
        call,
        call.message(event, actor=user.user_id, occurred_at=at),
        receipt,
        postings=event.postings,
        changes=(StockMove(merchant.user_id, good.good_id, -redemption.quantity, price),),
        seen={user.account: balance},
    )


def _price(good: Good) -> int:
    if not good.is_listed or good.price_points is None:
        raise Conflict(
            "not_for_points",
            f"good {good.good_id} is not offered for points",
            goodId=good.good_id,
            isListed=good.is_listed,
            pricePoints=good.price_points,
        )
    return good.price_points
