"""CAST from one known Trino type to another as a DuckDB expression, with Trino's failures.

Source of the JSON rules: https://trino.io/docs/current/functions/json.html#cast-from-json.
"""

from __future__ import annotations

import json
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql import scalar_casts
from local.athena.sql.nodes import (
    call,
    case,
    cast,
    failing,
    fresh,
    is_null,
    lambda_of,
    let,
    null,
    raw,
    variable,
)
from local.athena.sql.types import Type

_VARCHAR = Type("varchar")
_NUMBERS = ("tinyint", "smallint", "integer", "bigint", "double", "real", "decimal")


def convert(node: Any, source: Type, target: Type) -> Any:
    """`CAST(node AS target)`; raises QueryFailed(TYPE_MISMATCH) where Trino has no such cast."""
    if source == target or (source.name == target.name == "varchar" and not target.numbers):
        return node
    if source.name == "unknown":
        return cast(node, target.duckdb())
    if source.name == "json":
        return _from_json(node, target)
    if target.name == "json":
        return _to_json(node, source)
    if target.items or source.items:
        return _nested(node, source, target)
    if target.name in ("varchar", "char"):
        return scalar_casts.to_varchar(node, source, target)
    return scalar_casts.convert(node, source, target)


def _nested(node: Any, source: Type, target: Type) -> Any:
    if source.name != target.name or len(source.items) != len(target.items):
        raise QueryFailed(
            "TYPE_MISMATCH", f"line 1:1: Cannot cast {source.trino()} to {target.trino()}"
        )
    if target.name == "array":
        name = fresh("e")
        body = convert(variable(name), source.items[0], target.items[0])
        return call("list_transform", node, lambda_of(body, name))
    if target.name == "row":
        return _row_to_row(node, source, target)
    name = fresh("m")
    entry = variable(name)
    pair = [
        convert(call("struct_extract_at", entry.copy(), at + 1), source.items[at], target.items[at])
        for at in (0, 1)
    ]
    entries = call("list_transform", call("map_entries", node), lambda_of(call("row", *pair), name))
    return call("map_from_entries", entries)


def struct(fields: tuple[str, ...], values: list[Any]) -> Any:
    """A DuckDB struct; anonymous fields among others are called field0, field1, …"""
    if not any(fields):
        return call("row", *values)
    named = [
        exp.PropertyEQ(this=exp.to_identifier(name or f"field{at}", quoted=True), expression=value)
        for at, (name, value) in enumerate(zip(fields, values, strict=True))
    ]
    return exp.Anonymous(this="struct_pack", expressions=named)


def _row_to_row(node: Any, source: Type, target: Type) -> Any:
    name = fresh("r")
    whole = variable(name)
    values = [
        convert(call("struct_extract_at", whole.copy(), at + 1), source.items[at], target.items[at])
        for at in range(len(target.items))
    ]
    made = case((is_null(whole.copy()), null()), default=struct(target.fields, values))
    return let(node, name, made)


def _from_json(node: Any, target: Type) -> Any:
    if target.name in ("varchar", "bigint", "double", "boolean"):
        if target.numbers:
            raise NotSupported(f"CAST from json to {target.trino()}: use varchar")
        return call(f"t_json_to_{target.name}", node)
    if target.is_integer:
        return cast(call("t_json_to_bigint", node), target.duckdb())
    if target.name == "real":
        return cast(call("t_json_to_double", node), target.duckdb())
    if target.name == "decimal":
        return convert(call("t_json_to_number", node), _VARCHAR, target)
    if target.name == "json":
        return node
    if target.items:
        name = fresh("j")
        return let(node, name, _json_nested(variable(name), target))
    raise QueryFailed("TYPE_MISMATCH", f"line 1:1: Cannot cast json to {target.trino()}")


def _json_nested(value: Any, target: Type) -> Any:
    made = {"array": _json_array, "map": _json_map, "row": _json_row}[target.name](value, target)
    kind = call("json_type", value.copy())
    absent = exp.EQ(this=call("coalesce", kind.copy(), "NULL"), expression=raw("NULL"))
    message = call("concat", "Cannot cast to ", target.trino(), ": ", cast(value.copy(), "VARCHAR"))
    branches = [(exp.EQ(this=kind.copy(), expression=raw(k)), v) for k, v in made]
    return case((absent, null()), *branches, default=failing("INVALID_CAST_ARGUMENT", message))


def _json_item(node: Any, target: Type) -> Any:
    """An element or a member's value: as json it is JSON's null, not SQL's."""
    return call("t_json_whole", node) if target.name == "json" else _from_json(node, target)


def _json_array(value: Any, target: Type) -> list[tuple[str, Any]]:
    name = fresh("e")
    body = _json_item(variable(name), target.items[0])
    elements = cast(value.copy(), "JSON[]")
    return [("ARRAY", call("list_transform", elements, lambda_of(body, name)))]


