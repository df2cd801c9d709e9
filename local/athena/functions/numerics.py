"""Trino's mathematical and bitwise functions.

Source: https://trino.io/docs/current/functions/math.html, …/bitwise.html and MathFunctions,
BitwiseFunctions and WilsonInterval of trino-main.
"""

from __future__ import annotations

import math
import re

from local.athena.functions.macro import Macro, private
from local.athena.functions.scalars import PythonFunction, fail, nullable

_INVALID = "INVALID_FUNCTION_ARGUMENT"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LEAST, _GREATEST = -(2**63), 2**63 - 1
_INTEGER_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")


def _radix(radix: int) -> int:
    if not 2 <= radix <= 36:
        fail(_INVALID, "Radix must be between 2 and 36")
    return radix


def to_base(value: int, radix: int) -> str:
    rest, made = abs(value), ""
    while rest or not made:
        rest, digit = divmod(rest, _radix(radix))
        made = _DIGITS[digit] + made
    return f"{'-' if value < 0 else ''}{made}"


def from_base(text: str, radix: int) -> int:
    valid = re.fullmatch(r"[+-]?[0-9A-Za-z]+", text)
    try:
        value = int(text, _radix(radix)) if valid else _GREATEST + 1
    except ValueError:
        value = _GREATEST + 1
    if not _LEAST <= value <= _GREATEST:
        fail(_INVALID, f"Not a valid base-{radix} number: {text}")
    return value


def bit_count(value: int, bits: int) -> int:
    if not 2 <= bits <= 64:
        fail(_INVALID, f"Bits specified in bit_count must be between 2 and 64, got {bits}")
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        fail(
            _INVALID,
            f"Number must be representable with the bits specified. {value} cannot be represented "
            f"with {bits} bits",
        )
    return int(value % 2**bits).bit_count()


def _shift_checked(shift: int) -> int:
    if shift < 0:
        fail("NOT_SUPPORTED", "a shift by a negative number of bits")
    return shift


def left_shift(value: int, shift: int, width: int) -> int:
    shifted = (value << _shift_checked(shift)) % 2**width if shift < 64 else 0
    return shifted - 2**width if shifted >= 2 ** (width - 1) else shifted


def right_shift(value: int, shift: int, width: int) -> int:
    """Logical: zeros come in from the left."""
    if _shift_checked(shift) == 0:
        return value
    return (value % 2**width) >> shift if shift < 64 else 0


def right_shift_arithmetic(value: int, shift: int, width: int) -> int:
    return value >> _shift_checked(shift)


def wilson(successes: int, trials: int, z: float, bound: int) -> float:
    for wrong, message in (
        (successes < 0, "number of successes must not be negative"),
        (trials <= 0, "number of trials must be positive"),
        (successes > trials, "number of successes must not be larger than number of trials"),
        (not z >= 0, "z-score must not be negative"),
    ):
        if wrong:
            fail(_INVALID, message)
    p, n = successes * 1.0 / trials, float(trials)
    spread = bound * z * math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
    return (p + (z * z) / (2 * n) + spread) / (1 + (z * z) / n)


def width_bucket(value: float, first: float, second: float, buckets: int) -> int:
    for wrong, message in (
        (buckets <= 0, "bucketCount must be greater than 0"),
        (value != value, "operand must not be NaN"),
        (not math.isfinite(first), "first bound must be finite"),
        (not math.isfinite(second), "second bound must be finite"),
        (first == second, "bounds cannot equal each other"),
    ):
        if wrong:
            fail(_INVALID, message)
    low, high = min(first, second), max(first, second)
    if value < low:
        found = 0
    elif value >= high:
        if buckets == _GREATEST:
            fail("NUMERIC_VALUE_OUT_OF_RANGE", f"Bucket for value {value} is out of range")
        found = buckets + 1
    else:
        found = int(float(buckets) * (value - low) / (high - low) + 1)
    return buckets - found + 1 if first > second else found


def bin_of(value: float, bins: list[float | None]) -> int:
    """Place among sorted bin edges, found by bisection as Trino does."""
    if not bins:
        fail(_INVALID, "Bins cannot be an empty array")
    if value != value:
        fail(_INVALID, "Operand cannot be NaN")
    if any(b is None for b in bins):
        fail("NOT_SUPPORTED", "width_bucket with a NULL among the bins")
    edges = [b for b in bins if b is not None]
    lower, upper = 0, len(edges)
    while lower < upper:
        if edges[lower] > edges[upper - 1]:
            fail(_INVALID, "Bin values are not sorted in ascending order")
        at = (lower + upper) // 2
        if not math.isfinite(edges[at]):
            fail(_INVALID, f"Bin value must be finite, got {edges[at]}")
        if value < edges[at]:
            upper = at
        else:
            lower = at + 1
    return lower


def cosine_similarity(
    left: dict[str, float | None], right: dict[str, float | None]
) -> float | None:
    """Of sparse vectors; NULL when a value is NULL."""
    norms = []
    for vector in (left, right):
        norm = 0.0
        for value in vector.values():
            if value is None:
                return None
            norm += value * value
        norms.append(math.sqrt(norm))
    product = sum(
        (x * (right[k] or 0.0) for k, x in left.items() if x is not None and k in right), 0.0
    )
    scale = norms[0] * norms[1]
    if scale == 0:
        return math.nan
    return product / scale


