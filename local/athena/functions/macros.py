"""DuckDB macros that give a Trino function its value; created once when the engine starts.

A macro cannot take a lambda, DISTINCT, FILTER or ORDER BY: those functions are in `rewrites`.
`t_fail(name, message)` takes the type of its surroundings, fails only when it is evaluated (DuckDB
folds constant conditions eagerly, constant values not) and, unlike error(), may stand inside TRY.
`t_refuse(condition, message)` is the same for NOT_SUPPORTED, which TRY must not hide: it repeats the
condition under which it stands, because DuckDB computes constants in branches that are not taken.
Both take their NULL out of a list whose length is computed: of `[NULL][1]` DuckDB knows without looking
that it is NULL, and IS NULL or coalesce around it would answer instead of failing.
"""

from __future__ import annotations

from local.athena.functions import microseconds
from local.athena.functions.array_macros import bound
from local.athena.functions.macro import Macro
from local.athena.functions.macro import private as _private
from local.athena.sql.intervals import part_of


def _integer_cast(duckdb: str, trino: str) -> Macro:
    return _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL "
        f"WHEN regexp_full_match(x, '[+-]?[0-9]+') THEN CAST(x AS {duckdb}) "
        f"ELSE t_fail('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || x || ''' to {trino}') END"
    )


_HOUR_AND_MINUTE = "([01]?[0-9]|2[0-3]):[0-5]?[0-9]"


def _timestamp_cast(digits: int, rounded: str, whole: str, spare: str) -> Macro:
    """From varchar: `whole` for a fraction of up to `digits` digits, `rounded` for one of more."""
    plain = "CAST(CASE WHEN regexp_full_match(x, '[^:]+:[0-9]{1,2}') THEN x || ':00' ELSE x END AS TIMESTAMP)"
    return _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}"
        f"( {_HOUR_AND_MINUTE}(:[0-5]?[0-9]([.][0-9]{{1,{digits}}})?)?)?') "
        f"THEN {whole.format(whole=plain)} "
        f"WHEN regexp_full_match(x, '[0-9]{{4,}}-[0-9-]+ {_HOUR_AND_MINUTE}:[0-5]?[0-9][.]{spare}') "
        f"THEN {rounded} "
        "ELSE t_fail('INVALID_CAST_ARGUMENT', 'Value cannot be cast to timestamp: ' || x) END"
    )


# The planner's series must not be folded: EXPLAIN would print every element.
SERIES = "(a, b, s) AS generate_series(a, b, s)"
UNFOLDED_SERIES = (
    "(a, b, s) AS generate_series(a, b, CASE WHEN now() > TIMESTAMPTZ '2000-01-01' THEN s END)"
)

# Twice as much and once more are less than HUGEINT's 1.7 * 10^38.
_ROOM = 40_000_000_000_000_000_000_000_000_000_000_000_000


def _average() -> str:
    """(h * 10^19 + l) / n, half away from zero, though the sum itself may be too large: h / n comes first.

    DuckDB's // cuts towards zero; the rest is made one of rounding down, so that it is never negative.
    """
    ten = "10000000000000000000"
    lower = f"((h % n) * {ten} + l)"
    rest = f"(({lower} % n + n) % n)"
    whole = f"((h // n) * {ten} + ({lower} - {rest}) // n)"
    up = f"{rest} > n - {rest} OR {rest} = n - {rest} AND {whole} >= 0"
    return f"{whole} + CASE WHEN {up} THEN 1 ELSE 0 END"


_TIMES = "(x DATE) AS {part}, (x TIMESTAMP) AS {part}, (x TIMESTAMP WITH TIME ZONE) AS {part}"

