"""Macros of Trino's array functions.

Source of the rules: the classes Array*Function and SequenceFunction of trino-main. The parameters
of lambdas begin with `t_`: a macro's argument may be a column of any name, which they would hide.
"""

from __future__ import annotations

import re
from itertools import combinations
from math import comb

from local.athena.functions.macro import Macro, private
from local.athena.functions.scalars import PythonFunction, fail

_INDEX = "t_fail('INVALID_FUNCTION_ARGUMENT', 'SQL array indices start at 1')"


def _refuse(condition: str, message: str) -> str:
    return f"WHEN {condition} THEN t_fail('INVALID_FUNCTION_ARGUMENT', {message}) "


def _strict(parameters: str, body: str) -> str:
    """A macro that answers NULL when an argument is NULL; `body` begins with WHEN or ELSE."""
    absent = " OR ".join(f"{p.strip().split()[0]} IS NULL" for p in parameters.split(","))
    return f"({parameters}) AS CASE WHEN {absent} THEN NULL {body} END"


def bound(parameters: str, body: str) -> str:
    """A macro whose arguments are evaluated once, and outside the lambdas of `body`.

    There they could not hold subqueries, and the lambdas' parameters would hide columns.
    """
    names = parameters.split(", ")
    pieces = re.split(r"('[^']*')", body)
    for at in range(0, len(pieces), 2):
        for place, name in enumerate(names, 1):
            value = f"struct_extract_at(t_v, {place})"
            pieces[at] = re.sub(rf"\b{name}\b(?!\()", value, pieces[at])
    return (
        f"({parameters}) AS list_transform([row({parameters})], lambda t_v: {''.join(pieces)})[1]"
    )


def _bound_strict(parameters: str, body: str) -> str:
    absent = " OR ".join(f"{p} IS NULL" for p in parameters.split(", "))
    return bound(parameters, f"CASE WHEN {absent} THEN NULL {body} END")


_STEP_SIGN = (
    "'sequence stop value should be greater than or equal to start value if step is greater than "
    "zero otherwise stop should be less than or equal to start'"
)
_STEP = (
    _refuse("s = 0", "'step must not be zero'")
    + _refuse("(s > 0 AND b < a) OR (s < 0 AND b > a)", _STEP_SIGN)
    + _refuse(
        # Athena allows more than Trino's 10000:
        # https://docs.aws.amazon.com/athena/latest/ug/engine-versions-reference-0002.html
        "(CAST(b AS HUGEINT) - a) // s >= 50000",
        "'result of sequence function must not have more than 50000 entries'",
    )
)
_DAY = "86400000000"
_PASSED = "(t_months(s) > 0 AND b < a) OR (t_months(s) < 0 AND b > a)"

