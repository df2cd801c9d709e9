"""The tracking function: positions and visibility over HTTP, geofence events from a queue."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ingestion.errors import NotSent
from ingestion.events.position_reported import PositionReported
from ingestion.fields import Latitude, Longitude, Uuid
from services.desk import producer
from services.errors import Conflict, Malformed
from services.http import Answer, Api, Body, Call, reply
from services.rules import VISIBLE_FOR
from services.tracking import proximity
from services.tracking.places import Sighting, places

api = Api(__name__)


class ReportedPosition(Body, frozen=True, kw_only=True):
    """Where a device is (WGS 84)."""

    device_id: Uuid
    user_id: Uuid
    kind: Literal["civilian", "officer"]
    latitude: Latitude
    longitude: Longitude
    accuracy_m: Annotated[float, Meta(ge=0)]


class Visibility(Body, frozen=True, kw_only=True):
    """An officer opts in to be found, or out."""

    officer_id: Uuid
    device_id: Uuid
    on: bool
    latitude: Latitude | None = None
    longitude: Longitude | None = None


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point, for API Gateway and for SQS."""
    return take(event["Records"]) if "Records" in event else api.answer(event)


@api.post("/positions", ReportedPosition)
def report(position: ReportedPosition, call: Call) -> Answer:
    if position.kind == "officer":
        _follow(position, call)
    event = PositionReported(
        device_id=position.device_id,
        user_id=position.user_id,
        kind=position.kind,
        latitude=position.latitude,
        longitude=position.longitude,
        accuracy_m=position.accuracy_m,
    )
    message = call.message(event, actor=position.user_id)
    places().see(
        Sighting(
            position.device_id,
            position.user_id,
            position.kind,
            (position.latitude, position.longitude),
            position.accuracy_m,
            call.now,
        )
    )
    producer().put([message])
    return reply(202, {"eventId": call.event_id})


@api.post("/visibility", Visibility)
def switch_visibility(visibility: Visibility, call: Call) -> Answer:
    if not visibility.on:
        places().hide(visibility.officer_id)
        return reply(200, {"officerId": visibility.officer_id, "visibleUntil": None})
    if visibility.latitude is None or visibility.longitude is None:
        raise Malformed("invalid_body", "on needs latitude and longitude")
    until = call.now + VISIBLE_FOR
    places().show(visibility.officer_id, (visibility.latitude, visibility.longitude), until)
    return reply(200, {"officerId": visibility.officer_id, "visibleUntil": until})


def take(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Publish what the queued geofence events mean; names the messages that must come again."""
    failed = [record["messageId"] for record in records if not _publish(record["body"])]
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}


def _publish(body: str) -> bool:
    try:
        message = proximity.meet(proximity.read(body), api.source)
        producer().put([message] if message else [])
    except (msgspec.DecodeError, NotSent):
        # Left in the queue: its redrive policy ends what keeps failing as a dead letter.
        return False
    return True


def _follow(position: ReportedPosition, call: Call) -> None:
    """Move a visible officer's circle along. Raises Conflict for a hidden one: not to be known."""
    until = places().visible_until(position.user_id)
    if until is None or call.now > until:
        raise Conflict("hidden", "this officer is not visible", officerId=position.user_id)
    places().show(position.user_id, (position.latitude, position.longitude), until)
