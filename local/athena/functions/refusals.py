"""Refusals met while a query runs. TRY turns every failure into NULL, but a refusal is none of Trino's
failures: the query that met one has to end with it. DuckDB's threads belong to no query, so a function
that may refuse is told the number of the query by its last argument, which a macro adds.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import Any

from local.athena.errors import NotSupported

_VARIABLE = "query"
_numbers = itertools.count(1)
_met: dict[int, str] = {}


class Refused(ValueError):
    """What a function of Trino cannot be answered for; `message` says what."""

    def __init__(self, message: str) -> None:
        super().__init__(f"@NOT_SUPPORTED:{message}@")
        self.message = message


def number() -> int:
    """A new query's, for `numbering` its connections; 0 is that of all queries without TRY."""
    return next(_numbers)


def numbering(query: int) -> str:
    """The statement that gives a connection its query's number."""
    return f"SET VARIABLE {_VARIABLE} = {query}"


def require_none(query: int) -> None:
    """Raise NotSupported when the query met a refusal."""
    if query in _met:
        raise NotSupported(_met[query])


def forget(query: int) -> None:
    """The query has ended, or what it met has been told."""
    _met.pop(query, None)


def told(function: Callable[..., Any], parameters: list[str]) -> Callable[..., Any]:
    """The function with one more parameter, the number of the query that calls it."""

    def numbered(*arguments: Any) -> Any:
        *given, query = arguments
        try:
            return function(*given)
        except Refused as refusal:
            if query:
                _met[query] = refusal.message
            raise

    kind = inspect.Parameter.POSITIONAL_ONLY
    names = [f"p{at}" for at in range(len(parameters) + 1)]
    made: Any = numbered
    made.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    return numbered


def telling(name: str, numbered: str, parameters: list[str]) -> str:
    """The macro `name` that calls the function `numbered`."""
    given = [f"p{at}" for at in range(len(parameters))]
    number = f"coalesce(getvariable('{_VARIABLE}'), 0)"
    return f"CREATE MACRO {name}({', '.join(given)}) AS {numbered}({', '.join([*given, number])})"
