"""Types of expressions without asking the planner: what is certain, None for the rest.

The tree is on its way to DuckDB: names are DuckDB's, and nodes that still wait for types have none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlglot import exp

from local.athena.functions.table import DIRECT
from local.athena.sql.coercion import arithmetic, common_of, literal_type
from local.athena.sql.scopes import Scopes
from local.athena.sql.types import INTEGERS, Type, parse_type

# name in DuckDB -> how many arguments it may have to give what its first one is:
# with one argument more, max, min and their kin give an array
_LIKE_THEIR_ARGUMENT = {
    "max": 1,
    "min": 1,
    "any_value": 1,
    "arg_max_null": 2,
    "arg_min_null": 2,
    "lag": 4,
    "lead": 4,
    "first_value": 2,
    "last_value": 2,
    "nth_value": 3,
    "t_substr": 3,
    "t_lpad": 3,
    "t_rpad": 3,
    "t_reverse": 1,
    "t_plus_interval": 2,
    "t_minus_interval": 2,
    "nullif": 2,
    "abs": 1,
}
_LIKE_THEIR_SECOND = ("t_date_trunc", "date_trunc")
_RETURNS = {f.target: f.returns for f in DIRECT.values() if f.returns} | {
    "t_json_extract_scalar": "varchar",
    "t_json_extract": "json",
    "t_json_parse": "json",
    "string_split": "array(varchar)",
    "strftime": "varchar",
    "regexp_replace": "varchar",
    "regexp_full_match": "boolean",
    "regexp_matches": "boolean",
    "t_re_like": "boolean",
    "t_re_extract": "varchar",
    "t_re_replace": "varchar",
    "t_re_split": "array(varchar)",
    "t_re_extract_all": "array(varchar)",
    "t_date_format": "varchar",
    "t_format_datetime": "varchar",
    "t_date_parsed": "timestamp",
    "try_strptime": "timestamp",
    "t_now": "timestamp with time zone",
    "timezone": "timestamp",
    "t_local_time": "timestamp",
    "t_instant": "timestamp with time zone",
    "t_timestamp_6": "timestamp(6)",
    "t_varchar_to_timestamp_6": "timestamp(6)",
    "t_unix_seconds": "double",
    "approx_count_distinct": "bigint",
    "t_list_equal": "boolean",
    "count": "bigint",
    "ntile": "bigint",
    "t_sequence_dates": "array(date)",
    "t_sequence_integers": "array(bigint)",
    "t_from_iso8601_instant": "timestamp with time zone",
    "t_from_iso8601_timestamp": "timestamp with time zone",
    **{f"t_json_to_{kind}": kind for kind in ("varchar", "bigint", "double", "boolean")},
    **{
        f"t_varchar_to_{kind}": kind
        for kind in (*INTEGERS, "double", "real", "boolean", "date", "timestamp", "time", "uuid")
    },
}
_OPERATORS = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}


@lru_cache(4096)
def _parsed(text: str) -> Type:
    return parse_type(text)


class Inference:
    """`type_of` follows a tree down to literals and columns, which `scopes` knows."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    def type_of(self, node: Any) -> Type | None:
        if isinstance(node, (exp.Any, exp.All)):
            return self.type_of(node.this)
        if isinstance(node, (exp.Predicate, exp.Connector, exp.Not, exp.Boolean, exp.Escape)):
            return Type("boolean")
        if "typed" in node.meta:
            return None
        rule = _RULES.get(type(node))
        return rule(self, node) if rule else None

    def _inner(self, node: Any) -> Type | None:
        return self.type_of(node.this)

    def _negated(self, node: Any) -> Type | None:
        inner = node.this
        if isinstance(inner, exp.Literal) and str(inner.this) == "2147483648":
            return Type("integer")
        return self.type_of(inner)

    def _column(self, node: Any) -> Type | None:
        return self._scopes.column_type(node)

    def _common(self, nodes: list[Any]) -> Type | None:
        types = [self.type_of(n) for n in nodes]
        known = [t for t in types if t is not None]
        return common_of(known) if len(known) == len(types) else None

    def _case(self, node: Any) -> Type | None:
        parts = [i.args["true"] for i in node.args["ifs"]] + [node.args.get("default")]
        return self._common([p for p in parts if p is not None])

    def _calculated(self, node: Any) -> Type | None:
        left, right = self.type_of(node.this), self.type_of(node.expression)
        if left is None or right is None:
            return None
        return arithmetic(_OPERATORS[type(node)], left, right)

    def _subquery(self, node: Any) -> Type | None:
        columns = self._scopes.output(node)
        return columns[0][1] if columns is not None and len(columns) == 1 else None

    def _array(self, node: Any) -> Type | None:
        item = self._common(list(node.expressions))
        return None if item is None else Type("array", items=(item,))

    def _bound(self, node: Any) -> Type | None:
        """The body of a variable that `nodes.let` binds."""
        listed = node.this
        if isinstance(listed, exp.Anonymous) and str(listed.this) == "list_transform":
            values, body = listed.expressions
            if isinstance(values, exp.Array) and isinstance(body, exp.Lambda):
                return self.type_of(body.this)
        return None

    def _call(self, node: Any) -> Type | None:
        name, args = str(node.this), node.expressions
        if name == "cast":
            return _parsed(args[0].args["alias"].this)
        if 1 <= len(args) <= _LIKE_THEIR_ARGUMENT.get(name, 0):
            return self.type_of(args[0])
        if name in _LIKE_THEIR_SECOND and len(args) == 2:
            return self.type_of(args[1])
        if name == "coalesce":
            return self._common(args)
        if name == "map" and len(args) == 2:
            return _mapped(self.type_of(args[0]), self.type_of(args[1]))
        special = _SPECIAL.get(name)
        if special is not None and args:
            found = self.type_of(args[0])
            return None if found is None else special(found, args)
        returns = _RETURNS.get(name)
        return _parsed(returns) if returns else None


