from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ingestion.contract import Event, contract
from ingestion.fields import Instant, LocalDate, Points, Posting, ShortText, Uuid, ZipCode


@contract(
    stream="transactions",
    version=1,
    owner="scoring",
    key="civilian_id",
    keep_days=2557,
    route="financial",
)
class EncounterRecorded(Event, frozen=True, kw_only=True):
    """A civilian and an officer met and both earned points, once a day at most.

    The day (`local_date`) starts at 00:00 in the encounter's `time_zone`.
    """

    transaction_id: Uuid
    civilian_id: Uuid
    officer_id: Uuid
    method: Literal["proximity", "qr"]
    distance_ft: Annotated[float, Meta(ge=0, le=10)] | None = None
    zip_code: ZipCode
    time_zone: ShortText
    local_date: LocalDate
    points_each: Points
    recorded_at: Instant
    postings: tuple[Posting, ...]
