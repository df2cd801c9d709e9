"""What Trino's geospatial functions answer; a geometry is its well-known binary here.

Source: https://trino.io/docs/current/functions/geospatial.html and GeoFunctions of trino-geospatial as
it computes with Esri's library; functions whose result has vertices of its own making are refused.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import shapely
from shapely.errors import ShapelyError

from local.athena.functions import geometry_measures as measures
from local.athena.functions import geometry_relations as relations
from local.athena.functions import geometry_text
from local.athena.functions.geometry_measures import members
from local.athena.functions.geometry_relations import shape
from local.athena.functions.scalars import fail

_INVALID = "INVALID_FUNCTION_ARGUMENT"
# of a shape: Trino's name in messages, and what ST_GeometryType answers
_NAMES = {
    "Point": ("POINT", "ST_Point"),
    "MultiPoint": ("MULTI_POINT", "ST_MultiPoint"),
    "LineString": ("LINE_STRING", "ST_LineString"),
    "MultiLineString": ("MULTI_LINE_STRING", "ST_MultiLineString"),
    "Polygon": ("POLYGON", "ST_Polygon"),
    "MultiPolygon": ("MULTI_POLYGON", "ST_MultiPolygon"),
    "GeometryCollection": ("GEOMETRY_COLLECTION", "ST_GeomCollection"),
}
_LINES = ("LineString", "MultiLineString")


def _only(function: str, geometry: Any, *kinds: str) -> Any:
    if geometry.geom_type not in kinds:
        allowed = " or ".join(_NAMES[k][0] for k in kinds)
        found = _NAMES[geometry.geom_type][0]
        fail(_INVALID, f"{function} only applies to {allowed}. Input type is: {found}")
    return geometry


def _given(function: str, data: bytes, *kinds: str) -> Any:
    return _only(function, shape(data).geometry, *kinds)


def _bytes(geometry: Any) -> bytes:
    return bytes(shapely.to_wkb(geometry))


def point(x: float, y: float) -> bytes:
    if not (math.isfinite(x) and math.isfinite(y)):
        fail("NOT_SUPPORTED", "ST_Point with a coordinate that is not finite")
    return struct.pack("<BIdd", 1, 1, x, y)


def from_text(text: str) -> bytes:
    return _bytes(geometry_text.read(text))


def from_text_of(function: str, kind: str) -> Callable[[str], bytes]:
    def read(text: str) -> bytes:
        return _bytes(_only(function, geometry_text.read(text), kind))

    return read


def from_binary(data: bytes) -> bytes:
    try:
        made = shapely.from_wkb(data)
    except ShapelyError:
        fail(_INVALID, "Invalid WKB")
    if made.has_z or not all(map(math.isfinite, shapely.get_coordinates(made).ravel())):
        fail("NOT_SUPPORTED", "a geometry that is not of two dimensions, or not finite")
    return _bytes(_as_kept(made))


def _as_kept(geometry: Any) -> Any:
    """With the rings in the order in which Trino keeps them."""
    if geometry.is_empty:
        return geometry
    if geometry.geom_type == "Polygon":
        return geometry_text.polygon([r.coords for r in (geometry.exterior, *geometry.interiors)])
    parts = getattr(geometry, "geoms", None)
    return geometry if parts is None else type(geometry)([_as_kept(part) for part in parts])


def line(points: list[bytes | None]) -> bytes:
    pairs = [_point_of_line(one, at) for at, one in enumerate(points, 1)]
    for at, (one, following) in enumerate(pairwise(pairs), 2):
        if one == following:
            fail(_INVALID, f"Invalid input to ST_LineString: consecutive duplicate points at index {at}")  # fmt: skip
    if len(pairs) == 1:
        fail("NOT_SUPPORTED", "ST_LineString of a single point")
    return _bytes(shapely.LineString(pairs))


def _point_of_line(data: bytes | None, at: int) -> tuple[float, float]:
    if data is None:
        fail(_INVALID, f"Invalid input to ST_LineString: null point at index {at}")
    found = shape(data).geometry
    if found.geom_type != "Point":
        fail(_INVALID, f"ST_LineString takes only an array of valid points, {found.geom_type} was passed")  # fmt: skip
    if found.is_empty:
        fail(_INVALID, f"Invalid input to ST_LineString: empty point at index {at}")
    return found.x, found.y


def points_together(points: list[bytes | None]) -> bytes | None:
    made = [_point_of_many(one, at) for at, one in enumerate(points, 1)]
    return _bytes(shapely.MultiPoint(made)) if made else None


def _point_of_many(data: bytes | None, at: int) -> Any:
    if data is None:
        fail(_INVALID, f"Invalid input to ST_MultiPoint: null at index {at}")
    found = shape(data).geometry
    if found.geom_type != "Point":
        fail(_INVALID, f"Invalid input to ST_MultiPoint: geometry is not a point: {found.geom_type} at index {at}")  # fmt: skip
    if found.is_empty:
        fail(_INVALID, f"Invalid input to ST_MultiPoint: empty point at index {at}")
    return found


def text(data: bytes) -> str:
    return geometry_text.written(shapely.from_wkb(data))


def coordinate(name: str, at: int) -> Callable[[bytes], float | None]:
    def coordinate(data: bytes) -> float | None:
        found = _given(name, data, "Point")
        return None if found.is_empty else float(found.coords[0][at])

    return coordinate


def bound(at: int) -> Callable[[bytes], float | None]:
    def bound(data: bytes) -> float | None:
        found = shape(data)
        return None if found.is_empty else float(found.bounds[at])

    return bound


def area(data: bytes) -> float:
    return measures.area(shape(data).geometry)


def length(data: bytes) -> float:
    return measures.length(_given("ST_Length", data, *_LINES))


def centroid(data: bytes) -> bytes:
    kinds = [kind for kind in _NAMES if kind != "GeometryCollection"]
    found = _given("ST_Centroid", data, *kinds)
    if found.geom_type == "Point":
        return data
    return _bytes(shapely.Point() if found.is_empty else shapely.Point(measures.centroid(found)))


def envelope(data: bytes) -> bytes:
    found = shape(data)
    if found.is_empty:
        return _bytes(shapely.Polygon())
    left, low, right, high = found.bounds
    corners = [(left, low), (right, low), (right, high), (left, high)]
    return _bytes(geometry_text.polygon([corners]))


def envelope_points(data: bytes) -> list[bytes] | None:
    found = shape(data)
    if found.is_empty:
        return None
    left, low, right, high = found.bounds
    return [point(left, low), point(right, high)]


def count_points(data: bytes) -> int:
    """The point that closes a ring is not counted."""
    parts = members(shape(data).geometry)
    return sum(
        sum(len(ring.coords) - 1 for ring in (one.exterior, *one.interiors))
        if one.geom_type == "Polygon"
        else len(one.coords)
        for one in parts
    )


def _elements(geometry: Any) -> list[Any]:
    return [] if geometry.is_empty else list(getattr(geometry, "geoms", (geometry,)))


def count_geometries(data: bytes) -> int:
    return len(_elements(shape(data).geometry))


def geometries(data: bytes) -> list[bytes] | None:
    return [_bytes(one) for one in _elements(shape(data).geometry)] or None


def geometry_at(data: bytes, index: int) -> bytes | None:
    found = _elements(shape(data).geometry)
    return _bytes(found[index - 1]) if 1 <= index <= len(found) else None


def point_at(data: bytes, index: int) -> bytes | None:
    found = list(_given("ST_PointN", data, "LineString").coords)
    return point(*found[index - 1]) if 1 <= index <= len(found) else None


def end_of(name: str, at: int) -> Callable[[bytes], bytes | None]:
    def end(data: bytes) -> bytes | None:
        found = _given(name, data, "LineString")
        return None if found.is_empty else point(*found.coords[at])

    return end


def points(data: bytes) -> list[bytes] | None:
    """The vertices as they are kept, rings with the point that closes them."""
    found = shapely.get_coordinates(shape(data).geometry).tolist()
    return [point(x, y) for x, y in found] or None


def type_name(data: bytes) -> str:
    return _NAMES[shape(data).kind][1]


def is_empty(data: bytes) -> bool:
    return shape(data).is_empty


def is_closed(data: bytes) -> bool:
    found = _given("ST_IsClosed", data, *_LINES)
    return all(path[0] == path[-1] for path in measures.paths(found))


def is_ring(data: bytes) -> bool:
    found = _given("ST_IsRing", data, "LineString")
    if found.is_empty:
        fail("NOT_SUPPORTED", "ST_IsRing of an empty line")
    return is_closed(data) and relations.is_simple(data)


def dimension(data: bytes) -> int:
    found = shape(data).geometry
    if found.is_empty and found.geom_type == "GeometryCollection":
        fail("NOT_SUPPORTED", "ST_Dimension of an empty collection")
    return int(shapely.get_dimensions(found)) if not found.is_empty else _dimension(found.geom_type)


def _dimension(kind: str) -> int:
    return 0 if "Point" in kind else 1 if "Line" in kind else 2


def coordinate_dimension(data: bytes) -> int:
    return 2


def exterior_ring(data: bytes) -> bytes | None:
    found = _given("ST_ExteriorRing", data, "Polygon")
    return None if found.is_empty else _line_of(found.exterior)


def _line_of(ring: Any) -> bytes:
    return _bytes(shapely.LineString(geometry_text.outward(ring)))


def interior_rings(data: bytes) -> list[bytes] | None:
    found = _given("ST_InteriorRings", data, "Polygon")
    return None if found.is_empty else [_line_of(ring) for ring in found.interiors]


def interior_ring_at(data: bytes, index: int) -> bytes | None:
    found = list(_given("ST_InteriorRingN", data, "Polygon").interiors)
    return _line_of(found[index - 1]) if 1 <= index <= len(found) else None


def count_interior_rings(data: bytes) -> int | None:
    found = _given("ST_NumInteriorRing", data, "Polygon")
    return None if found.is_empty else len(found.interiors)


def boundary(data: bytes) -> bytes:
    found = shape(data).geometry
    if "Point" in found.geom_type or (found.is_empty and found.geom_type == "LineString"):
        return _bytes(shapely.MultiPoint())
    if found.is_empty or found.geom_type == "GeometryCollection":
        fail("NOT_SUPPORTED", f"ST_Boundary of {geometry_text.written(found)}")
    if "Polygon" in found.geom_type:
        return _bytes(shapely.MultiLineString([path[::-1] for path in measures.paths(found)]))
    ends = [end for path in measures.paths(found) for end in (path[0], path[-1])]
    if len(set(ends)) < len(ends):
        fail("NOT_SUPPORTED", "ST_Boundary of lines that are closed or meet")
    return _bytes(shapely.MultiPoint(ends))


def located(data: bytes, place: bytes) -> float | None:
    """The share of a line's length at which it is nearest to a point."""
    found, given = shape(data).geometry, shape(place).geometry
    if found.is_empty or given.is_empty:
        return None
    for one, kinds, message in (
        (found, _LINES, "First argument to line_locate_point must be a LineString or a MultiLineString"),
        (given, ("Point",), "Second argument to line_locate_point must be a Point"),
    ):  # fmt: skip
        if one.geom_type not in kinds:
            fail(_INVALID, f"{message}. Got: {one.geom_type}")
    return float(shapely.line_locate_point(found, given)) / float(shapely.length(found))


