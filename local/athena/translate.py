"""Trino's syntax tree to DuckDB's: first what needs no types, then, innermost first, what does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
from sqlglot import exp

from local.athena import rewrites, typed, unnest
from local.athena.constructs import HANDLERS, HARMLESS, waiting_concat, waiting_zone
from local.athena.errors import NotSupported, QueryFailed
from local.athena.failures import explain
from local.athena.functions import DIRECT, REFUSED
from local.athena.nodes import call
from local.athena.planner import Session, require_bound
from local.athena.rewrites import REWRITES, Moved
from local.athena.scopes import Scopes
from local.athena.syntax import PREFIX, function_name, position_of
from local.athena.types import Type, parse_type

# Waiting for types: name in Trino -> (DuckDB function that binds meanwhile, final rewrite, operands)
TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any], int]] = {
    "sum": ("sum", typed.total, 1),
    "avg": ("avg", typed.average, 1),
    "typeof": ("typeof", typed.type_name, 1),
    "round": ("round", typed.rounding("round"), 1),
    "truncate": ("trunc", typed.rounding("trunc"), 1),
    "ceil": ("ceil", typed.rounding("ceil"), 1),
    "ceiling": ("ceil", typed.rounding("ceil"), 1),
    "floor": ("floor", typed.rounding("floor"), 1),
    "sign": ("sign", typed.sign, 1),
    "element_at": ("array_extract", typed.element_at, 1),
    "sequence": ("generate_series", typed.sequence, 1),
    "reverse": ("reverse", typed.reversed_value, 1),
    "histogram": ("histogram", typed.histogram, 1),
    "mod": ("mod", typed.modulo, 2),
    "concat_ws": ("concat_ws", typed.joined_with, -2),
}


class Translator:
    """One query's translation; `scopes` answers types of columns where that is cheap."""

    def __init__(self, text: str, session: Session, scopes: Scopes | None = None) -> None:
        self._text = text
        self._session = session
        self._scopes = scopes or Scopes([])
        self._scopes.type_of = self.quick_type

    def translate(self, tree: Any) -> Any:
        """The DuckDB tree; raises QueryFailed for what Trino refuses and NotSupported for our limits."""
        holder = exp.Subquery(this=tree)
        for node in list(_bottom_up(tree)):
            self._untyped(node)
        self._resolve_types(holder)
        self._check_kinds(tree if tree.parent else holder.this)
        made = holder.this
        holder.set("this", None)
        made.parent = None
        return made

    def _untyped(self, node: Any) -> None:
        made = self._rewritten(node)
        if made is not None and made is not node:
            node.replace(made)

    def _rewritten(self, node: Any) -> Any:
        if isinstance(node, exp.Anonymous):
            return self._call(node)
        handler = HANDLERS.get(type(node))
        if handler:
            return handler(node)
        if isinstance(node, exp.Func) and type(node) not in HARMLESS:
            raise self._unknown(node.sql_name().lower())
        return None

    def _unknown(self, name: str) -> QueryFailed:
        where = position_of(self._text, name)
        return QueryFailed("FUNCTION_NOT_FOUND", f"{where}: Function '{name}' not registered")

    def _call(self, node: Any) -> Any:
        name = function_name(node)
        if not str(node.this).startswith(PREFIX):
            if name == "row":
                return call("row", *node.expressions)
            raise self._unknown(name)
        if name in TYPED_CALLS:
            waiting = call(TYPED_CALLS[name][0], *node.expressions)
            waiting.meta["typed"] = name
            return waiting
        if name == "concat":
            return waiting_concat(list(node.expressions))
        if name == "at_timezone":
            value, zone = rewrites.arity(node, name, 2)
            return waiting_zone(value, zone, node)
        if name in DIRECT:
            node.set("this", DIRECT[name].target)
            return None
        if name in REWRITES:
            return self._apply(name, node)
        if name in REFUSED:
            raise NotSupported(f"{position_of(self._text, name)}: function {name}")
        raise self._unknown(name)

    def _apply(self, name: str, node: Any) -> Any:
        try:
            return REWRITES[name](node)
        except Moved as moved:
            moved.old.replace(moved.new)
            return None

    def _resolve_types(self, holder: Any) -> None:
        for node in [n for n in _bottom_up(holder.this) if _waits(n)]:
            operands, finish = _plan(node)
            types = [_NO_TYPE if isinstance(o, exp.Null) else self.quick_type(o) for o in operands]
            if node.meta["typed"] == "join":
                _same_kind("||", types)
            known = [t for t in types if t is not None]
            if len(known) < len(types):
                known = require_bound(self._probe(holder, operands))
            target = (
                rewrites.outermost(node)
                if node.meta.get("typed") in ("sum", "avg", "histogram")
                else node
            )
            marker = exp.Placeholder(this="target")
            target.replace(marker)
            marker.replace(finish(node, known))

    def _probe(self, holder: Any, operands: list[Any]) -> list[Type] | None:
        try:
            return self._session.types(holder.this, *operands)
        except duckdb.Error as error:
            raise explain(error, self._text) from error

    def _check_kinds(self, tree: Any) -> None:
        """Refuse what Trino refuses and DuckDB casts silently, as far as types are plain to see."""
        for node in tree.find_all(*_COMPARED):
            parts = [node.this, node.expression]
            if isinstance(node, exp.Between):
                parts = [node.this, node.args["low"], node.args["high"]]
            elif isinstance(node, exp.In):
                parts = [node.this, *node.expressions]
            elif isinstance(node, exp.Case):
                parts = [i.args["true"] for i in node.args["ifs"]] + [node.args.get("default")]
            elif isinstance(node, exp.Anonymous):
                parts = list(node.expressions) if node.this == "coalesce" else []
            _same_kind(
                _SYMBOLS.get(type(node), "="), [self.quick_type(p) for p in parts if p is not None]
            )

    def quick_type(self, node: Any) -> Type | None:
        """The type of the simplest expressions without asking the planner."""
        if isinstance(node, (exp.Paren, exp.Neg)):
            return self.quick_type(node.this)
        if isinstance(node, exp.Literal):
            return _literal_type(node)
        if isinstance(node, exp.Column):
            return self._scopes.column_type(node)
        if isinstance(node, (exp.Window, exp.Filter)):
            return self.quick_type(node.this)
        if isinstance(node, exp.Case):
            parts = [i.args["true"] for i in node.args["ifs"]] + [node.args.get("default")]
            return _widest([self.quick_type(p) for p in parts if p is not None])
        if isinstance(node, (exp.Add, exp.Sub, exp.Mul)) and not _waits(node):
            return _arithmetic(self.quick_type(node.this), self.quick_type(node.expression))
        if isinstance(node, exp.Anonymous):
            if 1 <= len(node.expressions) <= _LIKE_THEIR_ARGUMENT.get(node.this, 0):
                return self.quick_type(node.expressions[0])
            if node.this == "coalesce":
                return _widest([self.quick_type(e) for e in node.expressions])
            if node.this == "nullif":
                return _agreed([self.quick_type(e) for e in node.expressions])
            return _returned(node)
        return Type("boolean") if isinstance(node, (exp.Predicate, exp.Boolean)) else None


