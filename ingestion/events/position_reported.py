from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ingestion.contract import Event, contract
from ingestion.fields import Latitude, Longitude, Uuid


@contract(
    stream="activity",
    version=1,
    owner="tracking",
    key="device_id",
    keep_days=30,
    personal=("latitude", "longitude"),
)
class PositionReported(Event, frozen=True, kw_only=True):
    """A device told where it is (WGS 84). Officers' devices only while they opted in."""

    device_id: Uuid
    user_id: Uuid
    kind: Literal["civilian", "officer"]
    latitude: Latitude
    longitude: Longitude
    accuracy_m: Annotated[float, Meta(ge=0)]
