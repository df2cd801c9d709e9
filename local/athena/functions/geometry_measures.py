"""Areas, lengths, centres and distances of geometries, digit for digit as Esri's library computes them.

Source: MultiPathImpl, Line, OperatorCentroid2DLocal and OperatorDistanceLocal of
https://github.com/Esri/geometry-api-java; on the sphere GeoFunctions of trino-geospatial.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from local.athena.functions.geometry_text import KahanSum, Pair, ring_area
from local.athena.functions.scalars import fail

_INVALID = "INVALID_FUNCTION_ARGUMENT"
_EARTH_KM = 6371.01
_CHUNK = 1_000_000
Array = np.ndarray[Any, np.dtype[np.float64]]


def members(geometry: Any) -> list[Any]:
    """The single geometries that a geometry is made of."""
    if not hasattr(geometry, "geoms"):
        return [] if geometry.is_empty else [geometry]
    return [one for part in geometry.geoms for one in members(part)]


def _flat(geometry: Any) -> Iterator[Any]:
    """The parts of a collection, with those of collections inside."""
    for part in geometry.geoms:
        yield from _flat(part) if part.geom_type == "GeometryCollection" else (part,)


def paths(geometry: Any) -> Iterator[list[Pair]]:
    """The lines and closed rings in their order."""
    for one in members(geometry):
        if one.geom_type == "LineString":
            yield list(one.coords)
        elif one.geom_type == "Polygon":
            yield from (list(ring.coords) for ring in (one.exterior, *one.interiors))


def area(geometry: Any) -> float:
    """The parts of a collection are summed one by one."""
    if geometry.geom_type == "GeometryCollection":
        return sum(map(area, _flat(geometry)), 0.0)
    total = KahanSum()
    if "Polygon" in geometry.geom_type:
        for ring in paths(geometry):
            total.add(ring_area(ring))
    return total.total


def length(geometry: Any) -> float:
    total = KahanSum()
    for path in paths(geometry):
        for (x1, y1), (x2, y2) in pairwise(path):
            total.add(math.sqrt((x1 - x2) * (x1 - x2) + (y1 - y2) * (y1 - y2)))
    return total.total


def centroid(geometry: Any) -> Pair:
    """Of a geometry that is not empty and no collection."""
    if "Point" in geometry.geom_type:
        points = [one.coords[0] for one in members(geometry)]
        return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    if "Line" in geometry.geom_type:
        return _centre_of_lines(list(paths(geometry)))
    rings = list(paths(geometry))
    centres = [_centre_of_ring(ring[:-1]) for ring in rings]
    if len(rings) == 1:
        return centres[0]
    areas = [ring_area(ring) for ring in rings]
    x, y = (
        sum(c[at] * a for c, a in zip(centres, areas, strict=True)) / sum(areas) for at in (0, 1)
    )
    return x, y


def _centre_of_lines(lines: list[list[Pair]]) -> Pair:
    """Esri's looks at the ends of each line only."""
    if any(len(line) > 2 for line in lines):
        fail("NOT_SUPPORTED", "ST_Centroid of a line of more than two points")
    across = up = weights = 0.0
    for (x1, y1), (x2, y2) in lines:
        dx, dy = x2 - x1, y2 - y1
        weight = math.sqrt(dx * dx + dy * dy)
        weights += weight
        across += (x1 + x2) * weight / 2
        up += (y1 + y2) * weight / 2
    if weights == 0:
        fail("NOT_SUPPORTED", "ST_Centroid of a line without length")
    return across / weights, up / weights


def _centre_of_ring(ring: Sequence[Pair]) -> Pair:
    across = up = signed = 0.0
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        ladder = x1 * y2 - x2 * y1
        across += (x1 + x2) * ladder
        up += (y1 + y2) * ladder
        signed += ladder / 2
    return across / (signed * 6), up / (signed * 6)


def _between(start: Array, end: Array, at: Array) -> Array:
    """The coordinate at a share of the way."""
    return np.where(at <= 0.5, start + (end - start) * at, end - (end - start) * (1.0 - at))


def _segments(geometry: Any) -> tuple[Array, Array]:
    arrays = [np.array(path) for path in paths(geometry)]
    return np.concatenate([a[:-1] for a in arrays]), np.concatenate([a[1:] for a in arrays])


def _to_segments(points: Array, starts: Array, ends: Array) -> float:
    """The least square of the distance from a point to a segment."""
    dx, dy = (ends - starts).T
    squared = dx * dx + dy * dy
    least = math.inf
    rows = max(1, _CHUNK // len(starts))
    for first in range(0, len(points), rows):
        x, y = (c[:, None] for c in points[first : first + rows].T)
        along = (x - starts[:, 0]) * dx + (y - starts[:, 1]) * dy
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(squared == 0, 0.5, np.clip(along / squared, 0.0, 1.0))
        right = x - _between(starts[:, 0], ends[:, 0], at)
        up = y - _between(starts[:, 1], ends[:, 1], at)
        least = min(least, float((right * right + up * up).min()))
    return least


def _to_points(left: Array, right: Array) -> float:
    least = math.inf
    rows = max(1, _CHUNK // len(right))
    for first in range(0, len(left), rows):
        across = left[first : first + rows, 0, None] - right[:, 0]
        up = left[first : first + rows, 1, None] - right[:, 1]
        least = min(least, float((across * across + up * up).min()))
    return least


def separation(left: Any, right: Any) -> float:
    """The distance of two geometries that are known not to meet, or are points both."""
    pointlike = ["Point" in one.geom_type for one in (left, right)]
    vertices = [shapely.get_coordinates(one) for one in (left, right)]
    if all(pointlike):
        return math.sqrt(_to_points(*vertices))
    ways = []
    if not pointlike[1]:
        ways.append(_to_segments(vertices[0], *_segments(right)))
    if not pointlike[0]:
        ways.append(_to_segments(vertices[1], *_segments(left)))
    return math.sqrt(min(ways))


def check_place(latitude: float, longitude: float) -> None:
    if not -90 <= latitude <= 90:
        fail(_INVALID, "Latitude must be between -90 and 90")
    if not -180 <= longitude <= 180:
        fail(_INVALID, "Longitude must be between -180 and 180")


def great_circle(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Kilometres on a sphere, by Vincenty's formula."""
    check_place(lat1, lon1)
    check_place(lat2, lon2)
    one, other = math.radians(lat1), math.radians(lat2)
    sin1, cos1, sin2, cos2 = math.sin(one), math.cos(one), math.sin(other), math.cos(other)
    delta = math.radians(lon1) - math.radians(lon2)
    across = cos2 * math.sin(delta)
    along = cos1 * sin2 - sin1 * cos2 * math.cos(delta)
    rest = sin1 * sin2 + cos1 * cos2 * math.cos(delta)
    return math.atan2(math.sqrt(across * across + along * along), rest) * _EARTH_KM


def length_on_sphere(geometry: Any) -> float:
    """Metres."""
    total = 0.0
    for path in paths(geometry):
        for (x1, y1), (x2, y2) in pairwise(path):
            total += great_circle(y1, x1, y2, x2)
    return total * 1000
