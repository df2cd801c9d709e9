"""What geofence events mean, and where officers can be found."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ingestion import envelope
from ingestion.events.officer_nearby import OfficerNearby
from services.tracking import proximity
from services.tracking.places import Places, Sighting

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
CIVILIAN = "11111111-1111-5111-8111-111111111111"
OFFICER = "22222222-2222-5222-8222-222222222222"
HERE = (41.88, -87.63)


def notice(at: datetime = NOW, kind: str = "civilian", event_type: str = "ENTER") -> str:
    return json.dumps(
        {
            "version": "0",
            "source": "aws.geo",
            "detail": {
                "EventType": event_type,
                "GeofenceId": OFFICER,
                "DeviceId": "device-1",
                "SampleTime": envelope.instant(at),
                "Position": [-87.63, 41.88],
                "GeofenceProperties": {"until": envelope.instant(NOW + timedelta(minutes=15))},
                "PositionProperties": {"userId": CIVILIAN, "kind": kind},
            },
        }
    )


def meet(body: str) -> Any:
    return proximity.meet(proximity.read(body), "tracking")


def test_a_civilian_who_enters_is_told_of_the_officer_at_the_time_of_the_sighting() -> None:
    message = meet(notice())
    found, event = envelope.read(message.body)
    assert isinstance(event, OfficerNearby)
    assert (event.civilian_id, event.officer_id, event.radius_m) == (CIVILIAN, OFFICER, 150)
    assert found.timestamp == NOW


def test_the_same_crossing_has_the_same_event_id() -> None:
    assert meet(notice()).event_id == meet(notice()).event_id
    assert meet(notice(NOW + timedelta(seconds=1))).event_id != meet(notice()).event_id


def test_nobody_finds_an_officer_fifteen_minutes_later() -> None:
    assert meet(notice(NOW + timedelta(minutes=15))) is not None
    assert meet(notice(NOW + timedelta(minutes=15, seconds=1))) is None


def test_officers_find_nobody_and_leaving_means_nothing() -> None:
    assert meet(notice(kind="officer")) is None
    assert meet(notice(event_type="EXIT")) is None


@pytest.mark.parametrize("body", ["", "{}", '{"detail":{"EventType":"ENTER"}}'])
def test_a_notice_that_is_none_cannot_be_read(body: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        proximity.read(body)


@pytest.fixture(scope="module")
def places(aws: Any) -> Places:
    client, name = aws.client("location"), f"t{uuid.uuid4().hex}"
    client.create_tracker(TrackerName=name)
    collection = client.create_geofence_collection(CollectionName=name)["CollectionArn"]
    client.associate_tracker_consumer(TrackerName=name, ConsumerArn=collection)
    return Places(client, name, name)


@pytest.mark.integration
def test_an_officer_is_visible_until_it_hides_or_time_is_up(places: Places) -> None:
    officer = str(uuid.uuid4())
    assert places.visible_until(officer) is None
    places.show(officer, HERE, NOW)
    assert places.visible_until(officer) == NOW
    places.show(officer, HERE, NOW + timedelta(minutes=1))
    assert places.visible_until(officer) == NOW + timedelta(minutes=1)
    places.hide(officer)
    places.hide(officer)
    assert places.visible_until(officer) is None


@pytest.mark.integration
def test_a_sighting_is_where_and_when_the_device_was(places: Places) -> None:
    places.see(Sighting("device-9", CIVILIAN, "civilian", HERE, 5.0, NOW))
    found = places._client.get_device_position(TrackerName=places._tracker, DeviceId="device-9")
    assert found["Position"] == [-87.63, 41.88]
    assert found["SampleTime"] == NOW
