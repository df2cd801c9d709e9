"""JSON functions with a path or on a whole text, and the macros of casts from and to JSON.

DuckDB's own functions give the value where they can, `json_reader` the rest. Sources: the classes
JsonExtract, JsonPathTokenizer, JsonFunctions and JsonUtil of trino-main.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import QueryFailed
from local.athena.functions.json_reader import FUNCTIONS
from local.athena.functions.macro import Macro, private
from local.athena.functions.rewrites import arity, literal
from local.athena.sql.nodes import call, cast, raw

__all__ = ["FUNCTIONS", "MACROS", "REWRITES", "TYPED_CALLS"]

# What DuckDB prints of a number that Java prints, or holds, in another way.
_OTHERWISE = (
    r"(^|[:\[,])\s*-?([0-9]+([.][0-9]+)?[eE]|[0-9]{8,}[.]|[0-9]{19}|0[.]000|nan|inf|NaN|Inf)"
    r"|[\x{10000}-\x{10FFFF}]"
)

# What DuckDB takes for JSON and Jackson does not; such a text goes to the reader.
_LENIENT = r",\s*[\]}]|(?:^|[:\[,])\s*(?:-?(?i:nan|inf|0[0-9])|-0(?:[\s,\]}]|$))"

MACROS: dict[str, Macro] = {
    "json_strict": private(f"(x) AS json_valid(x) AND NOT regexp_matches(x, '{_LENIENT}')"),
    "json_extract": private(
        "(x, p, t) AS CASE WHEN x IS NULL THEN NULL WHEN t_json_strict(x) THEN "
        "list_transform([json_extract(x, p)], lambda t_j: CASE WHEN regexp_matches("
        f"CAST(t_j AS VARCHAR), '{_OTHERWISE}') THEN CAST(t_json_read(x, t, 'json') AS JSON) "
        "ELSE t_j END)[1] ELSE CAST(t_json_read(x, t, 'json') AS JSON) END"
    ),
    "json_extract_scalar": private(
        "(x, p, t) AS CASE WHEN x IS NULL THEN NULL WHEN t_json_strict(x) THEN "
        "CASE coalesce(json_type(x, p), 'NULL') WHEN 'NULL' THEN NULL WHEN 'OBJECT' THEN NULL "
        "WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN t_json_read(x, t, 'scalar') "
        "ELSE json_extract_string(x, p) END ELSE t_json_read(x, t, 'scalar') END"
    ),
    "json_size": private(
        "(x, p, t) AS CASE WHEN x IS NULL THEN NULL WHEN t_json_strict(x) THEN CASE json_type(x, p) "
        "WHEN 'ARRAY' THEN CAST(json_array_length(x, p) AS BIGINT) "
        "WHEN 'OBJECT' THEN CAST(len(json_keys(x, p)) AS BIGINT) "
        "ELSE CASE WHEN json_type(x, p) IS NOT NULL THEN CAST(0 AS BIGINT) END END "
        "ELSE CAST(t_json_read(x, t, 'size') AS BIGINT) END"
    ),
    "json_refuse": private(
        "(j, n) AS t_fail('INVALID_CAST_ARGUMENT', concat('Cannot cast ', CAST(j AS VARCHAR), ' to ', n))"
    ),
    "json_to_varchar": private(
        "(j) AS CASE coalesce(json_type(j), 'NULL') WHEN 'NULL' THEN NULL "
        "WHEN 'DOUBLE' THEN t_json_number(CAST(j AS VARCHAR)) "
        "WHEN 'OBJECT' THEN t_json_refuse(j, 'varchar') WHEN 'ARRAY' THEN t_json_refuse(j, 'varchar') "
        "ELSE json_extract_string(j, '$') END"
    ),
    "json_to_bigint": private(
        "(j) AS CASE coalesce(json_type(j), 'NULL') WHEN 'NULL' THEN NULL "
        "WHEN 'BOOLEAN' THEN CASE WHEN json_extract_string(j, '$') = 'true' THEN 1 ELSE 0 END "
        "WHEN 'DOUBLE' THEN CAST(round(CAST(json_extract_string(j, '$') AS DOUBLE)) AS BIGINT) "
        "WHEN 'OBJECT' THEN t_json_refuse(j, 'bigint') "
        "WHEN 'ARRAY' THEN t_json_refuse(j, 'bigint') "
        "ELSE t_varchar_to_bigint(json_extract_string(j, '$')) END"
    ),
    "json_to_double": private(
        "(j) AS CASE coalesce(json_type(j), 'NULL') WHEN 'NULL' THEN NULL "
        "WHEN 'BOOLEAN' THEN CASE WHEN json_extract_string(j, '$') = 'true' THEN 1.0e0 ELSE 0.0e0 END "
        "WHEN 'OBJECT' THEN t_json_refuse(j, 'double') "
        "WHEN 'ARRAY' THEN t_json_refuse(j, 'double') "
        "ELSE t_varchar_to_double(json_extract_string(j, '$')) END"
    ),
    "json_to_boolean": private(
        "(j) AS CASE coalesce(json_type(j), 'NULL') WHEN 'NULL' THEN NULL "
        "WHEN 'OBJECT' THEN t_json_refuse(j, 'boolean') "
        "WHEN 'ARRAY' THEN t_json_refuse(j, 'boolean') "
        "WHEN 'VARCHAR' THEN t_varchar_to_boolean(json_extract_string(j, '$')) "
        "WHEN 'BOOLEAN' THEN json_extract_string(j, '$') = 'true' "
        "ELSE CAST(json_extract_string(j, '$') AS DOUBLE) <> 0 END"
    ),
    "json_to_number": private(
        "(j) AS CASE coalesce(json_type(j), 'NULL') WHEN 'NULL' THEN NULL "
        "WHEN 'BOOLEAN' THEN CASE WHEN json_extract_string(j, '$') = 'true' THEN '1' ELSE '0' END "
        "WHEN 'OBJECT' THEN t_json_refuse(j, 'decimal') WHEN 'ARRAY' THEN t_json_refuse(j, 'decimal') "
        "ELSE t_json_read(CAST(j AS VARCHAR), '[]', 'scalar') END"
    ),
    "json_whole": private(
        f"(j) AS CASE WHEN regexp_matches(CAST(j AS VARCHAR), '{_OTHERWISE}') "
        "THEN CAST(t_json_read(CAST(j AS VARCHAR), '[]', 'json') AS JSON) "
        "ELSE coalesce(j, CAST('null' AS JSON)) END"
    ),
    # `p` is the path of the member as the type spells it; JSON's name may have capitals.
    "json_member": private(
        "(j, n, p) AS coalesce(json_extract(j, p), list_filter(map_entries("
        "CAST(j AS MAP(VARCHAR, JSON))), lambda t_m: lower(struct_extract_at(t_m, 1)) = n)[1].value)"
    ),
    "json_doubled": private(
        "(j) AS list_unique(list_transform(json_keys(j), lambda t_k: lower(t_k))) < len(json_keys(j))"
    ),
    "json_quoted": private(
        "(x) AS CASE WHEN regexp_matches(x, '[\\x{10000}-\\x{10FFFF}]') THEN t_json_quote(x) "
        "ELSE CAST(to_json(x) AS VARCHAR) END"
    ),
    "json_parse": private("(x) AS CAST(t_json_text(x) AS JSON)"),
    "json_double": private(
        "(x) AS CASE WHEN isfinite(x) THEN t_double_to_varchar(x) "
        "ELSE '\"' || t_double_to_varchar(x) || '\"' END"
    ),
    "json_real": private(
        "(x) AS CASE WHEN isfinite(x) THEN t_real_to_varchar(x) "
        "ELSE '\"' || t_real_to_varchar(x) || '\"' END"
    ),
    "json_array_length": private(
        "(x) AS CASE WHEN x IS NULL THEN NULL WHEN t_json_strict(x) THEN CASE json_type(x) "
        "WHEN 'ARRAY' THEN CAST(json_array_length(x) AS BIGINT) END "
        "ELSE CAST(t_json_read(x, '[]', 'length') AS BIGINT) END"
    ),
}


def path_tokens(path: str) -> list[str]:
    """The names and indexes of a path; raises QueryFailed for what Trino takes for none."""
    tokens, at = [], 1
    while path[:1] == "$" and at < len(path):
        found = _STEP.match(path, at)
        if not found:
            break
        name, quoted = found.group(1) or found.group(2), found.group(3)
        tokens.append(name if name is not None else re.sub(r"\\(.)", r"\1", quoted))
        at = found.end()
    if path[:1] != "$" or at < len(path):
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", f"Invalid JSON path: '{path}'")
    return tokens


_STEP = re.compile(r'\.([\w:]+)|\[(\w+)\]|\["((?:[^"\\]|\\["\\])*)"\]')


def _duckdb_paths(tokens: list[str]) -> list[str]:
    """A number is an index or a name, according to what it meets: one path for each reading.

    Empty for paths that are left to the reader in Python.
    """
    numbers = [t.isdecimal() and len(t) < 10 for t in tokens]
    if sum(numbers) > 3 or any(re.search(r'["\\*]', t) for t in tokens):
        return []
    readings = itertools.product(*[("[{}]", '."{}"') if n else ('."{}"',) for n in numbers])
    return ["$" + "".join(f.format(t) for f, t in zip(r, tokens, strict=True)) for r in readings]


def is_constant(node: Any) -> bool:
    """DuckDB evaluates every branch of a constant CASE, also those that fail."""
    return node.find(exp.Column, exp.Identifier, exp.Query) is None


def _at_path(name: str) -> Callable[[Any], Any]:
    wanted, kind = _PATH_FUNCTIONS[name]

    def rewrite(node: Any) -> Any:
        value, path = arity(node, name, 2)
        tokens = path_tokens(literal(path, "a JSON path"))
        written = json.dumps(tokens)
        paths = [] if is_constant(value) else _duckdb_paths(tokens)
        text = cast(value, "VARCHAR")
        if not paths:
            read_ = call("t_json_read", text, written, wanted)
            return cast(read_, kind) if kind else read_
        made = [call(f"t_{name}", text.copy(), p, written) for p in paths]
        return made[0] if len(made) == 1 else call("coalesce", *made)

    return rewrite


_PATH_FUNCTIONS = {
    "json_extract": ("json", "JSON"),
    "json_extract_scalar": ("scalar", ""),
    "json_size": ("size", "BIGINT"),
}


def _array_length(node: Any) -> Any:
    (value,) = arity(node, "json_array_length", 1)
    text = cast(value.copy(), "VARCHAR")
    if is_constant(value):
        return cast(call("t_json_read", text, "[]", "length"), "BIGINT")
    return call("t_json_array_length", text)


def _array_get(node: Any) -> Any:
    value, index = arity(node, "json_array_get", 2)
    return cast(call("t_json_array_get", cast(value, "VARCHAR"), index), "JSON")


def _is_scalar(node: Any) -> Any:
    (value,) = arity(node, "is_json_scalar", 1)
    return call("t_is_json_scalar", cast(value, "VARCHAR"))


def _contains(node: Any, types: list[Any]) -> Any:
    text, value = arity(node, "json_array_contains", 2)
    kind = types[1].name
    kind = {"real": "double", "decimal": "double", "char": "varchar"}.get(kind, kind)
    kind = "bigint" if types[1].is_integer else kind
    if kind not in ("boolean", "bigint", "double", "varchar"):
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"line 1:1: Unexpected parameters ({types[0].trino()}, {types[1].trino()}) "
            "for function json_array_contains",
        )
    written = cast(cast(value, "DOUBLE"), "VARCHAR") if kind == "double" else cast(value, "VARCHAR")
    return call("t_json_array_contains", cast(text, "VARCHAR"), written, raw(kind))


REWRITES: dict[str, Callable[[Any], Any]] = {
    "json_extract": _at_path("json_extract"),
    "json_extract_scalar": _at_path("json_extract_scalar"),
    "json_size": _at_path("json_size"),
    "json_array_length": _array_length,
    "json_array_get": _array_get,
    "is_json_scalar": _is_scalar,
    "json_parse": lambda n: call("t_json_parse", *arity(n, "json_parse", 1)),
    "json_format": lambda n: cast(arity(n, "json_format", 1)[0], "VARCHAR"),
}
TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Any]], Any], int]] = {
    "json_array_contains": ("json_contains", _contains, 2),
}