MACROS: dict[str, Macro] = {
    "any_match": private(
        "(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN true "
        "WHEN list_count(l) < len(l) THEN NULL ELSE false END"
    ),
    "all_match": private(
        "(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, false) THEN false "
        "WHEN list_count(l) < len(l) THEN NULL ELSE true END"
    ),
    "none_match": private(
        "(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN false "
        "WHEN list_count(l) < len(l) THEN NULL ELSE true END"
    ),
    "contains": private(
        "(l, x) AS CASE WHEN l IS NULL OR x IS NULL THEN NULL WHEN list_contains(l, x) THEN true "
        "WHEN list_count(l) < len(l) THEN NULL ELSE false END"
    ),
    "list_item": private(
        "(a, i) AS CASE WHEN a IS NULL OR i IS NULL THEN NULL WHEN i > 0 AND i <= len(a) THEN a[i] "
        f"WHEN i = 0 THEN {_INDEX} "
        + _refuse("i < 0", "'Array subscript is negative: ' || i")
        + "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', concat('Array subscript must be less than or equal to "
        "array length: ', i, ' > ', len(a))) END"
    ),
    "element_at": private(f"(a, i) AS CASE WHEN i = 0 THEN {_INDEX} ELSE a[i] END"),
    "array_max": private("(a) AS CASE WHEN list_count(a) < len(a) THEN NULL ELSE list_max(a) END"),
    "joined": private(
        bound(
            "a, d",
            "CASE WHEN list_count(a) = 0 THEN '' ELSE list_reduce("
            "list_filter(a, lambda t_e: t_e IS NOT NULL), lambda t_p, t_q: t_p || d || t_q) END",
        )
    ),
    "array_min": Macro("(a) AS CASE WHEN list_count(a) < len(a) THEN NULL ELSE list_min(a) END"),
    "array_position": private(
        _strict("a, x", "ELSE CAST(coalesce(list_position(a, x), 0) AS BIGINT)")
    ),
    "slice": Macro(
        _strict(
            "a, f, n",
            _refuse("n < 0", "'length must be greater than or equal to 0'")
            + f"WHEN f = 0 THEN {_INDEX} "
            "WHEN f > 0 THEN a[f:f + n - 1] WHEN -f > len(a) THEN a[1:0] "
            "ELSE a[len(a) + f + 1:len(a) + f + n]",
        )
    ),
    "trim_array": Macro(
        _strict(
            "a, n",
            _refuse("n < 0", "concat('size must not be negative: ', n)")
            + _refuse(
                "n > len(a)", "concat('size must not exceed array cardinality ', len(a), ': ', n)"
            )
            + "ELSE a[1:len(a) - n]",
        )
    ),
    "repeat": Macro(
        "(x, n) AS CASE WHEN n IS NULL THEN NULL "
        + _refuse(
            "n > 10000",
            "'count argument of repeat function must be less than or equal to 10000'",
        )
        + _refuse(
            "n < 0", "'count argument of repeat function must be greater than or equal to 0'"
        )
        + "ELSE repeat([x], CAST(n AS BIGINT)) END"
    ),
    "array_distinct": Macro(
        # the quadratic way only when something is there twice
        bound(
            "a",
            "CASE WHEN list_unique(a) + CASE WHEN list_count(a) < len(a) THEN 1 ELSE 0 END = len(a) "
            "THEN a ELSE list_filter(a, lambda t_e, t_i: list_position(a, t_e) = t_i) END",
        )
    ),
    "array_union": private(
        _strict("a, b", "ELSE t_array_distinct(list_concat(a, b))")
    ),
    "array_among": private(
        bound(
            "a, b",
            "list_filter(t_array_distinct(a), lambda t_m: coalesce(list_position(b, t_m), 0) > 0)",
        )
    ),
    "array_intersect": private(
        _bound_strict(
            "a, b", "WHEN len(a) < len(b) THEN t_array_among(b, a) ELSE t_array_among(a, b)"
        )
    ),
    # Stands for array_join until the types of its array are known.
    "array_join": private(
        "(a, d) AS CASE WHEN a IS NOT NULL THEN d END, "
        "(a, d, r) AS CASE WHEN a IS NOT NULL THEN d ELSE r END"
    ),
    "array_except": private(
        _bound_strict(
            "a, b",
            # Trino's code keeps the duplicates here, its documentation says there are none
            "WHEN len(b) = 0 AND len(t_array_distinct(a)) < len(a) "
            "THEN t_refuse(len(b) = 0 AND len(t_array_distinct(a)) < len(a), "
            "'array_except of duplicates and an empty array') "
            "ELSE list_filter(t_array_distinct(a), lambda t_m: coalesce(list_position(b, t_m), 0) = 0)",
        )
    ),
    "array_remove": private(
        _bound_strict("a, x", "ELSE list_filter(a, lambda t_e: t_e IS DISTINCT FROM x)")
    ),
    "arrays_overlap": private(
        _strict(
            "a, b",
            "WHEN len(a) = 0 OR len(b) = 0 THEN false WHEN list_has_any(a, b) THEN true "
            "WHEN list_count(a) < len(a) OR list_count(b) < len(b) THEN NULL ELSE false",
        )
    ),
    "contains_sequence": private(
        _bound_strict(
            "a, b",
            "ELSE len(list_filter(range(0, len(a) - len(b) + 1), "
            "lambda t_i: a[t_i + 1:t_i + len(b)] IS NOT DISTINCT FROM b)) > 0",
        )
    ),
    "array_histogram": Macro(
        bound(
            "a",
            "map_from_entries(list_transform(list_filter(t_array_distinct(a), "
            "lambda t_k: t_k IS NOT NULL), lambda t_k: row(t_k, "
            "len(list_filter(a, lambda t_e: t_e IS NOT DISTINCT FROM t_k)))))",
        )
    ),
    "combinations": Macro(
        bound(
            "a, n",
            "list_transform(t_combination_indices(len(a), CAST(n AS BIGINT)), "
            "lambda t_g: list_select(a, t_g))",
        )
    ),
    "ngrams": Macro(
        _bound_strict(
            "a, n",
            _refuse("n <= 0", "'N must be positive'")
            + "ELSE list_transform(range(1, len(a) - least(len(a), n) + 2), "
            "lambda t_i: a[t_i:t_i + least(len(a), n) - 1])",
        )
    ),
    "shuffle": Macro(
        "(a) AS list_select(a, list_grade_up(list_transform(a, lambda t_e: random())))"
    ),
    "step": private("(a, b) AS CASE WHEN a <= b THEN 1 ELSE -1 END"),
    "months": private("(i) AS datepart('year', i) * 12 + datepart('month', i)"),
    "sequence_integers": private(_strict("a, b, s", _STEP + "ELSE t_series(a, b, s)")),
    "sequence_dates": private(
        _bound_strict(
            "a, b, s",
            _refuse(_PASSED, _STEP_SIGN)
            + "WHEN t_months(s) <> 0 THEN list_transform("
            "t_sequence_integers(0, datesub('month', a, b), t_months(s)), "
            "lambda t_n: CAST(a + to_months(CAST(t_n AS INTEGER)) AS DATE)) "
            + _refuse(
                f"epoch_us(s) % {_DAY} <> 0",
                "'sequence step must be a day interval if start and end values are dates'",
            )
            + f"ELSE list_transform(t_sequence_integers(0, b - a, epoch_us(s) // {_DAY}), "
            "lambda t_n: CAST(a + to_days(CAST(t_n AS INTEGER)) AS DATE))",
        )
    ),
    # Trino counts months by milliseconds.
    "sequence_timestamps": private(
        _bound_strict(
            "a, b, s",
            _refuse(_PASSED, _STEP_SIGN)
            + "WHEN t_months(s) <> 0 THEN list_transform("
            "t_sequence_integers(0, datesub('month', date_trunc('millisecond', a), "
            "date_trunc('millisecond', b)), t_months(s)), "
            "lambda t_n: a + to_months(CAST(t_n AS INTEGER))) "
            "ELSE list_transform(t_sequence_integers(0, epoch_us(b) - epoch_us(a), epoch_us(s)), "
            "lambda t_n: a + to_microseconds(t_n))",
        )
    ),
}  # fmt: skip


