"""Hive column types of a Glue table: read them, give their Parquet type, fit JSON values to them.

The rules of fitting are OpenX JSON SerDe's as Firehose documents them:
https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from local.firehose.errors import SchemaError

Fit = Callable[[Any], Any]
MILLIS_DIGITS = 13
TIMESTAMP = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z?\Z"
)
INTEGER = re.compile(r"[+-]?[0-9]+")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
INTEGERS = {"tinyint": 8, "smallint": 16, "int": 32, "integer": 32, "bigint": 64}
EPOCH = datetime(1970, 1, 1)


class Misfit(ValueError):
    """A JSON value that is not of its column's type."""


@dataclass(frozen=True)
class HiveType:
    """The Parquet type of a column and the function that fits a JSON value (never null) to it.

    `fit` raises Misfit.
    """

    arrow: Any
    fit: Fit


def read_type(text: str) -> HiveType:
    """Read a Hive type such as `array<struct<a:int>>`; raises SchemaError."""
    name, arguments = _split(text)
    if name in INTEGERS:
        return _integer(INTEGERS[name])
    if arguments is not None and name in NESTED:
        return NESTED[name](arguments)
    if arguments is None and name in SIMPLE:
        return SIMPLE[name]()
    raise SchemaError(f"Hive type {text!r} has no Parquet conversion here")


def _split(text: str) -> tuple[str, str | None]:
    match = re.fullmatch(r"\s*(\w+)\s*(?:[<(](.*)[>)])?\s*", text, re.DOTALL)
    if match is None:
        raise SchemaError(f"Hive type {text!r} cannot be read")
    return match.group(1).lower(), match.group(2)


