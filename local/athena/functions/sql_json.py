"""JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT and JSON_ARRAY of the SQL standard.

`json_clauses` has made plain calls of them. Sources: https://trino.io/docs/current/functions/json.html
and the package operator.scalar.json of trino-main.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions import arrays, json_path
from local.athena.functions.json_predicates import PathError
from local.athena.functions.json_reader import Broken, dumps, first
from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction, fail
from local.athena.sql import casts
from local.athena.sql.coercion import common
from local.athena.sql.nodes import call, case, cast, failing, fresh, let, null, raw, variable
from local.athena.sql.types import Type, parse_type

_VARCHAR = Type("varchar")


def _items(text: str, path: str) -> tuple[str, list[Any]]:
    """What the path finds: `input` and `path` stand for the errors of reading and of the path."""
    try:
        root = first(text)
    except Broken:
        if not text.strip():
            fail("NOT_SUPPORTED", "an empty text as JSON")
        return "input", []
    try:
        return "", json_path.evaluate(path, root)
    except PathError:
        return "path", []


def exists(text: str, path: str) -> str:
    state, found = _items(text, path)
    return state or str(bool(found)).lower()


def value_of(text: str, path: str) -> dict[str, str | None]:
    """A scalar as text with the SQL type that Trino gives it."""
    state, found = _items(text, path)
    state = state or ("empty" if not found else "many" if len(found) > 1 else "found")
    made: dict[str, str | None] = {"state": state, "kind": None, "value": None}
    if state != "found":
        return made
    item = found[0]
    if item is None:
        return made | {"state": "null"}
    kind = _kind(item)
    if kind is None:
        return made | {"state": "many"}
    return made | {"kind": kind, "value": item if isinstance(item, str) else dumps(item)}


def _kind(item: Any) -> str | None:
    if isinstance(item, bool):
        return "boolean"
    if isinstance(item, int):
        return next((k for k, bits in (("integer", 31), ("bigint", 63)) if _fits(item, bits)), None)
    return {float: "double", str: "varchar"}.get(float if isinstance(item, float) else type(item))


def _fits(number: int, bits: int) -> bool:
    return bool(-(2**bits) <= number < 2**bits)


def query(text: str, path: str, wrapper: str, quotes: bool) -> dict[str, str | None]:
    state, found = _items(text, path)
    if not state and not found:
        state = "empty"
    if state:
        return {"state": state, "value": None}
    single = len(found) == 1
    if wrapper == "always" or (
        wrapper == "conditional" and not (single and isinstance(found[0], (dict, list)))
    ):
        return {"state": "found", "value": dumps(found)}
    if not single:
        return {"state": "many", "value": None}
    if not quotes and isinstance(found[0], str):
        return {"state": "found", "value": found[0]}
    return {"state": "found", "value": dumps(found[0])}


def _java_hash(text: str) -> int:
    made = 0
    units = text.encode("utf-16-be")
    for at in range(0, len(units), 2):
        made = (made * 31 + int.from_bytes(units[at : at + 2], "big")) & 0xFFFFFFFF
    return made ^ (made >> 16)


def object_of(keys: list[str | None], values: list[str | None], null_values: bool) -> str:
    """The members in their order, which must be that of Java's HashMap too: Trino has had both."""
    members: dict[str, str] = {}
    for key, value in zip(keys, values, strict=True):
        if key is None:
            fail(
                "INVALID_FUNCTION_ARGUMENT",
                "null value passed for JSON object key to JSON_OBJECT function",
            )
        if value is None and not null_values:
            continue
        if key in members:
            fail("NOT_SUPPORTED", "cannot construct a JSON object with duplicate key")
        members[key] = value or "null"
    size = 16
    while len(members) > size * 3 // 4:
        size *= 2
    if sorted(members, key=lambda k: _java_hash(k) % size) != list(members):
        fail("NOT_SUPPORTED", "JSON_OBJECT of members whose order depends on Trino's version")
    return "{" + ",".join(f"{dumps(k)}:{v}" for k, v in members.items()) + "}"


MACROS: dict[str, Macro] = {}
_FOUND = "STRUCT(state VARCHAR, kind VARCHAR, value VARCHAR)"
FUNCTIONS = [
    PythonFunction("t_json_exists", exists, ["VARCHAR", "VARCHAR"], "VARCHAR", refuses=True),
    PythonFunction("t_json_value", value_of, ["VARCHAR", "VARCHAR"], _FOUND, refuses=True),
    PythonFunction(
        "t_json_query",
        query,
        ["VARCHAR", "VARCHAR", "VARCHAR", "BOOLEAN"],
        "STRUCT(state VARCHAR, value VARCHAR)",
        refuses=True,
    ),
    PythonFunction(
        "t_json_object", object_of, ["VARCHAR[]", "VARCHAR[]", "BOOLEAN"], "VARCHAR", refuses=True
    ),
]