_SHIFTS = {
    "bitwise_left_shift": left_shift,
    "bitwise_right_shift": right_shift,
    "bitwise_right_shift_arithmetic": right_shift_arithmetic,
}
FUNCTIONS = [
    PythonFunction("t_based", to_base, ["BIGINT", "BIGINT"], "VARCHAR"),
    PythonFunction("t_unbased", from_base, ["VARCHAR", "BIGINT"], "BIGINT"),
    PythonFunction("t_bits", bit_count, ["BIGINT", "BIGINT"], "BIGINT"),
    *(
        PythonFunction(
            f"t_{name}_of", function, ["BIGINT", "INTEGER", "INTEGER"], "BIGINT", refuses=True
        )
        for name, function in _SHIFTS.items()
    ),
    PythonFunction("t_wilson", wilson, ["BIGINT", "BIGINT", "DOUBLE", "INTEGER"], "DOUBLE"),
    PythonFunction("t_bucket", width_bucket, ["DOUBLE", "DOUBLE", "DOUBLE", "BIGINT"], "BIGINT"),
    PythonFunction("t_bin", bin_of, ["DOUBLE", "DOUBLE[]"], "BIGINT", refuses=True),
    PythonFunction(
        "t_cosine",
        nullable(cosine_similarity),
        ["MAP(VARCHAR, DOUBLE)", "MAP(VARCHAR, DOUBLE)"],
        "DOUBLE",
        True,
    ),
]


def _shifted(name: str) -> Macro:
    widths = zip(_INTEGER_TYPES, (8, 16, 32, 64), strict=True)
    return Macro(
        ", ".join(
            f"(x {kind}, n) AS CAST(t_{name}_of(x, CAST(n AS INTEGER), {width}) AS {kind})"
            for kind, width in widths
        )
    )


def _random() -> str:
    below = (
        "(n {0}) AS CASE WHEN n > 0 THEN CAST(floor(random() * n) AS {0}) WHEN n IS NULL THEN NULL "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', 'bound must be positive') END"
    )
    between = (
        "(a {0}, b {0}) AS CASE WHEN a < b THEN CAST(a + floor(random() * (b - a)) AS {0}) "
        "WHEN a IS NULL OR b IS NULL THEN NULL ELSE t_fail('INVALID_FUNCTION_ARGUMENT', "
        "'start value must be less than stop value') END"
    )
    forms = [form.format(kind) for form in (below, between) for kind in _INTEGER_TYPES]
    return ", ".join(["() AS random()", *forms])


# round(x, d) of a double: by the factor 10^d, half away from zero, as Java computes it.
# Where the product is infinite one Trino fails and a later one answers x.
_LARGE = "(isfinite(x) AND isinf(abs(x) * pow(10e0, d)))"
_ROUND = (
    f"CASE WHEN isnan(x) OR isinf(x) THEN x WHEN {_LARGE} "
    f"THEN t_refuse({_LARGE}, concat('round to so many digits: ', d)) "
    "WHEN x < 0 THEN -(round(-x * pow(10e0, d)) / pow(10e0, d)) "
    "ELSE round(x * pow(10e0, d)) / pow(10e0, d) END"
)
MACROS = {
    "round_double": private(f"(x, d) AS {_ROUND}"),
    "round_bigint": private(
        "(x, d) AS CASE WHEN d <= -19 AND x IS NOT NULL "
        "THEN t_fail('NUMERIC_VALUE_OUT_OF_RANGE', concat('numerical overflow: ', x)) "
        "ELSE CAST(round(x, d) AS BIGINT) END"
    ),
    # A function in Python gives NULL for NaN.
    "cbrt": Macro("(x) AS CASE WHEN isnan(x) THEN x ELSE t_cube_root(x) END", "double"),
    "truncate_double": private("(x) AS CASE WHEN x < 0 THEN -floor(-x) ELSE floor(x) END"),
    "sign_double": private(
        "(x) AS CASE WHEN isnan(x) OR x = 0 THEN x ELSE CAST(sign(x) AS DOUBLE) END"
    ),
    "log2": Macro("(x) AS ln(CAST(x AS DOUBLE)) / ln(2e0)", "double"),
    "log": Macro("(b, x) AS ln(CAST(x AS DOUBLE)) / ln(CAST(b AS DOUBLE))", "double"),
    "random": Macro(_random()),
    "rand": Macro(_random()),
    "to_base": Macro("(x, r) AS t_based(x, r)", "varchar"),
    "from_base": Macro("(s, r) AS t_unbased(s, r)", "bigint"),
    "bit_count": Macro("(x, n) AS t_bits(x, n)", "bigint"),
    **{name: _shifted(name) for name in _SHIFTS},
    "wilson_interval_lower": Macro("(s, n, z) AS t_wilson(s, n, z, -1)", "double"),
    "wilson_interval_upper": Macro("(s, n, z) AS t_wilson(s, n, z, 1)", "double"),
    "width_bucket": Macro(
        "(x, a, b, n) AS t_bucket(x, a, b, n), (x, l) AS t_bin(x, CAST(l AS DOUBLE[]))", "bigint"
    ),
    "cosine_similarity": Macro(
        "(a, b) AS t_cosine(CAST(a AS MAP(VARCHAR, DOUBLE)), CAST(b AS MAP(VARCHAR, DOUBLE)))",
        "double",
    ),
}
