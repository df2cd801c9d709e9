"""Array functions that take lambdas or whose arguments' types must be looked at.

Source of the rules: https://trino.io/docs/current/functions/array.html and Array*Function of
trino-main. The rest are macros, in `array_macros`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.rewrites import arity
from local.athena.sql import casts, precision, shortcuts
from local.athena.sql.coercion import common, common_of, is_orderable, require_fit
from local.athena.sql.nodes import any_null, call, case, cast, fresh, lambda_of, let, null, variable
from local.athena.sql.types import Type

ALL = 99  # of TYPED_CALLS: every argument is an operand
_NESTED = ("array", "map", "row")


def unexpected(name: str, types: list[Type]) -> QueryFailed:
    given = ", ".join(t.trino() for t in types)
    return QueryFailed(
        "FUNCTION_NOT_FOUND", f"line 1:1: Unexpected parameters ({given}) for function {name}"
    )


def parameters(node: Any, name: str, count: int) -> list[str]:
    """The names that a lambda binds; raises QueryFailed when `node` is no lambda of `count`."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != count:
        raise QueryFailed("TYPE_MISMATCH", f"line 1:1: {name} needs a lambda of {count} arguments")
    return [e.name for e in node.expressions]


def part(value: str, at: int) -> Any:
    """Field `at` (from 1) of the row in a variable."""
    return call("struct_extract_at", variable(value), at)


def _zip(node: Any) -> Any:
    args = arity(node, "zip", 2, 3, 4, 5)
    return case((any_null(*args), null()), default=call("list_zip", *args))


def _zip_with(node: Any) -> Any:
    left, right, function = arity(node, "zip_with", 3)
    x, y = parameters(function, "zip_with", 2)
    pair = fresh("pair")
    body = let(part(pair, 1), x, let(part(pair, 2), y, function.this))
    made = call("list_transform", call("list_zip", left, right), lambda_of(body, pair))
    return case((any_null(left, right), null()), default=made)


def _match(kind: str) -> Callable[[Any], Any]:
    """The element that decides is the last that Trino looks at: what follows it cannot fail."""
    deciding = exp.Boolean(this=kind != "all")

    def rewrite(node: Any) -> Any:
        values, predicate = arity(node, f"{kind}_match", 2)
        (name,) = parameters(predicate, f"{kind}_match", 1)
        if shortcuts.is_harmless(predicate.this):
            return call(f"t_{kind}_match", call("list_transform", values, predicate))
        if shortcuts.has_singular(predicate.this):
            raise NotSupported(f"{kind}_match with a random value in its lambda")
        whole = fresh("whole")
        attempt = lambda_of(call("try", predicate.this.copy()), name)
        attempts = call("list_transform", variable(whole), attempt)
        found = call("list_position", attempts, deciding.copy())
        seen = call(
            "list_slice", variable(whole), 1, call("coalesce", found, call("len", variable(whole)))
        )
        verdicts = call("list_transform", seen, predicate)
        return let(values, whole, call(f"t_{kind}_match", verdicts))

    return rewrite


def _array_sort(node: Any) -> Any:
    args = arity(node, "array_sort", 1, 2)
    if len(args) == 1:
        return call("list_sort", args[0], "ASC", "NULLS LAST")
    x, y = parameters(args[1], "array_sort", 2)
    whole = fresh("sorted")
    verdict = cast(args[1].this, "BIGINT")
    row = call("list_transform", variable(whole), lambda_of(verdict, y))
    verdicts = call("list_transform", variable(whole), lambda_of(row, x))
    name = fresh("same")
    place = cast(call("list_position", variable(whole), variable(name)), "BIGINT")
    same = call("list_transform", variable(whole), lambda_of(place, name))
    order = call("t_comparator_order", verdicts, same)
    return let(args[0], whole, call("list_select", variable(whole), order))


def _state(state: Any, item: Any) -> Any:
    named = [
        exp.PropertyEQ(this=exp.to_identifier(name), expression=value)
        for name, value in (("state", state), ("item", item))
    ]
    return exp.Anonymous(this="struct_pack", expressions=named)


_SUMS = frozenset(["plus", "minus"])
# constructs of the state that finish in the same way for all integers
_FOLLOWED = _SUMS | {"compare", "case", "coalesce", "logical", "not", "between", "in", "nullif"}


