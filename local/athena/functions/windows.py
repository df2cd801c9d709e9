"""Window functions that take a number: where it is too small DuckDB answers NULL, Trino fails.

Source: LagFunction, LeadFunction, NthValueFunction and NTileFunction of trino-main.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.functions.rewrites import arity
from local.athena.sql.nodes import case, failing, raw

# name -> place of the number, the least that it may be, Trino's message
_BOUNDS = {
    "lag": (1, 0, "Offset must be at least 0"),
    "lead": (1, 0, "Offset must be at least 0"),
    "nth_value": (1, 1, "Offset must be at least 1"),
    "ntile": (0, 1, "Buckets must be greater than 0"),
}
_ARITIES = {"lag": (1, 2, 3), "lead": (1, 2, 3), "nth_value": (2,), "ntile": (1,)}


def _bounded(name: str) -> Callable[[Any], None]:
    at, least, message = _BOUNDS[name]

    def rewrite(node: Any) -> None:
        args = arity(node, name, *_ARITIES[name])
        if at < len(args) and not _is_enough(args[at], least):
            few = exp.LT(this=args[at].copy(), expression=raw(least))
            failed = failing("INVALID_FUNCTION_ARGUMENT", message)
            args[at] = case((few, failed), default=args[at])
        node.set("this", name)
        node.set("expressions", args)

    return rewrite


def _is_enough(node: Any, least: int) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and int(node.this) >= least


REWRITES = {name: _bounded(name) for name in _BOUNDS}