def combination_indices(length: int, size: int) -> list[list[int]]:
    """The one-based places of every group of `size`, in the order in which Trino counts them."""
    if size < 0:
        fail("INVALID_FUNCTION_ARGUMENT", f"combination size must not be negative: {size}")
    if size > 5:
        fail("INVALID_FUNCTION_ARGUMENT", f"combination size must not exceed 5: {size}")
    if comb(length, size) * size > 100_000:
        fail("INVALID_FUNCTION_ARGUMENT", "combinations exceed max size")
    groups = combinations(range(1, length + 1), size)
    return [list(group) for group in sorted(groups, key=lambda group: group[::-1])]


def _verdict(row: list[int | None], at: int, other: int) -> int:
    found = row[other]
    if at != other and found not in (-1, 0, 1):
        fail("INVALID_FUNCTION_ARGUMENT", "Lambda comparator must return either -1, 0, or 1")
    return found or 0


def comparator_order(verdicts: list[list[int | None]], same: list[int]) -> list[int]:
    """One-based places in sorted order; `verdicts[i][j]` compares i with j, equals share `same`.

    A comparator that contradicts itself is refused: Trino's result depends on its sort algorithm.
    """
    count = len(same)
    signs = [
        [0 if same[i] == same[j] else _verdict(verdicts[i], i, j) for j in range(count)]
        for i in range(count)
    ]
    ranks = [sum(sign > 0 for sign in row) for row in signs]
    for i in range(count):
        for j in range(count):
            if signs[i][j] != (ranks[i] > ranks[j]) - (ranks[i] < ranks[j]):
                fail("NOT_SUPPORTED", "array_sort with a comparator that contradicts itself")
    return sorted(range(1, count + 1), key=lambda place: ranks[place - 1])


FUNCTIONS = [
    PythonFunction(
        "t_combination_indices", combination_indices, ["BIGINT", "BIGINT"], "BIGINT[][]"
    ),
    PythonFunction(
        "t_comparator_order", comparator_order, ["BIGINT[][]", "BIGINT[]"], "BIGINT[]", refuses=True
    ),
]
