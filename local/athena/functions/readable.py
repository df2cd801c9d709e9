"""Trino's functions for numbers as people write them: format_number, human_readable_seconds, parse_data_size.

Source: FormatNumberFunction, HumanReadableSeconds and DataSizeFunctions of trino-main.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction, fail

_INVALID = "INVALID_FUNCTION_ARGUMENT"


def human_readable_seconds(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        fail(_INVALID, f"Invalid argument found: {value}")
    rest, parts = min(int(abs(value) + 0.5), 2**63 - 1), []
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


_UNITS = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
_SIZE = re.compile(rf"(\d+\.?\d*|\.\d+)([{''.join(_UNITS)}]?)B")


def parse_data_size(text: str) -> Decimal:
    """Bytes of `2.3MB`, in steps of 1024, without what is left of a byte."""
    found = _SIZE.fullmatch(text)
    if found is None:
        fail(_INVALID, f"Invalid data size: '{text}'")
    factor = Decimal(1024 ** _UNITS.index(found[2]))
    size = int(Context(prec=len(text) + 30).multiply(Decimal(found[1]), factor))
    if size >= 10**38:
        fail("NUMERIC_VALUE_OUT_OF_RANGE", f"Value out of range: '{text}' ('{size}B')")
    return Decimal(size)


FUNCTIONS = [
    PythonFunction("t_data_size", parse_data_size, ["VARCHAR"], "DECIMAL(38,0)"),
    PythonFunction("t_seconds_text", human_readable_seconds, ["DOUBLE"], "VARCHAR"),
    PythonFunction("t_number_text", format_number, ["BIGINT"], "VARCHAR"),
    PythonFunction("t_double_text", format_double, ["DOUBLE"], "VARCHAR"),
]
MACROS = {
    **dict.fromkeys(
        ("parse_data_size", "parse_presto_data_size"),
        Macro("(s VARCHAR) AS t_data_size(s)", "decimal(38,0)"),
    ),
    "human_readable_seconds": Macro("(x) AS t_seconds_text(x)", "varchar"),
    "format_number": Macro(
        "(x BIGINT) AS t_number_text(x), (x DOUBLE) AS t_double_text(x)", "varchar"
    ),
}
