"""Dates and times as text by a pattern: MySQL's letters (date_format, date_parse) and Joda's.

Both are read into the same tokens; these print, or become a strftime pattern where DuckDB prints
the same. What parses is in `readings`. Sources: DateTimeFunctions of
trino-main and https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction, fail

_INVALID = "INVALID_FUNCTION_ARGUMENT"
_MONTHS = "January February March April May June July August September October November December"
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
NAMES = {"month": _MONTHS.split(), "dow": _DAYS.split(), "half": ["AM", "PM"]}


@dataclass(frozen=True)
class Token:
    """`field` "" is literal `text`; a number has at least `digits` digits printed, `most` read."""

    field: str
    digits: int = 0
    most: int = 0
    text: str = ""
    strftime: str | None = None


def _number(field: str, digits: int, most: int, strftime: str | None = None) -> Token:
    return Token(field, digits, most, strftime=strftime)


# https://trino.io/docs/current/functions/datetime.html#mysql-date-functions
_CLOCK = [_number("hour", 2, 2, "%H"), _number("minute", 2, 2, "%M"), _number("second", 2, 2, "%S")]
_HALF = Token("half", text="short", strftime="%p")
_COLON = Token("", text=":", strftime=":")
_MYSQL: dict[str, list[Token]] = {
    "a": [Token("dow", text="short", strftime="%a")],
    "b": [Token("month", text="short", strftime="%b")],
    "c": [_number("month", 1, 2, "%-m")],
    "d": [_number("day", 2, 2, "%d")],
    "e": [_number("day", 1, 2, "%-d")],
    "f": [Token("fraction", 6, 9, strftime="%f")],
    "H": [_CLOCK[0]],
    "h": [_number("clock12", 2, 2, "%I")],
    "I": [_number("clock12", 2, 2, "%I")],
    "i": [_CLOCK[1]],
    "j": [_number("doy", 3, 3, "%j")],
    "k": [_number("hour", 1, 2, "%-H")],
    "l": [_number("clock12", 1, 2, "%-I")],
    "M": [Token("month", text="long", strftime="%B")],
    "m": [_number("month", 2, 2, "%m")],
    "p": [_HALF],
    "r": [_number("clock12", 2, 2, "%I"), _COLON, _CLOCK[1], _COLON, _CLOCK[2],
          Token("", text=" ", strftime=" "), _HALF],
    "S": [_CLOCK[2]],
    "s": [_CLOCK[2]],
    "T": [_CLOCK[0], _COLON, _CLOCK[1], _COLON, _CLOCK[2]],
    "v": [_number("week", 2, 2, "%V")],
    "W": [Token("dow", text="long", strftime="%A")],
    "x": [_number("weekyear", 4, 4, "%G")],
    "Y": [_number("year", 4, 4, "%Y")],
    "y": [Token("year2", 2, 2, strftime="%y")],
}  # fmt: skip
_JODA_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
# letter: field, most digits read (0: as many as a year may have), strftime of one and of two letters
_JODA = {
    "d": ("day", 2, "%-d", "%d"), "H": ("hour", 2, "%-H", "%H"), "h": ("clock12", 2, "%-I", "%I"),
    "m": ("minute", 2, "%-M", "%M"), "s": ("second", 2, "%-S", "%S"), "M": ("month", 2, "%-m", "%m"),
    "D": ("doy", 3, None, None), "w": ("week", 2, None, "%V"), "e": ("dow", 1, None, None),
    "K": ("hour12", 2, None, None), "k": ("clock24", 2, None, None),
}  # fmt: skip
_YEARS = {"y": "year", "Y": "year", "x": "weekyear"}


def _literal(text: str) -> Token:
    return Token("", text=text, strftime=text.replace("%", "%%"))


@lru_cache(512)
def mysql(pattern: str) -> tuple[Token, ...]:
    made: list[Token] = []
    letters = iter(pattern)
    for letter in letters:
        if letter != "%":
            made.append(_literal(letter))
            continue
        specifier = next(letters, "")
        if specifier and specifier in "DUuVwX":
            raise QueryFailed(_INVALID, f"%{specifier} not supported in date format string")
        made += _MYSQL.get(specifier) or ([_literal(specifier)] if specifier else [])
    if not made:
        raise QueryFailed(_INVALID, "Both printing and parsing not supported")
    return tuple(made)


def parts(pattern: str) -> list[str]:
    """A Joda pattern in its parts: runs of one letter, quoted text, other text."""
    joda(pattern)
    return [found.group() for found in _JODA_TOKEN.finditer(pattern)]


@lru_cache(512)
def joda(pattern: str) -> tuple[Token, ...]:
    found = list(_JODA_TOKEN.finditer(pattern))
    if "".join(f.group() for f in found) != pattern or not found:
        raise QueryFailed(_INVALID, f"Invalid pattern specification: {pattern}")
    following = [f.group(2) or "" for f in found[1:]] + [""]
    lengths = [len(f.group()) for f in found[1:]] + [0]
    return tuple(
        _joda_one(one, letter, length)
        for one, letter, length in zip(found, following, lengths, strict=True)
    )


def _joda_one(found: re.Match[str], following: str, length: int) -> Token:
    text, letter = found.group(), found.group(2)
    if found.group(1) is not None:
        return _literal(found.group(1).replace("''", "'") or "'")
    if letter is None:
        return _literal(text)
    size = len(text)
    if letter in _YEARS:
        if size == 2:
            return Token(
                "year2" if letter != "x" else "weekyear2",
                2,
                2,
                "now",
                "%y" if letter != "x" else None,
            )
        numeric = following in _JODA or following in _YEARS or following == "S"
        numeric = numeric and not (following == "M" and length > 2)
        known = {("year", 4): "%Y", ("weekyear", 4): "%G"}.get((_YEARS[letter], size))
        return _number(_YEARS[letter], size, size if numeric else 9, known)
    if letter in "ME" and (size > 2 or letter == "E"):
        long = size > 3
        form = {"M": ("%b", "%B"), "E": ("%a", "%A")}[letter][long]
        return Token(
            {"M": "month", "E": "dow"}[letter], text="long" if long else "short", strftime=form
        )
    if letter == "S":
        return Token("fraction", size, size, strftime={3: "%g", 6: "%f"}.get(size))
    if letter == "a":
        return _HALF
    if letter in "zZ":
        return Token("zone", size, text=letter)
    if letter not in _JODA:
        raise NotSupported(f"'{text}' in a date-time pattern")
    field, most, one, two = _JODA[letter]
    return _number(field, size, max(most, size), {1: one, 2: two}.get(size))


def strftime(tokens: tuple[Token, ...]) -> str | None:
    """DuckDB's pattern that prints the same; None where there is none."""
    parts = [token.strftime for token in tokens]
    return None if None in parts else "".join(p for p in parts if p)


