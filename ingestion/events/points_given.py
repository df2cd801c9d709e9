from __future__ import annotations

from typing import Literal

from ingestion.contract import Event, contract
from ingestion.fields import Instant, Points, Posting, Uuid


@contract(
    stream="transactions",
    version=1,
    owner="scoring",
    key="giver_id",
    keep_days=2557,
    route="financial",
)
class PointsGiven(Event, frozen=True, kw_only=True):
    """A civilian or an officer gave points to an officer."""

    transaction_id: Uuid
    giver_id: Uuid
    giver_kind: Literal["civilian", "officer"]
    officer_id: Uuid
    points: Points
    recorded_at: Instant
    postings: tuple[Posting, ...]
