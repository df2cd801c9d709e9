"""Trino's format(): Java's format strings, as far as their text is certain.

Source: https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Formatter.html. Values
come as pairs of Trino's type and a text that loses nothing. Conversions not listed are refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import numpy as np
from sqlglot import exp

from local.athena.errors import QueryFailed
from local.athena.functions.scalars import PythonFunction, fail, java_double
from local.athena.sql.casts import convert
from local.athena.sql.nodes import call, cast, raw
from local.athena.sql.types import Type

_SPECIFIER = re.compile(r"%(?:(\d+)\$|(<))?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([tT])?([a-zA-Z%])")
_INTEGERS = ("tinyint", "smallint", "integer", "bigint")
_KINDS = (*_INTEGERS, "varchar", "boolean", "double", "real", "decimal", "date", "timestamp",
          "timestamp with time zone", "time", "json", "unknown")  # fmt: skip
_EXACT = Context(prec=800)  # a double has up to 767 digits
_TIMES = {
    "e": "%-d", "F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "Y": "%Y", "y": "%y", "m": "%m", "d": "%d",
    "B": "%B", "b": "%b", "A": "%A", "a": "%a", "H": "%H", "M": "%M", "S": "%S", "I": "%I", "j": "%j",
}  # fmt: skip


def _illegal(template: str, why: str) -> None:
    fail("INVALID_FUNCTION_ARGUMENT", f"Invalid format string: {template} ({why})")


def formatted(template: str, kinds: list[str], values: list[str | None]) -> str:
    made: list[str] = []
    at, ordinary, last = 0, 0, -1
    while at < len(template):
        following = template.find("%", at)
        made.append(template[at : following if following >= 0 else None])
        if following < 0:
            break
        found = _SPECIFIER.match(template, following)
        if not found:
            _illegal(template, "UnknownFormatConversion")
            raise AssertionError
        at = found.end()
        letter = found.group(7)
        if letter in "%n":
            made.append(_fixed(template, found))
            continue
        if found.group(1):
            last = int(found.group(1)) - 1
        elif not found.group(2):
            last, ordinary = ordinary, ordinary + 1
        if not 0 <= last < len(values):
            _illegal(template, f"MissingFormatArgument: Format specifier '{found.group()}'")
        made.append(_one(template, found, kinds[last], values[last]))
    return "".join(made)


def _fixed(template: str, found: re.Match[str]) -> str:
    if any(found.group(n) for n in (1, 2, 3, 4, 5, 6)):
        fail("NOT_SUPPORTED", f"format with {found.group()}")
    return {"%": "%", "n": "\n"}[found.group(7)]


def _one(template: str, found: re.Match[str], kind: str, value: str | None) -> str:
    flags, letter = found.group(3), found.group(7)
    width = int(found.group(4)) if found.group(4) else 0
    precision = int(found.group(5)) if found.group(5) else None
    if len(set(flags)) < len(flags):
        _illegal(template, f"DuplicateFormatFlags: Flags = '{flags}'")
    if ("-" in flags or "0" in flags) and not width:
        _illegal(template, f"MissingFormatWidth: {found.group()}")
    if ("-" in flags and "0" in flags) or ("+" in flags and " " in flags):
        _illegal(template, f"IllegalFormatFlags: Flags = '{flags}'")
    conversion = _CONVERSIONS.get(letter.lower()) if not found.group(6) else _time(letter)
    if conversion is None or (letter.isupper() and letter not in "SXB" and not found.group(6)):
        fail("NOT_SUPPORTED", f"format with {found.group()}")
    text = conversion(template, flags, width, precision, kind, value)
    if letter.isupper() and not found.group(6):
        text = text.upper()
    return text.ljust(width) if "-" in flags else text.rjust(width)


def _plain_flags(template: str, flags: str, letter: str) -> None:
    if set(flags) - {"-"}:
        _illegal(template, f"FormatFlagsConversionMismatch: Conversion = {letter}, Flags = {flags}")


def _string(t: str, flags: str, width: int, precision: int | None, kind: str, v: str | None) -> str:
    _plain_flags(t, flags, "s")
    text = "null" if v is None else _java_text(kind, v)
    return text[:precision]


def _java_text(kind: str, value: str) -> str:
    """What toString of the Java object says that Trino hands over."""
    if kind == "decimal":
        return str(Decimal(value))
    if kind == "time":
        return _time_of_day(dt.time.fromisoformat(value))
    if not kind.startswith("timestamp"):
        return value
    moment = dt.datetime.fromisoformat(value)
    zone = "Z[UTC]" if "zone" in kind else ""
    return f"{moment.date()}T{_time_of_day(moment.time())}{zone}"


def _time_of_day(time: dt.time) -> str:
    """Seconds and fractions only where they are not zero, in groups of three digits."""
    text = f"{time:%H:%M:%S.%f}"
    for ending, length in ((":00.000000", 10), (".000000", 7), ("000", 3)):
        if text.endswith(ending):
            return text[:-length]
    return text


def _boolean(
    t: str, flags: str, width: int, precision: int | None, kind: str, v: str | None
) -> str:
    _plain_flags(t, flags, "b")
    return (v if kind == "boolean" and v is not None else str(v is not None).lower())[:precision]


def _integer(
    t: str, flags: str, width: int, precision: int | None, kind: str, v: str | None
) -> str:
    if precision is not None:
        _illegal(t, f"IllegalFormatPrecision: {precision}")
    if "#" in flags:
        _illegal(t, "FormatFlagsConversionMismatch: Conversion = d, Flags = #")
    if v is None:
        return "null"
    _require(t, "d", kind, _INTEGERS)
    return _signed(int(v) < 0, f"{abs(int(v)):{',' if ',' in flags else ''}d}", flags, width)


def _fraction(
    t: str, flags: str, width: int, precision: int | None, kind: str, v: str | None
) -> str:
    if "#" in flags:
        fail("NOT_SUPPORTED", "format with the flag #")
    if v is None:
        return "null"[:precision]
    _require(t, "f", kind, ("double", "real", "decimal"))
    if v in ("NaN", "Infinity", "-Infinity"):
        fail("NOT_SUPPORTED", f"format of {v}")
    places = 6 if precision is None else precision
    if kind == "real":
        v = repr(float(np.float32(v)))  # Java widens it
    rounded = Decimal(v).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACT)
    digits = f"{abs(rounded):{',' if ',' in flags else ''}.{places}f}"
    return _signed(v.startswith("-"), digits, flags, width)


def _signed(negative: bool, digits: str, flags: str, width: int) -> str:
    before, after = "", ""
    if negative:
        before, after = ("(", ")") if "(" in flags else ("-", "")
    elif "+" in flags or " " in flags:
        before = "+" if "+" in flags else " "
    if "0" in flags:
        digits = digits.rjust(width - len(before) - len(after), "0")
    return f"{before}{digits}{after}"


def _based(letter: str) -> Callable[..., str]:
    def convert_integer(
        t: str, flags: str, width: int, precision: int | None, kind: str, v: str | None
    ) -> str:
        if precision is not None or set(flags) - {"-", "0"}:
            fail("NOT_SUPPORTED", f"format with flags or precision at %{letter}")
        if v is None:
            return "null"
        _require(t, letter, kind, _INTEGERS)
        return f"{int(v) % 2**64:{letter}}".rjust(width if "0" in flags else 0, "0")

    return convert_integer


def _time(letter: str) -> Callable[..., str] | None:
    if letter not in _TIMES:
        return None

    def convert_time(
        t: str, flags: str, width: int, precision: int | None, kind: str, v: str | None
    ) -> str:
        _plain_flags(t, flags, "t")
        if v is None:
            return "null"
        date, clock = letter in "eFYymdBbAaj", letter in "TRHMSI"
        if not (kind.startswith("timestamp") or kind == ("time" if clock else "date")):
            _illegal(t, f"IllegalFormatConversion: {letter}")
        return dt.datetime.fromisoformat(
            v if date or kind != "time" else f"1970-01-01 {v}"
        ).strftime(_TIMES[letter])

    return convert_time


def _require(template: str, letter: str, kind: str, kinds: tuple[str, ...]) -> None:
    if kind not in kinds:
        _illegal(template, f"IllegalFormatConversion: {letter} != {kind}")


_CONVERSIONS: dict[str, Callable[..., str]] = {
    "s": _string, "b": _boolean, "d": _integer, "f": _fraction, "x": _based("x"), "o": _based("o"),
}  # fmt: skip


def _lossless(node: Any, kind: Type) -> Any:
    if kind.name == "json":
        return cast(node, "VARCHAR")
    if kind.name in ("double", "real"):
        return call("t_double_to_varchar" if kind.name == "double" else "t_real_text", node)
    if kind.name.startswith("timestamp"):
        return call("strftime", cast(node, "TIMESTAMP"), "%Y-%m-%d %H:%M:%S.%f")
    return convert(node, kind, Type("varchar"))


def rewrite(node: Any, types: list[Type]) -> Any:
    """format(…) as a call that carries the types and texts of its arguments."""
    template, *values = node.expressions
    if types[0].name not in ("varchar", "unknown"):
        raise QueryFailed(
            "TYPE_MISMATCH",
            "line 1:1: Type of first argument to format() must be VARCHAR "
            f"(actual: {types[0].trino()})",
        )
    if not values:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT", "line 1:1: There must be two or more arguments to format()"
        )
    for kind in types[1:]:
        if kind.name not in _KINDS:
            raise QueryFailed(
                "NOT_SUPPORTED", f"line 1:1: Type not supported for formatting: {kind.trino()}"
            )
    texts = [_lossless(v, k) for v, k in zip(values, types[1:], strict=True)]
    return call(
        "t_formatted",
        template,
        exp.Array(expressions=[raw(k.name) for k in types[1:]]),
        cast(exp.Array(expressions=texts), "VARCHAR[]"),
    )


def real_text(value: float) -> str:
    """A real as Java's Float.toString prints it."""
    return java_double(float(str(np.float32(value))))


FUNCTIONS = [
    PythonFunction("t_real_text", real_text, ["FLOAT"], "VARCHAR"),
    PythonFunction(
        "t_formatted", formatted, ["VARCHAR", "VARCHAR[]", "VARCHAR[]"], "VARCHAR", refuses=True
    ),
]
MACROS: dict[str, Any] = {}
