"""Trino's map functions. Duplicate and NULL keys fail in DuckDB too; `failures` names them.

Source of the rules: https://trino.io/docs/current/functions/map.html, and of the order of entries
the classes Map*Function of trino-main. Parameters of lambdas begin with `t_`, see `array_macros`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlglot import exp

from local.athena.errors import QueryFailed
from local.athena.functions.array_macros import bound
from local.athena.functions.arrays import ALL, parameters, part, unexpected
from local.athena.functions.macro import Macro, private
from local.athena.functions.rewrites import arity
from local.athena.functions.scalars import PythonFunction, fail
from local.athena.sql import precision
from local.athena.sql.coercion import common_of
from local.athena.sql.nodes import any_null, call, case, fresh, lambda_of, let, null
from local.athena.sql.types import Type

MACROS: dict[str, Macro] = {
    "map_item": private(
        "(m, k) AS CASE WHEN m IS NULL OR k IS NULL THEN NULL WHEN map_contains(m, k) THEN m[k] "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', concat('Key not present in map: ', CAST(k AS VARCHAR))) END"
    ),
    "determinate": private(
        "(l) AS CASE WHEN list_bool_or(list_transform(l, lambda t_k: list_count(t_k) < len(t_k))) "
        "THEN t_fail('INVALID_FUNCTION_ARGUMENT', 'map key cannot be indeterminate') ELSE l END"
    ),
    # What becomes of NaN as a key depends on Trino's version and hash tables.
    "number_key": private(
        "(k) AS CASE WHEN isnan(k) THEN t_refuse(isnan(k), 'NaN as a key of a map') ELSE k END"
    ),
    "keys_of": private("(l) AS list_transform(l, lambda t_r: struct_extract_at(t_r, 1))"),
    # Of several entries with one key the first stays.
    "map_of_first": private(
        bound(
            "l",
            "list_transform([t_keys_of(l)], lambda t_keys: CASE "
            "WHEN list_unique(t_keys) = len(t_keys) THEN map_from_entries(l) "
            "ELSE map_from_entries(list_filter(l, lambda t_x, t_i: "
            "list_position(t_keys, struct_extract_at(t_x, 1)) = t_i)) END)[1]",
        )
    ),
    "with_keys": private(
        "(l) AS list_filter(l, lambda t_p: struct_extract_at(t_p, 1) IS NOT NULL)"
    ),
    "map_agg": private(
        "(l) AS list_transform([t_with_keys(l)], "
        "lambda t_l: CASE WHEN len(t_l) > 0 THEN t_map_of_first(t_l) END)[1]"
    ),
    "map_union": private(
        "(l) AS CASE WHEN list_count(l) > 0 THEN t_map_of_first(flatten(list_transform("
        "list_filter(l, lambda t_m: t_m IS NOT NULL), lambda t_n: map_entries(t_n)))) END"
    ),
    "multimap_from_entries": Macro(
        bound(
            "l",
            "list_transform([list_transform(l, lambda t_e: CASE WHEN t_e IS NULL "
            "THEN t_fail('INVALID_FUNCTION_ARGUMENT', 'map entry cannot be null') "
            "ELSE struct_extract_at(t_e, 1) END)], lambda t_keys: map_from_entries(list_transform("
            "t_array_distinct(t_keys), lambda t_k: row(t_k, list_transform(list_filter(l, "
            "lambda t_f: struct_extract_at(t_f, 1) IS NOT DISTINCT FROM t_k), "
            "lambda t_x: struct_extract_at(t_x, 2))))))[1]",
        )
    ),
    "multimap_agg": private(
        "(l) AS list_transform([t_with_keys(l)], "
        "lambda t_l: CASE WHEN len(t_l) > 0 THEN t_multimap_from_entries(t_l) END)[1]"
    ),
    # Each key with its values in both maps.
    "map_zip": private(
        bound(
            "l, r",
            "list_transform(t_array_distinct(list_concat(map_keys(l), map_keys(r))), "
            "lambda t_k: row(t_k, l[t_k], r[t_k]))",
        )
    ),
    "map_entries": Macro(
        "(m) AS list_transform(map_entries(m), "
        "lambda t_e: row(struct_extract_at(t_e, 1), struct_extract_at(t_e, 2)))"
    ),
    "split_to_map": Macro(
        "(s, e, k) AS map_from_entries(t_split_entries(s, e, k, true))", "map(varchar, varchar)"
    ),
    "split_to_multimap": Macro(
        "(s, e, k) AS t_multimap_from_entries(t_split_entries(s, e, k, false))",
        "map(varchar, array(varchar))",
    ),
}


def _entries(text: str, entry_delimiter: str, delimiter: str) -> Iterator[dict[str, str]]:
    parts = text.split(entry_delimiter)
    for entry in parts[:-1] if parts[-1] == "" else parts:
        if entry.count(delimiter) == 0 or delimiter in entry.split(delimiter, 1)[1]:
            fail(
                "INVALID_FUNCTION_ARGUMENT",
                f"Key-value delimiter must appear exactly once in each entry. Bad input: '{entry}'",
            )
        key, _, value = entry.partition(delimiter)
        yield {"k": key, "v": value}


def split_entries(
    text: str, entry_delimiter: str, delimiter: str, once: bool
) -> list[dict[str, str]]:
    """The entries of split_to_map (where a key may stand `once`) and split_to_multimap."""
    problem = ""
    if not entry_delimiter:
        problem = "entryDelimiter is empty"
    elif not delimiter:
        problem = "keyValueDelimiter is empty"
    elif entry_delimiter == delimiter:
        problem = "entryDelimiter and keyValueDelimiter must not be the same"
    if problem:
        fail("INVALID_FUNCTION_ARGUMENT", problem)
    found = list(_entries(text, entry_delimiter, delimiter))
    keys = [e["k"] for e in found]
    if once and len(set(keys)) < len(keys):
        twice = next(k for at, k in enumerate(keys) if k in keys[:at])
        fail("INVALID_FUNCTION_ARGUMENT", f"Duplicate keys ({twice}) are not allowed")
    return found


FUNCTIONS = [
    PythonFunction(
        "t_split_entries",
        split_entries,
        ["VARCHAR", "VARCHAR", "VARCHAR", "BOOLEAN"],
        "STRUCT(k VARCHAR, v VARCHAR)[]",
    )
]


def _map(node: Any) -> Any:
    args = arity(node, "map", 0, 2)
    return call("map", *args) if args else exp.Anonymous(this="map", expressions=[])


def _over_entries(name: str) -> Callable[[Any], Any]:
    """map_filter, transform_keys and transform_values: a lambda of key and value."""

    def rewrite(node: Any) -> Any:
        values, function = arity(node, name, 2)
        key, value = parameters(function, name, 2)
        entry = fresh("entry")
        body = let(part(entry, 1), key, let(part(entry, 2), value, function.this))
        entries = call("map_entries", values)
        if name == "map_filter":
            return call("map_from_entries", call("list_filter", entries, lambda_of(body, entry)))
        pair = [body, part(entry, 2)] if name == "transform_keys" else [part(entry, 1), body]
        made = lambda_of(call("row", *pair), entry)
        return call("map_from_entries", call("list_transform", entries, made))

    return rewrite


def _map_zip_with(node: Any) -> Any:
    left, right, function = arity(node, "map_zip_with", 3)
    key, first, second = parameters(function, "map_zip_with", 3)
    entry = fresh("entry")
    body = let(part(entry, 2), first, let(part(entry, 3), second, function.this))
    body = let(part(entry, 1), key, body)
    pairs = lambda_of(call("row", part(entry, 1), body), entry)
    made = call("list_transform", call("t_map_zip", left, right), pairs)
    return case((any_null(left, right), null()), default=call("map_from_entries", made))


def _map_concat(node: Any, types: list[Type]) -> Any:
    args = list(node.expressions)
    if len(args) < 2:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT",
            "There must be two or more concatenation arguments to map_concat",
        )
    wanted = common_of(types)
    if wanted is None or any(t.name not in ("map", "unknown") for t in types):
        raise unexpected("map_concat", types)
    args = [precision.coerced(a, t, wanted) for a, t in zip(args, types, strict=True)]
    entries = call("list_concat", *[call("map_entries", a.copy()) for a in reversed(args)])
    return case((any_null(*args), null()), default=call("t_map_of_first", entries))


REWRITES: dict[str, Callable[[Any], Any]] = {
    "map": _map,
    "map_filter": _over_entries("map_filter"),
    "transform_keys": _over_entries("transform_keys"),
    "transform_values": _over_entries("transform_values"),
    "map_zip_with": _map_zip_with,
}
TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any], int]] = {
    "map_concat": ("map_concat", _map_concat, ALL),
}
