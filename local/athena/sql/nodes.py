"""Small constructors for syntax trees that print as DuckDB SQL."""

from __future__ import annotations

import itertools
from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

_fresh = itertools.count(1)
_MARK = "__made"
IGNORE_NULLS = "\x01ignore_nulls"


def call(name: str, *args: Any) -> Any:
    return exp.Anonymous(
        this=name, expressions=[a if isinstance(a, exp.Expr) else raw(a) for a in args]
    )


def raw(value: Any) -> Any:
    """A Python string or number as a literal."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)


def cast(node: Any, duckdb_type: str) -> Any:
    """CAST spelled with DuckDB's own type text, which the generator prints as it stands."""
    return exp.Anonymous(
        this="cast", expressions=[exp.Alias(this=node, alias=exp.Var(this=duckdb_type))]
    )


def parens(node: Any) -> Any:
    return exp.Paren(this=node)


def null() -> Any:
    return exp.Null()


def lambda_of(body: Any, *names: str) -> Any:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(n) for n in names])


def fresh(stem: str) -> str:
    """A name that no query has."""
    return reserved(stem, str(next(_fresh)))


def reserved(stem: str, rest: str) -> str:
    """A name that no text of a query has, the same for the same words."""
    return f"{stem}{_MARK}_{rest}"


def is_fresh(name: str) -> bool:
    return f"{_MARK}_" in name


def variable(name: str) -> Any:
    return exp.Column(this=exp.to_identifier(name))


def case(*branches: tuple[Any, Any], default: Any = None) -> Any:
    ifs = [exp.If(this=condition, true=value) for condition, value in branches]
    return exp.Case(ifs=ifs, default=default)


def is_null(node: Any) -> Any:
    return exp.Is(this=node, expression=exp.Null())


def any_null(*nodes: Any) -> Any:
    return exp.or_(*[is_null(n.copy()) for n in nodes])


def failing(name: str, message: Any) -> Any:
    """A value of any type that fails with Trino's error name when it is evaluated."""
    return call("t_fail", name, message)


def let(value: Any, name: str, body: Any) -> Any:
    """`body` with `name` bound to `value`, evaluated once."""
    made = call("list_transform", exp.Array(expressions=[value]), lambda_of(body, name))
    return exp.Bracket(this=made, expressions=[raw(1)], offset=1)


def sql(tree: Any) -> str:
    text = tree.sql(dialect=DuckDB, identify=True, normalize_functions=False, comments=False)
    return str(text).replace(f", {IGNORE_NULLS}", " IGNORE NULLS")
