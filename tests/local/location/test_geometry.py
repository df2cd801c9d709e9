from __future__ import annotations

from typing import Any

import pytest

from local.location.errors import ValidationError
from local.location.geometry import distance_m, shape_of

SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
HOLE = [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]
ISLAND = [[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]


def test_a_degree_of_latitude_is_111_km() -> None:
    assert distance_m([0, 0], [0, 1]) == pytest.approx(111_195, abs=1)
    # Empire State Building to Statue of Liberty.
    assert distance_m([-73.9857, 40.7484], [-74.0445, 40.6892]) == pytest.approx(8_240, abs=20)


@pytest.mark.parametrize(("metres", "inside"), [(0, True), (49, True), (51, False), (5_000, False)])
def test_a_circle_contains_what_is_within_its_radius(metres: float, inside: bool) -> None:
    circle = shape_of({"Circle": {"Center": [-73.98, 40.75], "Radius": 50}})
    assert circle.contains([-73.98, 40.75 + metres / 111_195]) is inside


@pytest.mark.parametrize(
    ("position", "inside"),
    [([0.5, 0.5], True), ([2, 2], False), ([3.5, 2], True), ([5, 2], False), ([2, -1], False)],
)
def test_a_polygon_contains_what_is_in_its_ring_and_in_no_hole(
    position: list[float], inside: bool
) -> None:
    assert shape_of({"Polygon": [SQUARE, HOLE]}).contains(position) is inside


def test_a_multipolygon_contains_what_any_of_its_polygons_contains() -> None:
    shape = shape_of({"MultiPolygon": [[SQUARE], [ISLAND]]})
    assert shape.contains([10.5, 10.5])
    assert shape.contains([2, 2])
    assert not shape.contains([7, 7])


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"Circle": {"Center": [0, 0], "Radius": 1}, "Polygon": [SQUARE]},
        {"Circle": {"Center": [0, 0], "Radius": 0}},
        {"Circle": {"Center": [181, 0], "Radius": 1}},
        {"Circle": {"Center": [0], "Radius": 1}},
        {"Polygon": []},
        {"Polygon": [[[0, 0], [1, 1], [0, 0]]]},
        {"Polygon": [SQUARE[:-1]]},
        {"Geobuf": "AAAA"},
    ],
)
def test_a_geometry_that_is_none_is_refused(geometry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        shape_of(geometry)
