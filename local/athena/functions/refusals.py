"""Refusals met while a query runs. TRY turns every failure into NULL, but a refusal is none of Trino's
failures: the query that met one has to end with it. Queries that run side by side share the count, so
one with TRY may be refused for another: rather that than a NULL that Trino would not answer.
"""

from __future__ import annotations

import threading

from local.athena.errors import NotSupported


class _Refusals:
    """`count` so far and the `last` one's message."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count, self.last = 0, ""


_met = _Refusals()


def note(message: str) -> None:
    with _met.lock:
        _met.count, _met.last = _met.count + 1, message


def mark() -> int:
    """How many there have been so far."""
    return _met.count


def require_none(since: int) -> None:
    """Raise NotSupported when there was a refusal after the mark."""
    with _met.lock:
        if _met.count > since:
            raise NotSupported(_met.last)
