"""Amazon Location as this service uses it: where devices are, and who can be found until when.

An officer's geofence carries the end of its visibility, so that no other store is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from ingestion import envelope
from ingestion.settings import load
from services.clients import client
from services.rules import GEOFENCE_RADIUS_M

Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device's position as (latitude, longitude) at `at`; `accuracy_m` is a radius."""

    device_id: str
    user_id: str
    kind: str
    position: Position
    accuracy_m: float
    at: datetime


class Places:
    """`client` is boto3's `location`; the service names positions longitude first."""

    def __init__(self, client: Any, tracker: str, geofences: str) -> None:
        self._client, self._tracker, self._geofences = client, tracker, geofences

    def see(self, sighting: Sighting) -> None:
        """Tell the tracker, which evaluates the geofences; a repeated sighting changes nothing."""
        latitude, longitude = sighting.position
        self._client.batch_update_device_position(
            TrackerName=self._tracker,
            Updates=[
                {
                    "DeviceId": sighting.device_id,
                    "SampleTime": sighting.at,
                    "Position": [longitude, latitude],
                    "Accuracy": {"Horizontal": sighting.accuracy_m},
                    "PositionProperties": {"userId": sighting.user_id, "kind": sighting.kind},
                }
            ],
        )

    def show(self, officer_id: str, position: Position, until: datetime) -> None:
        """Put the officer's circle, in place of any before."""
        latitude, longitude = position
        circle = {"Center": [longitude, latitude], "Radius": GEOFENCE_RADIUS_M}
        self._client.put_geofence(
            CollectionName=self._geofences,
            GeofenceId=officer_id,
            Geometry={"Circle": circle},
            GeofenceProperties={"until": envelope.instant(until)},
        )

    def hide(self, officer_id: str) -> None:
        """Remove the officer's circle; without effect when there is none."""
        self._client.batch_delete_geofence(CollectionName=self._geofences, GeofenceIds=[officer_id])

    def visible_until(self, officer_id: str) -> datetime | None:
        """Until when the officer can be found; None when it never opted in, or opted out."""
        try:
            geofence = self._client.get_geofence(
                CollectionName=self._geofences, GeofenceId=officer_id
            )
        except self._client.exceptions.ResourceNotFoundException:
            return None
        return msgspec.convert(geofence["GeofenceProperties"]["until"], datetime)


@cache
def places() -> Places:
    """The tracker and geofences that the settings name."""
    settings = load()
    return Places(client("location"), settings.tracker, settings.geofences)