def _values(moment: dt.datetime) -> dict[str, int]:
    weekyear, week, dow = moment.isocalendar()
    return {
        "year": moment.year, "month": moment.month, "day": moment.day, "hour": moment.hour,
        "minute": moment.minute, "second": moment.second, "doy": moment.timetuple().tm_yday,
        "weekyear": weekyear, "week": week, "dow": dow, "clock12": (moment.hour + 11) % 12 + 1,
        "hour12": moment.hour % 12, "clock24": (moment.hour + 23) % 24 + 1,
        "half": moment.hour // 12 + 1,
    }  # fmt: skip


_ZONES = {("z", 1): "UTC", ("Z", 1): "+0000", ("Z", 2): "+00:00"}


def _printed(token: Token, moment: dt.datetime, values: dict[str, int]) -> str:
    if not token.field:
        return token.text
    if token.field == "zone":
        if token.text == "z" and token.digits > 3:
            return "Coordinated Universal Time"
        return _ZONES.get((token.text, token.digits), "UTC")
    if token.field == "fraction":
        digits = f"{moment.microsecond:06d}".ljust(token.digits, "0")
        return digits[: max(token.digits, 1)]
    if token.field in ("year2", "weekyear2"):
        return f"{values[token.field[:-1]] % 100:02d}"
    if token.text:
        name = NAMES[token.field][values[token.field] - 1]
        return name if token.text == "long" else name[:3]
    return f"{values[token.field]:0{token.digits}d}"


def printed(moment: dt.datetime, pattern: str, zoned: bool) -> str:
    try:
        tokens = joda(pattern)
    except QueryFailed as error:
        fail(error.name, error.message)
    if not zoned and any(t.field == "zone" for t in tokens):
        fail(_INVALID, "format_datetime for TIMESTAMP type, cannot use 'Z' nor 'z' in format")
    values = _values(moment)
    return "".join(_printed(token, moment, values) for token in tokens)


def printed_mysql(moment: dt.datetime, pattern: str) -> str:
    try:
        tokens = mysql(pattern)
    except QueryFailed as error:
        fail(error.name, error.message)
    values = _values(moment)
    return "".join(_printed(token, moment, values) for token in tokens)


FUNCTIONS = [
    PythonFunction("t_mysql_printed", printed_mysql, ["TIMESTAMP", "VARCHAR"], "VARCHAR"),
    PythonFunction(
        "t_joda_printed", printed, ["TIMESTAMP", "VARCHAR", "BOOLEAN"], "VARCHAR", refuses=True
    ),
]
MACROS: dict[str, Macro] = {
    "date_format": Macro(
        "(d DATE, p) AS t_mysql_printed(CAST(d AS TIMESTAMP), p), "
        "(t TIMESTAMP, p) AS t_mysql_printed(t, p), "
        "(n TIMESTAMP_NS, p) AS t_mysql_printed(t_round_ms(n), p), "
        "(z TIMESTAMP WITH TIME ZONE, p) AS t_mysql_printed(CAST(z AS TIMESTAMP), p)",
        "varchar",
        public=False,
    ),
    "format_datetime": Macro(
        "(d DATE, p) AS t_joda_printed(CAST(d AS TIMESTAMP), p, false), "
        "(t TIMESTAMP, p) AS t_joda_printed(t, p, false), "
        "(n TIMESTAMP_NS, p) AS t_joda_printed(t_round_ms(n), p, false), "
        "(z TIMESTAMP WITH TIME ZONE, p) AS t_joda_printed(CAST(z AS TIMESTAMP), p, true)",
        "varchar",
        public=False,
    ),
}
