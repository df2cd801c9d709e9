"""Geometries as well-known text. Trino's are Esri's: a ring need not be closed, the exterior ring of a
polygon is kept clockwise and printed the other way round, from the same first point.

Source: WktParser, OperatorImportFromWktLocal and StringUtils of https://github.com/Esri/geometry-api-java,
and TestGeoFunctions of trino-geospatial.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, NoReturn

import shapely

from local.athena.functions.scalars import fail

_INVALID = "INVALID_FUNCTION_ARGUMENT"
Pair = tuple[float, float]


class KahanSum:
    """A sum that carries its rounding error along, in Esri's order of operations."""

    def __init__(self) -> None:
        self.total, self._error = 0.0, 0.0

    def add(self, value: float) -> None:
        wanted = value - self._error
        total = self.total + wanted
        self._error = (total - self.total) - wanted
        self.total = total


def ring_area(ring: Sequence[Pair]) -> float:
    """Positive when the closed ring is clockwise."""
    (x, y), area = ring[0], KahanSum()
    for (x1, y1), (x2, y2) in pairwise(ring):
        area.add(((x2 - x) - (x1 - x)) * ((y2 - y) + (y1 - y)) * 0.5)
    return area.total


def closed_ring(points: Iterable[Sequence[float]], exterior: bool) -> list[Pair]:
    """A ring as Esri keeps it: closed, clockwise if exterior."""
    ring = [(x, y) for x, y, *_ in points]
    if len(ring) > 2 and ring[-1] == ring[0]:
        ring.pop()
    if len(ring) < 3:
        fail("NOT_SUPPORTED", "a polygon with a ring of fewer than three points")
    ring.append(ring[0])
    area = ring_area(ring)
    if area == 0 or area != area:
        fail("NOT_SUPPORTED", "a polygon with a ring without an area")
    return ring if (area > 0) == exterior else ring[::-1]


def polygon(rings: Sequence[Iterable[Sequence[float]]]) -> Any:
    """The first ring is the exterior one."""
    made = [closed_ring(ring, at == 0) for at, ring in enumerate(rings)]
    return shapely.Polygon(made[0], made[1:]) if made else shapely.Polygon()


_SPACE = re.compile(r"\s*")
_TYPE = re.compile(
    "multilinestring|multipolygon|multipoint|geometrycollection|linestring|polygon|point", re.I
)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.I | re.A)
_EMPTY = re.compile("empty", re.I)
_MORE = re.compile("zm|z|m|[-+]?nan", re.I)


class _Reader:
    """A cursor over the text."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def take(self, pattern: re.Pattern[str]) -> str:
        """What comes next, blanks aside, if it matches; else ""."""
        found = pattern.match(self.text, self._skip())
        if not found:
            return ""
        self.at = found.end()
        return found.group()

    def take_if(self, symbol: str) -> bool:
        if not self.text.startswith(symbol, self._skip()):
            return False
        self.at += 1
        return True

    def _skip(self) -> int:
        blanks = _SPACE.match(self.text, self.at)
        self.at = blanks.end() if blanks else self.at
        return self.at

    def expect(self, found: Any) -> Any:
        """`found`, unless there is nothing."""
        if not found:
            self.end()
        return found

    def end(self) -> NoReturn:
        """Where the text ends too early, Trino fails inside."""
        if self._skip() == len(self.text) or self.take(_MORE):
            fail("NOT_SUPPORTED", f"well-known text that ends early or is not of two dimensions: {self.text}")  # fmt: skip
        fail(_INVALID, f"Invalid WKT: {self.text}")

    def number(self) -> float:
        value = float(self.expect(self.take(_NUMBER)))
        if value in (float("inf"), float("-inf")):
            fail("NOT_SUPPORTED", "a geometry with an infinite coordinate")
        return value

    def pair(self) -> Pair:
        return self.number(), self.number()

    def parts(self, one: Callable[[], Any]) -> list[Any]:
        """`(one, …)`, or nothing for EMPTY."""
        if self.take(_EMPTY):
            return []
        self.expect(self.take_if("("))
        made = [one()]
        while self.take_if(","):
            made.append(one())
        self.expect(self.take_if(")"))
        return made

    def pairs(self) -> list[Pair]:
        return self.parts(self.pair)

    def line(self) -> list[Pair]:
        """A single point stands for a line from it to itself."""
        points = self.pairs()
        return points * 2 if len(points) == 1 else points

    def rings(self) -> list[list[Pair]]:
        return [ring for ring in self.parts(self.pairs) if ring]

    def points(self) -> list[Pair]:
        """Of a MULTIPOINT, whose points may stand without parentheses."""
        start = self.at
        if self.take_if("(") and self.take(_NUMBER):
            self.at = start
            return self.pairs()
        self.at = start
        return [point for one in self.parts(self.single) for point in one]

    def single(self) -> list[Pair]:
        found = self.pairs()
        if len(found) > 1:
            fail(_INVALID, f"Invalid WKT: {self.text}")
        return found


def _geometry(reader: _Reader) -> Any:
    kind = reader.expect(reader.take(_TYPE)).lower()
    if kind == "point":
        return shapely.Point(*reader.single())
    if kind == "linestring":
        return shapely.LineString(reader.line())
    if kind == "polygon":
        return polygon(reader.rings())
    if kind == "multipoint":
        return shapely.MultiPoint(reader.points())
    if kind == "multilinestring":
        return shapely.MultiLineString([line for line in reader.parts(reader.line) if line])
    if kind == "multipolygon":
        return shapely.MultiPolygon(
            [polygon(rings) for rings in reader.parts(reader.rings) if rings]
        )
    return shapely.GeometryCollection(reader.parts(lambda: _geometry(reader)))


def read(text: str) -> Any:
    """Raises ValueError with Trino's error inside."""
    reader = _Reader(text)
    made = _geometry(reader)
    if text[reader.at :].strip():
        fail("NOT_SUPPORTED", f"well-known text with more after the geometry: {text}")
    return made


def number(value: float) -> str:
    """As Java's `%.17g`, without zeros at the end where there is no exponent."""
    if value == 0:
        return "-0" if str(value)[0] == "-" else "0"
    exact = Decimal(repr(value))
    power = exact.adjusted()
    if -4 <= power < 17:
        text = f"{exact:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits = "".join(map(str, exact.as_tuple().digits)).ljust(17, "0")
    sign, direction = ("-" if value < 0 else ""), ("-" if power < 0 else "+")
    return f"{sign}{digits[0]}.{digits[1:17]}e{direction}{abs(power):02d}"


def _pairs(points: Iterable[Sequence[float]]) -> str:
    return f"({', '.join(f'{number(x)} {number(y)}' for x, y in points)})"


def outward(ring: Any) -> list[Pair]:
    """The points of a polygon's ring in the order in which they are shown."""
    return list(ring.coords)[::-1]


def _rings(one: Any) -> str:
    return f"({', '.join(_pairs(outward(ring)) for ring in (one.exterior, *one.interiors))})"


def _inside(geometry: Any) -> str:
    kind = geometry.geom_type
    if kind in ("Point", "LineString"):
        return _pairs(geometry.coords)
    if kind == "Polygon":
        return _rings(geometry)
    one = written if kind == "GeometryCollection" else _inside
    return f"({', '.join(one(part) for part in geometry.geoms)})"


def written(geometry: Any) -> str:
    """A geometry as Trino shows it."""
    name = geometry.geom_type.upper()
    empty = geometry.is_empty and not getattr(geometry, "geoms", ())
    return f"{name} EMPTY" if empty else f"{name} {_inside(geometry)}"
