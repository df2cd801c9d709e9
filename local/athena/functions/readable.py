"""Trino's functions that print numbers for people: format_number and human_readable_seconds.

Source: FormatNumberFunction and HumanReadableSeconds of trino-main.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction, fail

_INVALID = "INVALID_FUNCTION_ARGUMENT"


def human_readable_seconds(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        fail(_INVALID, f"Invalid argument found: {value}")
    rest, parts = int(abs(value) + 0.5), []
    units = (("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
    for unit, seconds in units:
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return ", ".join(parts) or "0 seconds"


def format_number(value: int) -> str:
    """Three significant digits and a unit; a negative number keeps two decimals."""
    scaled, unit = float(value), ""
    for name in "KMBTQ":
        if abs(scaled) < 1000:
            break
        scaled, unit = scaled / 1000, name
    decimals = 2 if scaled < 10 else 1 if scaled < 100 else 0
    rounded = Decimal(scaled).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    text = f"{rounded:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + unit


def format_double(value: float) -> str:
    whole = 0 if value != value else int(max(-(2.0**63), min(value, 2.0**63 - 1)))
    return format_number(whole)


FUNCTIONS = [
    PythonFunction("t_seconds_text", human_readable_seconds, ["DOUBLE"], "VARCHAR"),
    PythonFunction("t_number_text", format_number, ["BIGINT"], "VARCHAR"),
    PythonFunction("t_double_text", format_double, ["DOUBLE"], "VARCHAR"),
]
MACROS = {
    "human_readable_seconds": Macro("(x) AS t_seconds_text(x)", "varchar"),
    "format_number": Macro(
        "(x BIGINT) AS t_number_text(x), (x DOUBLE) AS t_double_text(x)", "varchar"
    ),
}
