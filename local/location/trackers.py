"""Which collections a tracker feeds, and what happens to its positions after they were accepted.

The tracker itself belongs to the upstream application.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from local.location.errors import LocationError, NotFoundError, QuotaError
from local.location.geofences import Collection, Geofence, Geofences, page
from local.location.geometry import check_position
from local.location.upstream import Upstream

Record = dict[str, Any]

# Quota "Tracker consumers per tracker".
_MOST_CONSUMERS = 5

# Puts entries (as PutEvents takes them) on the default event bus; the reasons for refusals.
Publish = Callable[[Sequence[Record]], Awaitable[list[str]]]


class Trackers:
    """Associations of trackers with geofence collections, and the evaluation of positions."""

    def __init__(
        self,
        geofences: Geofences,
        upstream: Upstream,
        publish: Publish,
        account: str,
        region: str,
    ) -> None:
        self._geofences = geofences
        self._upstream = upstream
        self._publish = publish
        self._prefix = f"arn:aws:geo:{region}:{account}:tracker/"
        self._consumers: dict[str, list[str]] = {}

    async def associate(self, tracker: str, request: Record) -> Record:
        await self._describe(tracker)
        arn = request["ConsumerArn"]
        self._geofences.collection(self._geofences.name_in(arn))
        consumers = self._consumers.setdefault(tracker, [])
        if arn in consumers:
            return {}
        if len(consumers) >= _MOST_CONSUMERS:
            raise QuotaError(f"Tracker {tracker} has {_MOST_CONSUMERS} consumers already")
        consumers.append(arn)
        return {}

    async def disassociate(self, tracker: str, arn: str) -> Record:
        consumers = self._consumers.get(tracker, [])
        if arn not in consumers:
            raise NotFoundError(f"Tracker {tracker} has no consumer {arn}")
        consumers.remove(arn)
        return {}

    async def list_consumers(self, tracker: str, request: Record) -> Record:
        await self._describe(tracker)
        listed = page(sorted(self._consumers.get(tracker, [])), request, str)
        return {("ConsumerArns" if k == "Entries" else k): v for k, v in listed.items()}

    def forget(self, tracker: str) -> None:
        """A deleted tracker feeds nothing."""
        self._consumers.pop(tracker, None)

    def forget_collection(self, name: str) -> None:
        for consumers in self._consumers.values():
            consumers[:] = [arn for arn in consumers if self._geofences.name_in(arn) != name]

    async def evaluate_accepted(
        self, tracker: str, updates: list[Record], errors: list[Record]
    ) -> None:
        """Evaluate what the tracker accepted of `updates` against the collections it feeds."""
        arns = self._consumers.get(tracker)
        if not arns:
            return
        refused = {error["DeviceId"] for error in errors}
        accepted = [update for update in updates if update["DeviceId"] not in refused]
        accepted = await self._unfiltered(tracker, accepted)
        for arn in arns:
            collection = self._geofences.collection(self._geofences.name_in(arn))
            await self._evaluate(collection, accepted, [arn, self._prefix + tracker])

    async def evaluate(self, name: str, request: Record) -> Record:
        """BatchEvaluateGeofences: positions that no tracker has seen."""
        collection = self._geofences.collection(name)
        errors = []
        for update in request["DevicePositionUpdates"]:
            try:
                check_position(update["Position"])
                await self._evaluate(collection, [update], [collection.body["CollectionArn"]])
            except LocationError as refused:
                errors.append(
                    {
                        "DeviceId": update["DeviceId"],
                        "SampleTime": update["SampleTime"],
                        "Error": {"Code": "ValidationError", "Message": str(refused)},
                    }
                )
        return {"Errors": errors}

    async def _describe(self, tracker: str) -> Record:
        status, answer = await self._upstream.call("GET", f"/tracking/v0/trackers/{tracker}")
        if status == 404:
            raise NotFoundError(f"Tracker not found: {tracker}.")
        return answer

    async def _unfiltered(self, tracker: str, updates: list[Record]) -> list[Record]:
        """What the tracker's position filter lets through to the geofences.

        TimeBased trackers thin out what they store, not what they evaluate; the other filters drop
        a position altogether (API reference, CreateTracker, PositionFiltering).
        """
        if (await self._describe(tracker)).get("PositionFiltering", "TimeBased") == "TimeBased":
            return updates
        devices = sorted({update["DeviceId"] for update in updates})
        _, answer = await self._upstream.call(
            "POST", f"/tracking/v0/trackers/{tracker}/get-positions", {"DeviceIds": devices}
        )
        stored = {p["DeviceId"]: p["Position"] for p in answer["DevicePositions"]}
        return [u for u in updates if stored.get(u["DeviceId"]) == u["Position"]]

    async def _evaluate(
        self, collection: Collection, updates: list[Record], resources: list[str]
    ) -> None:
        for update in updates:
            device = update["DeviceId"]
            crossed = collection.crossings(device, update["Position"])
            refused = await self._publish(
                [_entry(kind, geofence, update, resources) for kind, geofence in crossed]
            )
            if refused:
                raise LocationError(f"The event bus refused geofence events of {device}: {refused}")
            # Remembered only now, so that a position whose events were refused can be sent again.
            collection.note(device, crossed)


def _entry(kind: str, geofence: Geofence, update: Record, resources: list[str]) -> Record:
    """An entry for PutEvents in the format of Amazon Location's geofence events.

    https://docs.aws.amazon.com/location/latest/developerguide/location-events.html
    """
    detail = {
        "EventType": kind,
        "GeofenceId": geofence.body["GeofenceId"],
        "DeviceId": update["DeviceId"],
        "SampleTime": update["SampleTime"],
        "Position": update["Position"],
    }
    optional = {
        "Accuracy": update.get("Accuracy"),
        "PositionProperties": update.get("PositionProperties"),
        "GeofenceProperties": geofence.body.get("GeofenceProperties"),
    }
    detail |= {name: value for name, value in optional.items() if value}
    return {
        "Source": "aws.geo",
        "DetailType": "Location Geofence Event",
        "Resources": resources,
        "Detail": json.dumps(detail),
    }
