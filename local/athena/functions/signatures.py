"""What kinds of arguments functions take, where DuckDB would convert or knows a function of its own.

An argument is wrapped until its type is known; then the wrapper goes, or the query fails as Trino's
analysis does. Functions whose finish looks at all their types are not listed.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, without_type
from local.athena.functions.arrays import unexpected
from local.athena.sql.coercion import has_map, is_comparable, is_orderable
from local.athena.sql.nodes import call
from local.athena.sql.types import INTEGERS, Type

# argument kinds in order, alternatives with |; `>boolean` is a lambda of that result.
# `any` is not looked at, `orderable` is what `<` compares, `groupable` what DuckDB groups as Trino
# does, `set` an array of such elements. `!` before them: a NULL without a type leaves Trino's type of
# the result open or makes it one that nobody means (`abs(NULL)` is a tinyint), so it is refused.
# Source: https://trino.io/docs/current/functions/list-by-topic.html
_KINDS = """
json_format: json
json_parse: varchar
json_extract: varchar|json
json_extract_scalar: !varchar|json
json_size: varchar|json
json_array_length: varchar|json
json_array_get: varchar|json integer
json_array_contains: varchar|json
is_json_scalar: varchar|json
transform: !array >any
filter: !array >boolean
any_match: array >boolean
all_match: array >boolean
none_match: array >boolean
reduce: array !any
cosine_similarity: map map
zip: array array array array array
zip_with: array array
array_sort: !array
array_min: array
array_distinct: !set
array_union: set set
array_intersect: set set
array_except: !set set
arrays_overlap: ordered ordered
array_histogram: !set
histogram: !groupable
approx_distinct: groupable
shuffle: !array
flatten: !array
cardinality: array|map
ngrams: !array int
combinations: !array int
slice: !array integer integer
trim_array: !array integer
repeat: any int
map: keys array
map_filter: map >boolean
transform_keys: !map
transform_values: !map
map_zip_with: !map !map
map_keys: map
map_values: map
map_entries: map
map_union: map
map_from_entries: !array
multimap_from_entries: !array
split_to_map: varchar varchar varchar
split_to_multimap: varchar varchar varchar
kurtosis: number
skewness: number
count_if: boolean
bool_and: boolean
bool_or: boolean
every: boolean
max: orderable
min: orderable
max_by: any orderable
min_by: any orderable
lag: any integer
lead: any integer
nth_value: any integer
ntile: integer
date: varchar|instant
date_add: varchar integer instant|time
date_diff: varchar
date_format: instant varchar
date_parse: varchar varchar
date_trunc: varchar
format_datetime: instant varchar
from_iso8601_date: varchar
from_iso8601_timestamp: varchar
from_unixtime: number !varchar|integer integer
human_readable_seconds: number
parse_datetime: varchar varchar
parse_duration: varchar
bit_count: integer integer
bitwise_and: integer integer
bitwise_left_shift: !integer int
bitwise_not: integer
bitwise_or: integer integer
bitwise_right_shift: !integer int
bitwise_right_shift_arithmetic: !integer int
bitwise_xor: integer integer
from_base: varchar integer
great_circle_distance: number number number number
round: !number int
to_base: integer integer
truncate: !number integer
width_bucket: number number|array number integer
wilson_interval_lower: integer integer number
wilson_interval_upper: integer integer number
array_join: array varchar varchar
chr: integer
codepoint: varchar
from_base32: varchar|varbinary
from_base64: varchar|varbinary
from_base64url: varchar|varbinary
from_big_endian_32: varbinary
from_big_endian_64: varbinary
from_hex: varchar|varbinary
from_ieee754_32: varbinary
from_ieee754_64: varbinary
from_utf8: varbinary varchar|integer
hamming_distance: varchar varchar
length: varchar|varbinary
levenshtein_distance: varchar varchar
lower: varchar
lpad: varchar|varbinary integer varchar|varbinary
ltrim: varchar varchar
luhn_check: varchar
regexp_count: varchar varchar
regexp_extract: varchar varchar integer
regexp_extract_all: varchar varchar integer
regexp_like: varchar varchar
regexp_position: varchar varchar integer integer
regexp_replace: varchar varchar varchar
regexp_split: varchar varchar
replace: varchar varchar varchar
reverse: !varchar|varbinary|array
rpad: varchar|varbinary integer varchar|varbinary
rtrim: varchar varchar
soundex: varchar
split: varchar varchar integer
split_part: varchar varchar integer
starts_with: varchar varchar
strpos: varchar varchar integer
substr: !varchar|varbinary integer integer
substring: varchar integer integer
to_big_endian_32: integer
to_big_endian_64: integer
to_ieee754_32: number
to_ieee754_64: number
to_utf8: varchar
translate: varchar varchar varchar
upper: varchar
url_decode: varchar
url_encode: varchar
url_extract_fragment: varchar
url_extract_host: varchar
url_extract_parameter: varchar varchar
url_extract_path: varchar
url_extract_port: varchar
url_extract_protocol: varchar
url_extract_query: varchar
abs: !any
ceil: !any
ceiling: !any
floor: !any
sign: !any
sum: !any
avg: !any
random: !any
rand: !any
element_at: !any
sequence: !any !any !step
to_milliseconds: !any
hour: !any
minute: !any
second: !any
millisecond: !any
format: !any
concat_ws: any !any
"""
EXPECTED = {
    name: kinds.split()
    for name, _, kinds in (line.partition(":") for line in _KINDS.strip().split("\n"))
}
# What compares its values: Trino has no such function of values that it cannot compare.
_COMPARING_NAMES = """
array_distinct array_min array_max array_sort array_histogram array_position array_remove array_union
array_intersect array_except arrays_overlap contains contains_sequence histogram map_agg multimap_agg
approx_distinct max min max_by min_by
"""
COMPARING = frozenset(_COMPARING_NAMES.split())
_GROUPS = {
    "integer": INTEGERS,
    "int": ("tinyint", "smallint", "integer"),  # where Trino takes no bigint
    "step": (*INTEGERS, "interval day to second", "interval year to month"),
    "number": (*INTEGERS, "decimal", "double", "real"),
    "varchar": ("varchar", "char"),
    "ordered": ("array",),
    "keys": ("array",),
    "set": ("array",),
    "instant": ("date", "timestamp", "timestamp with time zone"),
}


def expect(node: Any, name: str) -> None:
    """Wrap the arguments of a call whose kinds must be looked at."""
    kinds = EXPECTED.get(name, [])
    if name == "array_min" or (name == "array_sort" and len(node.expressions) == 1):
        kinds = ["ordered" if name == "array_min" else "!ordered"]
    for argument in node.expressions:
        if isinstance(argument, exp.Distinct):
            expect_groupable(argument.expressions, f"{name} of DISTINCT values")
    if name == "from_unixtime" and len(node.expressions) == 2:
        kinds = ["number", "varchar"]
    for argument, kind in zip(list(node.expressions), kinds, strict=False):
        if kind.startswith(">"):
            if not isinstance(argument, exp.Lambda):
                raise unexpected(name, [])
            if kind != ">any":
                _wrap(argument.this, kind[1:], name)
        elif isinstance(argument, exp.Null) and kind.startswith("!"):
            raise without_type(f"{name} of")
        elif kind != "any" and not isinstance(argument, (exp.Null, exp.Order, exp.Lambda)):
            _wrap(argument, kind, name)


def expect_parts(node: Any, name: str, **kinds: str) -> None:
    """The same for a construct that has a syntax of its own; a kind for each of its parts."""
    for part, kind in kinds.items():
        if node.args.get(part) is not None:
            _wrap(node.args[part], kind, name)


def expect_groupable(values: list[Any], what: str) -> None:
    for value in list(values):
        if not isinstance(value, (exp.Null, exp.Star)):
            _wrap(value, "groupable", what)


def _wrap(argument: Any, kind: str, name: str) -> None:
    if isinstance(argument, exp.Distinct):
        argument = argument.expressions[0]
    if _is_plainly(argument, kind):
        return
    marker = exp.Placeholder(this="argument")
    argument.replace(marker)
    made = exp.Paren(this=argument)
    made.meta["typed"] = "expected"
    made.meta["expected"] = (kind, name)
    marker.replace(made)


def compares(name: str, types: list[Type]) -> bool:
    """Whether the function can compare values of these types, if it has to."""
    return name not in COMPARING or all(map(is_comparable, types))


def _is_plainly(argument: Any, kind: str) -> bool:
    """Whether a literal is of the kind: most second arguments are."""
    if not isinstance(argument, exp.Literal):
        return kind in ("!any", "!step") and isinstance(argument, exp.Interval)
    if kind == "!any":
        return True
    if argument.is_string:
        return "varchar" in kind
    return ("int" in kind or "number" in kind) and str(argument.this).isdigit()


def operands(node: Any) -> list[Any]:
    return [node.this]


def finish(node: Any, types: list[Type]) -> Any:
    """The argument itself; raises QueryFailed(FUNCTION_NOT_FOUND) for one of another kind."""
    kind, name = node.meta["expected"]
    if kind.startswith("!"):
        if types[0].name == "unknown":
            raise without_type(f"{name} of")
        kind = kind[1:]
    if kind in ("groupable", "set"):
        require_groupable(types[0], name)
    if not _is_of(types[0], kind) or not compares(name, types):
        raise unexpected(name, types)
    inner = node.this
    if kind == "keys" and types[0].items and types[0].items[0].name == "array":
        return call("t_determinate", inner)
    return inner if _stands_alone(inner) else node


def require_groupable(found: Type, what: str) -> None:
    """Raise NotSupported for maps: to DuckDB equal entries in another order are another map."""
    if has_map(found):
        raise NotSupported(f"{what} of type {found.trino()}")


def _is_of(found: Type, kind: str) -> bool:
    if kind in ("any", "groupable"):
        return True
    if kind == "orderable":
        return is_orderable(found)
    if kind == "ordered" and found.name == "array":
        return is_orderable(found.items[0])
    allowed = {"unknown"} | {n for k in kind.split("|") for n in _GROUPS.get(k, (k,))}
    return found.name in allowed


def _stands_alone(node: Any) -> bool:
    return isinstance(node, (exp.Anonymous, exp.Column, exp.Literal, exp.Paren, exp.Array))
