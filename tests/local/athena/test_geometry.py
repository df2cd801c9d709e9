"""Geometries of random shape: text that is read back, measures beside GEOS's own, and the way to a client."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from local.athena.functions import geometry_functions, geometry_relations, geometry_text
from local.athena.functions.geometry_measures import area, centroid, length

from .conftest import LAKE, Query

COORDINATES = st.floats(-180, 180, allow_nan=False).map(lambda x: round(x, 6))
PAIRS = st.tuples(COORDINATES, COORDINATES)


@st.composite
def stars(draw: st.DrawFn) -> str:
    """Well-known text of a polygon around a centre, clockwise or not, closed or not."""
    x, y = draw(PAIRS)
    count = draw(st.integers(3, 9))
    reaches = draw(st.lists(st.floats(0.5, 9), min_size=count, max_size=count))
    angles = [2 * math.pi * at / count for at in range(count)]
    points = [
        (x + r * math.cos(a), y + r * math.sin(a)) for r, a in zip(reaches, angles, strict=True)
    ]
    if draw(st.booleans()):
        points.reverse()
    if draw(st.booleans()):
        points.append(points[0])
    return f"POLYGON (({', '.join(f'{px!r} {py!r}' for px, py in points)}))"


@given(stars())
def test_a_polygon_is_kept_clockwise_and_shown_the_other_way(text: str) -> None:
    kept = geometry_text.read(text)
    shown = geometry_text.written(kept)
    assert shapely.is_ccw(kept.exterior) is not shapely.is_ccw(shapely.from_wkt(shown).exterior)
    assert geometry_text.written(geometry_text.read(shown)) == shown
    first = text.removeprefix("POLYGON ((").split(",")[0]
    assert kept.exterior.coords[0] == tuple(map(float, first.split()))


@given(stars())
def test_measures_are_those_of_geos_but_for_rounding(text: str) -> None:
    kept = geometry_text.read(text)
    assert math.isclose(area(kept), shapely.area(kept), rel_tol=1e-9)
    ring = shapely.LineString(kept.exterior.coords)
    assert math.isclose(length(ring), shapely.length(ring), rel_tol=1e-12)
    x, y = centroid(kept)
    assert shapely.distance(kept.centroid, shapely.Point(x, y)) < 1e-6


def _asked(function: Callable[[bytes, bytes], Any], one: bytes, other: bytes) -> Any:
    """None for what is refused because the two nearly touch."""
    try:
        return function(one, other)
    except ValueError as refused:
        if "nearly touch" not in str(refused):
            raise
        return None


@given(stars(), st.one_of(stars(), PAIRS.map(lambda p: f"POINT ({p[0]!r} {p[1]!r})")))
@settings(max_examples=200)
def test_distances_and_relations_agree_with_geos(left: str, right: str) -> None:
    one, other = geometry_functions.from_text(left), geometry_functions.from_text(right)
    a, b = shapely.from_wkb(one), shapely.from_wkb(other)
    found = _asked(geometry_relations.distance, one, other)
    meets = _asked(geometry_relations.relation("intersects"), one, other)
    if found is None or meets is None:
        return
    assert math.isclose(found, shapely.distance(a, b), rel_tol=1e-9, abs_tol=1e-9)
    assert meets == (found == 0) == shapely.intersects(a, b)


@given(COORDINATES | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_as_it_was_written(value: float) -> None:
    assert float(geometry_text.number(value)) == value


@pytest.mark.integration
def test_a_client_reads_text_and_a_table_takes_none(query: Query) -> None:
    polygon = "ST_Polygon('POLYGON ((0 0, 0 2, 2 2, 2 0))')"
    done = query.execution(f"select {polygon} as area, ST_Point(1, 2) as place")
    assert done["Status"]["State"] == "SUCCEEDED"
    page = query.client.get_query_results(QueryExecutionId=done["QueryExecutionId"])["ResultSet"]
    assert [c["VarCharValue"] for c in page["Rows"][1]["Data"]] == [
        "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))",
        "POINT (1 2)",
    ]
    location = f"external_location = 's3://{LAKE}/geometry/'"
    query.rows("create database if not exists places")
    reason = query.reason(
        f"create table places.areas with ({location}) as select {polygon} as area"
    )
    assert reason == "NOT_SUPPORTED: Unsupported Hive type: Geometry"
