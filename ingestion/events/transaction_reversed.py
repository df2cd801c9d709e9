from __future__ import annotations

from msgspec import Struct

from ingestion.contract import Event, contract
from ingestion.fields import Instant, Key, Posting, ShortText, Units, Uuid


class ReturnedGoods(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Units that go back on a merchant's shelf."""

    merchant_id: Uuid
    good_id: Key
    quantity: Units


@contract(
    stream="transactions",
    version=1,
    owner="scoring",
    key="reversed_transaction_id",
    keep_days=2557,
    route="financial",
)
class TransactionReversed(Event, frozen=True, kw_only=True):
    """A transaction was undone by postings that mirror its own; nothing is ever edited."""

    transaction_id: Uuid
    reversed_transaction_id: Uuid
    reversed_event_type: ShortText
    reason: ShortText
    returned_goods: ReturnedGoods | None = None
    recorded_at: Instant
    postings: tuple[Posting, ...]
