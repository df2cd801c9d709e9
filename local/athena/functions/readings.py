"""Text read as a timestamp by the tokens of a pattern, as Joda does it: field by field, never back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.macro import Macro
from local.athena.functions.moments import NAMES, Token, joda, mysql
from local.athena.functions.refusals import Refused
from local.athena.functions.scalars import PythonFunction, fail

_INVALID = "INVALID_FUNCTION_ARGUMENT"


_ZONE = r"(?>UTC|Z|[+-]\d\d:?\d\d|[+-]\d\d|[A-Za-z_/]+)"
_UTC = ("UTC", "Z", "+00:00", "+0000", "-00:00", "-0000", "+00", "-00")


@lru_cache(8)
def _names(field: str) -> dict[str, int]:
    """Every way to write a name, the longest first."""
    found: dict[str, int] = {}
    for size in (20, 3):
        for at, name in enumerate(NAMES[field], 1):
            for written in (name[:size], name[:size].lower(), name[:size].upper()):
                found.setdefault(written, at)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _expression(token: Token) -> str:
    """What a token takes from the text; quantifiers do not give back, as Joda does not."""
    if not token.field:
        return f"(?i:{re.escape(token.text)})"
    if token.field == "zone":
        return f"({_ZONE})"
    if token.field in ("year2", "weekyear2"):
        return r"(\d\d)"
    if token.text:
        return f"((?>{'|'.join(_names(token.field))}))"
    sign = "[+-]?" if token.field in ("year", "weekyear") else ""
    return rf"({sign}\d{{1,{token.most}}}+)"


@dataclass(frozen=True)
class _Layout:
    pattern: re.Pattern[str]
    tokens: tuple[Token, ...]


@lru_cache(512)
def _layout(tokens: tuple[Token, ...]) -> _Layout:
    """Raises NotSupported for fields that are printed and not read."""
    fields = {token.field for token in tokens}
    if {"week", "weekyear", "weekyear2"} & fields:
        raise NotSupported("parsing of weeks of the year")
    if any(token.field == "year2" and token.text == "now" for token in tokens):
        raise NotSupported("parse_datetime with a year of two digits: it counts from today")
    if {"hour", "clock24"} & fields and {"clock12", "hour12", "half"} & fields:
        raise NotSupported("parsing of an hour given twice")
    pattern = re.compile("".join(map(_expression, tokens)), re.A)
    return _Layout(pattern, tuple(token for token in tokens if token.field))


def require_readable(tokens: tuple[Token, ...]) -> None:
    """Raise NotSupported for a pattern whose text cannot be read."""
    _layout(tokens)


def _value(token: Token, text: str) -> int:
    if token.field == "fraction":
        return int(text.ljust(3, "0")[:3])
    if token.field == "year2":
        return int(text) + (1900 if int(text) >= 70 else 2000)
    if token.field == "zone":
        if text not in _UTC:
            fail("NOT_SUPPORTED", f"a timestamp outside UTC as a value: {text}")
        return 0
    return _names(token.field)[text] if token.text else int(text)


def _read(text: str, pattern: str, language: Callable[[str], tuple[Token, ...]]) -> dt.datetime:
    try:
        layout = _layout(language(pattern))
    except QueryFailed as error:
        fail(error.name, error.message)
    found = layout.pattern.fullmatch(text)
    if not found:
        fail(_INVALID, f'Invalid format: "{text}" is malformed')
    names = [token.field for token in layout.tokens]
    if len(set(names)) < len(names):
        fail("NOT_SUPPORTED", f"a field twice in the pattern {pattern}")
    pairs = zip(layout.tokens, found.groups(), strict=True)
    fields = {token.field: _value(token, part) for token, part in pairs}
    try:
        return _moment(fields)
    except Refused:
        raise
    except ValueError:
        fail(_INVALID, f'Cannot parse "{text}": a field is out of range')


def _moment(fields: dict[str, int]) -> dt.datetime:
    """Of 1970, or of 2000 where months or days are known but no year."""
    dated = {"month", "day", "doy", "dow"} & fields.keys()
    year = fields.get("year", fields.get("year2", 2000 if dated else 1970))
    day = dt.date(year, fields.get("month", 1), 1)
    if "doy" in fields:
        day = dt.date(year, 1, 1) + dt.timedelta(fields["doy"] - 1)
        if day.year != year or fields["doy"] < 1:
            raise ValueError
    day = day.replace(day=fields.get("day", day.day))
    if "dow" in fields:
        if not {"day", "doy"} & fields.keys():
            fail("NOT_SUPPORTED", "a day of the week without a day of the month or year")
        if not 1 <= fields["dow"] <= 7:
            raise ValueError
        day += dt.timedelta(fields["dow"] - day.isoweekday())
    time = dt.time(
        _hour(fields),
        fields.get("minute", 0),
        fields.get("second", 0),
        fields.get("fraction", 0) * 1000,
    )
    return dt.datetime.combine(day, time)


def _hour(fields: dict[str, int]) -> int:
    if "clock24" in fields:
        if not 1 <= fields["clock24"] <= 24:
            raise ValueError
        return fields["clock24"] % 24
    if not {"clock12", "hour12", "half"} & fields.keys():
        return fields.get("hour", 0)
    clock = fields.get("clock12", fields.get("hour12", 0) or 12)
    if not 1 <= clock <= 12 or fields.get("hour12", 0) > 11:
        raise ValueError
    return clock % 12 + 12 * (fields.get("half", 1) - 1)


def parse_mysql(text: str, pattern: str) -> dt.datetime:
    return _read(text, pattern, mysql)


def parse_joda(text: str, pattern: str) -> dt.datetime:
    return _read(text, pattern, joda)


FUNCTIONS = [
    PythonFunction("t_date_parsed", parse_mysql, ["VARCHAR", "VARCHAR"], "TIMESTAMP", refuses=True),
    PythonFunction("t_joda_parsed", parse_joda, ["VARCHAR", "VARCHAR"], "TIMESTAMP", refuses=True),
]
MACROS: dict[str, Macro] = {}
