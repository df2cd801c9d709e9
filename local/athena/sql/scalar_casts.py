"""CAST between scalar types other than JSON, as DuckDB expressions with Trino's rounding and failures.

Sources: DecimalCasts, DoubleOperators, RealOperators, VarcharOperators and BigintOperators of
trino-main. What Trino can cast and this cannot is refused by name, the rest is a TYPE_MISMATCH.
"""

from __future__ import annotations

from typing import Any

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.exponents import double_to_varchar, real_to_varchar, to_real
from local.athena.functions.macro import Macro, private
from local.athena.functions.scalars import PythonFunction
from local.athena.sql import zones
from local.athena.sql.nodes import call, cast, raw
from local.athena.sql.types import Type

_NUMBERS = ("tinyint", "smallint", "integer", "bigint", "double", "real", "decimal")
_FROM_VARCHAR = ("tinyint", "smallint", "integer", "bigint", "double", "real", "date", "timestamp",
                 "boolean", "time", "uuid", "timestamp with time zone")  # fmt: skip
_INSTANTS = ("date", "timestamp", "timestamp with time zone")
_TEXTS = {
    "date": "t_date_to_varchar",
    "double": "t_double_cast",
    "real": "t_real_cast",
    "timestamp": "t_timestamp_to_varchar",
    "timestamp with time zone": "t_zoned_to_varchar",
    "time": "t_time_to_varchar",
    "interval day to second": "t_interval_to_varchar",
    "interval year to month": "t_interval_to_varchar",
}
_PLAIN_TEXTS = ("tinyint", "smallint", "integer", "bigint", "boolean", "uuid")
_MOST_DIGITS = 38
# Casts of Trino that are not done here.
_KNOWN = {
    ("varbinary", "uuid"), ("uuid", "varbinary"), ("time", "timestamp"),
    ("time", "timestamp with time zone"),
}  # fmt: skip


def _mismatch(source: Type, target: Type) -> QueryFailed:
    return QueryFailed(
        "TYPE_MISMATCH", f"line 1:1: Cannot cast {source.trino()} to {target.trino()}"
    )


def _decimal_text(node: Any, precision: int, scale: int) -> Any:
    """DuckDB writes no zero before the point where the type has no digit there."""
    if precision > scale:
        return cast(node, "VARCHAR")
    if precision < _MOST_DIGITS:
        return cast(cast(node, f"DECIMAL({precision + 1},{scale})"), "VARCHAR")
    return call("regexp_replace", cast(node, "VARCHAR"), r"^(-?)\.", r"\10.")


def to_varchar(node: Any, source: Type, target: Type) -> Any:
    """A number or time too long for varchar(n) fails; only text is cut."""
    if target.name == "char":
        raise NotSupported("CAST to char: use varchar")
    if source.name == "varchar":
        return call("substr", node, 1, target.numbers[0]) if target.numbers else node
    if source.name == "char" and source.numbers:
        padded = call("rpad", call("rtrim", node, " "), source.numbers[0], " ")
        return call("substr", padded, 1, target.numbers[0]) if target.numbers else padded
    if source.zone:
        text = zones.text(node, source)
    elif source.has_microseconds:
        text = call(_TEXTS[source.name].replace("_to_", "_6_to_"), node)
    elif source.name in _TEXTS:
        text = call(_TEXTS[source.name], node)
    elif source.name == "decimal":
        text = _decimal_text(node, *source.numbers)
    elif source.name in _PLAIN_TEXTS:
        text = cast(node, "VARCHAR")
    elif source.name in ("char", "ipaddress", "time with time zone") or "interval" in source.name:
        raise NotSupported(f"CAST from {source.trino()} to varchar")
    else:
        raise _mismatch(source, target)
    return call("t_fitting", text, target.numbers[0]) if target.numbers else text


def convert(node: Any, source: Type, target: Type) -> Any:
    if target.name in ("time with time zone", "ipaddress") or source.name == "char":
        raise NotSupported(f"CAST from {source.trino()} to {target.trino()}")
    if source.name == "varchar":
        return _from_varchar(node, target)
    if source.name in _NUMBERS and target.name in _NUMBERS:
        return _number(node, source, target)
    if {source.name, target.name} <= {*_NUMBERS, "boolean"}:
        return cast(node, target.duckdb())
    if source.name == "timestamp" and target.name == "time":
        node = call("t_of_clock", cast(node, "TIMESTAMP"))
        source = Type("timestamp", (6,)) if source.has_microseconds else source
    if source.name in _INSTANTS and target.name in (*_INSTANTS, "time"):
        return _instant(node, source, target)
    if (source.name, target.name) in _KNOWN:
        raise NotSupported(f"CAST from {source.trino()} to {target.trino()}")
    raise _mismatch(source, target)


