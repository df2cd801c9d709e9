"""A merchant is paid for the points it collected, and those points are burned."""

from __future__ import annotations

from ingestion.events.merchant_settled import MerchantSettled
from ingestion.fields import Instant, Uuid
from services import roles
from services.errors import Conflict
from services.http import Body, Call
from services.ledger import Party, Transaction, transfer


class Settlement(Body, frozen=True, kw_only=True):
    """Everything the merchant has collected."""

    merchant_id: Uuid
    occurred_at: Instant | None = None


def settle(settlement: Settlement, call: Call, merchant: Party, balance: int) -> Transaction:
    """Decide a settlement of the whole `balance`. Raises Refusal."""
    roles.permit("settle", merchant.kind)
    if balance == 0:
        raise Conflict(
            "nothing_collected", f"{merchant.account} holds no points", account=merchant.account
        )
    event = MerchantSettled(
        transaction_id=call.event_id,
        merchant_id=merchant.user_id,
        points=balance,
        recorded_at=call.now,
        postings=transfer(merchant.account, "burn", balance),
    )
    at = call.occurred(settlement.occurred_at)
    receipt = {"transactionId": call.event_id, "points": balance, "balance": 0}
    return Transaction.of(
        call,
        call.message(event, actor=merchant.user_id, occurred_at=at),
        receipt,
        postings=event.postings,
        seen={merchant.account: balance},
    )
