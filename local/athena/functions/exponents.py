"""Floating point numbers and text as CAST converts them: always with an exponent, unlike in a result.

Source: DoubleOperators and RealOperators of trino-main.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np


def _scientific(number: Decimal) -> str:
    """`d.dddE±n` without zeros at the end."""
    sign, digits, exponent = number.as_tuple()
    power = len(digits) + int(exponent) - 1
    text = "".join(map(str, digits)).rstrip("0")
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{power}"


def _special(value: float) -> str | None:
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0E0" if math.copysign(1, value) > 0 else "-0E0"
    return None


def double_to_varchar(value: float) -> str:
    """CAST(double AS varchar): always with an exponent, unlike a double in a result."""
    return _special(value) or _scientific(Decimal(repr(value)))


def real_to_varchar(value: float) -> str:
    """CAST(real AS varchar): seven digits."""
    shortest = float(str(np.float32(value)))
    rounded = Context(prec=7, rounding=ROUND_HALF_EVEN).create_decimal_from_float(shortest)
    return _special(value) or _scientific(rounded)


def to_real(text: str) -> float:
    """The float nearest to a decimal number; too large a number is infinite."""
    exact = Decimal(text)
    with np.errstate(over="ignore"):
        near = np.float32(float(exact))
    candidates = [
        near,
        np.nextafter(near, np.float32(-np.inf)),
        np.nextafter(near, np.float32(np.inf)),
    ]
    finite = [c for c in candidates if np.isfinite(c)]
    if not np.isfinite(near) or not finite:
        return float(near)
    return float(
        min(finite, key=lambda c: (abs(Decimal(float(c)) - exact), int(c.view(np.int32)) & 1))
    )