def _json_map(value: Any, target: Type) -> list[tuple[str, Any]]:
    name = fresh("k")
    key, item = (call("struct_extract_at", variable(name), at) for at in (1, 2))
    pair = call("row", convert(key, _VARCHAR, target.items[0]), _json_item(item, target.items[1]))
    members = call("map_entries", cast(value.copy(), "MAP(VARCHAR, JSON)"))
    entries = call("list_transform", members, lambda_of(pair, name))
    return [("OBJECT", call("map_from_entries", entries))]


def _json_row(value: Any, target: Type) -> list[tuple[str, Any]]:
    """An array gives a row its fields by place, an object by name in lower case."""
    placed, named = [], []
    for at, (field, item) in enumerate(zip(target.fields, target.items, strict=True)):
        path = raw(json_path(field))
        placed.append(_from_json(call("json_extract", value.copy(), f"$[{at}]"), item))
        named.append(_from_json(call("t_json_member", value.copy(), field, path), item))
    length = call("json_array_length", value.copy())
    fits = exp.EQ(this=length, expression=raw(len(target.items)))
    message = (
        f"Cannot cast to {target.trino()}. Expected a json array of {len(target.items)} values"
    )
    refused = failing("INVALID_CAST_ARGUMENT", message)
    by_place = case((fits, struct(target.fields, placed)), default=refused)
    if not target.fields[0]:
        return [("ARRAY", by_place)]
    doubled = failing("INVALID_CAST_ARGUMENT", f"Cannot cast to {target.trino()}: duplicate field")
    by_name = case(
        (call("t_json_doubled", value.copy()), doubled), default=struct(target.fields, named)
    )
    return [("OBJECT", by_name), ("ARRAY", by_place)]


def json_path(name: str) -> str:
    """DuckDB's path of a member."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'


def to_json_text(node: Any, source: Type) -> Any:
    """The JSON text of a value, NULL for NULL; raises QueryFailed for types that have none."""
    if source.name in ("boolean", "tinyint", "smallint", "integer", "bigint", "json"):
        return cast(node, "VARCHAR")
    if source.name == "varchar":
        return call("t_json_quoted", node)
    if source.name in ("double", "real"):
        return call(f"t_json_{source.name}", node)
    if source.name == "decimal":
        text = scalar_casts.to_varchar(node, source, _VARCHAR)
        return call("t_json_decimal", text) if source.numbers[1] > 6 else text
    if source.name in ("date", "timestamp"):
        return _joined('"', scalar_casts.to_varchar(node, source, _VARCHAR), '"')
    if source.name == "unknown":
        return cast(null(), "VARCHAR")
    if source.items:
        return _NESTED_TEXTS[source.name](node, source)
    raise QueryFailed("TYPE_MISMATCH", f"line 1:1: Cannot cast {source.trino()} to json")


def _joined(*parts: Any) -> Any:
    made = raw(parts[0]) if isinstance(parts[0], str) else parts[0]
    for part in parts[1:]:
        made = exp.DPipe(this=made, expression=raw(part) if isinstance(part, str) else part)
    return exp.Paren(this=made)


def _part(node: Any, source: Type) -> Any:
    return call("coalesce", to_json_text(node, source), "null")


def _array_text(node: Any, source: Type) -> Any:
    name = fresh("e")
    body = lambda_of(_part(variable(name), source.items[0]), name)
    return _joined("[", call("array_to_string", call("list_transform", node, body), ","), "]")


def _map_text(node: Any, source: Type) -> Any:
    """Members in the order of their names, as Trino writes them."""
    key, item = source.items
    if key.name not in (*_NUMBERS, "boolean", "varchar", "unknown"):
        raise QueryFailed("TYPE_MISMATCH", f"line 1:1: Cannot cast {source.trino()} to json")
    name, member = fresh("e"), fresh("m")
    field, value = (call("struct_extract_at", variable(name), at) for at in (1, 2))
    printed = {"double": "t_double_to_varchar", "real": "t_real_to_varchar"}.get(key.name)
    text = call(printed, field) if printed else convert(field, key, _VARCHAR)
    pairs = lambda_of(call("row", text, _part(value, item)), name)
    entries = call("list_sort", call("list_transform", call("map_entries", node), pairs))
    first, second = (call("struct_extract_at", variable(member), at) for at in (1, 2))
    written = _joined(call("t_json_quoted", first), ":", second)
    members = call("list_transform", entries, lambda_of(written, member))
    return _joined("{", call("array_to_string", members, ","), "}")


def _row_text(node: Any, source: Type) -> Any:
    """An object; fields without a name all have the empty one."""
    name = fresh("r")
    members: list[Any] = []
    for at, (field, item) in enumerate(zip(source.fields, source.items, strict=True), 1):
        value = _part(call("struct_extract_at", variable(name), at), item)
        comma = "," if at > 1 else ""
        members += [f"{comma}{json.dumps(field, ensure_ascii=False)}:", value]
    text = _joined("{", *members, "}")
    return let(node, name, case((is_null(variable(name)), null()), default=text))


_NESTED_TEXTS = {"array": _array_text, "map": _map_text, "row": _row_text}


def _to_json(node: Any, source: Type) -> Any:
    return cast(to_json_text(node, source), "JSON")