# Order matters: a macro may only use those above it.
MACROS: dict[str, Macro] = {
    "fail": _private(
        "(n, m) AS list_resize([NULL], CAST(concat('@', n, ':', m, '@') AS INTEGER))[1]"
    ),
    "refuse": _private("(c, m) AS list_resize([NULL], t_refused(c, m))[1]"),
    **microseconds.MACROS,
    "varchar_to_tinyint": _integer_cast("TINYINT", "TINYINT"),
    "varchar_to_smallint": _integer_cast("SMALLINT", "SMALLINT"),
    "varchar_to_integer": _integer_cast("INTEGER", "INT"),
    "varchar_to_bigint": _integer_cast("BIGINT", "BIGINT"),
    "varchar_to_double": _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, "
        "'[ ]*[+-]?(([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?[dDfF]?|NaN|Infinity)[ ]*') "
        "THEN CAST(rtrim(rtrim(x), 'dDfF') AS DOUBLE) "
        "WHEN regexp_full_match(x, '[ ]*[+-]?0[xX][0-9a-fA-F.]+[pP][+-]?[0-9]+[dDfF]?[ ]*') "
        "THEN t_refuse(x LIKE '%0x%' OR x LIKE '%0X%', 'a hexadecimal number in a text: ' || x) "
        "ELSE t_fail('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || x || ''' to DOUBLE') END"
    ),
    "varchar_to_number_text": _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL "
        "WHEN regexp_full_match(x, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?') THEN x "
        "ELSE t_fail('INVALID_CAST_ARGUMENT', 'Cannot cast VARCHAR ''' || x || ''' to DECIMAL') END"
    ),
    "varchar_to_date": _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL "
        "WHEN regexp_full_match(x, '[ ]*[+-]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}[ ]*') THEN CAST(x AS DATE) "
        "ELSE t_fail('INVALID_CAST_ARGUMENT', 'Value cannot be cast to date: ' || x) END"
    ),
    "varchar_to_timestamp": _timestamp_cast(
        3, "t_round_ms(t_cut_to_microseconds(x))", "{whole}", "[0-9]{4,12}"
    ),
    "varchar_to_timestamp_6": _timestamp_cast(
        6, "t_timestamp_6(t_rounded_to_microseconds(x))", "t_timestamp_6({whole})", "[0-9]{7,12}"
    ),
    "varchar_to_boolean": _private(
        "(x) AS CASE WHEN lower(x) IN ('t', 'true', '1') THEN true "
        "WHEN lower(x) IN ('f', 'false', '0') THEN false WHEN x IS NULL THEN NULL "
        "ELSE t_fail('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || x || ''' to BOOLEAN') END"
    ),
    # DuckDB counts years before Christ as people do, Trino as astronomers.
    "date_to_varchar": _private(
        "(x) AS CASE WHEN x < DATE '0001-01-01' THEN t_refuse(x < DATE '0001-01-01', "
        "'the text of a date before year 1') ELSE CAST(x AS VARCHAR) END"
    ),
    "timestamp_to_varchar": _private(
        "(x) AS strftime(CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')"
    ),
    "zoned_to_varchar": _private("(x) AS strftime(x, '%Y-%m-%d %H:%M:%S.%g') || ' UTC'"),
    "now": _private("() AS date_trunc('millisecond', now())"),
    "divide_double": _private("(a, b) AS CAST(a AS DOUBLE) / CAST(b AS DOUBLE)"),
    "unscaled": _private("(d) AS CAST(replace(CAST(d AS VARCHAR), '.', '') AS HUGEINT)"),
    "by_digits": _private(
        "(o, a, b, j, k) AS CAST(t_calculate(o, CAST(a AS VARCHAR), CAST(b AS VARCHAR), j, k) AS HUGEINT)"
    ),
    "divide_unscaled": _private(
        "(a, b, f, k) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL "
        "WHEN b = 0 THEN t_fail('DIVISION_BY_ZERO', 'Division by zero') "
        f"WHEN abs(a) > {_ROOM} // f OR abs(b) > {_ROOM} THEN t_by_digits('/', a, b, k, 0) ELSE "
        "((2 * abs(a) * f + abs(b)) // (2 * abs(b))) * (CASE WHEN (a < 0) <> (b < 0) THEN -1 ELSE 1 END) END"
    ),
    "average_unscaled": _private(bound("h, l, n", _average())),
    "e": Macro("() AS exp(1e0)", "double"),
    "nan": Macro("() AS CAST('NaN' AS DOUBLE)", "double"),
    "infinity": Macro("() AS CAST('Infinity' AS DOUBLE)", "double"),
    "bitwise_and": Macro("(a, b) AS CAST(a & b AS BIGINT)", "bigint"),
    "bitwise_or": Macro("(a, b) AS CAST(a | b AS BIGINT)", "bigint"),
    "bitwise_xor": Macro("(a, b) AS CAST(xor(a, b) AS BIGINT)", "bigint"),
    "bitwise_not": Macro("(a) AS CAST(~CAST(a AS BIGINT) AS BIGINT)", "bigint"),
    "split_part": Macro(
        "(s, d, i) AS CASE WHEN i IS NULL OR s IS NULL OR d IS NULL THEN NULL "
        "WHEN i > 0 THEN string_split(s, d)[i] "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', 'Index must be greater than zero') END",
        "varchar",
    ),
    **{
        name: Macro(f"{_TIMES.format(part=part)}{part_of(name)}", "bigint")
        for name, part in {
            "year": "year(x)",
            "month": "month(x)",
            "day": "day(x)",
            "day_of_month": "day(x)",
            "hour": "hour(x)",
            "minute": "minute(x)",
            "second": "second(x)",
            "millisecond": "millisecond(x) % 1000",
            "quarter": "quarter(x)",
            "week": "week(x)",
            "week_of_year": "week(x)",
            "day_of_week": "isodow(x)",
            "dow": "isodow(x)",
            "day_of_year": "dayofyear(x)",
            "doy": "dayofyear(x)",
            "year_of_week": "isoyear(x)",
            "yow": "isoyear(x)",
        }.items()
    },
    "to_iso8601": Macro(
        "(d DATE) AS strftime(d, '%Y-%m-%d'), (t TIMESTAMP) AS strftime(t, '%Y-%m-%dT%H:%M:%S.%g'), "
        "(n TIMESTAMP_NS) AS strftime(CAST(n AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%f'), "
        "(z TIMESTAMP WITH TIME ZONE) AS strftime(z, '%Y-%m-%dT%H:%M:%S.%gZ')",
        "varchar",
    ),
}
