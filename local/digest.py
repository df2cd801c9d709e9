"""Digests of what a run left in the lake: equal for equal seeds, whatever the clock of the run said.

Times of arrival and correlation ids belong to a run, not to the city, and are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from ingestion.registry import latest

MARTS = ("balances_per_day", "encounters", "goods", "postings", "stock_per_day", "users")


def digests(query: Callable[[str], Any]) -> dict[str, str]:
    """SHA-256 by name: of all events, and of every mart's rows in order of their text."""
    events = "\nunion\n".join(
        "select event_id, event_type, cast(occurred_at as varchar) as occurred_at, data "
        f"from raw.{cls.contract.table}"
        for cls in latest()
    )
    found = {"events": _digest(query(events))}
    return found | {name: _digest(query(f"select * from marts.{name}")) for name in MARTS}


def _digest(frame: Any) -> str:
    rows: Iterable[str] = sorted(
        "\x1f".join(map(str, row)) for row in frame.itertuples(index=False)
    )
    return hashlib.sha256("\x1e".join(rows).encode()).hexdigest()
