"""JSON texts read as Jackson's streaming parser does, for what DuckDB reads or prints in another way.

The reader stops where it has what it wants: what comes after may break off or be no JSON at all.
Sources: the classes JsonExtract and JsonFunctions of trino-main.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed does not list it
from typing import Any

import numpy as np

from local.athena.functions.exponents import double_to_varchar
from local.athena.functions.scalars import PythonFunction, fail, java_double, nullable

_BLANK = re.compile(r"[ \t\n\r]*")


class Broken(Exception):
    """The text is no JSON at the place to which it was read."""


class _Number(float):
    """A number with a fraction or an exponent, which remembers its text."""

    text: str

    def __new__(cls, text: str) -> _Number:
        made = super().__new__(cls, text)
        made.text = text
        return made


class _MinusZero(int):
    """`-0`, which is 0 but as a text."""

    text = "-0"


def _constant(name: str) -> Any:
    raise Broken(name)


def _whole(text: str) -> int:
    return _MinusZero() if text == "-0" else int(text)


_DECODER = json.JSONDecoder(parse_float=_Number, parse_int=_whole, parse_constant=_constant)
_PLAIN = json.JSONDecoder(parse_constant=_constant)  # several times faster
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_UNLIKE_JAVA = re.compile(
    r"(?:^|[:\[,])-?(?:\d+(?:\.\d+)?[eE]|\d{8,}\.|0\.000)|\\u|[\ud800-\udfff]|[\U00010000-\U0010ffff]"
)
_ENDS = ("", " ", "\t", "\r", "\n", ",", "]", "}")  # what may come after a number
_HALF = re.compile(r"[\ud800-\udfff]")
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")  # Jackson writes them as two escapes


def _skipped(text: str, at: int) -> int:
    """The place after the blanks at a place."""
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, decoder: json.JSONDecoder = _DECODER) -> tuple[Any, int]:
    try:
        value, end = decoder.raw_decode(text, _skipped(text, at))
    except (ValueError, RecursionError) as error:
        raise Broken from error
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and text[end : end + 1] not in _ENDS
    ):
        raise Broken  # 01 or 1x
    return value, end


def _letter(text: str, at: int) -> tuple[str, int]:
    """The next letter that is no blank, and its place."""
    at = _skipped(text, at)
    if at == len(text):
        raise Broken
    return text[at], at


def _expect(text: str, at: int, letter: str) -> int:
    found, at = _letter(text, at)
    if found != letter:
        raise Broken
    return at + 1


def _member(text: str, at: int, name: str) -> int | None:
    """The place of a member's value in the object whose brace stands before `at`."""
    if _letter(text, at)[0] == "}":
        return None
    while True:
        try:
            key, at = scanstring(text, _expect(text, at, '"'), True)
        except ValueError as error:
            raise Broken from error
        at = _expect(text, at, ":")
        if key == name:
            return _letter(text, at)[1]
        _, at = _value(text, at, _PLAIN)
        letter, at = _letter(text, at)
        if letter == "}":
            return None
        at = _expect(text, at, ",")


def _item(text: str, at: int, index: int) -> int | None:
    """The place of an element in the array whose bracket stands before `at`."""
    if _letter(text, at)[0] == "]":
        return None
    for count in itertools.count():
        if count == index:
            return _letter(text, at)[1]
        _, at = _value(text, at, _PLAIN)
        letter, at = _letter(text, at)
        if letter == "]":
            return None
        at = _expect(text, at, ",")
    return None


def _find(text: str, tokens: list[str]) -> int | None:
    letter, at = _letter(text, 0)
    for token in tokens:
        if letter == "{":
            found = _member(text, at + 1, token)
        elif letter == "[":
            found = _item(text, at + 1, int(token) if token.isdecimal() else -1)
        else:
            raise Broken
        if found is None:
            return None
        at, letter = found, text[found]
    return at


def dumps(value: Any) -> str:
    """JSON as Jackson prints it: no blanks, doubles as in Java, members in their order."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(k)}:{dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumps, value)) + "]"
    if isinstance(value, float):
        return java_double(float(value))
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    if _HALF.search(text):
        fail("NOT_SUPPORTED", "half a surrogate pair in JSON")
    made = _ASTRAL.sub(
        lambda found: json.dumps(found.group())[1:-1], json.dumps(text, ensure_ascii=False)
    )
    return re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found.group()[2:].upper(), made)


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Number | _MinusZero):
        return value.text
    if isinstance(value, str):
        return value.encode(errors="replace").decode()  # half a surrogate pair, as Java does
    return str(value) if isinstance(value, int) else None


def _size(value: Any) -> str:
    return str(len(value)) if isinstance(value, (dict, list)) else "0"


def _length(value: Any) -> str | None:
    return str(len(value)) if isinstance(value, list) else None


_WANTED: dict[str, Callable[[Any], str | None]] = {
    "json": dumps,
    "scalar": _scalar,
    "size": _size,
    "length": _length,
}


@lru_cache(1024)
def _tokens(path: str) -> list[str]:
    return list(json.loads(path))


def read(text: str | None, tokens: str, wanted: str) -> str | None:
    """What Jackson's reader finds at the path; the text after that may be anything."""
    if text is None:
        return None
    try:
        at = _find(text, _tokens(tokens))
        return None if at is None else _WANTED[wanted](_value(text, at)[0])
    except Broken:
        return None


