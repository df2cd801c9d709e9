"""A transaction is undone by one that mirrors it; what was filed is never edited."""

from __future__ import annotations

from ingestion import envelope
from ingestion.events.goods_redeemed import GoodsRedeemed
from ingestion.events.transaction_reversed import ReturnedGoods, TransactionReversed
from ingestion.fields import Instant, Posting, ShortText, Uuid
from services.errors import Unacceptable
from services.http import Body, Call
from services.ledger import Change, Filed, Once, StockMove, Transaction


class Reversal(Body, frozen=True, kw_only=True):
    """Which transaction, and why."""

    transaction_id: Uuid
    reason: ShortText
    occurred_at: Instant | None = None


def reverse(reversal: Reversal, call: Call, filed: Filed) -> Transaction:
    """Decide the reversal of a filed transaction. Raises Refusal; a reversal stands for good."""
    if not filed.postings or filed.event_type == TransactionReversed.contract.name:
        raise Unacceptable(
            "not_reversible",
            f"a {filed.event_type} cannot be reversed",
            transactionId=filed.command_id,
        )
    goods = _returned(filed)
    event = TransactionReversed(
        transaction_id=call.event_id,
        reversed_transaction_id=filed.command_id,
        reversed_event_type=filed.event_type,
        reason=reversal.reason,
        returned_goods=goods,
        recorded_at=call.now,
        postings=tuple(Posting(account=p.account, points=-p.points) for p in filed.postings),
    )
    at = call.occurred(reversal.occurred_at)
    receipt = {"transactionId": call.event_id, "reversedTransactionId": filed.command_id}
    return Transaction.of(
        call,
        call.message(event, occurred_at=at, causation_id=filed.command_id),
        receipt,
        postings=event.postings,
        changes=_changes(filed, goods),
    )


def _returned(filed: Filed) -> ReturnedGoods | None:
    if filed.event_type != GoodsRedeemed.contract.name:
        return None
    _, redeemed = envelope.read_tolerantly(filed.body, GoodsRedeemed)
    return ReturnedGoods(
        merchant_id=redeemed.merchant_id, good_id=redeemed.good_id, quantity=redeemed.quantity
    )


def _changes(filed: Filed, goods: ReturnedGoods | None) -> tuple[Change, ...]:
    once = Once(
        f"txn#{filed.command_id}",
        "reversed",
        "already_reversed",
        f"transaction {filed.command_id} has been reversed",
    )
    if goods is None:
        return (once,)
    return once, StockMove(goods.merchant_id, goods.good_id, goods.quantity)
