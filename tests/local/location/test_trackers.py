"""Positions against the real trackers and the real event bus."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

pytestmark = pytest.mark.integration
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
INSIDE, NEAR, OUTSIDE = [-73.98, 40.75], [-73.98, 40.7501], [-73.98, 40.76]


@dataclass(frozen=True)
class City:
    location: Any
    tracker: str
    collection: str
    arn: str
    events: Any

    def report(self, *positions: list[float]) -> list[Any]:
        """Report positions of one device, one request each; the events that came of them."""
        for position in positions:
            update = {"DeviceId": "d", "Position": position, "SampleTime": NOON}
            self.location.batch_update_device_position(TrackerName=self.tracker, Updates=[update])
        return list(self.events())


@pytest.fixture
def city(aws: Any) -> City:
    name = f"t{uuid.uuid4().hex[:8]}"
    location, events, queues = (aws.client(s) for s in ("location", "events", "sqs"))
    url = queues.create_queue(QueueName=name)["QueueUrl"]
    arn = location.create_geofence_collection(CollectionName=name)["CollectionArn"]
    location.create_tracker(TrackerName=name)
    location.associate_tracker_consumer(TrackerName=name, ConsumerArn=arn)
    location.put_geofence(
        CollectionName=name,
        GeofenceId="o1",
        Geometry={"Circle": {"Center": INSIDE, "Radius": 50}},
        GeofenceProperties={"badge": "7"},
    )
    pattern = {"source": ["aws.geo"], "resources": [arn]}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    target = {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:000000000000:{name}"}
    events.put_targets(Rule=name, Targets=[target])

    def received() -> Any:
        while messages := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                yield json.loads(message["Body"])
                queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    return City(location, name, name, arn, received)


def test_entering_and_leaving_are_events_in_the_services_own_format(city: City) -> None:
    entered, left = city.report(OUTSIDE, INSIDE, NEAR, OUTSIDE)
    assert (entered["detail"]["EventType"], left["detail"]["EventType"]) == ("ENTER", "EXIT")
    assert entered["source"] == "aws.geo"
    assert entered["detail-type"] == "Location Geofence Event"
    tracker = f"arn:aws:geo:us-east-1:000000000000:tracker/{city.tracker}"
    assert entered["resources"] == [city.arn, tracker]
    assert entered["detail"] == {
        "EventType": "ENTER",
        "GeofenceId": "o1",
        "DeviceId": "d",
        "SampleTime": "2026-01-02T12:00:00Z",
        "Position": INSIDE,
        "GeofenceProperties": {"badge": "7"},
    }


def test_a_position_is_kept_by_the_tracker_before_it_is_evaluated(city: City) -> None:
    city.report(INSIDE)
    found = city.location.get_device_position(TrackerName=city.tracker, DeviceId="d")
    assert found["Position"] == INSIDE


def test_a_position_that_the_tracker_refuses_is_not_evaluated(city: City) -> None:
    update = {"DeviceId": "d", "Position": [0.0, 95.0], "SampleTime": NOON}
    answer = city.location.batch_update_device_position(TrackerName=city.tracker, Updates=[update])
    assert [error["DeviceId"] for error in answer["Errors"]] == ["d"]
    assert list(city.events()) == []


def test_a_distance_filter_keeps_small_moves_from_the_geofences(city: City) -> None:
    edge, just_inside = [-73.98, 40.75048], [-73.98, 40.75040]
    city.location.update_tracker(TrackerName=city.tracker, PositionFiltering="DistanceBased")
    assert city.report(edge, just_inside) == []
    assert [e["detail"]["EventType"] for e in city.report(INSIDE)] == ["ENTER"]


def test_a_tracker_feeds_only_the_collections_it_is_associated_with(city: City) -> None:
    consumers = city.location.list_tracker_consumers(TrackerName=city.tracker)["ConsumerArns"]
    assert consumers == [city.arn]
    city.location.disassociate_tracker_consumer(TrackerName=city.tracker, ConsumerArn=city.arn)
    assert city.report(INSIDE) == []


def test_positions_can_be_evaluated_without_a_tracker(city: City) -> None:
    updates = [
        {"DeviceId": "walker", "Position": INSIDE, "SampleTime": NOON},
        {"DeviceId": "lost", "Position": [0.0, 95.0], "SampleTime": NOON},
    ]
    answer = city.location.batch_evaluate_geofences(
        CollectionName=city.collection, DevicePositionUpdates=updates
    )
    assert [error["DeviceId"] for error in answer["Errors"]] == ["lost"]
    assert [e["resources"] for e in city.events()] == [[city.arn]]


def test_what_is_not_there_is_refused_with_the_services_own_error(city: City) -> None:
    missing = city.location.exceptions.ResourceNotFoundException
    with pytest.raises(missing, match="nowhere"):
        city.location.list_geofences(CollectionName="nowhere")
    with pytest.raises(missing, match="nothing"):
        city.location.associate_tracker_consumer(TrackerName="nothing", ConsumerArn=city.arn)
    with pytest.raises(city.location.exceptions.ConflictException):
        city.location.create_geofence_collection(CollectionName=city.collection)


def test_an_operation_that_is_not_offered_says_so(city: City) -> None:
    with pytest.raises(city.location.exceptions.ValidationException, match="not supported"):
        city.location.forecast_geofence_events(
            CollectionName=city.collection, DeviceState={"Position": INSIDE}
        )
