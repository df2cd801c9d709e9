"""A request read by the service's own model: what is missing, of another type or out of range is refused.

The words are Athena's own. What a value means is not judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.session import Session

from local.athena.errors import RequestRefused

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int, float),
    "long": (int, float),
}
_ARTICLES = {
    "string": "a String",
    "boolean": "a Boolean",
    "integer": "an Integer",
    "long": "a Long",
}


@cache
def _input(operation: str) -> Any:
    model = Session().get_service_model("athena")
    return model.operation_model(operation).input_shape


def read(operation: str, body: Any) -> dict[str, Any]:
    """The request without its nulls; raises RequestRefused. Unknown members are left out, as Athena does."""
    if isinstance(body, list):
        raise _unreadable("Start of list found where not expected")
    if not isinstance(body, dict):
        raise _unreadable("")
    shape = _input(operation)
    made = dict(_known(shape, body))
    problems = list(_problems(shape, made, ""))
    if problems:
        errors = "error" if len(problems) == 1 else "errors"
        raise RequestRefused(f"{len(problems)} validation {errors} detected: {'; '.join(problems)}")
    return made


def _unreadable(message: str) -> RequestRefused:
    return RequestRefused(message, "SerializationException")


def _known(shape: Any, body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, member in shape.members.items():
        if body.get(name) is not None:
            yield name, _typed(member, body[name])


def _typed(shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if type(value) not in _TYPES[kind]:
        raise _unreadable(_mismatch(kind, value))
    if kind == "structure":
        return dict(_known(shape, value))
    if kind == "list":
        return [_typed(shape.member, v) for v in value if v is not None]
    if kind in ("integer", "long"):
        return int(value)
    return value


def _mismatch(kind: str, value: Any) -> str:
    if isinstance(value, list):
        return "Start of list found where not expected"
    if isinstance(value, dict):
        return "Start of structure or map found where not expected."
    if kind in ("list", "structure", "map"):
        return "Expected list or null" if kind == "list" else "Expected null"
    found = (
        f"{value}_VALUE".upper()
        if isinstance(value, bool)
        else "STRING_VALUE"
        if isinstance(value, str)
        else "NUMBER_VALUE"
    )
    return f"{found} can not be converted to {_ARTICLES[kind]}"


def _problems(shape: Any, value: Any, place: str) -> Iterator[str]:
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        for name, member in shape.members.items():
            inside = f"{place}{name[0].lower()}{name[1:]}"
            if name in value:
                yield from _problems(member, value[name], inside + ".")
            elif name in shape.required_members:
                yield f"Value null at '{inside}' {_FAILED}: Member must not be null"
        return
    where = f"at '{place.rstrip('.')}' {_FAILED}: Member must"
    if kind == "list":
        for at, item in enumerate(value, 1):
            yield from _problems(shape.member, item, f"{place}{at}.member.")
    if "enum" in limits and value not in limits["enum"]:
        yield f"Value '{value}' {where} satisfy enum value set: [{', '.join(limits['enum'])}]"
    if not _matches(limits.get("pattern"), value):
        yield f"Value '{value}' {where} satisfy regular expression pattern: {limits['pattern']}"
    size = len(value) if kind in ("string", "list") else value
    noun = "length" if kind in ("string", "list") else "value"
    if "min" in limits and size < limits["min"]:
        yield f"Value {where} have {noun} greater than or equal to {limits['min']}"
    if "max" in limits and size > limits["max"]:
        yield f"Value {where} have {noun} less than or equal to {limits['max']}"


_FAILED = "failed to satisfy constraint"


def _matches(pattern: str | None, value: Any) -> bool:
    # The patterns that name surrogates exclude control characters only; Python has no such classes.
    return pattern is None or r"\u" in pattern or re.fullmatch(pattern, value) is not None
