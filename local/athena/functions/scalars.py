"""The few values that DuckDB cannot print as Java does: doubles and JSON numbers."""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Any, NamedTuple, NoReturn

from local.athena.functions.refusals import Refused
from local.athena.lake.lines import split_csv, split_escaped


class PythonFunction(NamedTuple):
    """A function as DuckDB registers it.

    `nulls` when it is called with NULL or may answer NULL, `refuses` when it may fail with NOT_SUPPORTED.
    """

    name: str
    function: Callable[..., Any]
    parameters: list[str]
    returned: str
    nulls: bool = False
    refuses: bool = False


def fail(name: str, message: str) -> NoReturn:
    """End the query with Trino's error name, or the value where TRY stands around it."""
    if name == "NOT_SUPPORTED":
        raise Refused(message)
    raise ValueError(f"@{name}:{message}@")


def refuse(condition: bool | None, message: str | None) -> int:
    """Fail with NOT_SUPPORTED where the condition holds."""
    if condition:
        fail("NOT_SUPPORTED", message or "")
    return 1


def nullable(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL for a NULL argument, for a function that may answer NULL to others too."""

    @wraps(function)  # DuckDB counts the parameters of what is wrapped
    def strict(*args: Any) -> Any:
        return None if any(a is None for a in args) else function(*args)

    return strict


def java_double(value: float) -> str:
    """A double as Java's Double.toString prints it, which is what Trino shows."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else ("Infinity" if value > 0 else "-Infinity")
    number = Decimal(repr(value))
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = f"{number:f}"
        return text if "." in text else f"{text}.0"
    sign, all_digits, exponent = number.as_tuple()
    if len(all_digits) == 1:  # Java takes two digits and then the nearest: 4.9E-324
        sign, all_digits, exponent = Decimal(f"{value:.1e}").as_tuple()
    power = len(all_digits) + int(exponent) - 1
    digits = "".join(map(str, all_digits)).rstrip("0")
    return f"{'-' if sign else ''}{digits[0]}.{digits[1:] or '0'}E{power}"


def cube_root(value: float) -> float:
    """As Java's StrictMath.cbrt, at most 0.667 units of the last place from the root.

    The C library's is further off and differs from machine to machine (3.0000000000000004 for 27 with
    glibc). The method is fdlibm's: a first guess by a third of the exponent, a rational correction to 23
    bits, these cut to 20 and rounded up so that their square is exact, one step of Newton's.
    """
    if value == 0 or not math.isfinite(value):
        return value
    size = abs(value)
    if size < sys.float_info.min:
        guess = _of_high_word(_high_word(size * 2.0**54) // 3 + 696219795)
    else:
        guess = _of_high_word(_high_word(size) // 3 + 715094163)
    s = 19 / 35 + guess * guess / size * guess
    guess *= 5 / 14 + 45 / 28 / (s + 99 / 70 + -864 / 1225 / s)
    guess = _of_high_word(_high_word(guess) + 1)
    quotient = size / (guess * guess)
    root = guess + guess * ((quotient - guess) / (guess + guess + quotient))
    return math.copysign(root, value)


def calculate(operator: str, left: str, right: str, left_zeros: int, right_zeros: int) -> str:
    """`+`, `-`, `/` or `%` of two integers that are followed by so many zeros, a quotient half away from zero.

    For decimals of which 128 bits cannot hold what comes on the way; Trino has 256.
    """
    a, b = int(left) * 10**left_zeros, int(right) * 10**right_zeros
    if operator in "+-":
        made = a + b if operator == "+" else a - b
        _require_decimal(max(abs(a), abs(b), abs(made)))
        return str(made)
    if b == 0:
        fail("DIVISION_BY_ZERO", "Division by zero")
    if operator == "%":
        size, negative = abs(a) % abs(b), a < 0
    else:
        size, negative = (2 * abs(a) + abs(b)) // (2 * abs(b)), (a < 0) != (b < 0)
    _require_decimal(size)
    return str(-size if negative else size)


def _require_decimal(size: int) -> None:
    if size >= 10**38:
        fail("NUMERIC_VALUE_OUT_OF_RANGE", "Decimal overflow")


def _high_word(value: float) -> int:
    return int.from_bytes(struct.pack(">d", value)[:4], "big")


def _of_high_word(word: int) -> float:
    return float(struct.unpack(">d", word.to_bytes(4, "big") + bytes(4))[0])


PYTHON_FUNCTIONS = [
    PythonFunction(
        "t_refused", refuse, ["BOOLEAN", "VARCHAR"], "INTEGER", nulls=True, refuses=True
    ),
    PythonFunction("t_double_to_varchar", java_double, ["DOUBLE"], "VARCHAR"),
    PythonFunction("t_calculate", calculate, [*["VARCHAR"] * 3, "INTEGER", "INTEGER"], "VARCHAR"),
    PythonFunction("t_cube_root", cube_root, ["DOUBLE"], "DOUBLE"),
    PythonFunction("t_open_csv", split_csv, [*["VARCHAR"] * 4, "INTEGER"], "VARCHAR[]"),
    PythonFunction("t_split_escaped", split_escaped, ["VARCHAR"] * 3, "VARCHAR[]"),
]
