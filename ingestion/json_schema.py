"""The part of JSON Schema that contracts are written in: what is understood, and into which parts it falls.

It is what msgspec generates of draft 2020-12, less tuples and constrained keys of mappings. What follows
from two schemas does not belong here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

Schema = dict[str, Any] | bool

# The keywords understood here mean the same in both drafts; the Glue Schema Registry stops at 7.
_DRAFT_7 = "http://json-schema.org/draft-07/schema"
_DIALECTS = ("https://json-schema.org/draft/2020-12/schema", _DRAFT_7)
_TYPES = ("null", "boolean", "string", "number", "array", "object")
_UNIONS = ("anyOf", "oneOf")


def split(schema: Schema, root: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts that hold together: listed values, unions, plain words; none if anything is valid.

    References are followed from `root`, a constant becomes a list of one value.
    """
    if isinstance(schema, bool):
        return [] if schema else [{"enum": []}]
    parts = [{"enum": [schema["const"]]}] if "const" in schema else []
    if "enum" in schema:
        parts.append({"enum": schema["enum"]})
    if "$ref" in schema:
        parts += split(resolve(schema["$ref"], root), root)
    parts += [{union: schema[union]} for union in _UNIONS if union in schema]
    plain = {word: value for word, value in schema.items() if word in _PLAIN}
    return [*parts, plain] if plain else parts


def union_of(part: dict[str, Any]) -> list[Schema] | None:
    """The members, if the part is a union."""
    members: list[Schema] | None = part.get("anyOf", part.get("oneOf"))
    return members


def resolve(ref: str, root: dict[str, Any]) -> Schema:
    """Follow `#` or `#/$defs/<name>`. Raises KeyError where nothing of that name is defined."""
    if ref == "#":
        return root
    name = ref.removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")
    target: Schema = root["$defs"][name]
    return target


def types_of(words: dict[str, Any]) -> Sequence[str]:
    """The JSON types that plain words take; `number` holds the integers."""
    types = words.get("type", _TYPES)
    return [types] if isinstance(types, str) else types


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_regex(value: Any) -> bool:
    try:
        return re.compile(value) is not None
    except (re.error, TypeError):
        return False


def _is_schema(value: Any) -> bool:
    return isinstance(value, bool | dict)


def _is_type(value: Any) -> bool:
    types = value if isinstance(value, list) else [value]
    return bool(types) and all(each in (*_TYPES, "integer") for each in types)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_union(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_schema, value))


def _is_schemas(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_schema, value.values()))


_PLAIN: dict[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "properties": _is_schemas,
    "required": _is_names,
    "additionalProperties": _is_schema,
    "items": _is_schema,
    "minItems": _is_count,
    "maxItems": _is_count,
    "uniqueItems": lambda value: isinstance(value, bool),
    "minLength": _is_count,
    "maxLength": _is_count,
    "pattern": _is_regex,
    "format": _is_text,
    "contentEncoding": _is_text,
    "minimum": _is_number,
    "maximum": _is_number,
    "exclusiveMinimum": _is_number,
    "exclusiveMaximum": _is_number,
    "multipleOf": lambda value: _is_number(value) and value > 0,
}
_KEYWORDS = {
    **_PLAIN,
    "anyOf": _is_union,
    "oneOf": _is_union,
    "enum": lambda value: isinstance(value, list),
    "const": lambda value: True,
}
_AT_ROOT: dict[str, Callable[[Any], bool]] = {
    "$defs": _is_schemas,
    "$id": _is_text,
    "$schema": lambda value: str(value).rstrip("#") in _DIALECTS,
}
_ANNOTATIONS = {
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
    "discriminator",
}


