"""What waits for the types of its operands: what binds in its place meanwhile, and what finishes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.functions import (
    aggregates,
    approximations,
    arrays,
    checksums,
    clock,
    json_functions,
    maps,
    regexps,
    rewrites,
    sequences,
    signatures,
    sql_json,
    statistics,
    templates,
    windows,
)
from local.athena.functions.table import DIRECT
from local.athena.sql import operators, rounding, typed, unnest, zoned
from local.athena.sql.checks import CHECKS
from local.athena.sql.ordering import AGGREGATES
from local.athena.sql.types import Type

# name in Trino -> (DuckDB function that binds meanwhile, final rewrite, operands)
TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any], int]] = {
    "sum": ("sum", typed.total, 1),
    "avg": ("avg", typed.average, 1),
    "typeof": ("typeof", typed.type_name, 1),
    "round": ("round", rounding.rounding("round"), 1),
    "truncate": ("trunc", rounding.rounding("trunc"), 1),
    "ceil": ("ceil", rounding.rounding("ceil"), 1),
    "ceiling": ("ceil", rounding.rounding("ceil"), 1),
    "floor": ("floor", rounding.rounding("floor"), 1),
    "sign": ("sign", rounding.sign, 1),
    "histogram": ("histogram", typed.histogram, 1),
    "mod": ("mod", operators.modulo, 2),
    "concat_ws": ("concat_ws", typed.joined_with, arrays.ALL),
    "greatest": ("greatest", typed.extreme("greatest"), arrays.ALL),
    "least": ("least", typed.extreme("least"), arrays.ALL),
    "format": ("format", templates.rewrite, arrays.ALL),
    **aggregates.TYPED_CALLS,
    **statistics.TYPED_CALLS,
    **approximations.TYPED_CALLS,
    **arrays.TYPED_CALLS,
    **sequences.TYPED_CALLS,
    **checksums.TYPED_CALLS,
    **json_functions.TYPED_CALLS,
    **maps.TYPED_CALLS,
    **sql_json.TYPED_CALLS,
    "with_timezone": ("t_in_utc", zoned.with_timezone, 1),
}
WAITING = TYPED_CALLS | {f"zoned {n}": (*known, arrays.ALL) for n, known in zoned.CALLS.items()}
REWRITES = {
    **rewrites.REWRITES,
    **aggregates.REWRITES,
    **statistics.REWRITES,
    **approximations.REWRITES,
    **arrays.REWRITES,
    **clock.REWRITES,
    **json_functions.REWRITES,
    **maps.REWRITES,
    **regexps.REWRITES,
    **windows.REWRITES,
}
AGGREGATES_IN_DUCKDB = frozenset(
    {DIRECT[n].target for n in AGGREGATES if n in DIRECT}
    | {TYPED_CALLS[n][0] for n in AGGREGATES if n in TYPED_CALLS}
    | {"array_agg", "approx_count_distinct", "count", "string_agg"}
)
# FILTER and OVER stand around these and move with them
AROUND = frozenset(
    [
        "sum",
        "avg",
        "histogram",
        "listagg",
        "approx_percentile",
        *aggregates.TYPED_CALLS,
        *statistics.TYPED_CALLS,
        *checksums.TYPED_CALLS,
    ]
)


def plan(node: Any) -> tuple[list[Any], Callable[[Any, list[Type]], Any]]:
    """The operands whose types a node waits for, and what makes the node of these."""
    kind = node.meta["typed"]
    if kind in WAITING:
        _, finish, count = WAITING[kind]
        given = [e.this if isinstance(e, exp.Order) else e for e in node.expressions]
        if isinstance(given[0], exp.Distinct):
            return list(given[0].expressions), finish
        return given[:count] if count > 0 else given[1:2], finish
    operands, finish = _CONSTRUCTS.get(kind) or CHECKS[kind]
    return operands(node), finish


def _both(node: Any) -> list[Any]:
    return [node.this, node.expression]


def _inner(node: Any) -> list[Any]:
    return [node.this]


_Operands = Callable[[Any], list[Any]]
_Finish = Callable[[Any, list[Type]], Any]
_CONSTRUCTS: dict[str, tuple[_Operands, _Finish]] = {
    "divide": (_both, operators.divide),
    "modulo": (_both, operators.modulo),
    "plus": (_both, operators.shifted("plus")),
    "minus": (_both, operators.shifted("minus")),
    "times": (_both, operators.multiply),
    "subscript": (lambda n: [n.this, n.expressions[0]], typed.subscript),
    "join": (_both, lambda n, t: typed.joined([n.this, n.expression], t)),
    "concat": (lambda n: list(n.expressions), lambda n, t: typed.joined(list(n.expressions), t)),
    "cast": (_inner, typed.converted),
    "expected": (signatures.operands, signatures.finish),
    "listagg": (aggregates.text_operands, aggregates.grouped_text),
    "fold": (arrays.fold_operands, arrays.finish_fold),
    "zone": (_inner, zoned.at_zone),
    "argument in a zone": (_inner, zoned.argument),
    "unnest": (lambda n: list(n.expressions), unnest.expand),
}
