"""The one table of Trino functions: each is faithful (a DuckDB name, a macro or a rewrite) or refused.

A name in none of the groups is unknown to Athena too and ends as FUNCTION_NOT_FOUND. Source of the
names: https://trino.io/docs/current/functions/list.html. Rewrites live in `rewrites`.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.athena.functions.library import MACROS

# name = DuckDB's name : Trino's result type ("" when it follows the arguments)
_SAME = """
abs= acos=:double asin=:double atan=:double atan2=:double cbrt=t_cbrt:double cos=:double cosh=:double
degrees=:double exp=:double ln=:double log10=:double pi=:double
radians=:double sin=:double sinh=:double tan=:double tanh=:double sqrt=:double
power=:double pow=power:double
starts_with=:boolean translate=:varchar
nullif= coalesce=
bool_and=:boolean bool_or=:boolean every=bool_and:boolean
any_value= arbitrary=any_value array_agg=
stddev=stddev_samp:double stddev_samp=:double stddev_pop=:double variance=var_samp:double
var_samp=:double var_pop=:double covar_pop=:double covar_samp=:double
row_number=:bigint rank=:bigint dense_rank=:bigint percent_rank=:double cume_dist=:double
first_value= last_value= grouping=
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
array_max count kurtosis skewness corr regr_slope regr_intercept max min max_by min_by
geometric_mean bitwise_and_agg bitwise_or_agg bitwise_xor_agg format regexp_position
regexp_split regexp_count regexp_like current_timestamp localtimestamp lag lead nth_value ntile
"""
REWRITTEN = frozenset(_REWRITTEN_NAMES.split())

_REFUSED_NAMES = """
approx_most_frequent approx_set array_first array_last bar bing_tile bing_tile_at
bing_tile_coordinates bing_tile_polygon bing_tile_quadkey bing_tile_zoom_level bing_tiles_around
char2hexint checksum classify color convex_hull_agg cosine_distance date_bin empty_approx_set
entropy evaluate_classifier_predictions features from_geojson_geometry
from_iso8601_timestamp_nanos from_unixtime_nanos geometry_from_hadoop_shape
geometry_invalid_reason geometry_nearest_points geometry_to_bing_tiles geometry_union
geometry_union_agg hash_counts index intersection_cardinality inverse_beta_cdf
inverse_normal_cdf beta_cdf normal_cdf jaccard_index
json_table learn_classifier learn_libsvm_classifier learn_libsvm_regressor
learn_regressor line_interpolate_point line_interpolate_points line_locate_point make_set_digest
max_by_n merge merge_set_digest numeric_histogram parse_data_size parse_presto_data_size
qdigest_agg quantile_at_value quantiles_at_values regress render rgb simplify_geometry
spatial_partitioning spatial_partitions spooky_hash_v2_32 spooky_hash_v2_64 tdigest_agg
timestamp_objectid to_geojson_geometry to_geometry to_spherical_geography transform_geometry
value_at_quantile values_at_quantiles word_stem st_area st_asbinary st_astext st_boundary
st_buffer st_centroid st_contains st_convexhull st_coorddim st_crosses st_difference
st_dimension st_disjoint st_distance st_endpoint st_envelope st_envelopeaspts st_equals
st_exteriorring st_geometries st_geometryfromtext st_geometryn st_geometrytype st_geomfrombinary
st_interiorringn st_interiorrings st_intersection st_intersects st_isclosed st_isempty st_isring
st_issimple st_isvalid st_length st_linefromtext st_linestring st_multipoint st_numgeometries
st_numinteriorring st_numpoints st_overlaps st_point st_pointn st_points st_polygon st_relate
st_startpoint st_symdifference st_touches st_union st_within st_x st_xmax st_xmin st_y st_ymax
st_ymin regr_count regr_avgx regr_avgy regr_r2 regr_sxx regr_sxy regr_syy
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
