"""Every macro and Python function that the engine knows, from the modules that each hold one family."""

from __future__ import annotations

from local.athena.functions import (
    aggregates,
    approximations,
    array_macros,
    binary,
    bucketing,
    checksums,
    clock,
    geometry,
    hashes,
    json_functions,
    json_lines,
    macros,
    maps,
    moments,
    numerics,
    probability,
    readable,
    readings,
    regexps,
    scalars,
    sql_json,
    statistics,
    templates,
    texts,
    urls,
)
from local.athena.functions.macro import Macro
from local.athena.functions.macros import SERIES
from local.athena.functions.scalars import PythonFunction
from local.athena.sql import equality, intervals, scalar_casts, zones

_FAMILIES = (
    equality,
    array_macros,
    intervals,
    maps,
    aggregates,
    statistics,
    approximations,
    json_functions,
    json_lines,
    binary,
    bucketing,
    checksums,
    clock,
    geometry,
    hashes,
    moments,
    probability,
    readable,
    readings,
    numerics,
    regexps,
    scalar_casts,
    sql_json,
    templates,
    texts,
    urls,
    zones,
)

# Order matters: a macro may only use those above it.
MACROS: dict[str, Macro] = {
    **macros.MACROS,
    **{name: macro for family in _FAMILIES for name, macro in family.MACROS.items()},
}
PYTHON_FUNCTIONS: list[PythonFunction] = [
    *scalars.PYTHON_FUNCTIONS,
    *(function for family in _FAMILIES for function in family.FUNCTIONS),
]


def definitions(series: str = SERIES) -> list[str]:
    """The CREATE MACRO statements in the order they can be run."""
    made = {"series": series, **{name: m.definition for name, m in MACROS.items()}}
    return [f"CREATE MACRO t_{name}{definition}" for name, definition in made.items()]
