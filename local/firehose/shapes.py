"""Checks a request against the API model that botocore ships, as AWS's front does before anything.

Only shape: members, types, lengths, ranges, patterns, enumerations. What values mean together
is checked in `destinations` and `operations`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import botocore.session

from local.firehose.errors import UnknownOperation, ValidationFailed

# The model's patterns are Java's, which name Unicode classes that Python does not know.
UNICODE_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": r" \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the API model as a Python pattern."""
    for name, members in UNICODE_CLASSES.items():
        pattern = pattern.replace(name, members)
    return re.compile(pattern, re.DOTALL)


@cache
def service_model() -> Any:
    """botocore's model of the Firehose API."""
    return botocore.session.get_session().get_service_model("firehose")


def check_request(operation: str, request: Any) -> None:
    """Raise UnknownOperation or ValidationFailed unless the request has the operation's shape."""
    if operation not in service_model().operation_names:
        raise UnknownOperation(f"Firehose has no operation {operation!r}")
    shape = service_model().operation_model(operation).input_shape
    problems = list(_problems(request, shape, ""))
    if problems:
        count = len(problems)
        noun = "error" if count == 1 else "errors"
        raise ValidationFailed(f"{count} validation {noun} detected: {'; '.join(problems)}")


def _problems(value: Any, shape: Any, path: str) -> Iterator[str]:
    check = CHECKS[shape.type_name]
    yield from check(value, shape, path)


def _wrong(value: Any, path: str, rule: str) -> str:
    shown = "null" if value is None else f"'{str(value)[:200]}'"
    return (
        f"Value {shown} at '{path or 'request'}' failed to satisfy constraint: Member must {rule}"
    )


def _structure(value: Any, shape: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _wrong(value, path, "be an object")
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield _wrong(None, _join(path, name), "not be null")
    for name, member in value.items():
        if name not in shape.members:
            yield _wrong(member, _join(path, name), f"not be there: {shape.name} has no {name}")
        elif member is not None:
            yield from _problems(member, shape.members[name], _join(path, name))


def _join(path: str, name: str) -> str:
    step = name[:1].lower() + name[1:]
    return f"{path}.{step}" if path else step


def _list(value: Any, shape: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield _wrong(value, path, "be a list")
        return
    yield from _length(value, shape, path)
    for index, member in enumerate(value):
        yield from _problems(member, shape.member, f"{path}.{index + 1}.member")


def _map(value: Any, shape: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _wrong(value, path, "be an object")
        return
    for key, member in value.items():
        yield from _problems(member, shape.value, f"{path}.{key}.member")


def _string(value: Any, shape: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield _wrong(value, path, "be a string")
        return
    yield from _length(value, shape, path)
    if shape.enum and value not in shape.enum:
        yield _wrong(value, path, f"satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield _wrong(value, path, f"satisfy regular expression pattern: {pattern}")


def _length(value: Any, shape: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and len(value) < least:
        yield _wrong(value, path, f"have length greater than or equal to {least}")
    if most is not None and len(value) > most:
        yield _wrong(value, path, f"have length less than or equal to {most}")


def _integer(value: Any, shape: Any, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield _wrong(value, path, "be an integer")
        return
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        yield _wrong(value, path, f"have value greater than or equal to {least}")
    if most is not None and value > most:
        yield _wrong(value, path, f"have value less than or equal to {most}")


def _number(value: Any, shape: Any, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _wrong(value, path, "be a number")


def _boolean(value: Any, shape: Any, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield _wrong(value, path, "be a boolean")


def _blob(value: Any, shape: Any, path: str) -> Iterator[str]:
    try:
        decoded = base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        yield _wrong(value, path, "be base64")
        return
    yield from _length(decoded, shape, path)


Check = Callable[[Any, Any, str], Iterator[str]]
CHECKS: dict[str, Check] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "double": _number,
    "timestamp": _number,
    "boolean": _boolean,
    "blob": _blob,
}