def _arguments(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


def _integer(bits: int) -> HiveType:
    bound = 1 << (bits - 1)

    def fit(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise Misfit(f"{_shown(value)} is not an integer")
        if isinstance(value, str) and not INTEGER.fullmatch(value):
            raise Misfit(f"{_shown(value)} is not an integer")
        number = int(value)
        if not -bound <= number < bound:
            raise Misfit(f"{number} does not fit into {bits} bits")
        return number

    return HiveType(getattr(pa, f"int{bits}")(), fit)


def _floating(arrow: Any) -> HiveType:
    def fit(value: Any) -> float:
        if isinstance(value, str) and not NUMBER.fullmatch(value):
            raise Misfit(f"{_shown(value)} is not a number")
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise Misfit(f"{_shown(value)} is not a number")
        try:
            return float(value)
        except OverflowError:
            raise Misfit(f"{_shown(value)} is not a number") from None

    return HiveType(arrow, fit)


def _boolean() -> HiveType:
    def fit(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise Misfit(f"{_shown(value)} is not a boolean")

    return HiveType(pa.bool_(), fit)


def _string() -> HiveType:
    return HiveType(pa.string(), _text)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=float)


def _bounded_string(arguments: str) -> HiveType:
    longest = int(arguments)

    def fit(value: Any) -> str:
        text = _text(value)
        if len(text) > longest:
            raise Misfit(f"{_shown(value)} is longer than {longest} characters")
        return text

    return HiveType(pa.string(), fit)


def _binary() -> HiveType:
    def fit(value: Any) -> bytes:
        try:
            return base64.b64decode(value, validate=True)
        except (TypeError, ValueError, binascii.Error):
            raise Misfit(f"{_shown(value)} is not base64") from None

    return HiveType(pa.binary(), fit)


def _decimal(arguments: str) -> HiveType:
    precision, scale = (int(number) for number in arguments.split(","))

    def fit(value: Any) -> Decimal:
        if isinstance(value, bool) or not NUMBER.fullmatch(str(value)):
            raise Misfit(f"{_shown(value)} is not a decimal")
        try:
            number = Decimal(str(value)).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
        except InvalidOperation:
            raise Misfit(f"{_shown(value)} is not a decimal") from None
        if abs(number) >= Decimal(10) ** (precision - scale):
            raise Misfit(f"{_shown(value)} does not fit into decimal({precision},{scale})")
        return number

    return HiveType(pa.decimal128(precision, scale), fit)


def _date() -> HiveType:
    def fit(value: Any) -> date:
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise Misfit(f"{_shown(value)} is not a date yyyy-MM-dd") from None

    return HiveType(pa.date32(), fit)


def _timestamp() -> HiveType:
    """Milliseconds, the precision Athena reads; finer fractions are cut."""
    return HiveType(pa.timestamp("ms"), _millis)


def _millis(value: Any) -> int:
    if isinstance(value, str):
        return _millis_of_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if len(str(value)) >= MILLIS_DIGITS else value * 1000
    if isinstance(value, float | Decimal):
        return int(value * 1000)
    raise Misfit(f"{_shown(value)} is not a timestamp")


def _millis_of_text(value: str) -> int:
    match = TIMESTAMP.match(value)
    if match is None:
        return _millis_of_digits(value)
    *fields, fraction = match.groups()
    try:
        year, month, day, hour, minute, second = map(int, fields)
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise Misfit(f"{_shown(value)} is not a timestamp") from None
    whole = moment - EPOCH
    return (whole.days * 86_400 + whole.seconds) * 1000 + int((fraction or "0").ljust(3, "0")[:3])


def _millis_of_digits(value: str) -> int:
    if re.fullmatch(r"-?\d+", value):
        return _millis(int(value))
    if re.fullmatch(r"-?\d+\.\d+", value):
        return int(Decimal(value) * 1000)
    raise Misfit(f"{_shown(value)} is not a timestamp of a format that OpenX JSON SerDe reads")


def _array(arguments: str) -> HiveType:
    item = read_type(arguments)

    def fit(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Misfit(f"{_shown(value)} is not an array")
        return [None if member is None else item.fit(member) for member in value]

    return HiveType(pa.list_(item.arrow), fit)


def _map(arguments: str) -> HiveType:
    key, item = (read_type(argument) for argument in _arguments(arguments))

    def fit(value: Any) -> list[tuple[Any, Any]]:
        if not isinstance(value, dict):
            raise Misfit(f"{_shown(value)} is not an object")
        return [
            (key.fit(name), None if member is None else item.fit(member))
            for name, member in value.items()
        ]

    return HiveType(pa.map_(key.arrow, item.arrow), fit)


def _struct(arguments: str) -> HiveType:
    fields: dict[str, HiveType] = {}
    for argument in _arguments(arguments):
        name, _, text = argument.partition(":")
        fields[name.strip().lower()] = read_type(text)

    def fit(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Misfit(f"{_shown(value)} is not an object")
        return _fit_fields(fields, value)

    arrow = pa.struct([pa.field(name, field.arrow) for name, field in fields.items()])
    return HiveType(arrow, fit)


def _fit_fields(fields: dict[str, HiveType], document: dict[str, Any]) -> dict[str, Any]:
    """The document's values by field; keys match without case, what no field names is left out.

    Raises Misfit naming the field.
    """
    values = {key.lower(): value for key, value in document.items()}
    fitted: dict[str, Any] = {}
    for name, field in fields.items():
        value = values.get(name)
        try:
            fitted[name] = None if value is None else field.fit(value)
        except Misfit as misfit:
            raise Misfit(f"{name}: {misfit}") from None
    return fitted


def _shown(value: Any) -> str:
    return repr(value)[:120]


SIMPLE: dict[str, Callable[[], HiveType]] = {
    "boolean": _boolean,
    "float": lambda: _floating(pa.float32()),
    "double": lambda: _floating(pa.float64()),
    "decimal": lambda: _decimal("10,0"),
    "string": _string,
    "binary": _binary,
    "date": _date,
    "timestamp": _timestamp,
}
NESTED: dict[str, Callable[[str], HiveType]] = {
    "decimal": _decimal,
    "varchar": _bounded_string,
    "char": _bounded_string,
    "array": _array,
    "map": _map,
    "struct": _struct,
}