def _field(name: str, at: int) -> Any:
    return call("struct_extract_at", variable(name), at)


def _is(node: Any, text: str) -> Any:
    return exp.EQ(this=node, expression=raw(text))


def _failed(state: Any, result: str) -> Any:
    name = case(
        (_is(state.copy(), "input"), raw("JSON_INPUT_CONVERSION_ERROR")),
        (_is(state.copy(), "path"), raw("PATH_EVALUATION_ERROR")),
        default=raw(result),
    )
    return call("t_fail", name, call("concat", "cannot extract a value from JSON: ", state))


def _input(node: Any, name: str, types: list[Type]) -> tuple[Any, str, dict[str, Any]]:
    value, path, spec = node.expressions[:3]
    if types[0].name not in ("varchar", "unknown"):
        raise NotSupported(f"{name} of {types[0].trino()}")
    json_path.compiled(path.this)
    return cast(value, "VARCHAR"), path.this, json.loads(spec.this)


def _exists(node: Any, types: list[Type]) -> Any:
    value, path, spec = _input(node, "json_exists", types)
    state = fresh("state")
    otherwise = {"TRUE": raw(True), "FALSE": raw(False), "UNKNOWN": null()}.get(
        spec["error"], _failed(variable(state), "PATH_EVALUATION_ERROR")
    )
    made = case(
        (_is(variable(state), "true"), raw(True)),
        (_is(variable(state), "false"), raw(False)),
        (exp.Is(this=variable(state), expression=null()), cast(null(), "BOOLEAN")),
        default=otherwise,
    )
    return let(call("t_json_exists", value, path), state, made)


def _value(node: Any, types: list[Type]) -> Any:
    value, path, spec = _input(node, "json_value", types)
    target = parse_type(spec.get("returning", "varchar"))
    if target.items or target.name in ("json", "char", "varbinary"):
        raise NotSupported(f"json_value RETURNING {target.trino()}")
    found = fresh("found")
    outcomes = {}
    for at, occasion in enumerate(("empty", "error")):
        default, kind = node.expressions[3 + at], types[3 + at]
        if spec[occasion] == "ERROR":
            outcomes[occasion] = _failed(_field(found, 1), "JSON_VALUE_RESULT_ERROR")
        elif spec[occasion] == "NULL":
            outcomes[occasion] = null()
        elif spec[occasion] != "DEFAULT":
            raise QueryFailed("SYNTAX_ERROR", f"line 1:1: mismatched input '{spec[occasion]}'.")
        elif kind.name != "unknown" and (
            common(kind, target) != _unsized(target) or _is_long(default, target)
        ):
            raise QueryFailed(
                "TYPE_MISMATCH",
                f"line 1:1: Function JSON_VALUE default ON {occasion.upper()} result must evaluate to a "
                f"{target.trino()} (actual: {kind.trino()})",
            )
        else:
            outcomes[occasion] = casts.convert(default, kind, target)
    made = case(
        (exp.Is(this=_field(found, 1), expression=null()), null()),
        (_is(_field(found, 1), "null"), cast(null(), target.duckdb())),
        (_is(_field(found, 1), "empty"), outcomes["empty"]),
        (
            _is(_field(found, 1), "found"),
            call("coalesce", _converted(found, target), outcomes["error"]),
        ),
        default=outcomes["error"].copy(),
    )
    return let(call("t_json_value", value, path), found, made)


def _unsized(kind: Type) -> Type:
    return Type("varchar") if kind.name == "varchar" else kind


def _is_long(default: Any, target: Type) -> bool:
    """Whether a text does not fit into varchar(n); raises NotSupported where its length is not known."""
    if target.name != "varchar" or not target.numbers:
        return False
    if not isinstance(default, exp.Literal):
        raise NotSupported(
            f"json_value RETURNING {target.trino()} with a DEFAULT that is no literal"
        )
    return len(default.this) > target.numbers[0]


