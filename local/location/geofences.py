"""Geofence collections, their geofences, and which device is inside which of them.

All of it lives in memory, as the trackers do that it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.location.errors import ConflictError, LocationError, NotFoundError, ValidationError
from local.location.geometry import Position, Shape, shape_of

Record = dict[str, Any]
MOST_IN_A_BATCH = 10


@dataclass(frozen=True)
class Geofence:
    body: Record
    shape: Shape


@dataclass
class Collection:
    """`inside` holds (device id, geofence id) for every device that was last seen inside."""

    body: Record
    geofences: dict[str, Geofence] = field(default_factory=dict)
    inside: set[tuple[str, str]] = field(default_factory=set)

    def crossings(self, device: str, position: Position) -> list[tuple[str, Geofence]]:
        """("ENTER" or "EXIT", geofence) for each border between the last position and this one."""
        found = []
        for geofence_id, geofence in self.geofences.items():
            was, now = (device, geofence_id) in self.inside, geofence.shape.contains(position)
            if was != now:
                found.append(("ENTER" if now else "EXIT", geofence))
        return found

    def note(self, device: str, crossed: Iterable[tuple[str, Geofence]]) -> None:
        """Remember crossings once they were published."""
        for kind, geofence in crossed:
            key = (device, geofence.body["GeofenceId"])
            if kind == "ENTER":
                self.inside.add(key)
            else:
                self.inside.discard(key)


class Geofences:
    """The collections of one account and region, by name."""

    def __init__(self, account: str, region: str) -> None:
        self._prefix = f"arn:aws:geo:{region}:{account}:geofence-collection/"
        self._collections: dict[str, Collection] = {}

    def collection(self, name: str) -> Collection:
        """Raises NotFoundError."""
        if name not in self._collections:
            raise NotFoundError(f"Geofence collection not found: {name}.")
        return self._collections[name]

    def name_in(self, arn: str) -> str:
        """The name of the collection that an ARN of this account and region means."""
        if not arn.startswith(self._prefix):
            raise ValidationError(f"ConsumerArn {arn} must start with {self._prefix}")
        return arn.removeprefix(self._prefix)

    def create(self, request: Record) -> Record:
        name = request["CollectionName"]
        if name in self._collections:
            raise ConflictError(f"Geofence collection already exists: {name}.")
        created = now()
        body = {
            "CollectionName": name,
            "CollectionArn": self._prefix + name,
            "Description": request.get("Description", ""),
            "Tags": request.get("Tags") or {},
            "CreateTime": created,
            "UpdateTime": created,
        }
        if request.get("KmsKeyId"):
            body["KmsKeyId"] = request["KmsKeyId"]
        self._collections[name] = Collection(body)
        return _shown(body, "CollectionName", "CollectionArn", "CreateTime")

    def describe(self, name: str) -> Record:
        found = self.collection(name)
        return {**found.body, "GeofenceCount": len(found.geofences)}

    def update(self, name: str, request: Record) -> Record:
        body = self.collection(name).body
        if request.get("Description") is not None:
            body["Description"] = request["Description"]
        body["UpdateTime"] = now()
        return _shown(body, "CollectionName", "CollectionArn", "UpdateTime")

    def delete(self, name: str) -> Record:
        self.collection(name)
        del self._collections[name]
        return {}

    def list_collections(self, request: Record) -> Record:
        entries = [
            _shown(c.body, "CollectionName", "Description", "CreateTime", "UpdateTime")
            for _, c in sorted(self._collections.items())
        ]
        return page(entries, request, lambda entry: entry["CollectionName"])

    def put(self, name: str, geofence_id: str, request: Record) -> Record:
        collection = self.collection(name)
        known = collection.geofences.get(geofence_id)
        changed = now()
        body = {
            "GeofenceId": geofence_id,
            "Geometry": request["Geometry"],
            "Status": "ACTIVE",
            "CreateTime": known.body["CreateTime"] if known else changed,
            "UpdateTime": changed,
        }
        if request.get("GeofenceProperties"):
            body["GeofenceProperties"] = request["GeofenceProperties"]
        collection.geofences[geofence_id] = Geofence(body, shape_of(request["Geometry"]))
        return _shown(body, "GeofenceId", "CreateTime", "UpdateTime")

    def batch_put(self, name: str, request: Record) -> Record:
        self.collection(name)
        successes, errors = [], []
        for entry in checked_batch("Entries", request["Entries"]):
            try:
                successes.append(self.put(name, entry["GeofenceId"], entry))
            except LocationError as refused:
                errors.append(_error(entry["GeofenceId"], refused))
        return {"Successes": successes, "Errors": errors}

    def get(self, name: str, geofence_id: str) -> Record:
        found = self.collection(name).geofences.get(geofence_id)
        if found is None:
            raise NotFoundError(f"Geofence not found: {geofence_id}.")
        return found.body

    def list_geofences(self, name: str, request: Record) -> Record:
        entries = [g.body for _, g in sorted(self.collection(name).geofences.items())]
        return page(entries, request, lambda entry: entry["GeofenceId"])

    def batch_delete(self, name: str, request: Record) -> Record:
        """Deleting is not an EXIT: a device inside is forgotten without an event."""
        collection = self.collection(name)
        errors = []
        for geofence_id in checked_batch("GeofenceIds", request["GeofenceIds"]):
            if collection.geofences.pop(geofence_id, None) is None:
                missing = NotFoundError(f"Geofence not found: {geofence_id}.")
                errors.append(_error(geofence_id, missing))
            collection.inside = {key for key in collection.inside if key[1] != geofence_id}
        return {"Errors": errors}


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def checked_batch(member: str, given: list[Any]) -> list[Any]:
    if not 1 <= len(given) <= MOST_IN_A_BATCH:
        raise ValidationError(
            f"{member} has {len(given)} entries, allowed are 1 to {MOST_IN_A_BATCH}"
        )
    return given


def page(entries: list[Any], request: Record, key: Any) -> Record:
    """One page of entries sorted by `key`, whose last one is the token of the next page."""
    size = int(request.get("MaxResults") or 100)
    rest = [e for e in entries if key(e) > (request.get("NextToken") or "")]
    answer: Record = {"Entries": rest[:size]}
    if len(rest) > size:
        answer["NextToken"] = key(rest[size - 1])
    return answer


def _error(geofence_id: str, refused: LocationError) -> Record:
    code = refused.code.removesuffix("Exception")
    code = code if code.endswith("Error") else f"{code}Error"
    return {"GeofenceId": geofence_id, "Error": {"Code": code, "Message": str(refused)}}


def _shown(body: Record, *members: str) -> Record:
    return {member: body[member] for member in members}