def fold(values: Any, initial: Any, step: Any) -> Any:
    """The last state of `step` over a list; waits for the types of the first and the last state.

    The list holds states and items side by side, because DuckDB gives both one type.
    """
    state_name, item_name = parameters(step, "reduce", 2)
    kinds = {n.meta["typed"] for n in step.this.walk() if "typed" in n.meta and _has(n, state_name)}
    item, before, after = fresh("item"), fresh("before"), fresh("after")
    items = call("list_transform", values, lambda_of(_state(null(), variable(item)), item))
    body = let(part(before, 1), state_name, let(part(after, 2), item_name, step.this))
    states = exp.DPipe(this=exp.Array(expressions=[_state(initial, null())]), expression=items)
    folded = call("list_reduce", states, lambda_of(_state(body, null()), before, after))
    made = call("struct_extract_at", folded, 1)
    made.meta["typed"] = "fold"
    made.meta["kinds"] = kinds
    return made


def _has(node: Any, name: str) -> bool:
    return any(i.name == name for i in node.find_all(exp.Identifier))


def _initial(node: Any) -> Any:
    return node.expressions[0].expressions[0].this.expressions[0].expressions[0].expression


def fold_operands(node: Any) -> list[Any]:
    return [node, _initial(node)]


def finish_fold(node: Any, types: list[Type]) -> Any:
    """Trino widens the state's type until it holds; only a state that needs no second look is followed."""
    last, first = types
    if node.meta.get("aggregate") and not (
        last.is_number or last.is_time or last.kind == "boolean"
    ):
        raise QueryFailed(
            "NOT_SUPPORTED", f"State type not supported for reduce_agg: {last.trino()}"
        )
    if last == first or first.name == "unknown":
        return node
    if last.name == "unknown":
        return cast(node, first.duckdb())
    followed = _SUMS if last.name == "double" else _FOLLOWED if last.is_integer else frozenset()
    if not (first.is_integer and followed and node.meta["kinds"] <= followed):
        raise NotSupported(
            f"a state of type {first.trino()} that becomes {last.trino()}: cast the initial state"
        )
    initial = _initial(node)
    initial.replace(cast(initial.copy(), last.duckdb()))
    return node


def _reduce(node: Any) -> Any:
    values, initial, step, finish = arity(node, "reduce", 4)
    (name,) = parameters(finish, "reduce", 1)
    return let(fold(values, initial, step), name, finish.this)


def _coerced(node: Any, types: list[Type], wanted: list[Type]) -> Any:
    pairs = zip(node.expressions, types, wanted, strict=True)
    node.set("expressions", [precision.coerced(*pair) for pair in pairs])
    return node


def _same_elements(name: str) -> Callable[[Any, list[Type]], Any]:
    def finish(node: Any, types: list[Type]) -> Any:
        arity(node, name, 2)
        wanted = common_of(types)
        if wanted is None or any(t.name not in ("array", "unknown") for t in types):
            raise unexpected(name, types)
        if name == "array_except" and wanted != types[0]:
            values, others = node.expressions
            node.set("expressions", [cast(values, wanted.duckdb()), others])
        return _coerced(node, types, [wanted] * len(types))

    return finish


def _element(name: str) -> Callable[[Any, list[Type]], Any]:
    """Functions that compare with `=`, for which NaN is not itself and NULL inside is unknown."""

    def finish(node: Any, types: list[Type]) -> Any:
        arity(node, name, 2)
        found, value = types
        shared = common_of([*found.items, value])
        if shared is None or found.name not in ("array", "unknown"):
            raise unexpected(name, types)
        if shared.name in _NESTED:
            raise NotSupported(f"{name} of {shared.trino()}")
        whole = Type("array", items=(shared,))
        if name == "array_remove" and shared.is_number and found != whole:
            values, value = node.expressions
            node.set("expressions", [cast(values, whole.duckdb()), value])
        if shared.name in ("double", "real"):
            return _without_nan(name, node)
        return _coerced(node, types, [whole, shared])

    return finish


def _without_nan(name: str, node: Any) -> Any:
    values, value = node.expressions
    element = fresh("e")
    is_nan = call("isnan", variable(element))
    if name == "array_remove":
        return case((call("isnan", value.copy()), values.copy()), default=node)
    if name == "contains":
        keep = call("coalesce", exp.Not(this=is_nan), True)
        kept = call("list_filter", values, lambda_of(keep, element))
    else:
        kept = call(
            "list_transform",
            values,
            lambda_of(case((is_nan, null()), default=variable(element)), element),
        )
    return call(node.name, kept, value)


def _depth(found: Type) -> int:
    return 1 + _depth(found.items[0]) if found.name == "array" else 0


