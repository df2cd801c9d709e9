"""Trino's semantics in plain Python, written from its documentation and not from the engine's code."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
BITS = {"tinyint": 7, "smallint": 15, "integer": 31, "bigint": 63}


@dataclass(frozen=True)
class Number:
    """A value with its type: an integer type's name, `decimal(p,s)` or `double`."""

    kind: str
    value: Any

    @property
    def numbers(self) -> tuple[int, int]:
        if self.kind in DIGITS:
            return DIGITS[self.kind], 0
        precision, scale = self.kind.removeprefix("decimal(").rstrip(")").split(",")
        return int(precision), int(scale)

    def sql(self) -> str:
        return f"cast('{self.value}' as {self.kind})"


def _result_kind(operator: str, a: Number, b: Number) -> str:
    order = list(DIGITS)
    if a.kind in DIGITS and b.kind in DIGITS:
        return max(a.kind, b.kind, key=order.index)
    (p1, s1), (p2, s2) = a.numbers, b.numbers
    if operator in "+-":
        scale = max(s1, s2)
        precision = scale + max(p1 - s1, p2 - s2) + 1
    elif operator == "*":
        precision, scale = p1 + p2, s1 + s2
    elif operator == "/":
        precision, scale = p1 + s2 + max(0, s2 - s1), max(s1, s2)
    else:
        scale = max(s1, s2)
        precision = min(p1 - s1, p2 - s2) + scale
    return f"decimal({min(38, precision)},{scale})"


def calculate(operator: str, a: Number, b: Number) -> Number | str:
    """`a operator b`, or the name of the error."""
    kind = _result_kind(operator, a, b)
    if kind.startswith("decimal") and Number(kind, 0).numbers[1] > 38:
        return "NUMERIC_VALUE_OUT_OF_RANGE"
    left, right = Fraction(a.value), Fraction(b.value)
    if operator in "/%" and right == 0:
        return "DIVISION_BY_ZERO"
    if operator == "+":
        exact = left + right
    elif operator == "-":
        exact = left - right
    elif operator == "*":
        exact = left * right
    elif operator == "/":
        exact = left / right
    else:
        exact = left - right * int(left / right)
    if kind in DIGITS:
        whole = int(exact)
        if not -(2 ** BITS[kind]) <= whole < 2 ** BITS[kind]:
            return "NUMERIC_VALUE_OUT_OF_RANGE"
        return Number(kind, whole)
    precision, scale = Number(kind, 0).numbers
    scaled = exact * 10**scale
    units = int(abs(scaled) + Fraction(1, 2))
    if units >= 10**precision:
        return "NUMERIC_VALUE_OUT_OF_RANGE"
    made = Decimal(units if scaled >= 0 else -units)
    return Number(kind, Context(prec=80).scaleb(made, -scale))


def _digits(value: float) -> tuple[str, int]:
    """The shortest digits that read back as the same number, and the power of the first."""
    for places in range(17):
        text = f"{abs(value):.{places}e}"
        if float(text) == abs(value):
            break
    mantissa, exponent = text.split("e")
    return mantissa.replace(".", ""), int(exponent)