_RETURNS = {f.target: f.returns for f in DIRECT.values() if f.returns} | {
    "t_json_scalar": "varchar",
    "json_extract": "json",
    "t_json_parse": "json",
    "string_split": "array(varchar)",
    "strftime": "varchar",
    "regexp_replace": "varchar",
}


_SYMBOLS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.GT: ">", exp.LTE: "<=", exp.GTE: ">="}
_COMPARED = (*_SYMBOLS, exp.Between, exp.In, exp.Case, exp.Anonymous)


def _same_kind(symbol: str, types: list[Type | None]) -> None:
    known = [t for t in types if t is not None and t.name != "unknown"]
    for other in known[1:]:
        if other.kind != known[0].kind:
            raise QueryFailed(
                "TYPE_MISMATCH",
                f"line 1:1: Cannot apply operator: {known[0].trino()} {symbol} {other.trino()}",
            )


def _literal_type(node: Any) -> Type | None:
    text = str(node.this)
    if node.is_string:
        return Type("varchar")
    if "e" in text.lower():
        return Type("double")
    if "." in text:
        return None
    return Type("integer") if abs(int(text)) < 2**31 else Type("bigint")


# With one argument more, max, min and their kin give an array.
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
}
_NO_TYPE = Type("unknown")  # of NULL
_SAME_SUM = (Type("integer"), Type("bigint"), Type("double"))


