"""Formats an instant by a Java DateTimeFormatter pattern, as S3 prefixes of Firehose spell times.

Patterns that depend on a locale or a week definition are refused by letter.
https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from local.firehose.errors import ExpressionError

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
Part = Callable[[datetime], str]

TOKEN = re.compile(r"''|'((?:[^']|'')*)'|([A-Za-z])\2*|(.)", re.DOTALL)


def compile_pattern(pattern: str) -> tuple[Part, ...]:
    """The parts of a pattern, each a function of an aware datetime; raises ExpressionError."""
    if not pattern:
        raise ExpressionError("an empty timestamp pattern; write for example yyyy/MM/dd/HH")
    parts: list[Part] = []
    position = 0
    while position < len(pattern):
        match = TOKEN.match(pattern, position)
        if match is None or match.group(0) == "'":
            raise ExpressionError(f"timestamp pattern {pattern!r} has a quote that never closes")
        parts.append(_part(match, pattern))
        position = match.end()
    return tuple(parts)


def format_instant(parts: tuple[Part, ...], instant: datetime) -> str:
    """The instant as text; its time zone is the one the text is in."""
    return "".join(part(instant) for part in parts)


def _part(match: re.Match[str], pattern: str) -> Part:
    token = match.group(0)
    if token == "''":
        return _literal("'")
    if match.group(1) is not None:
        return _literal(match.group(1).replace("''", "'"))
    if match.group(2) is not None:
        return _field(token[0], len(token), pattern)
    if token in "{}#":
        raise ExpressionError(f"{token!r} in timestamp pattern {pattern!r} is reserved by Java")
    return _literal("" if token in "[]" else token)


def _literal(text: str) -> Part:
    return lambda _: text


def _field(letter: str, width: int, pattern: str) -> Part:
    try:
        widest, build = FIELDS[letter]
    except KeyError:
        raise ExpressionError(
            f"letter {letter!r} of timestamp pattern {pattern!r} is not supported here;"
            f" supported are {' '.join(sorted(FIELDS))}"
        ) from None
    if width > widest:
        raise ExpressionError(
            f"too many letters {letter * width!r} in timestamp pattern {pattern!r}"
        )
    return build(width)


def _number(value: Callable[[datetime], int]) -> Callable[[int], Part]:
    return lambda width: lambda instant: str(value(instant)).zfill(width)


def _year(width: int) -> Part:
    if width == 2:
        return lambda instant: f"{instant.year % 100:02d}"
    return lambda instant: str(instant.year).zfill(width)


def _name(names: list[str], index: Callable[[datetime], int], width: int) -> Part:
    length = {4: None, 5: 1}.get(width, 3)
    return lambda instant: names[index(instant)][:length]


def _month(width: int) -> Part:
    if width <= 2:
        return lambda instant: str(instant.month).zfill(width)
    return _name(MONTHS, lambda instant: instant.month - 1, width)


def _weekday(width: int) -> Part:
    return _name(DAYS, lambda instant: instant.weekday(), width)


def _fraction(width: int) -> Part:
    return lambda instant: f"{instant.microsecond:06d}000"[:width]


FIELDS: dict[str, tuple[int, Callable[[int], Part]]] = {
    "y": (9, _year),
    "u": (9, _year),
    "M": (5, _month),
    "L": (2, _month),
    "d": (2, _number(lambda instant: instant.day)),
    "D": (3, _number(lambda instant: instant.timetuple().tm_yday)),
    "H": (2, _number(lambda instant: instant.hour)),
    "k": (2, _number(lambda instant: instant.hour or 24)),
    "K": (2, _number(lambda instant: instant.hour % 12)),
    "h": (2, _number(lambda instant: instant.hour % 12 or 12)),
    "m": (2, _number(lambda instant: instant.minute)),
    "s": (2, _number(lambda instant: instant.second)),
    "S": (9, _fraction),
    "E": (5, _weekday),
    "a": (1, lambda width: lambda instant: "AM" if instant.hour < 12 else "PM"),
}
