"""round, truncate, ceil, floor and sign: integers stay, decimals get Trino's scale.

Source: MathFunctions of trino-main.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql.coercion import as_decimal
from local.athena.sql.nodes import call, cast
from local.athena.sql.types import Type


def rounding(name: str) -> Callable[[Any, list[Type]], Any]:
    """round, ceil, floor, truncate: integers stay, decimals get Trino's scale."""

    def rewrite(node: Any, types: list[Type]) -> Any:
        found, args = types[0], list(node.expressions)
        places = name in ("round", "trunc") and len(args) == 2
        if not found.is_number or not (len(args) == 1 or places):
            raise QueryFailed(
                "FUNCTION_NOT_FOUND", f"line 1:1: Unexpected parameters for function {name}"
            )
        if found.is_integer and name == "trunc":
            found = as_decimal(found)  # truncate knows no integers
            args[0] = cast(args[0], found.duckdb())
        if found.is_integer and places:
            bigint = found.name == "bigint"
            return cast(call("t_round_bigint" if bigint else name, *args), found.duckdb())
        if found.is_integer:
            return args[0]
        if found.name == "decimal":
            return _rounded_decimal(name, args, found)
        return _rounded_double(name, args, found)

    return rewrite


def _rounded_decimal(name: str, args: list[Any], found: Type) -> Any:
    precision, scale = found.numbers
    if any(a.find(exp.Column) is not None for a in args[1:]):
        raise NotSupported(f"{name} of {found.trino()} to digits that are not constant")
    made = call(name, *args)
    if len(args) == 2:
        wider = min(38, precision + 1) if name == "round" else precision
        return cast(made, f"DECIMAL({wider},{scale})")
    spare = 0 if name == "trunc" else min(scale, 1)
    return cast(made, f"DECIMAL({min(38, max(1, precision - scale + spare))},0)")


def _rounded_double(name: str, args: list[Any], found: Type) -> Any:
    if name == "round":
        made = call("t_round_double", cast(args[0], "DOUBLE"), args[1] if len(args) == 2 else 0)
    elif len(args) == 2:
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"line 1:1: Unexpected parameters ({found.trino()}, integer) for function truncate",
        )
    else:
        made = call("t_truncate_double" if name == "trunc" else name, *args)
    return cast(made, "FLOAT") if found.name == "real" else made


def sign(node: Any, types: list[Type]) -> Any:
    if types[0].name in ("double", "real"):
        return cast(call("t_sign_double", *node.expressions), types[0].duckdb())
    made = call("sign", *node.expressions)
    return cast(made, "DECIMAL(1,0)" if types[0].name == "decimal" else types[0].duckdb())
