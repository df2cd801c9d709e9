"""The one table of Trino functions: each is faithful (a DuckDB name, a macro or a rewrite) or refused.

A name in none of the groups is unknown to Athena too and ends as FUNCTION_NOT_FOUND. Source of the
names: https://trino.io/docs/current/functions/list.html. Rewrites live in `rewrites`.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.athena.functions.library import MACROS

# name = DuckDB's name : Trino's result type ("" when it follows the arguments)
_SAME = """
abs= acos=:double asin=:double atan=:double atan2=:double cos=:double cosh=:double
degrees=:double exp=:double ln=:double log10=:double pi=:double
radians=:double sin=:double sinh=:double tan=:double tanh=:double sqrt=:double
power=:double pow=power:double
starts_with=:boolean translate=:varchar substring=t_substr:varchar
nullif= coalesce=
bool_and=:boolean bool_or=:boolean every=bool_and:boolean
any_value= arbitrary=any_value array_agg=
stddev=stddev_samp:double stddev_samp=:double variance=var_samp:double var_samp=:double
row_number=:bigint rank=:bigint dense_rank=:bigint percent_rank=:double cume_dist=:double
first_value= last_value=
transform=list_transform map_keys= map_values= map_from_entries= flatten=
is_nan=isnan:boolean is_finite=isfinite:boolean is_infinite=isinf:boolean
"""

_REWRITTEN_NAMES = """
sum avg count_if approx_distinct approx_percentile histogram map_agg listagg concat concat_ws
greatest least date_add date_parse date_format format_datetime parse_datetime json_extract
json_extract_scalar json_parse json_format json_array_length json_size typeof sequence round
truncate ceil ceiling floor sign mod regexp_replace regexp_extract at_timezone with_timezone
to_unixtime filter reduce any_match all_match none_match element_at cardinality map row date
uuid now trim map_filter transform_values transform_keys from_iso8601_timestamp current_timezone
if try contains regexp_extract_all array_sort cast array_union array_intersect array_except
arrays_overlap contains_sequence array_position array_remove zip zip_with map_concat
map_zip_with multimap_agg map_union reduce_agg array_join json_array json_exists json_object json_query json_value is_json_scalar json_array_contains json_array_get
array_max count kurtosis skewness covar_pop covar_samp corr regr_slope regr_intercept max min max_by min_by
geometric_mean var_pop stddev_pop bitwise_and_agg bitwise_or_agg bitwise_xor_agg format regexp_position
regexp_split regexp_count regexp_like current_timestamp localtimestamp checksum lag lead nth_value
ntile grouping
"""
REWRITTEN = frozenset(_REWRITTEN_NAMES.split())

_REFUSED_NAMES = """
approx_most_frequent approx_set array_first array_last bar beta_cdf bing_tile bing_tile_at
bing_tile_coordinates bing_tile_polygon bing_tile_quadkey bing_tile_zoom_level bing_tiles_around
classify color convex_hull_agg cosine_distance empty_approx_set evaluate_classifier_predictions
features from_geojson_geometry from_iso8601_timestamp_nanos from_unixtime_nanos
geometry_from_hadoop_shape geometry_invalid_reason geometry_nearest_points geometry_to_bing_tiles
geometry_union geometry_union_agg hash_counts intersection_cardinality inverse_beta_cdf
jaccard_index json_table learn_classifier learn_libsvm_classifier learn_libsvm_regressor
learn_regressor make_set_digest merge merge_set_digest normal_cdf numeric_histogram qdigest_agg
quantile_at_value regress render rgb simplify_geometry spatial_partitioning spatial_partitions
spooky_hash_v2_32 spooky_hash_v2_64 st_asbinary st_buffer st_convexhull st_difference
st_intersection st_symdifference st_union tdigest_agg timestamp_objectid to_char to_date
to_geojson_geometry to_timestamp transform_geometry value_at_quantile values_at_quantiles
word_stem
"""
REFUSED = frozenset(_REFUSED_NAMES.split())


@dataclass(frozen=True)
class Function:
    """`target` is the DuckDB name; `returns` Trino's result type, or "" when arguments decide."""

    name: str
    target: str
    returns: str = ""


def _same() -> dict[str, Function]:
    table = {}
    for entry in _SAME.split():
        name, _, rest = entry.partition("=")
        target, _, returns = rest.partition(":")
        table[name] = Function(name, target or name, returns)
    return table


def _macros() -> dict[str, Function]:
    return {name: Function(name, f"t_{name}", m.returns) for name, m in MACROS.items() if m.public}


DIRECT: dict[str, Function] = {**_same(), **_macros()}
KNOWN = frozenset(DIRECT) | REWRITTEN | REFUSED


def status(name: str) -> str:
    """`faithful`, `refused` or `unknown`."""
    if name in DIRECT or name in REWRITTEN:
        return "faithful"
    return "refused" if name in REFUSED else "unknown"


def table() -> str:
    """Both groups as Markdown, for the README."""
    faithful = sorted(n for n in KNOWN if status(n) == "faithful")
    parts = [("Faithful", faithful), ("Refused", sorted(REFUSED))]
    return "\n".join(f"{title}: {', '.join(f'`{n}`' for n in names)}.\n" for title, names in parts)
