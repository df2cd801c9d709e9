"""What a geofence event means: a civilian came near an officer who can be found at that time."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from ingestion import envelope
from ingestion.envelope import Context, Message, Metadata
from ingestion.events.officer_nearby import OfficerNearby
from ingestion.fields import Instant, Uuid
from services.rules import GEOFENCE_RADIUS_M


class GeofenceProperties(Struct, frozen=True):
    """What `places` wrote on the officer's circle."""

    until: Instant


class PositionProperties(Struct, frozen=True, rename="camel"):
    """What `places` wrote on the device's position."""

    user_id: Uuid
    kind: str


class Crossing(Struct, frozen=True, rename="pascal"):
    """The `detail` of Amazon Location's geofence event; what it does not need is ignored.

    https://docs.aws.amazon.com/location/latest/developerguide/location-events.html
    """

    event_type: Annotated[str, Meta(pattern=r"\A(ENTER|EXIT)\Z")]
    geofence_id: Uuid
    device_id: str
    sample_time: Instant
    geofence_properties: GeofenceProperties
    position_properties: PositionProperties


class Notice(Struct, frozen=True):
    """EventBridge's envelope as far as it matters here."""

    detail: Crossing


_DECODER = msgspec.json.Decoder(Notice)


def read(body: str) -> Crossing:
    """The crossing in an SQS message's body. Raises msgspec.ValidationError."""
    return _DECODER.decode(body).detail


def meet(crossing: Crossing, source: str) -> Message | None:
    """The event to publish, or None: officers find nobody, and nobody finds who is hidden.

    Its id follows from the crossing, so a redelivered notice has the same.
    """
    if crossing.event_type != "ENTER" or crossing.position_properties.kind != "civilian":
        return None
    at = crossing.sample_time
    if at > crossing.geofence_properties.until:
        return None
    civilian, officer = crossing.position_properties.user_id, crossing.geofence_id
    id_ = envelope.event_id(source, f"{officer}/{crossing.device_id}/{envelope.instant(at)}")
    event = OfficerNearby(civilian_id=civilian, officer_id=officer, radius_m=GEOFENCE_RADIUS_M)
    context = Context(source, at, correlation_id=id_, metadata=Metadata(user_id=civilian))
    return envelope.build(event, context, event_id=id_, occurred_at=at)
