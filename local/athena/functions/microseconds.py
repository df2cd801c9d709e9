"""Macros of timestamp(6): into its carrier, out of it, and its text.

DuckDB's TIMESTAMP_NS carries it, in whole microseconds; what the carrier cannot hold, before 1677 and
after 2262, is refused by name. Source of the rounding: DateTimes of trino-main.
"""

from __future__ import annotations

from local.athena.functions.macro import Macro, private

OUTSIDE = "timestamp(6) before 1677-09-22 or after 2262-04-11"
_ABSENT = "t IS NOT NULL AND TRY_CAST(t AS TIMESTAMP_NS) IS NULL"
_DIGITS = "'([.][0-9]{6})[0-9]*$', '\\1'"

MACROS: dict[str, Macro] = {
    "timestamp_6": private(
        "(t) AS coalesce(TRY_CAST(t AS TIMESTAMP_NS), "
        f"t_refuse({_ABSENT}, concat('{OUTSIDE}: ', t)))"
    ),
    # Half a millisecond goes up, before 1970 too.
    "round_ms": private(
        "(t) AS date_trunc('millisecond', CAST(t AS TIMESTAMP) + INTERVAL 500 MICROSECOND)"
    ),
    "floor_ms": private("(t) AS date_trunc('millisecond', CAST(t AS TIMESTAMP))"),
    # Of a text with up to twelve digits of a second: those after the sixth cut off, or rounded.
    "cut_to_microseconds": private(f"(x) AS CAST(regexp_replace(x, {_DIGITS}) AS TIMESTAMP)"),
    "rounded_to_microseconds": private(
        "(x) AS t_cut_to_microseconds(x) + to_microseconds("
        "CASE WHEN regexp_matches(x, '[.][0-9]{6}[5-9]') THEN 1 ELSE 0 END)"
    ),
    "timestamp_6_to_varchar": private(
        "(t) AS strftime(CAST(t AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%f')"
    ),
    "zoned_6_to_varchar": private(
        "(z) AS strftime(CAST(z AS TIMESTAMPTZ), '%Y-%m-%d %H:%M:%S.%f') || ' UTC'"
    ),
    "rounded_difference": private(
        "(a, b) AS epoch_ms(t_round_ms("
        "TIMESTAMP '1970-01-01' + to_microseconds(epoch_us(a) - epoch_us(b))))"
    ),
    "unix_seconds": private(
        "(d DATE) AS epoch(d), (t TIMESTAMP) AS epoch(t), (z TIMESTAMP WITH TIME ZONE) AS epoch(z), "
        # Java adds what is left of the millisecond
        "(n TIMESTAMP_NS) AS (epoch_us(n) - ((epoch_us(n) % 1000) + 1000) % 1000) // 1000 / 1e3 "
        "+ ((epoch_us(n) % 1000) + 1000) % 1000 / 1e6"
    ),
    # What date_format and format_datetime print: no more than milliseconds.
    "printable": private(
        "(d DATE) AS d, (t TIMESTAMP) AS t, (n TIMESTAMP_NS) AS t_round_ms(n), "
        "(z TIMESTAMP WITH TIME ZONE) AS z"
    ),
}
