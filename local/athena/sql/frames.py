"""Window frames: which functions may have one, and what their offsets may be.

DuckDB converts an offset, takes NULL for none, and lets functions without a frame have one.
Source: ExpressionAnalyzer and FramedWindowFunction of trino-main.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql.nodes import any_null, case, failing, raw
from local.athena.sql.types import Type

UNFRAMED = frozenset(
    ["lag", "lead", "ntile", "rank", "dense_rank", "percent_rank", "cume_dist", "row_number"]
)
_TAKE_NULLS = frozenset(["lag", "lead", "first_value", "last_value", "nth_value"])
_TIMES = ("date", "time", "timestamp", "timestamp with time zone")


def check(window: Any, name: str, where: str) -> None:
    """Raise QueryFailed for a window that the function of that name cannot have."""
    if name in ("lag", "lead") and not _order(window):
        raise QueryFailed(
            "MISSING_ORDER_BY", f"{where}: {name} function requires an ORDER BY window clause"
        )
    if name in ("lag", "lead") and _spec(window) is not None:
        raise QueryFailed(
            "INVALID_WINDOW_FRAME", f"{where}: Cannot specify window frame for {name} function"
        )
    if name in UNFRAMED:
        window.set("spec", None)  # Trino does not look at it
    if isinstance(window.this, (exp.IgnoreNulls, exp.RespectNulls)) and name not in _TAKE_NULLS:
        raise QueryFailed(
            "NULL_TREATMENT_NOT_ALLOWED",
            f"{where}: Cannot specify null treatment clause for {name} function",
        )
    called = window.this
    while isinstance(called, (exp.IgnoreNulls, exp.RespectNulls)):
        called = called.this
    if isinstance(called, exp.Filter):
        raise NotSupported(f"{where}: FILTER is not yet supported for window functions")
    if any(isinstance(e, exp.Distinct) for e in called.expressions):
        raise NotSupported(f"{where}: DISTINCT in window function parameters: {name}")
    if any(isinstance(e, exp.Order) for e in called.expressions):
        raise NotSupported(f"{where}: Window function with ORDER BY is not supported")


def _named(window: Any) -> Any:
    """The window that another one names, None for none."""
    name, select = str(window.alias).lower(), window.find_ancestor(exp.Select)
    for other in (select.args.get("windows") or []) if name and select is not None else []:
        if other is not window and other.name.lower() == name:
            return other
    return None


def _order(window: Any) -> list[Any]:
    """What the window sorts by, itself or by the name of another."""
    if window.args.get("order") is not None:
        return list(window.args["order"].expressions)
    other = _named(window)
    return [] if other is None else _order(other)


def _spec(window: Any) -> Any:
    """The frame of the window or of the one that it names."""
    if window.args.get("spec") is not None:
        return window.args["spec"]
    other = _named(window)
    return None if other is None else _spec(other)


def wait(spec: Any) -> None:
    """Mark the offsets, whose types must be looked at; RANGE counts along one sort key."""
    kind, window = str(spec.args.get("kind")).upper(), spec.parent
    offsets = [side for side in ("start", "end") if isinstance(spec.args.get(side), exp.Expr)]
    keys = _order(window)
    if not keys and (kind == "GROUPS" or (kind == "RANGE" and offsets)):
        raise QueryFailed(
            "MISSING_ORDER_BY", f"line 1:1: Window frame of type {kind} requires ORDER BY"
        )
    if kind == "RANGE" and offsets and len(keys) > 1:
        raise QueryFailed(
            "INVALID_ORDER_BY",
            "line 1:1: Window frame of type RANGE requires single sort item in ORDER BY",
        )
    for side in offsets:
        made = exp.Paren(this=spec.args[side])
        made.meta["typed"] = "offset"
        spec.set(side, made)


def operands(node: Any) -> list[Any]:
    spec = node.parent
    if str(spec.args.get("kind")).upper() != "RANGE":
        return [node.this]
    key = _order(spec.parent)[0]
    node.meta["nulls first"] = bool(key.args.get("nulls_first"))
    return [node.this, key.this]


def offset(node: Any, types: list[Type]) -> Any:
    """The offset, failing where it is NULL or negative; `types` are its own and its sort key's."""
    found = types[0]
    if len(types) > 1:
        # Such a key is sorted as a row, see `floats.ordered`, from which no offset can be taken.
        if node.meta["nulls first"] and types[1].name in ("double", "real", "row"):
            raise NotSupported("RANGE with an offset over floating-point numbers NULLS FIRST")
        _check_range(found, types[1])
    elif found.name != "unknown" and not (
        found.is_integer or (found.name == "decimal" and found.numbers[1:] == (0,))
    ):
        raise QueryFailed(
            "TYPE_MISMATCH",
            "line 1:1: Window frame offset must be of exact numeric type with scale 0 "
            f"(actual: {found.trino()})",
        )
    value = node.this
    if not found.is_number or (isinstance(value, exp.Literal) and not value.is_string):
        return value
    wrong = exp.Or(this=any_null(value), expression=exp.LT(this=value.copy(), expression=raw(0)))
    message = "Window frame offset value must not be negative or null"
    return case((wrong, failing("INVALID_WINDOW_FRAME", message)), default=value)


def _check_range(found: Type, key: Type) -> None:
    if "unknown" in (found.name, key.name):
        return
    if key.is_number:
        fits = found.is_number
    elif key.name in _TIMES or "interval" in key.name:
        fits = "interval" in found.name
    else:
        raise QueryFailed(
            "TYPE_MISMATCH",
            "line 1:1: Window frame of type RANGE PRECEDING or FOLLOWING requires that sort item "
            f"type be numeric, datetime or interval (actual: {key.trino()})",
        )
    if not fits:
        raise QueryFailed(
            "TYPE_MISMATCH",
            f"line 1:1: Window frame RANGE value type ({found.trino()}) not compatible with sort "
            f"item type ({key.trino()})",
        )
