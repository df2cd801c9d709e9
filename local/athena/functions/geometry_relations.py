"""How two geometries lie to each other. GEOS decides exactly, Esri's library, which Trino asks, takes
places for one that are nearer than a tolerance; where that could matter the question is refused.

Source: GeoFunctions of trino-geospatial; Envelope2D._calculateToleranceFromEnvelope of
https://github.com/Esri/geometry-api-java, whose tolerance is 2.2e-14 of the sum of the bounds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import shapely

from local.athena.functions.geometry_measures import members, separation
from local.athena.functions.scalars import fail

_TOLERANCE = 1e-12
_KEPT = 512


class Shape:
    """A geometry and what is asked of it again and again."""

    def __init__(self, data: bytes) -> None:
        self.geometry = shapely.from_wkb(data)
        self.kind = self.geometry.geom_type
        self.is_empty = bool(self.geometry.is_empty)
        if self.kind != "Point":
            shapely.prepare(self.geometry)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        return tuple(self.geometry.bounds)

    @cached_property
    def is_valid(self) -> bool:
        return "Polygon" not in self.kind or bool(shapely.is_valid(self.geometry))

    @cached_property
    def edges(self) -> Any:
        """The rings of polygons, else the geometry itself."""
        if "Polygon" not in self.kind:
            return self.geometry
        made = self.geometry.boundary
        shapely.prepare(made)
        return made

    @cached_property
    def vertices(self) -> Any:
        return shapely.points(shapely.get_coordinates(self.geometry))

    @cached_property
    def reach(self) -> float:
        """How far from zero it lies, in the sum of its bounds."""
        return sum(map(abs, self.bounds))


class _Shapes(threading.local):
    """GEOS prepares a geometry while it answers: threads may not share one."""

    def __init__(self) -> None:
        self.read = lru_cache(_KEPT)(Shape)


_shapes = _Shapes()


def shape(data: bytes) -> Shape:
    return _shapes.read(data)


def tolerance(*shapes: Shape) -> float:
    return _TOLERANCE * (1 + sum(one.reach for one in shapes))


def _near(vertices: Any, edges: Any, within: float) -> bool:
    """Whether a vertex lies beside an edge, but not on it."""
    close = vertices[shapely.dwithin(edges, vertices, within)]
    return bool(len(close)) and not shapely.intersects(edges, close).all()


def require_clear(left: Shape, right: Shape) -> None:
    """Refuse geometries for which Esri's answer might be another than GEOS's."""
    for one in (left, right):
        if one.kind == "GeometryCollection":
            fail("NOT_SUPPORTED", "a relation of a geometry collection")
        if not one.is_valid:
            fail("NOT_SUPPORTED", "a relation of a geometry that is not valid")
    within = tolerance(left, right)
    for one, other in ((left, right), (right, left)):
        covered = "Polygon" in one.kind and "Point" in other.kind
        if not covered and _near(one.vertices, other.edges, within):
            fail("NOT_SUPPORTED", "a relation of geometries that nearly touch")


def are_apart(left: Shape, right: Shape) -> bool:
    """Whether the bounds show that the two do not meet."""
    within = tolerance(left, right)
    (a, b, c, d), (e, f, g, h) = left.bounds, right.bounds
    return e - c > within or a - g > within or f - d > within or b - h > within


_TESTS: dict[str, Callable[[Any, Any], Any]] = {
    "contains": shapely.contains,
    "within": lambda a, b: shapely.contains(b, a),
    "intersects": shapely.intersects,
    "disjoint": shapely.disjoint,
    "equals": shapely.equals,
    "touches": shapely.touches,
    "overlaps": shapely.overlaps,
    "crosses": shapely.crosses,
}


def relation(name: str) -> Callable[[bytes, bytes], bool]:
    test = _TESTS[name]

    def holds(left: bytes, right: bytes) -> bool:
        one, other = shape(left), shape(right)
        if one.is_empty or other.is_empty:
            if name == "equals":
                fail("NOT_SUPPORTED", "ST_Equals of an empty geometry")
            return name == "disjoint"
        if are_apart(one, other):
            return name == "disjoint"
        require_clear(one, other)
        return bool(test(one.geometry, other.geometry))

    return holds


def relates(left: bytes, right: bytes, pattern: str) -> bool:
    """ST_Relate with a pattern of DE-9IM."""
    one, other = shape(left), shape(right)
    if len(pattern) != 9 or set(pattern) - set("TF*012"):
        fail("NOT_SUPPORTED", f"ST_Relate with the pattern {pattern}")
    if one.is_empty or other.is_empty:
        fail("NOT_SUPPORTED", "ST_Relate of an empty geometry")
    require_clear(one, other)
    return bool(shapely.relate_pattern(one.geometry, other.geometry, pattern))


def distance(left: bytes, right: bytes) -> float | None:
    """NULL for an empty geometry."""
    one, other = shape(left), shape(right)
    if one.is_empty or other.is_empty:
        return None
    if "GeometryCollection" in (one.kind, other.kind):
        fail("NOT_SUPPORTED", "ST_Distance of a geometry collection")
    if "Point" in one.kind and "Point" in other.kind:
        return separation(one.geometry, other.geometry)
    if not are_apart(one, other):
        require_clear(one, other)
        if shapely.intersects(one.geometry, other.geometry):
            return 0.0
    return separation(one.geometry, other.geometry)


def is_simple(data: bytes) -> bool:
    """ST_IsSimple and ST_IsValid, which Esri's library holds for one."""
    whole = shape(data)
    if whole.is_empty:
        return True
    if whole.kind == "GeometryCollection":
        return all(is_simple(shapely.to_wkb(one)) for one in members(whole.geometry))
    if _repeats(whole.geometry):
        return False
    if float(shapely.minimum_clearance(whole.geometry)) < tolerance(whole):
        fail("NOT_SUPPORTED", "ST_IsSimple of a geometry that nearly touches itself")
    return whole.is_valid if "Polygon" in whole.kind else bool(shapely.is_simple(whole.geometry))


def _repeats(geometry: Any) -> bool:
    """Whether a point follows itself in a line."""
    return any(
        (np.diff(shapely.get_coordinates(path), axis=0) == 0).all(axis=1).any()
        for one in members(geometry)
        for path in ((one.exterior, *one.interiors) if one.geom_type == "Polygon" else (one,))
    )