def joined(parts: list[Any], types: list[Type]) -> Any:
    """`||` and concat where an array takes part: arrays, or an array and an element of it."""
    if any(t.name == "unknown" for t in types):
        raise NotSupported("an array || NULL: cast the NULL to what it stands for")
    if len(types) == 2 and [t.items[:1] for t in types].count((Type("unknown"),)) == 1:
        raise NotSupported("an array || an empty one, which may be an element: cast it")
    depths = [_depth(t) for t in types]
    absent = any_null(*parts)
    wanted = common_of(types)
    if len(set(depths)) == 1 and wanted is not None:
        parts = [precision.coerced(p, t, wanted) for p, t in zip(parts, types, strict=True)]
        return case((absent, null()), default=call("list_concat", *parts))
    if len(parts) == 2 and abs(depths[0] - depths[1]) == 1:
        whole, element = (0, 1) if depths[0] > depths[1] else (1, 0)
        shared = common(types[whole].items[0], types[element])
        if shared is not None:
            parts = _with_item(parts, types, whole, shared)
            name = ("list_append", "list_prepend")[whole]
            return case((absent, null()), default=call(name, *parts))
    raise unexpected("concat", types)


def _with_item(parts: list[Any], types: list[Type], whole: int, shared: Type) -> list[Any]:
    wanted = [shared, shared]
    wanted[whole] = Type("array", items=(shared,))
    return [precision.coerced(*given) for given in zip(parts, types, wanted, strict=True)]


def _array_max(node: Any, types: list[Type]) -> Any:
    """NaN is the greatest element only where there is no number."""
    (values,) = arity(node, "array_max", 1)
    if types[0].name not in ("array", "unknown"):
        raise unexpected("array_max", types)
    if not is_orderable(types[0].items[0] if types[0].items else types[0]):
        raise unexpected("array_max", types)
    if not types[0].items or types[0].items[0].name not in ("double", "real"):
        return node
    element = fresh("e")
    keep = call("coalesce", exp.Not(this=call("isnan", variable(element))), True)
    numbers = call("list_filter", values, lambda_of(keep, element))
    return call("coalesce", call("t_array_max", numbers), call("t_array_max", values.copy()))


def _array_join(node: Any, types: list[Type]) -> Any:
    """Elements as CAST to varchar prints them; those that are NULL are left out or replaced."""
    values, delimiter, *replacement = arity(node, "array_join", 2, 3)
    if types[0].name not in ("array", "unknown"):
        raise unexpected("array_join", types)
    item = types[0].items[0] if types[0].items else Type("unknown")
    if item.name in (*_NESTED, "json"):
        raise NotSupported(f"array_join of {types[0].trino()}")
    name = fresh("e")
    text = casts.convert(variable(name), item, Type("varchar"))
    text = call("coalesce", text, replacement[0]) if replacement else text
    texts = call("list_transform", values, lambda_of(text, name))
    constant = isinstance(delimiter, exp.Literal)  # DuckDB wants one
    made = call("array_to_string" if constant else "t_joined", texts, delimiter)
    nothing = exp.Literal.string("")  # DuckDB joins NULLs alone to NULL
    return case((any_null(*node.expressions), null()), default=call("coalesce", made, nothing))


def element_at(node: Any, types: list[Type]) -> Any:
    value, key = arity(node, "element_at", 2)
    expected = types[0].items[0] if types[0].name == "map" else Type("integer")
    shared = common(types[1], expected)
    if shared is None:
        raise unexpected("element_at", types)
    require_fit([types[1], expected], shared)
    if types[0].name == "array":
        return call("t_element_at", value, key)
    if types[0].name == "map":
        key = precision.coerced(key, types[1], expected)
        return exp.Bracket(this=exp.Paren(this=value), expressions=[key], offset=1)
    raise unexpected("element_at", types)


REWRITES: dict[str, Callable[[Any], Any]] = {
    "zip": _zip,
    "zip_with": _zip_with,
    "reduce": _reduce,
    "filter": lambda n: call("list_filter", *arity(n, "filter", 2)),
    "any_match": _match("any"),
    "all_match": _match("all"),
    "none_match": _match("none"),
    "array_sort": _array_sort,
}
# name in Trino -> (function that binds meanwhile, final rewrite, operands), as in `translate`
TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any], int]] = {
    "array_join": ("t_array_join", _array_join, 1),
    "array_max": ("t_array_max", _array_max, 1),
    "element_at": ("array_extract", element_at, 2),
    **{
        name: (f"t_{name}", _same_elements(name), 2)
        for name in (
            "array_union",
            "array_intersect",
            "array_except",
            "arrays_overlap",
            "contains_sequence",
        )
    },
    **{
        name: (f"t_{name}", _element(name), 2)
        for name in ("contains", "array_position", "array_remove")
    },
}