def undecidable(root: dict[str, Any], side: str) -> list[str]:
    """What stands in a schema that nothing can be proven over: path, keyword and reason of each.

    `side` is the reader's name for the schema, such as `old`.
    """
    reasons = [*_strange(root, "$", root, _AT_ROOT)]
    for name, schema in _children(root.get("$defs")).items():
        reasons += _strange(schema, f"#/$defs/{name}", root, {})
    if not reasons:
        reasons += _endless_references(root)
    return [f"{reason} ({side} schema, not decidable)" for reason in reasons]


def _children(schemas: Any) -> dict[str, Any]:
    return schemas if _is_schemas(schemas) else {}


def _strange(
    schema: Schema, path: str, root: dict[str, Any], allowed: dict[str, Callable[[Any], bool]]
) -> Iterator[str]:
    if isinstance(schema, bool):
        return
    known: dict[str, Callable[[Any], bool]] = {
        **_KEYWORDS,
        **allowed,
        "$ref": partial(_is_local, root=root),
    }
    for keyword, value in schema.items():
        if keyword in _ANNOTATIONS or keyword.startswith("x-"):
            continue
        if keyword not in known:
            yield f"{path}: keyword {keyword!r} is not understood; express the shape without it"
        elif not known[keyword](value):
            yield f"{path}: {keyword} {json_text(value)} is not usable here"
    if "$ref" in schema and _KEYWORDS.keys() & schema.keys() and _is_draft_7(root):
        yield f"{path}: draft 7 ignores what stands beside $ref; give it a definition of its own"
    for place, inner in _subschemas(schema, path):
        yield from _strange(inner, place, root, {})


def _subschemas(schema: dict[str, Any], path: str) -> Iterator[tuple[str, Schema]]:
    for name, inner in _children(schema.get("properties")).items():
        yield field_path(path, name), inner
    for keyword, suffix in (("items", "[*]"), ("additionalProperties", ".*")):
        if _is_schema(schema.get(keyword)):
            yield f"{path}{suffix}", schema[keyword]
    for union in _UNIONS:
        for member in schema[union] if _is_union(schema.get(union)) else ():
            yield path, member


def _is_draft_7(root: dict[str, Any]) -> bool:
    return str(root.get("$schema")).rstrip("#") == _DRAFT_7


def _is_local(ref: Any, root: dict[str, Any]) -> bool:
    if not isinstance(ref, str) or (ref != "#" and not ref.startswith("#/$defs/")):
        return False
    try:
        return _is_schema(resolve(ref, root))
    except (KeyError, TypeError):
        return False


def _endless_references(root: dict[str, Any]) -> Iterator[str]:
    """References that lead back to themselves without a field or item between mean nothing."""
    named = {f"#/$defs/{name}": schema for name, schema in root.get("$defs", {}).items()}
    for place, schema in {"#": root, **named}.items():
        if _returns(schema, root, frozenset()):
            yield f"{place}: the reference leads back to itself"


def _returns(schema: Schema, root: dict[str, Any], trail: frozenset[str]) -> bool:
    if isinstance(schema, bool):
        return False
    ref = schema.get("$ref")
    if ref in trail:
        return True
    if ref is not None and _returns(resolve(ref, root), root, trail | {ref}):
        return True
    members = [member for union in _UNIONS for member in schema.get(union, [])]
    return any(_returns(member, root, trail) for member in members)


def field_path(path: str, name: str) -> str:
    """The JSON path of a field, quoted where its name needs it."""
    return f"{path}.{name}" if re.fullmatch(r"[\w-]+", name) else f"{path}[{json_text(name)}]"


def describe(part: dict[str, Any]) -> str:
    """A few words for what a schema takes."""
    if "enum" in part:
        return list_values(part["enum"])
    members = union_of(part)
    if members is not None:
        return " or ".join(describe(each) if isinstance(each, dict) else "any" for each in members)
    return str(part.get("$ref", "")).rpartition("/")[2] or " or ".join(types_of(part))


def list_values(values: Sequence[Any]) -> str:
    """The values as a reviewer reads them."""
    return ", ".join(map(json_text, values)) or "nothing"


def json_text(value: Any) -> str:
    """One spelling for one value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
