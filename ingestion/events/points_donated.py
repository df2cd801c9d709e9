from __future__ import annotations

from typing import Literal

from ingestion.contract import Event, contract
from ingestion.fields import Instant, Points, Posting, Uuid


@contract(
    stream="transactions",
    version=1,
    owner="scoring",
    key="donor_id",
    keep_days=2557,
    route="financial",
)
class PointsDonated(Event, frozen=True, kw_only=True):
    """A civilian or an officer donated points to a charity or a family in need."""

    transaction_id: Uuid
    donor_id: Uuid
    donor_kind: Literal["civilian", "officer"]
    recipient_id: Uuid
    recipient_kind: Literal["charity", "family"]
    points: Points
    recorded_at: Instant
    postings: tuple[Posting, ...]
