"""What kinds of arguments functions take, where DuckDB would convert or knows a function of its own.

An argument is wrapped until its type is known; then the wrapper goes, or the query fails as Trino's
analysis does. Functions whose finish looks at all their types are not listed.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import QueryFailed
from local.athena.sql.coercion import is_comparable
from local.athena.sql.types import INTEGERS, Type

# argument kinds in order, alternatives with |; `>boolean` is a lambda of that result
_KINDS = """
json_format: json
json_parse: varchar
json_extract: varchar|json
json_extract_scalar: varchar|json
json_size: varchar|json
json_array_length: varchar|json
json_array_get: varchar|json integer
json_array_contains: varchar|json
is_json_scalar: varchar|json
transform: array
filter: array >boolean
any_match: array >boolean
all_match: array >boolean
none_match: array >boolean
reduce: array
zip: array array array array array
zip_with: array array
array_sort: array
array_min: array
array_distinct: array
array_histogram: array
shuffle: array
flatten: array
cardinality: array|map
ngrams: array integer
combinations: array integer
slice: array integer integer
trim_array: array integer
repeat: any integer
map: array array
map_filter: map >boolean
transform_keys: map
transform_values: map
map_zip_with: map map
map_keys: map
map_values: map
map_entries: map
map_union: map
map_from_entries: array
multimap_from_entries: array
split_to_map: varchar varchar varchar
split_to_multimap: varchar varchar varchar
kurtosis: number
skewness: number
corr: number number
regr_slope: number number
regr_intercept: number number
count_if: boolean
"""
EXPECTED = {
    name: kinds.split()
    for name, _, kinds in (line.partition(":") for line in _KINDS.strip().split("\n"))
}
# What compares its values: Trino has no such function of values that it cannot compare.
_COMPARING_NAMES = """
array_distinct array_min array_max array_sort array_histogram array_position array_remove array_union
array_intersect array_except arrays_overlap contains contains_sequence histogram map_agg multimap_agg
approx_distinct max min max_by min_by
"""
COMPARING = frozenset(_COMPARING_NAMES.split())
_GROUPS = {
    "integer": INTEGERS,
    "number": (*INTEGERS, "decimal", "double", "real"),
    "varchar": ("varchar", "char"),
}


def expect(node: Any, name: str) -> None:
    """Wrap the arguments of a call whose kinds must be looked at."""
    kinds = EXPECTED.get(name, [])
    for argument, kind in zip(list(node.expressions), kinds, strict=False):
        if kind.startswith(">"):
            if isinstance(argument, exp.Lambda):
                _wrap(argument.this, kind[1:], name)
        elif kind != "any" and not isinstance(argument, (exp.Null, exp.Order, exp.Lambda)):
            _wrap(argument, kind, name)


def _wrap(argument: Any, kind: str, name: str) -> None:
    if isinstance(argument, exp.Distinct):
        argument = argument.expressions[0]
    marker = exp.Placeholder(this="argument")
    argument.replace(marker)
    made = exp.Paren(this=argument)
    made.meta["typed"] = "expected"
    made.meta["expected"] = (kind, name)
    marker.replace(made)


def compares(name: str, types: list[Type]) -> bool:
    """Whether the function can compare values of these types, if it has to."""
    return name not in COMPARING or all(map(is_comparable, types))


def operands(node: Any) -> list[Any]:
    return [node.this]


def finish(node: Any, types: list[Type]) -> Any:
    """The argument itself; raises QueryFailed(FUNCTION_NOT_FOUND) for one of another kind."""
    kind, name = node.meta["expected"]
    allowed = {"unknown"} | {n for k in kind.split("|") for n in _GROUPS.get(k, (k,))}
    if types[0].name not in allowed or not compares(name, types):
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"line 1:1: Unexpected parameters ({types[0].trino()}) for function {name}",
        )
    inner = node.this
    return inner if _stands_alone(inner) else node


def _stands_alone(node: Any) -> bool:
    return isinstance(node, (exp.Anonymous, exp.Column, exp.Literal, exp.Paren, exp.Array))
