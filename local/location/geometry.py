"""Whether a position lies in a circle or a polygon. Positions are [longitude, latitude] in degrees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from local.location.errors import ValidationError

EARTH_RADIUS_M = 6_371_008.8

Position = Sequence[float]
Ring = Sequence[Position]


class Shape(Protocol):
    """A part of the Earth's surface."""

    def contains(self, position: Position) -> bool: ...


@dataclass(frozen=True)
class _Circle:
    longitude: float
    latitude: float
    radius_m: float

    def contains(self, position: Position) -> bool:
        # One degree of latitude is over 110 km everywhere: most circles are far enough away.
        if abs(position[1] - self.latitude) * 110_000 > self.radius_m:
            return False
        return distance_m((self.longitude, self.latitude), position) <= self.radius_m


@dataclass(frozen=True)
class _Polygons:
    """Each polygon is an outer ring and the rings of its holes."""

    polygons: Sequence[Sequence[Ring]]

    def contains(self, position: Position) -> bool:
        return any(
            _in_ring(position, outer) and not any(_in_ring(position, hole) for hole in holes)
            for outer, *holes in self.polygons
        )


def distance_m(one: Position, other: Position) -> float:
    """Metres along the Earth's surface (haversine on a sphere)."""
    (lon1, lat1), (lon2, lat2) = ((math.radians(p[0]), math.radians(p[1])) for p in (one, other))
    chord = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(chord))


def shape_of(geometry: dict[str, Any]) -> Shape:
    """The shape of a GeofenceGeometry. Raises ValidationError for what is not supported.

    Rules: https://docs.aws.amazon.com/location/latest/APIReference/API_GeofenceGeometry.html
    """
    given = [kind for kind, value in geometry.items() if value is not None]
    if len(given) != 1:
        raise ValidationError(
            f"Geometry needs one of Circle, Polygon, MultiPolygon, given: {given}"
        )
    if given == ["Circle"]:
        return _circle(geometry["Circle"])
    if given == ["Polygon"]:
        return _Polygons([_polygon(geometry["Polygon"])])
    if given == ["MultiPolygon"]:
        return _Polygons([_polygon(polygon) for polygon in geometry["MultiPolygon"]])
    raise ValidationError(f"Geometry {given[0]} is not supported here: use Circle or Polygon")


def check_position(position: Any) -> Position:
    """The position itself. Raises ValidationError unless it is [longitude, latitude] in range."""
    if (
        not isinstance(position, list)
        or len(position) != 2
        or not all(isinstance(c, int | float) and math.isfinite(c) for c in position)
    ):
        raise ValidationError(f"Position {position!r} must be [longitude, latitude]")
    if abs(position[0]) > 180 or abs(position[1]) > 90:
        raise ValidationError(
            f"Position {position!r}: longitude is within 180 degrees, latitude within 90"
        )
    return position


def _circle(circle: dict[str, Any]) -> _Circle:
    center = check_position(circle.get("Center"))
    radius = circle.get("Radius")
    if not isinstance(radius, int | float) or not 0 < radius < math.inf:
        raise ValidationError(f"Circle.Radius {radius!r} must be metres above 0")
    return _Circle(center[0], center[1], radius)


def _polygon(rings: Any) -> Sequence[Ring]:
    if not rings:
        raise ValidationError("A polygon needs an outer ring")
    for ring in rings:
        if len(ring) < 4 or ring[0] != ring[-1]:
            raise ValidationError(
                f"A ring needs at least 4 positions, the last equal to the first, given: {ring}"
            )
        for position in ring:
            check_position(position)
    checked: Sequence[Ring] = rings
    return checked


def _in_ring(position: Position, ring: Ring) -> bool:
    """Whether a ray to the east crosses the ring an odd number of times."""
    lon, lat = position
    inside = False
    for (lon1, lat1), (lon2, lat2) in pairwise(ring):
        if (lat1 > lat) != (lat2 > lat) and lon < lon1 + (lat - lat1) / (lat2 - lat1) * (
            lon2 - lon1
        ):
            inside = not inside
    return inside
