"""The few values that DuckDB cannot print as Java does: doubles and JSON numbers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Any, NamedTuple, NoReturn

import numpy as np

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
    """Exact for cubes, as Java's Math.cbrt; DuckDB's and the C library's are not."""
    return float(np.cbrt(value))


PYTHON_FUNCTIONS = [
    PythonFunction(
        "t_refused", refuse, ["BOOLEAN", "VARCHAR"], "INTEGER", nulls=True, refuses=True
    ),
    PythonFunction("t_double_to_varchar", java_double, ["DOUBLE"], "VARCHAR"),
    PythonFunction("t_cbrt", cube_root, ["DOUBLE"], "DOUBLE"),
    PythonFunction("t_open_csv", split_csv, [*["VARCHAR"] * 4, "INTEGER"], "VARCHAR[]"),
    PythonFunction("t_split_escaped", split_escaped, ["VARCHAR"] * 3, "VARCHAR[]"),
]
