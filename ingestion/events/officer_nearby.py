from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ingestion.contract import Event, contract
from ingestion.fields import Uuid


@contract(stream="activity", version=1, owner="tracking", key="civilian_id", keep_days=90)
class OfficerNearby(Event, frozen=True, kw_only=True):
    """A civilian came within reach of an officer who had opted in to be found."""

    civilian_id: Uuid
    officer_id: Uuid
    radius_m: Annotated[float, Meta(gt=0)]