def _agreed(types: list[Type | None]) -> Type | None:
    """The one type of all, None when one is not known or another."""
    return types[0] if types and all(t is not None and t == types[0] for t in types) else None


def _widest(types: list[Type | None]) -> Type | None:
    """The type to which branches are widened."""
    if types and all(t in _SAME_SUM for t in types):
        return _SAME_SUM[max(_SAME_SUM.index(t) for t in types if t is not None)]
    return _agreed(types)


def _arithmetic(left: Type | None, right: Type | None) -> Type | None:
    return _widest([left, right]) if left in _SAME_SUM and right in _SAME_SUM else None


def _returned(node: Any) -> Type | None:
    name = str(node.this)
    if name == "cast":
        return parse_type(node.expressions[0].args["alias"].this)
    returns = _RETURNS.get(name)
    return parse_type(returns) if returns else None


def _bottom_up(tree: Any) -> Iterator[Any]:
    """Children first; WITH and FROM before the clauses that use them."""
    stack: list[tuple[Any, bool]] = [(tree, False)]
    while stack:
        node, seen = stack.pop()
        if seen:
            yield node
            continue
        stack.append((node, True))
        children = sorted(_children(node), key=lambda pair: _ORDER.get(pair[0], 3))
        stack.extend((child, False) for _, child in reversed(children))


_ORDER = {"with_": 0, "from_": 1, "joins": 2, "laterals": 2}


def _children(node: Any) -> list[tuple[str, Any]]:
    found = []
    for key, value in node.args.items():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, exp.Expr):
                found.append((key, child))
    return found


def _waits(node: Any) -> bool:
    return "typed" in node.meta


def _plan(node: Any) -> tuple[list[Any], Callable[[Any, list[Type]], Any]]:
    kind = node.meta["typed"]
    if kind in TYPED_CALLS:
        _, finish, count = TYPED_CALLS[kind]
        operand = node.expressions[0]
        if isinstance(operand, exp.Distinct):
            return [operand.expressions[0]], finish
        return list(node.expressions[:count] if count > 0 else node.expressions[1:2]), finish
    operands, finish = _CONSTRUCTS[kind]
    return operands(node), finish


def _both(node: Any) -> list[Any]:
    return [node.this, node.expression]


def _inner(node: Any) -> list[Any]:
    return [node.this]


_Operands = Callable[[Any], list[Any]]
_Finish = Callable[[Any, list[Type]], Any]
_CONSTRUCTS: dict[str, tuple[_Operands, _Finish]] = {
    "divide": (_both, typed.divide),
    "modulo": (_both, typed.modulo),
    "plus": (_both, typed.shifted("plus")),
    "minus": (_both, typed.shifted("minus")),
    "subscript": (_inner, typed.subscript),
    "join": (_both, lambda n, t: typed.joined([n.this, n.expression], t)),
    "concat": (lambda n: list(n.expressions), lambda n, t: typed.joined(list(n.expressions), t)),
    "cast": (_inner, typed.converted),
    "zone": (_inner, typed.zoned),
    "unnest": (lambda n: list(n.expressions), unnest.expand),
}
