"""CAST from one known Trino type to another as a DuckDB expression, with Trino's failures.

Source of the JSON rules: https://trino.io/docs/current/functions/json.html#cast-from-json.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.nodes import (
    any_null,
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
from local.athena.types import Type

_FROM_VARCHAR = (
    "tinyint",
    "smallint",
    "integer",
    "bigint",
    "double",
    "date",
    "timestamp",
    "boolean",
)
_NUMBERS = ("tinyint", "smallint", "integer", "bigint", "double", "real", "decimal")
_VARCHAR = Type("varchar")


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
        return _cut(_to_varchar(node, source), target)
    return _scalar(node, source, target)


def _cut(text: Any, target: Type) -> Any:
    if target.name == "char":
        raise NotSupported("CAST to char: use varchar")
    return call("substr", text, 1, target.numbers[0]) if target.numbers else text


def _to_varchar(node: Any, source: Type) -> Any:
    if source.name == "double":
        return call("t_double_to_varchar", node)
    if source.name == "timestamp":
        return call("t_timestamp_to_varchar", node)
    if source.name == "timestamp with time zone":
        return call("t_zoned_to_varchar", node)
    if source.name in ("real", "varbinary") or "interval" in source.name:
        raise NotSupported(f"CAST from {source.trino()} to varchar")
    return cast(node, "VARCHAR")


def _scalar(node: Any, source: Type, target: Type) -> Any:
    if source.name == "varchar":
        return _from_varchar(node, target)
    if source.name in ("double", "real") and target.is_integer:
        return cast(call("round", node), target.duckdb())
    if source.name in _NUMBERS and target.name in (*_NUMBERS, "boolean"):
        return cast(node, target.duckdb())
    if source.name == "boolean" and target.name in _NUMBERS:
        return cast(node, target.duckdb())
    if source.name.startswith(("timestamp", "date")) and target.name.startswith(
        ("timestamp", "date")
    ):
        return cast(node, target.duckdb())
    if source.name.split()[0] == "time" and target.name == source.name:
        return node
    raise QueryFailed(
        "TYPE_MISMATCH", f"line 1:1: Cannot cast {source.trino()} to {target.trino()}"
    )


def _from_varchar(node: Any, target: Type) -> Any:
    if target.name == "real":
        return cast(call("t_varchar_to_double", node), "FLOAT")
    if target.name == "decimal":
        return cast(call("t_varchar_to_number_text", node), target.duckdb())
    if target.name in _FROM_VARCHAR:
        return call(f"t_varchar_to_{target.name}", node)
    if target.name == "timestamp with time zone":
        return cast(call("t_varchar_to_timestamp", node), target.duckdb())
    if target.name in ("time", "uuid", "ipaddress"):
        raise NotSupported(f"CAST from varchar to {target.trino()}")
    raise QueryFailed("TYPE_MISMATCH", f"line 1:1: Cannot cast varchar to {target.trino()}")


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
    """A DuckDB struct; anonymous fields get Trino's display names field0, field1, …"""
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
        text = call(f"t_json_to_{target.name}", node)
        return _cut(text, target) if target.numbers else text
    if target.is_integer:
        return cast(call("t_json_to_bigint", node), target.duckdb())
    if target.name in ("decimal", "real"):
        return convert(call("t_json_to_varchar", node), _VARCHAR, target)
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


def _json_array(value: Any, target: Type) -> list[tuple[str, Any]]:
    name = fresh("e")
    body = _from_json(variable(name), target.items[0])
    elements = cast(value.copy(), "JSON[]")
    return [("ARRAY", call("list_transform", elements, lambda_of(body, name)))]


def _json_map(value: Any, target: Type) -> list[tuple[str, Any]]:
    name = fresh("k")
    key = variable(name)
    item = _from_json(call("json_extract", value.copy(), _member(key.copy())), target.items[1])
    pair = call("row", convert(key, _VARCHAR, target.items[0]), item)
    entries = call("list_transform", call("json_keys", value.copy()), lambda_of(pair, name))
    return [("OBJECT", call("map_from_entries", entries))]


def _member(key: Any) -> Any:
    quoted = call("replace", key, '"', '\\"')
    return exp.DPipe(this=exp.DPipe(this=raw('$."'), expression=quoted), expression=raw('"'))


def _json_row(value: Any, target: Type) -> list[tuple[str, Any]]:
    named = []
    placed = []
    for at, (field, item) in enumerate(zip(target.fields, target.items, strict=True)):
        member = call("json_extract", value.copy(), f'$."{field}"')
        named.append(_from_json(member, item) if field else cast(null(), item.duckdb()))
        placed.append(_from_json(call("json_extract", value.copy(), f"$[{at}]"), item))
    return [("OBJECT", struct(target.fields, named)), ("ARRAY", struct(target.fields, placed))]


def _to_json(node: Any, source: Type) -> Any:
    if source.name == "array":
        name = fresh("e")
        inner = call(
            "list_transform", node, lambda_of(_to_json(variable(name), source.items[0]), name)
        )
        return case((any_null(node), null()), default=call("to_json", inner))
    if source.name in ("varchar", "boolean", "tinyint", "smallint", "integer", "bigint"):
        return call("to_json", node)
    raise NotSupported(f"CAST from {source.trino()} to json")