def _elements(text: str) -> Iterator[tuple[Any, str]]:
    """The elements of an array with their texts, as they come; raises Broken where they end."""
    at = _expect(text, 0, "[")
    if _letter(text, at)[0] == "]":
        return
    while True:
        place = _letter(text, at)[1]
        value, end = _value(text, place)
        yield value, text[place:end]
        letter, end = _letter(text, end)
        if letter == "]":
            return
        at = _expect(text, end, ",")


def array_contains(text: str, value: str, kind: str) -> bool | None:
    """json_array_contains for a value of one `kind`: boolean, bigint, double or varchar.

    The first that is equal decides, whatever comes after it.
    """
    try:
        return any(_is(element, written, value, kind) for element, written in _elements(text))
    except Broken:
        return None


def _is(element: Any, written: str, value: str, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(element, bool) and written == value
    if kind == "bigint":
        return type(element) is int and str(element) == value
    if kind == "double":
        return isinstance(element, _Number) and float(element) == float(value)
    return isinstance(element, str) and element == value


def array_get(text: str, index: int) -> str | None:
    """json_array_get, except for texts, of which Trino makes what is no JSON."""
    found: deque[tuple[Any, str]] = deque(maxlen=max(-index, 1))
    try:
        for place, element in enumerate(_elements(text)):
            found.append(element)
            if place == index:  # what comes after it is not read
                break
        else:
            if index >= 0 or len(found) < -index:
                return None
    except Broken:
        return None
    value, written = found[0] if index < 0 else found[-1]
    if isinstance(value, str):
        fail("NOT_SUPPORTED", "json_array_get of a text: it would be a json value without quotes")
    if value is None:
        return None
    return dumps(value) if isinstance(value, (dict, list)) else written


def first(text: str) -> Any:
    """The first value; the text after it may be anything. Raises Broken."""
    return _value(text, 0)[0]


def whole(text: str) -> Any:
    value, end = _value(text, 0)
    if _skipped(text, end) < len(text):
        raise Broken
    return value


def is_scalar(text: str) -> bool:
    try:
        value = whole(text)
    except Broken:
        fail("INVALID_FUNCTION_ARGUMENT", f"Invalid JSON value: {text}")
    return not isinstance(value, (dict, list))


def parse(text: str) -> str:
    """json_parse: members in the order of their names, as Trino's json values have them."""
    try:
        quick = _ENCODER.encode(_PLAIN.decode(text))
        if not _UNLIKE_JAVA.search(quick):
            return quick
        value = whole(text)
    except (Broken, ValueError, RecursionError):
        fail("INVALID_FUNCTION_ARGUMENT", f"Cannot convert value to JSON: '{text}'")
    return dumps(_ordered(value))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _ordered(value[k]) for k in sorted(value)}
    return [_ordered(v) for v in value] if isinstance(value, list) else value


def number_text(text: str) -> str:
    """A json number as a text: whole numbers as written, others as CAST prints doubles."""
    whole = re.fullmatch(r"\s*(-?\d+)\s*", text)
    return whole.group(1) if whole else double_to_varchar(float(text))


def java_real(value: float) -> str:
    """A real as Java's Float.toString prints it."""
    return java_double(float(str(np.float32(value))))


def decimal_text(text: str) -> str:
    """A decimal as Java's BigDecimal.toString prints it."""
    return str(Decimal(text))


FUNCTIONS = [
    PythonFunction("t_json_number", number_text, ["VARCHAR"], "VARCHAR"),
    PythonFunction("t_json_decimal", decimal_text, ["VARCHAR"], "VARCHAR"),
    PythonFunction("t_real_to_varchar", java_real, ["FLOAT"], "VARCHAR"),
    PythonFunction(
        "t_json_read", read, ["VARCHAR", "VARCHAR", "VARCHAR"], "VARCHAR", True, refuses=True
    ),
    PythonFunction(
        "t_json_array_contains",
        nullable(array_contains),
        ["VARCHAR", "VARCHAR", "VARCHAR"],
        "BOOLEAN",
        True,
    ),
    PythonFunction(
        "t_json_array_get",
        nullable(array_get),
        ["VARCHAR", "BIGINT"],
        "VARCHAR",
        True,
        refuses=True,
    ),
    PythonFunction("t_is_json_scalar", is_scalar, ["VARCHAR"], "BOOLEAN"),
    PythonFunction("t_json_text", parse, ["VARCHAR"], "VARCHAR", refuses=True),
    PythonFunction("t_json_quote", _quoted, ["VARCHAR"], "VARCHAR", refuses=True),
]
