"""Numbers, dates and moments as Hive's SerDes write them in lines; None for a text that is none.

Dates and moments come back in the form that DuckDB reads, years from 1 to 9998.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

from local.athena.functions.scalars import fail
from local.athena.sql.types import Type

BITS = {"tinyint": 7, "smallint": 15, "integer": 31, "bigint": 63}
_EXACT = Context(prec=200)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DATE = re.compile(r"([+-]?\d{1,10})-(\d{1,2})-(\d{1,2})")
_TIME = re.compile(
    r"([+-]?\d{1,10}-\d{1,2}-\d{1,2})(?:[ T](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?)?"
)
_ZONE = re.compile(r"(.+?)(?:[zZ]|([+-])(\d\d):?(\d\d))")
_SHORT = 20  # digits from which a whole number is not read the quick way
_MILLISECONDS = 13  # digits from which a whole number counts these, not seconds


def integer(text: str, kind: Type, octal: bool) -> int | None:
    if len(text) < _SHORT and text.isdecimal() and text[0] != "0":
        number = int(text)
    elif octal and re.fullmatch(r"0[xX][0-9a-fA-F]+|0[0-7]+", text):
        number = int(text[2:], 16) if text[1] in "xX" else int(text, 8)
    elif NUMBER.fullmatch(text) and abs(_exponent(text)) < 100:
        number = int(Decimal(text).to_integral_value(ROUND_DOWN, context=_EXACT))
    else:
        return None
    most = 1 << BITS[kind.name]
    return number if -most <= number < most else None


def _exponent(text: str) -> int:
    return int((text.lower().partition("e")[2] or "0")[:6])


def decimal(text: str, precision: int = 10, scale: int = 0) -> str | None:
    if not NUMBER.fullmatch(text) or abs(_exponent(text)) > 100:
        return None
    rounded = Decimal(text).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, context=_EXACT)
    return f"{rounded:f}" if abs(rounded) < Decimal(10) ** (precision - scale) else None


def date(text: str) -> str | None:
    """Hive's date, whatever follows it after a space; months and days beyond the calendar flow over."""
    found = _DATE.fullmatch(text.strip().partition(" ")[0])
    if not found:
        return None
    year, month, day = map(int, found.groups())
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    if not 1 <= year <= 9998:
        fail("NOT_SUPPORTED", f"the date {text}: only years from 1 to 9998")
    return (dt.date(year, month, 1) + dt.timedelta(days=day - 1)).isoformat()


def day(text: str) -> str | None:
    number = integer(text, Type("integer"), octal=True) if re.fullmatch(r"-?\w+", text) else None
    if number is None:
        return None
    if not -700_000 < number < 2_900_000:
        fail("NOT_SUPPORTED", f"the date {text}: only years from 1 to 9998")
    return (dt.date(1970, 1, 1) + dt.timedelta(days=number)).isoformat()


def _local(text: str) -> tuple[dt.datetime, str] | None:
    """A moment without zone, its seconds whole, and the digits after them."""
    found = _TIME.fullmatch(text.strip())
    if not found or not (begun := date(found.group(1))):
        return None
    hours, minutes, seconds = (int(g or 0) for g in found.group(2, 3, 4))
    span = dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return dt.datetime.fromisoformat(begun) + span, found.group(5) or ""


def _printed(moment: dt.datetime, digits: str) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{digits[:6] or '0'}".rjust(21, "0")


def hive_moment(text: str) -> str | None:
    found = _local(text)
    return _printed(*found) if found else None


def open_x_moment(text: str) -> str | None:
    """A moment in UTC: with or without zone, or a number of seconds or milliseconds."""
    if text.find(":") <= 0:
        return _counted(text)
    zoned = _ZONE.fullmatch(text)
    if not zoned or "T" not in text.upper():
        return hive_moment(text)
    if not (found := _local(zoned.group(1).replace("t", "T"))):
        return None
    sign, hours, minutes = zoned.group(2, 3, 4)
    offset = dt.timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return _printed(found[0] + (offset if sign == "-" else -offset), found[1])


def _counted(text: str) -> str | None:
    if not re.fullmatch(r"[+-]?\d+(\.\d*)?|[+-]?\.\d+", text):
        return None
    whole = len(text) >= _MILLISECONDS and "." not in text
    count = int(Decimal(text).scaleb(0 if whole else 3, context=_EXACT))
    if not -62_000_000_000_000 < count < 253_000_000_000_000:
        fail("NOT_SUPPORTED", f"the timestamp {text}: only years from 1 to 9998")
    moment = dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=count)
    return _printed(moment, f"{moment.microsecond:06}")