def _instant(node: Any, source: Type, target: Type) -> Any:
    """From microseconds to milliseconds rounded half up; to microseconds as far as these reach."""
    if source.name == "date" and target.name == "time":
        raise _mismatch(source, target)
    if source.zone:
        return _in_zone(node, source, target)
    if target.has_microseconds:
        return _microseconds(node, source, target)
    if source.has_microseconds and target.name != "date":
        node = call("t_round_ms", _whole(node, source))
    elif target.name == "time":
        node = cast(node, "TIMESTAMP")
    return cast(node, target.duckdb())


def _in_zone(node: Any, source: Type, target: Type) -> Any:
    """What the clock shows there; a cast to a timestamp with time zone keeps the zone."""
    if target.name != source.name:
        return _instant(zones.local(node, source), Type("timestamp"), target)
    if target.has_microseconds:
        raise NotSupported(f"CAST from a time zone other than UTC to {target.trino()}")
    return node


def _whole(node: Any, source: Type) -> Any:
    """DuckDB's TIMESTAMP of any instant: it has no direct cast from zoned nanoseconds."""
    if source.has_microseconds and source.name != "timestamp":
        node = cast(node, "TIMESTAMPTZ")
    return cast(node, "TIMESTAMP")


def _microseconds(node: Any, source: Type, target: Type) -> Any:
    made = call("t_timestamp_6", _whole(node, source))
    return made if target.name == "timestamp" else cast(made, target.duckdb())


def _number(node: Any, source: Type, target: Type) -> Any:
    floating = source.name in ("double", "real")
    if floating and target.name == "decimal":
        return cast(cast(node, "VARCHAR"), target.duckdb())  # rounds the shortest decimal text
    if source.name == "real" and target.name == "bigint":
        return call("t_real_to_bigint", node)
    if floating and target.is_integer:
        return cast(call("round", cast(node, "DOUBLE")), target.duckdb())
    if source.name == "double" and target.name == "real":
        return call("t_to_real", node)
    if source.name == "decimal" and target.name in ("double", "real"):
        return _floating(node, source, target)
    return cast(node, target.duckdb())


def _floating(node: Any, source: Type, target: Type) -> Any:
    """The nearest number up to 15 digits; up to 18 Trino divides the rounded digits by 10^scale."""
    precision, scale = source.numbers
    if precision > 18:
        text = cast(node, "VARCHAR")
        return call("t_text_to_real", text) if target.name == "real" else cast(text, "DOUBLE")
    digits = cast(cast(call("t_unscaled", node), "BIGINT"), target.duckdb())
    return call("t_divided", digits, cast(raw("1" + "0" * scale), target.duckdb()))


def _from_varchar(node: Any, target: Type) -> Any:
    if target.name == "decimal":
        return cast(call("t_varchar_to_number_text", node), target.duckdb())
    if target.name == "varbinary":
        return call("encode", node)
    if target.has_microseconds:
        if target.name != "timestamp":
            raise NotSupported(f"CAST from varchar to {target.trino()}: cast to timestamp(6)")
        return call("t_varchar_to_timestamp_6", call("t_without_zone", node))
    if target.name == "timestamp":
        return call("t_varchar_to_timestamp", call("t_without_zone", node))
    if target.name in _FROM_VARCHAR:
        return call(f"t_varchar_to_{target.name.replace(' ', '_')}", node)
    raise _mismatch(Type("varchar"), target)