def _mapped(keys: Type | None, values: Type | None) -> Type | None:
    if keys is None or values is None or {keys.name, values.name} != {"array"}:
        return None
    return Type("map", items=(keys.items[0], values.items[0]))


def _item(found: Type, args: list[Any]) -> Type | None:
    return found.items[-1] if found.name in ("array", "map") else None


def _field(found: Type, args: list[Any]) -> Type | None:
    at = int(args[1].this) - 1
    return found.items[at] if at < len(found.items) else None


def _summed(found: Type, args: list[Any]) -> Type | None:
    if found.name == "decimal":
        return Type("decimal", (38, found.numbers[1]))
    return found if found.name == "double" else None


def _averaged(found: Type, args: list[Any]) -> Type | None:
    return Type("double") if found.is_integer or found.name == "double" else None


def _entries(found: Type, args: list[Any]) -> Type | None:
    entry = Type("row", items=found.items, fields=("", ""))
    return Type("array", items=(entry,)) if found.name == "map" else None


_SPECIAL: dict[str, Callable[[Type, list[Any]], Type | None]] = {
    "unnest": _item,
    "t_list_item": _item,
    "t_map_item": _item,
    "struct_extract_at": _field,
    "sum": _summed,
    "avg": _averaged,
    "array_agg": lambda found, args: Type("array", items=(found,)),
    "map_entries": _entries,
}
_RULES: dict[type, Callable[[Inference, Any], Type | None]] = {
    exp.Paren: Inference._inner,
    exp.Window: Inference._inner,
    exp.Filter: Inference._inner,
    exp.Neg: Inference._negated,
    exp.Literal: lambda _, node: literal_type(node),
    exp.Null: lambda _, node: Type("unknown"),
    exp.HexString: lambda _, node: Type("varbinary"),
    exp.Interval: lambda _, node: Type("interval"),
    exp.CurrentDate: lambda _, node: Type("date"),
    exp.Column: Inference._column,
    exp.Bracket: Inference._bound,
    exp.Case: Inference._case,
    exp.Add: Inference._calculated,
    exp.Sub: Inference._calculated,
    exp.Mul: Inference._calculated,
    exp.Subquery: Inference._subquery,
    exp.Select: Inference._subquery,
    exp.Array: Inference._array,
    exp.Anonymous: Inference._call,
}