def _special(value: float) -> str | None:
    if value != value:
        return "NaN"
    return {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(value)


def double_text(value: float) -> str:
    """Java's Double.toString, which is what Athena shows."""
    if special := _special(value):
        return special
    sign = "-" if str(value).startswith("-") else ""
    if value == 0:
        return f"{sign}0.0"
    digits, power = _digits(value)
    if -3 <= power < 7:
        whole = digits[: power + 1].ljust(power + 1, "0") if power >= 0 else "0"
        rest = digits[power + 1 :] if power >= 0 else "0" * (-power - 1) + digits
        return f"{sign}{whole}.{rest or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"


def double_as_varchar(value: float) -> str:
    """What a cast gives: always with an exponent, as DoubleOperators formats it."""
    if special := _special(value):
        return special
    sign = "-" if str(value).startswith("-") else ""
    if value == 0:
        return f"{sign}0E0"
    digits, power = _digits(value)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"


def compare(operator: str, a: Any, b: Any) -> bool | None:
    if operator == "is distinct from":
        return (a is None) != (b is None) or (a is not None and a != b)
    if a is None or b is None:
        return None
    found: dict[str, bool] = {
        "=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b,
    }  # fmt: skip
    return found[operator]


def both(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def opposite(a: bool | None) -> bool | None:
    return None if a is None else not a


def either(a: bool | None, b: bool | None) -> bool | None:
    return opposite(both(opposite(a), opposite(b)))


def add_months(value: dt.datetime, count: int) -> dt.datetime:
    """The same day of another month, or its last day."""
    year, month = divmod(value.year * 12 + value.month - 1 + count, 12)
    day = min(value.day, calendar.monthrange(year, month + 1)[1])
    return value.replace(year=year, month=month + 1, day=day)


_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def date_add(unit: str, count: int, value: dt.datetime) -> dt.datetime:
    if unit in _MONTHS:
        return add_months(value, count * _MONTHS[unit])
    return value + dt.timedelta(seconds=count * _SECONDS[unit])


def date_diff(unit: str, a: dt.datetime, b: dt.datetime) -> int:
    """Whole units from `a` to `b`, negative when `b` is earlier."""
    if unit in _SECONDS:
        whole = (b - a) // dt.timedelta(microseconds=1)
        return int(Fraction(whole, _SECONDS[unit] * 1_000_000))
    if b < a:
        return -date_diff(unit, b, a)
    months = (b.year - a.year) * 12 + b.month - a.month
    if (a.day, a.time()) > (b.day, b.time()) and not _both_at_the_end(a, b):
        months -= 1
    return months // _MONTHS[unit]


def _both_at_the_end(a: dt.datetime, b: dt.datetime) -> bool:
    """A month that is too short for the day ends it: 31 January to 29 February 2024 is a month."""
    last = calendar.monthrange(b.year, b.month)[1]
    return b.day == last and a.day > last and a.time() <= b.time()


def date_trunc(unit: str, value: dt.datetime) -> dt.datetime:
    day = dt.datetime(value.year, value.month, value.day)
    if unit == "week":
        return day - dt.timedelta(days=value.weekday())
    if unit in _MONTHS:
        month = {"month": value.month, "quarter": (value.month - 1) // 3 * 3 + 1, "year": 1}[unit]
        return dt.datetime(value.year, month, 1)
    finer: dict[str, dict[str, Any]] = {
        "second": {"microsecond": 0},
        "minute": {"second": 0, "microsecond": 0},
    }
    smaller = finer.get(unit, {"minute": 0, "second": 0, "microsecond": 0})
    return day if unit == "day" else value.replace(**smaller)


def substr(text: str, start: int, length: int | None = None) -> str:
    """Counted from 1, from the end when negative; "" when the start lies outside."""
    if start == 0 or abs(start) > len(text) or (length is not None and length <= 0):
        return ""
    at = start - 1 if start > 0 else len(text) + start
    return text[at:] if length is None else text[at : at + length]


def split_part(text: str, delimiter: str, index: int) -> str | None:
    parts = text.split(delimiter)
    return parts[index - 1] if index <= len(parts) else None


def pad(text: str, size: int, filling: str, left: bool) -> str:
    if size <= len(text):
        return text[:size]
    needed = size - len(text)
    made = (filling * needed)[:needed]
    return made + text if left else text + made


def ordered(values: list[Any], descending: bool, nulls_first: bool) -> list[Any]:
    given = sorted((v for v in values if v is not None), reverse=descending)
    nulls = [None] * (len(values) - len(given))
    return nulls + given if nulls_first else given + nulls


def combined(operator: str, left: list[Any], right: list[Any]) -> list[Any]:
    """Rows of a set operation, in no order; NULL equals NULL."""
    if operator == "union all":
        return left + right
    if operator == "union":
        return list({*left, *right})
    made = []
    for value in {*left}:
        a, b = left.count(value), right.count(value)
        count = {
            "intersect": min(a, b, 1), "intersect all": min(a, b),
            "except": 0 if b else 1, "except all": max(0, a - b),
        }[operator]  # fmt: skip
        made += [value] * count
    return made


def mean(values: list[int]) -> float:
    return sum(values) / len(values)