_INVALID_TIME = "t_fail('INVALID_CAST_ARGUMENT', 'Value cannot be cast to time: ' || x)"
_DATE_AND_TIME = (
    "[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{1,12})?)?)?"
)
_ZONE = f"regexp_full_match(x, '{_DATE_AND_TIME} ?([A-Z][A-Za-z_/][A-Za-z_/][A-Za-z_/]+|[+-][0-9:]*[1-9][0-9:]*)')"
_CLOCK_ZONE = f"regexp_full_match(x, '{_DATE_AND_TIME} ?(UTC|Z|[+-][0-9]{{2}}:[0-9]{{2}}) *')"
# Said once more to `t_refuse`: DuckDB may try it on a constant that another branch is for.
_OTHER_ZONE = (
    f"(regexp_full_match(x, '{_DATE_AND_TIME} ?([A-Za-z][A-Za-z0-9_/+-]*|[+-][0-9:]+) *') "
    f"AND NOT {_CLOCK_ZONE})"
)
_OLD_FRACTION = "(x < TIMESTAMP '1970-01-01' AND epoch_us(x) % 1000000 <> 0)"
_FINE = "regexp_full_match(x, '[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}[.][0-9]{4,12}')"
MACROS: dict[str, Macro] = {
    "to_real": private(
        "(x) AS CASE WHEN isfinite(x) AND abs(x) >= 3.4028235677973366e38 "
        "THEN CAST(CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END AS FLOAT) "
        "ELSE CAST(x AS FLOAT) END"
    ),
    "real_to_bigint": private(
        "(x) AS CASE WHEN isnan(x) THEN t_fail('INVALID_CAST_ARGUMENT', 'Cannot cast real NaN to bigint') "
        "WHEN x >= 9223372036854775807e0 THEN 9223372036854775807 "
        "WHEN x <= -9223372036854775808e0 THEN CAST(-9223372036854775808 AS BIGINT) "
        "ELSE CAST(round(CAST(x AS DOUBLE)) AS BIGINT) END"
    ),
    "fitting": private(
        "(x, n) AS CASE WHEN length(x) > n THEN t_fail('INVALID_CAST_ARGUMENT', "
        "concat('Value ', x, ' cannot be represented as varchar(', n, ')')) ELSE x END"
    ),
    "divided": private("(a, b) AS a / b"),
    "time_to_varchar": private(
        "(x) AS strftime(DATE '1970-01-01' + CAST(x AS TIME), '%H:%M:%S.%g')"
    ),
    "varchar_to_time": private(
        "(x) AS CASE WHEN x IS NULL THEN NULL "
        "WHEN regexp_full_match(x, '[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{1,3})?)?') THEN CAST("
        "CASE WHEN regexp_full_match(x, '[0-9]+:[0-9]+') THEN x || ':00' ELSE x END AS TIME) "
        f"WHEN {_FINE} THEN t_refuse({_FINE}, 'a time finer than milliseconds: ' || x) "
        f"ELSE {_INVALID_TIME} END"
    ),
    # Trino is a second off before 1970 where there is a fraction.
    "of_clock": private(
        f"(x) AS CASE WHEN {_OLD_FRACTION} THEN t_refuse({_OLD_FRACTION}, "
        "'CAST to time of a fraction of a second before 1970') ELSE x END"
    ),
    # Trino reads what the clock shows.
    "without_zone": private(
        f"(x) AS CASE WHEN {_CLOCK_ZONE} "
        "THEN regexp_replace(x, ' ?(UTC|Z|[+-][0-9]{2}:[0-9]{2}) *$', '') "
        f"WHEN {_OTHER_ZONE} THEN CAST(t_refuse({_OTHER_ZONE}, 'a zone in a timestamp: ' || x) AS VARCHAR) "
        "ELSE x END"
    ),
    "varchar_to_uuid": private(
        "(x) AS CASE WHEN x IS NULL THEN NULL "
        "WHEN regexp_full_match(x, '[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}') "
        "THEN CAST(x AS UUID) "
        "ELSE t_fail('INVALID_CAST_ARGUMENT', 'Cannot cast value to UUID: ' || x) END"
    ),
    "varchar_to_real": private(
        "(x) AS CASE WHEN isfinite(t_varchar_to_double(x)) AND t_varchar_to_double(x) <> 0 "
        "THEN t_text_to_real(rtrim(trim(x), 'dDfF')) ELSE CAST(t_varchar_to_double(x) AS FLOAT) END"
    ),
    "varchar_to_timestamp_with_time_zone": private(
        "(x) AS CASE WHEN x IS NULL THEN NULL "
        f"WHEN regexp_full_match(x, '{_DATE_AND_TIME}( ?(UTC|Z|[+-]00:00))?') THEN CAST("
        "t_varchar_to_timestamp(regexp_replace(x, ' ?(UTC|Z|[+-]00:00)$', '')) "
        "AS TIMESTAMP WITH TIME ZONE) "
        f"WHEN {_ZONE} THEN t_refuse({_ZONE}, 'a timestamp outside UTC as a value: ' || x) "
        "ELSE t_fail('INVALID_CAST_ARGUMENT', 'Value cannot be cast to timestamp: ' || x) END"
    ),
}
FUNCTIONS = [
    PythonFunction("t_double_cast", double_to_varchar, ["DOUBLE"], "VARCHAR"),
    PythonFunction("t_real_cast", real_to_varchar, ["FLOAT"], "VARCHAR"),
    PythonFunction("t_text_to_real", to_real, ["VARCHAR"], "FLOAT"),
]
