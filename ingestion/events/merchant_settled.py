from __future__ import annotations

from ingestion.contract import Event, contract
from ingestion.fields import Instant, Points, Posting, Uuid


@contract(
    stream="transactions",
    version=1,
    owner="scoring",
    key="merchant_id",
    keep_days=2557,
    route="financial",
)
class MerchantSettled(Event, frozen=True, kw_only=True):
    """A merchant was paid for the points it had collected; those points are burned."""

    transaction_id: Uuid
    merchant_id: Uuid
    points: Points
    recorded_at: Instant
    postings: tuple[Posting, ...]