def _interpolated(data: bytes, step: float, repeated: bool) -> list[bytes] | None:
    found = shape(data).geometry
    if found.is_empty:
        return None
    path = list(_only("line_interpolate_point", found, "LineString").coords)
    if not 0 <= step <= 1:
        fail(_INVALID, "fraction must be between 0 and 1")
    if step in (0, 1):
        return [point(*path[0 if step == 0 else -1])]
    count = math.floor(1 / step) if repeated else 1
    made = _along(path, measures.length(found), step, count)
    return made if len(made) == count else [*made, point(*path[-1])]


def _along(path: list[Any], whole: float, step: float, count: int) -> list[bytes]:
    """At most `count` points, one at each multiple of the step, in shares of the whole length."""
    made: list[bytes] = []
    wanted, passed = step, 0.0
    for (x1, y1), (x2, y2) in pairwise(path):
        share = math.sqrt((x1 - x2) * (x1 - x2) + (y1 - y2) * (y1 - y2)) / whole if whole else 0.0
        while wanted < passed + share and len(made) < count:
            at = (wanted - passed) / share
            made.append(point(x1 + (x2 - x1) * at, y1 + (y2 - y1) * at))
            wanted += step
        passed += share
    return made


def interpolated(data: bytes, share: float) -> bytes | None:
    found = _interpolated(data, share, repeated=False)
    return found[0] if found else None