def _converted(found: str, target: Type) -> Any:
    """The scalar cast from its own type, NULL where that fails."""
    branches = []
    for kind in ("varchar", "integer", "bigint", "double", "boolean"):
        source = Type(kind)
        plain = cast(_field(found, 3), source.duckdb())
        try:
            made = call("try", casts.convert(plain, source, target))
        except NotSupported as error:
            made = failing(error.name, error.message)
        except QueryFailed:
            made = cast(null(), target.duckdb())
        branches.append((_is(_field(found, 2), kind), made))
    return case(*branches)


def _query(node: Any, types: list[Type]) -> Any:
    value, path, spec = _input(node, "json_query", types)
    if parse_type(spec.get("returning", "varchar")) != _VARCHAR:
        raise NotSupported(f"json_query RETURNING {spec['returning']}")
    wrapper, quotes = spec.get("wrapper", "never"), spec.get("quotes", True)
    if wrapper != "never" and not quotes:
        raise NotSupported("json_query with a wrapper and OMIT QUOTES")
    found = fresh("found")

    def outcome(occasion: str) -> Any:
        what = spec[occasion]
        if what in ("[]", "{}"):
            return raw(what)
        if what not in ("NULL", "ERROR"):
            raise QueryFailed("SYNTAX_ERROR", f"line 1:1: mismatched input '{what}'.")
        error = _failed(_field(found, 1), "JSON_OUTPUT_CONVERSION_ERROR")
        return cast(null(), "VARCHAR") if what == "NULL" else error

    made = case(
        (exp.Is(this=_field(found, 1), expression=null()), cast(null(), "VARCHAR")),
        (_is(_field(found, 1), "found"), _field(found, 2)),
        (_is(_field(found, 1), "empty"), outcome("empty")),
        default=outcome("error"),
    )
    return let(call("t_json_query", value, path, wrapper, quotes), found, made)


def _item(node: Any, kind: Type, nested: bool) -> Any:
    """The JSON text of a value of JSON_OBJECT or JSON_ARRAY."""
    if nested or kind.name == "unknown":
        return cast(node, "VARCHAR")
    if kind.name in ("double", "real", "json") or kind.items:
        if kind.name == "double":
            finite = case((call("isfinite", node.copy()), casts.to_json_text(node, kind)))
            absent = exp.Is(this=node.copy(), expression=null())
            refused = failing("NOT_SUPPORTED", "NaN or Infinity in JSON")
            return case(
                (absent, cast(null(), "VARCHAR")), default=call("coalesce", finite, refused)
            )
        raise NotSupported(f"a value of type {kind.trino()} in JSON_OBJECT or JSON_ARRAY")
    if kind.name in ("date", "timestamp", "time", "uuid", "timestamp with time zone"):
        node, kind = casts.convert(node, kind, _VARCHAR), _VARCHAR
    return casts.to_json_text(node, kind)


def _spec(node: Any, name: str) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(node.expressions[-1].this)
    if parse_type(spec.get("returning", "varchar")) != _VARCHAR:
        raise NotSupported(f"{name} RETURNING {spec['returning']}")
    if spec.get("unique"):
        raise NotSupported(f"{name} WITH UNIQUE KEYS")
    return spec


def _texts(values: list[Any]) -> Any:
    return cast(exp.Array(expressions=values), "VARCHAR[]")


def _object(node: Any, types: list[Type]) -> Any:
    spec = _spec(node, "json_object")
    keys, kinds = node.expressions[:-1:2], types[:-1:2]
    if any(k.name not in ("varchar", "unknown") for k in kinds):
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT", "line 1:1: a key of JSON_OBJECT must be a text"
        )
    pairs = zip(node.expressions[1:-1:2], types[1:-1:2], spec["nested"], strict=True)
    values = [_item(v, kind, nested) for v, kind, nested in pairs]
    return call("t_json_object", _texts(list(keys)), _texts(values), spec["null"])


def _array(node: Any, types: list[Type]) -> Any:
    spec = _spec(node, "json_array")
    pairs = zip(node.expressions[:-1], types[:-1], spec["nested"], strict=True)
    values = [_item(v, kind, nested) for v, kind, nested in pairs]
    if spec["null"]:
        values = [call("coalesce", v, "null") for v in values]
    joined = call("array_to_string", _texts(values), ",")
    return exp.Paren(
        this=exp.DPipe(this=exp.DPipe(this=raw("["), expression=joined), expression=raw("]"))
    )


TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any], int]] = {
    "json_exists": ("json_exists", _exists, arrays.ALL),
    "json_value": ("json_value", _value, arrays.ALL),
    "json_query": ("json_query", _query, arrays.ALL),
    "json_object": ("json_object", _object, arrays.ALL),
    "json_array": ("json_array", _array, arrays.ALL),
}
