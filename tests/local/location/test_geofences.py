from __future__ import annotations

from typing import Any

import pytest

from local.location.errors import ConflictError, NotFoundError, ValidationError
from local.location.geofences import Geofences

CIRCLE = {"Circle": {"Center": [0, 0], "Radius": 100}}
INSIDE, OUTSIDE = [0.0, 0.0], [1.0, 1.0]


@pytest.fixture
def fences() -> Geofences:
    fences = Geofences("000000000000", "us-east-1")
    fences.create({"CollectionName": "officers"})
    return fences


def _ids(listing: dict[str, Any]) -> list[str]:
    return [entry["GeofenceId"] for entry in listing["Entries"]]


def test_a_device_crosses_a_border_once_in_each_direction(fences: Geofences) -> None:
    fences.put("officers", "o1", {"Geometry": CIRCLE})
    collection = fences.collection("officers")
    seen = []
    for position in (OUTSIDE, INSIDE, INSIDE, OUTSIDE, OUTSIDE):
        crossed = collection.crossings("d", position)
        collection.note("d", crossed)
        seen.append([kind for kind, _ in crossed])
    assert seen == [[], ["ENTER"], [], ["EXIT"], []]


def test_a_crossing_that_was_not_noted_is_found_again(fences: Geofences) -> None:
    fences.put("officers", "o1", {"Geometry": CIRCLE})
    collection = fences.collection("officers")
    assert collection.crossings("d", INSIDE)
    assert collection.crossings("d", INSIDE)


def test_a_geofence_that_moves_away_is_left_by_the_device_inside(fences: Geofences) -> None:
    fences.put("officers", "o1", {"Geometry": CIRCLE})
    collection = fences.collection("officers")
    collection.note("d", collection.crossings("d", INSIDE))
    fences.put("officers", "o1", {"Geometry": {"Circle": {"Center": [5, 5], "Radius": 100}}})
    assert [kind for kind, _ in collection.crossings("d", INSIDE)] == ["EXIT"]


def test_devices_do_not_share_their_whereabouts(fences: Geofences) -> None:
    fences.put("officers", "o1", {"Geometry": CIRCLE})
    collection = fences.collection("officers")
    collection.note("d", collection.crossings("d", INSIDE))
    assert [kind for kind, _ in collection.crossings("e", INSIDE)] == ["ENTER"]


def test_a_deleted_geofence_forgets_who_was_inside(fences: Geofences) -> None:
    fences.put("officers", "o1", {"Geometry": CIRCLE})
    collection = fences.collection("officers")
    collection.note("d", collection.crossings("d", INSIDE))
    errors = fences.batch_delete("officers", {"GeofenceIds": ["o1", "none"]})["Errors"]
    assert [error["GeofenceId"] for error in errors] == ["none"]
    assert errors[0]["Error"]["Code"] == "ResourceNotFoundError"
    fences.put("officers", "o1", {"Geometry": CIRCLE})
    assert [kind for kind, _ in collection.crossings("d", INSIDE)] == ["ENTER"]


def test_a_batch_puts_the_good_and_names_the_bad(fences: Geofences) -> None:
    entries = [
        {"GeofenceId": "good", "Geometry": CIRCLE},
        {"GeofenceId": "bad", "Geometry": {}},
    ]
    answer = fences.batch_put("officers", {"Entries": entries})
    assert [s["GeofenceId"] for s in answer["Successes"]] == ["good"]
    assert [(e["GeofenceId"], e["Error"]["Code"]) for e in answer["Errors"]] == [
        ("bad", "ValidationError")
    ]


@pytest.mark.parametrize("size", [0, 11])
def test_a_batch_has_one_to_ten_entries(fences: Geofences, size: int) -> None:
    with pytest.raises(ValidationError, match=str(size)):
        fences.batch_put("officers", {"Entries": [{}] * size})


def test_geofences_are_listed_in_pages(fences: Geofences) -> None:
    for name in "cab":
        fences.put("officers", name, {"Geometry": CIRCLE})
    first = fences.list_geofences("officers", {"MaxResults": 2})
    rest = fences.list_geofences("officers", {"NextToken": first["NextToken"]})
    assert (_ids(first), _ids(rest)) == (["a", "b"], ["c"])
    assert "NextToken" not in rest


def test_a_collection_has_one_name(fences: Geofences) -> None:
    with pytest.raises(ConflictError, match="officers"):
        fences.create({"CollectionName": "officers"})
    fences.delete("officers")
    with pytest.raises(NotFoundError, match="officers"):
        fences.describe("officers")