def all_interpolated(data: bytes, step: float) -> list[bytes] | None:
    return _interpolated(data, step, repeated=True)


def on_sphere(data: bytes) -> bytes:
    """The same bytes; raises for a place that is none on Earth."""
    found = shape(data)
    if not found.is_empty:
        left, low, right, high = found.bounds
        measures.check_place(low, left)
        measures.check_place(high, right)
    return data


def _of_sphere(function: str, data: bytes, *kinds: str) -> Any:
    found = shape(data).geometry
    if not found.is_empty and found.geom_type not in kinds:
        allowed = " or ".join(_NAMES[k][0] for k in kinds)
        fail(_INVALID, f"When applied to SphericalGeography inputs, {function} only supports {allowed}. Input type is: {_NAMES[found.geom_type][0]}")  # fmt: skip
    return found


def distance_on_sphere(left: bytes, right: bytes) -> float | None:
    """Metres."""
    if shape(left).is_empty or shape(right).is_empty:
        return None
    one, other = (_of_sphere("ST_Distance", data, "Point") for data in (left, right))
    return measures.great_circle(one.y, one.x, other.y, other.x) * 1000


def length_on_sphere(data: bytes) -> float | None:
    found = _of_sphere("ST_Length", data, *_LINES)
    return None if found.is_empty else measures.length_on_sphere(found)
