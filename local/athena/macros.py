"""DuckDB macros that give a Trino function its value; created once when the engine starts.

A macro cannot take a lambda, DISTINCT, FILTER or ORDER BY: those functions are in `rewrites`.
`t_fail(name, message)` takes the type of its surroundings, fails only when it is evaluated (DuckDB
folds constant conditions eagerly, constant values not) and, unlike error(), may stand inside TRY.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Macro:
    """`public` macros carry a Trino function's name; the others are building blocks of casts."""

    definition: str
    returns: str = ""
    public: bool = True


def _private(definition: str) -> Macro:
    return Macro(definition, public=False)


def _integer_cast(duckdb: str, trino: str) -> Macro:
    return _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL "
        f"WHEN regexp_full_match(x, '[+-]?[0-9]+') THEN CAST(x AS {duckdb}) "
        f"ELSE t_fail('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || x || ''' to {trino}') END"
    )


# The planner's series must not be folded: EXPLAIN would print every element.
SERIES = "(a, b, s) AS generate_series(a, b, s)"
UNFOLDED_SERIES = "(a, b, s) AS generate_series(a, b, CASE WHEN random() < 2 THEN s END)"

# Order matters: a macro may only use those above it.
MACROS: dict[str, Macro] = {
    "fail": _private("(n, m) AS [NULL][CAST(concat('@', n, ':', m, '@') AS INTEGER)]"),
    "varchar_to_tinyint": _integer_cast("TINYINT", "TINYINT"),
    "varchar_to_smallint": _integer_cast("SMALLINT", "SMALLINT"),
    "varchar_to_integer": _integer_cast("INTEGER", "INT"),
    "varchar_to_bigint": _integer_cast("BIGINT", "BIGINT"),
    "varchar_to_double": _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, "
        "'[ ]*[+-]?(([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?|NaN|Infinity)[ ]*') "
        "THEN CAST(x AS DOUBLE) "
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
    "varchar_to_timestamp": _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, "
        "'[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{1,3})?)?)?') "
        "THEN CAST(CASE WHEN regexp_full_match(x, '[^:]+:[0-9]{1,2}') THEN x || ':00' ELSE x END AS TIMESTAMP) "
        "WHEN regexp_full_match(x, '[0-9]{4,}-[0-9-]+ [0-9:]+[.][0-9]{4,12}') "
        "THEN t_round_ms(CAST(x AS TIMESTAMP)) "
        "ELSE t_fail('INVALID_CAST_ARGUMENT', 'Value cannot be cast to timestamp: ' || x) END"
    ),
    "varchar_to_boolean": _private(
        "(x) AS CASE WHEN lower(x) IN ('t', 'true', '1') THEN true "
        "WHEN lower(x) IN ('f', 'false', '0') THEN false WHEN x IS NULL THEN NULL "
        "ELSE t_fail('INVALID_CAST_ARGUMENT', 'Cannot cast ''' || x || ''' to BOOLEAN') END"
    ),
    "timestamp_to_varchar": _private(
        "(x) AS strftime(CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')"
    ),
    "zoned_to_varchar": _private("(x) AS strftime(x, '%Y-%m-%d %H:%M:%S.%g') || ' UTC'"),
    "round_ms": _private(
        "(t) AS to_milliseconds(CAST(round(epoch_us(t) / 1e3) AS BIGINT)) + TIMESTAMP '1970-01-01'"
    ),
    "json_refuse": _private(
        "(j, n) AS t_fail('INVALID_CAST_ARGUMENT', concat('Cannot cast ', CAST(j AS VARCHAR), ' to ', n))"
    ),
    "json_to_varchar": _private(
        "(j) AS CASE coalesce(json_type(j), 'NULL') WHEN 'NULL' THEN NULL "
        "WHEN 'DOUBLE' THEN t_double_to_varchar(CAST(json_extract_string(j, '$') AS DOUBLE)) "
        "WHEN 'OBJECT' THEN t_json_refuse(j, 'varchar') WHEN 'ARRAY' THEN t_json_refuse(j, 'varchar') "
        "ELSE json_extract_string(j, '$') END"
    ),
    "json_to_bigint": _private(
        "(j) AS CASE coalesce(json_type(j), 'NULL') WHEN 'NULL' THEN NULL "
        "WHEN 'BOOLEAN' THEN CASE WHEN json_extract_string(j, '$') = 'true' THEN 1 ELSE 0 END "
        "WHEN 'DOUBLE' THEN CAST(round(CAST(json_extract_string(j, '$') AS DOUBLE)) AS BIGINT) "
        "WHEN 'OBJECT' THEN t_json_refuse(j, 'bigint') "
        "WHEN 'ARRAY' THEN t_json_refuse(j, 'bigint') "
        "ELSE t_varchar_to_bigint(json_extract_string(j, '$')) END"
    ),
    "json_to_double": _private(
        "(j) AS CASE coalesce(json_type(j), 'NULL') WHEN 'NULL' THEN NULL "
        "WHEN 'BOOLEAN' THEN CASE WHEN json_extract_string(j, '$') = 'true' THEN 1.0e0 ELSE 0.0e0 END "
        "WHEN 'OBJECT' THEN t_json_refuse(j, 'double') "
        "WHEN 'ARRAY' THEN t_json_refuse(j, 'double') "
        "ELSE t_varchar_to_double(json_extract_string(j, '$')) END"
    ),
    "json_to_boolean": _private(
        "(j) AS CASE coalesce(json_type(j), 'NULL') WHEN 'NULL' THEN NULL "
        "WHEN 'OBJECT' THEN t_json_refuse(j, 'boolean') "
        "WHEN 'ARRAY' THEN t_json_refuse(j, 'boolean') "
        "WHEN 'VARCHAR' THEN t_varchar_to_boolean(json_extract_string(j, '$')) "
        "WHEN 'BOOLEAN' THEN json_extract_string(j, '$') = 'true' "
        "ELSE CAST(json_extract_string(j, '$') AS DOUBLE) <> 0 END"
    ),
    "plus_interval": _private(
        "(d DATE, i) AS CAST(d + i AS DATE), (t TIMESTAMP, i) AS t + i, "
        "(z TIMESTAMP WITH TIME ZONE, i) AS z + i"
    ),
    "minus_interval": _private(
        "(d DATE, i) AS CAST(d - i AS DATE), (t TIMESTAMP, i) AS t - i, "
        "(z TIMESTAMP WITH TIME ZONE, i) AS z - i"
    ),
    "now": _private("() AS date_trunc('millisecond', now())"),
    "json_or_null": _private(
        "(x) AS CASE WHEN json_valid(CAST(x AS VARCHAR)) THEN CAST(CAST(x AS VARCHAR) AS JSON) END"
    ),
    "json_scalar": _private(
        "(j, p) AS CASE coalesce(json_type(j, p), 'NULL') WHEN 'NULL' THEN NULL WHEN 'OBJECT' THEN NULL "
        "WHEN 'ARRAY' THEN NULL WHEN 'DOUBLE' THEN t_json_raw_number(CAST(j AS VARCHAR), p) "
        "ELSE json_extract_string(j, p) END"
    ),
    "json_array_length": _private(
        "(j) AS CASE WHEN json_type(j) = 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) END"
    ),
    "json_size": _private(
        "(j) AS CASE json_type(j) WHEN 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) "
        "WHEN 'OBJECT' THEN CAST(len(json_keys(j)) AS BIGINT) WHEN NULL THEN NULL "
        "ELSE CASE WHEN j IS NULL THEN NULL ELSE CAST(0 AS BIGINT) END END"
    ),
    "json_parse": _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL WHEN json_valid(x) THEN CAST(t_json_canonical(x) AS JSON) "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', concat('Cannot convert value to JSON: ''', x, '''')) END"
    ),
    "json_parse_unordered": _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL WHEN json_valid(x) THEN CAST(x AS JSON) "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', concat('Cannot convert value to JSON: ''', x, '''')) END"
    ),
    "from_iso8601_instant": _private(
        "(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}"
        "(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?') "
        "THEN date_trunc('millisecond', CAST(x AS TIMESTAMP WITH TIME ZONE)) "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', concat('Invalid format: ', x)) END"
    ),
    "from_iso8601_timestamp": _private(
        "(x) AS CASE WHEN regexp_matches(x, 'T.*[+-]') AND NOT regexp_matches(x, 'T.*[+-]00(:?00)?$') "
        "THEN t_fail('NOT_SUPPORTED', 'a timestamp outside UTC as a value: put AT TIME ZONE around it') "
        "ELSE t_from_iso8601_instant(x) END"
    ),
    "map_of_pairs": _private(
        "(l) AS map_from_entries(list_filter(l, lambda e: struct_extract_at(e, 1) IS NOT NULL))"
    ),
    "any_match": _private(
        "(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN true "
        "WHEN list_count(l) < len(l) THEN NULL ELSE false END"
    ),
    "all_match": _private(
        "(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, false) THEN false "
        "WHEN list_count(l) < len(l) THEN NULL ELSE true END"
    ),
    "none_match": _private(
        "(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN false "
        "WHEN list_count(l) < len(l) THEN NULL ELSE true END"
    ),
    "contains": _private(
        "(l, x) AS CASE WHEN l IS NULL OR x IS NULL THEN NULL WHEN list_contains(l, x) THEN true "
        "WHEN list_count(l) < len(l) THEN NULL ELSE false END"
    ),
    "regexp_group": _private(
        "(s, p, g, found) AS CASE WHEN found = '' THEN t_python_group(s, p, CAST(g AS INTEGER)) "
        "ELSE found END"
    ),
    "list_item": _private(
        "(a, i) AS CASE WHEN a IS NULL OR i IS NULL THEN NULL WHEN i > 0 AND i <= len(a) THEN a[i] "
        "WHEN i = 0 THEN t_fail('INVALID_FUNCTION_ARGUMENT', 'SQL array indices start at 1') "
        "WHEN i < 0 THEN t_fail('INVALID_FUNCTION_ARGUMENT', 'Array subscript is negative: ' || i) "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', concat('Array subscript must be less than or equal to "
        "array length: ', i, ' > ', len(a))) END"
    ),
    "map_item": _private(
        "(m, k) AS CASE WHEN m IS NULL OR k IS NULL THEN NULL WHEN map_contains(m, k) THEN m[k] "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', concat('Key not present in map: ', k)) END"
    ),
    "step": _private("(a, b) AS CASE WHEN a <= b THEN 1 ELSE -1 END"),
    "divide_double": _private("(a, b) AS CAST(a AS DOUBLE) / CAST(b AS DOUBLE)"),
    "unscaled": _private("(d) AS CAST(replace(CAST(d AS VARCHAR), '.', '') AS HUGEINT)"),
    "divide_unscaled": _private(
        "(a, b, f) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN b = 0 THEN t_fail('DIVISION_BY_ZERO', 'Division by zero') ELSE "
        "((2 * abs(a) * f + abs(b)) // (2 * abs(b))) * (CASE WHEN (a < 0) <> (b < 0) THEN -1 ELSE 1 END) END"
    ),
    "e": Macro("() AS exp(1e0)", "double"),
    "nan": Macro("() AS CAST('NaN' AS DOUBLE)", "double"),
    "infinity": Macro("() AS CAST('Infinity' AS DOUBLE)", "double"),
    "bitwise_and": Macro("(a, b) AS CAST(a & b AS BIGINT)", "bigint"),
    "bitwise_or": Macro("(a, b) AS CAST(a | b AS BIGINT)", "bigint"),
    "bitwise_xor": Macro("(a, b) AS CAST(xor(a, b) AS BIGINT)", "bigint"),
    "bitwise_not": Macro("(a) AS CAST(~CAST(a AS BIGINT) AS BIGINT)", "bigint"),
    "width_bucket": Macro(
        "(x, lo, hi, n) AS CASE WHEN x < lo THEN 0 WHEN x >= hi THEN n + 1 "
        "ELSE CAST(floor(n * ((x - lo) / (hi - lo))) AS BIGINT) + 1 END",
        "bigint",
    ),
    "chr": Macro("(n) AS chr(CAST(n AS INTEGER))", "varchar"),
    "codepoint": Macro("(s) AS unicode(s)", "integer"),
    "lpad": Macro("(s, n, p) AS lpad(s, CAST(n AS INTEGER), p)", "varchar"),
    "rpad": Macro("(s, n, p) AS rpad(s, CAST(n AS INTEGER), p)", "varchar"),
    "ltrim": Macro("(s) AS regexp_replace(s, '^\\s+', '')", "varchar"),
    "rtrim": Macro("(s) AS regexp_replace(s, '\\s+$', '')", "varchar"),
    "hamming_distance": Macro("(a, b) AS hamming(a, b)", "bigint"),
    "levenshtein_distance": Macro(
        "(a, b) AS CASE WHEN strlen(a) = length(a) AND strlen(b) = length(b) THEN levenshtein(a, b) "
        "WHEN a IS NULL OR b IS NULL THEN NULL "
        "ELSE t_fail('NOT_SUPPORTED', 'levenshtein_distance outside ASCII') END",
        "bigint",
    ),
    "strpos": Macro("(s, p) AS CAST(strpos(s, p) AS BIGINT)", "bigint"),
    "substr": Macro(
        "(s, f) AS CASE WHEN f > 0 THEN substr(s, f) WHEN f < 0 AND -f <= length(s) "
        "THEN substr(s, length(s) + f + 1) WHEN s IS NULL OR f IS NULL THEN NULL ELSE '' END, "
        "(s, f, n) AS CASE WHEN s IS NULL OR f IS NULL OR n IS NULL THEN NULL WHEN n <= 0 THEN '' "
        "WHEN f > 0 THEN substr(s, f, n) WHEN f < 0 AND -f <= length(s) "
        "THEN substr(s, length(s) + f + 1, n) ELSE '' END",
        "varchar",
    ),
    "replace": Macro("(s, p) AS replace(s, p, ''), (s, p, r) AS replace(s, p, r)", "varchar"),
    "split_part": Macro(
        "(s, d, i) AS CASE WHEN i > 0 THEN string_split(s, d)[i] WHEN i IS NULL OR s IS NULL THEN NULL "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', 'Index must be greater than zero') END",
        "varchar",
    ),
    "normalize": Macro("(s) AS nfc_normalize(s)", "varchar"),
    "md5": Macro("(b) AS unhex(md5(CAST(b AS BLOB)))", "varbinary"),
    "sha1": Macro("(b) AS unhex(sha1(CAST(b AS BLOB)))", "varbinary"),
    "sha256": Macro("(b) AS unhex(sha256(CAST(b AS BLOB)))", "varbinary"),
    "to_hex": Macro("(b) AS hex(CAST(b AS BLOB))", "varchar"),
    "regexp_like": Macro("(s, p) AS regexp_matches(s, p)", "boolean"),
    "regexp_count": Macro("(s, p) AS CAST(len(regexp_extract_all(s, p)) AS BIGINT)", "bigint"),
    "date_diff": Macro(
        "(u, a DATE, b DATE) AS datesub(lower(u), a, b), "
        "(u, a TIMESTAMP, b TIMESTAMP) AS datesub(lower(u), a, b), "
        "(u, a TIMESTAMP WITH TIME ZONE, b TIMESTAMP WITH TIME ZONE) AS datesub(lower(u), a, b), "
        "(u, a DATE, b TIMESTAMP) AS datesub(lower(u), CAST(a AS TIMESTAMP), b), "
        "(u, a TIMESTAMP, b DATE) AS datesub(lower(u), a, CAST(b AS TIMESTAMP)), "
        "(u, a TIMESTAMP, b TIMESTAMP WITH TIME ZONE) "
        "AS datesub(lower(u), CAST(a AS TIMESTAMP WITH TIME ZONE), b), "
        "(u, a TIMESTAMP WITH TIME ZONE, b TIMESTAMP) "
        "AS datesub(lower(u), a, CAST(b AS TIMESTAMP WITH TIME ZONE))",
        "bigint",
    ),
    "date_trunc": Macro(
        "(u, d DATE) AS CAST(date_trunc(u, d) AS DATE), (u, t TIMESTAMP) AS date_trunc(u, t), "
        "(u, z TIMESTAMP WITH TIME ZONE) AS date_trunc(u, z)"
    ),
    **{
        name: Macro(f"(x) AS {part}", "bigint")
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
    "last_day_of_month": Macro("(x) AS last_day(x)", "date"),
    "from_unixtime": Macro(
        "(x) AS to_timestamp(round(CAST(x AS DOUBLE), 3))", "timestamp with time zone"
    ),
    "from_iso8601_date": Macro("(s) AS t_varchar_to_date(s)", "date"),
    "to_iso8601": Macro(
        "(d DATE) AS strftime(d, '%Y-%m-%d'), (t TIMESTAMP) AS strftime(t, '%Y-%m-%dT%H:%M:%S.%g'), "
        "(z TIMESTAMP WITH TIME ZONE) AS strftime(z, '%Y-%m-%dT%H:%M:%S.%gZ')",
        "varchar",
    ),
    "array_max": Macro("(a) AS CASE WHEN list_count(a) < len(a) THEN NULL ELSE list_max(a) END"),
    "array_min": Macro("(a) AS CASE WHEN list_count(a) < len(a) THEN NULL ELSE list_min(a) END"),
    "array_position": Macro(
        "(a, x) AS CASE WHEN a IS NULL OR x IS NULL THEN NULL "
        "ELSE CAST(coalesce(list_position(a, x), 0) AS BIGINT) END",
        "bigint",
    ),
    "array_join": Macro(
        "(a, d) AS array_to_string(a, d), "
        "(a, d, n) AS array_to_string(list_transform(a, lambda e: coalesce(CAST(e AS VARCHAR), n)), d)",
        "varchar",
    ),
    "slice": Macro(
        "(a, f, n) AS CASE WHEN a IS NULL OR f IS NULL OR n IS NULL THEN NULL WHEN f > 0 THEN a[f:f + n - 1] "
        "WHEN f < 0 AND -f > len(a) THEN a[1:0] WHEN f < 0 THEN a[len(a) + f + 1:len(a) + f + n] "
        "ELSE t_fail('INVALID_FUNCTION_ARGUMENT', 'SQL array indices start at 1') END"
    ),
    "great_circle_distance": Macro(
        # Trino's GeoFunctions: Vincenty on a sphere of 6371.01 km.
        "(a, b, c, d) AS 6371.01e0 * atan2(sqrt("
        "pow(cos(radians(c)) * sin(radians(b) - radians(d)), 2) + pow(cos(radians(a)) * sin(radians(c))"
        " - sin(radians(a)) * cos(radians(c)) * cos(radians(b) - radians(d)), 2)), "
        "sin(radians(a)) * sin(radians(c))"
        " + cos(radians(a)) * cos(radians(c)) * cos(radians(b) - radians(d)))",
        "double",
    ),
}


def definitions(series: str = SERIES) -> list[str]:
    """The CREATE MACRO statements in the order they can be run."""
    made = {**{name: m.definition for name, m in MACROS.items()}, "series": series}
    return [f"CREATE MACRO t_{name}{definition}" for name, definition in made.items()]
