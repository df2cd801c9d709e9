"""The table of Trino's geospatial functions: what each takes and gives, and the macros that DuckDB sees.

In DuckDB a geometry is a row of one field named like its type, which holds well-known binary; the
functions themselves take and give the bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from local.athena.functions import geometry_functions as functions
from local.athena.functions import geometry_measures as measures
from local.athena.functions import geometry_relations as relations
from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction, nullable
from local.athena.sql.types import Type

_PLANE, _SPHERE = Type("geometry").duckdb(), Type("sphericalgeography").duckdb()
# Each line: Trino's name, DuckDB's types of the arguments, Trino's type of the result.
# Geometry is g, an array of geometries l, a geography s.
_SIGNATURES: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "st_point": ("DOUBLE DOUBLE", "g", functions.point),
    "st_geometryfromtext": ("VARCHAR", "g", functions.from_text),
    "st_linefromtext": ("VARCHAR", "g", functions.from_text_of("ST_LineFromText", "LineString")),
    "st_polygon": ("VARCHAR", "g", functions.from_text_of("ST_Polygon", "Polygon")),
    "st_geomfrombinary": ("BLOB", "g", functions.from_binary),
    "st_linestring": ("l", "g", functions.line),
    "st_multipoint": ("l", "g", functions.points_together),
    "st_astext": ("g", "varchar", functions.text),
    "st_x": ("g", "double", functions.coordinate("ST_X", 0)),
    "st_y": ("g", "double", functions.coordinate("ST_Y", 1)),
    "st_xmin": ("g", "double", functions.bound(0)),
    "st_ymin": ("g", "double", functions.bound(1)),
    "st_xmax": ("g", "double", functions.bound(2)),
    "st_ymax": ("g", "double", functions.bound(3)),
    "st_area": ("g", "double", functions.area),
    "st_length": ("g", "double", functions.length),
    "st_centroid": ("g", "g", functions.centroid),
    "st_envelope": ("g", "g", functions.envelope),
    "st_envelopeaspts": ("g", "l", functions.envelope_points),
    "st_numpoints": ("g", "bigint", functions.count_points),
    "st_numgeometries": ("g", "integer", functions.count_geometries),
    "st_geometries": ("g", "l", functions.geometries),
    "st_geometryn": ("g INTEGER", "g", functions.geometry_at),
    "st_pointn": ("g INTEGER", "g", functions.point_at),
    "st_points": ("g", "l", functions.points),
    "st_startpoint": ("g", "g", functions.end_of("ST_StartPoint", 0)),
    "st_endpoint": ("g", "g", functions.end_of("ST_EndPoint", -1)),
    "st_geometrytype": ("g", "varchar", functions.type_name),
    "st_isempty": ("g", "boolean", functions.is_empty),
    "st_isclosed": ("g", "boolean", functions.is_closed),
    "st_isring": ("g", "boolean", functions.is_ring),
    "st_issimple": ("g", "boolean", relations.is_simple),
    "st_isvalid": ("g", "boolean", relations.is_simple),
    "st_dimension": ("g", "tinyint", functions.dimension),
    "st_coorddim": ("g", "tinyint", functions.coordinate_dimension),
    "st_exteriorring": ("g", "g", functions.exterior_ring),
    "st_interiorrings": ("g", "l", functions.interior_rings),
    "st_interiorringn": ("g INTEGER", "g", functions.interior_ring_at),
    "st_numinteriorring": ("g", "bigint", functions.count_interior_rings),
    "st_boundary": ("g", "g", functions.boundary),
    "st_distance": ("g g", "double", relations.distance),
    **{
        f"st_{name}": ("g g", "boolean", relations.relation(name))
        for name in ("contains", "within", "intersects", "disjoint", "equals", "touches")
    },
    "st_overlaps": ("g g", "boolean", relations.relation("overlaps")),
    "st_crosses": ("g g", "boolean", relations.relation("crosses")),
    "st_relate": ("g g VARCHAR", "boolean", relations.relates),
    "line_locate_point": ("g g", "double", functions.located),
    "line_interpolate_point": ("g DOUBLE", "g", functions.interpolated),
    "line_interpolate_points": ("g DOUBLE", "l", functions.all_interpolated),
    "to_spherical_geography": ("g", "s", functions.on_sphere),
    "to_geometry": ("s", "g", lambda data: data),
    "great_circle_distance": ("DOUBLE DOUBLE DOUBLE DOUBLE", "double", measures.great_circle),
}
_OF_SPHERE: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "st_distance": ("s s", "double", functions.distance_on_sphere),
    "st_length": ("s", "double", functions.length_on_sphere),
}
# name in a signature -> type of the macro's argument, what the Python function gets
_ARGUMENTS = {
    "g": (_PLANE, "BLOB", "struct_extract_at({}, 1)"),
    "s": (_SPHERE, "BLOB", "struct_extract_at({}, 1)"),
    "l": (f"{_PLANE}[]", "BLOB[]", "list_transform({}, lambda t_g: struct_extract_at(t_g, 1))"),
}
# what it answers -> Trino's type, DuckDB's, and the name of the field that holds the bytes
_RESULTS = {
    "g": ("geometry", _PLANE, "geometry"),
    "s": ("sphericalgeography", _SPHERE, "sphericalgeography"),
    "l": ("array(geometry)", f"{_PLANE}[]", "geometry"),
}
_Signature = tuple[str, str, Callable[..., Any]]


def _carried(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Bytes become rows here: DuckDB would compute what a macro names twice ahead of a TRY around it."""

    @wraps(function)
    def carried(*args: Any) -> Any:
        found = function(*args)
        if isinstance(found, list):
            return [{name: one} for one in found]
        return None if found is None else {name: found}

    return carried


def _python(name: str, signature: _Signature) -> PythonFunction:
    arguments, result, function = signature
    kinds = [_ARGUMENTS.get(kind, ("", kind, ""))[1] for kind in arguments.split()]
    if result not in _RESULTS:
        return PythonFunction(name, nullable(function), kinds, Type(result).duckdb(), True, True)
    _, returned, field = _RESULTS[result]
    return PythonFunction(name, nullable(_carried(function, field)), kinds, returned, True, True)


def _overload(name: str, signature: _Signature) -> str:
    kinds = signature[0].split()
    names = "abcd"[: len(kinds)]
    typed = ", ".join(
        f"{n} {_ARGUMENTS.get(k, (k,))[0]}" for n, k in zip(names, kinds, strict=True)
    )
    given = (
        _ARGUMENTS[k][2].format(n) if k in _ARGUMENTS else n
        for n, k in zip(names, kinds, strict=True)
    )
    return f"({typed}) AS {name}({', '.join(given)})"


def _macro(name: str, signature: _Signature) -> Macro:
    overloads = [_overload(f"t_{name}_of", signature)]
    if name in _OF_SPHERE:
        overloads.append(_overload(f"t_{name}_on_sphere", _OF_SPHERE[name]))
    result = signature[1]
    return Macro(", ".join(overloads), _RESULTS[result][0] if result in _RESULTS else result)


FUNCTIONS = [
    *(_python(f"t_{name}_of", signature) for name, signature in _SIGNATURES.items()),
    *(_python(f"t_{name}_on_sphere", signature) for name, signature in _OF_SPHERE.items()),
]
MACROS = {name: _macro(name, signature) for name, signature in _SIGNATURES.items()}
