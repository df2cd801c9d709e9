"""The suites at the raw border over figures as Athena would answer them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import sqlglot

from ingestion.registry import latest, registry
from quality.raw import suites
from quality.runner import run

TABLES = sorted(cls.contract.table for cls in latest())


def figures(**changes: Any) -> pd.DataFrame:
    healthy = {"events": 4, "without_id": 0, "duplicate_share": 0.25, "from_the_future": 0}
    rows = [{"event_type": table, **healthy} for table in TABLES]
    rows[0] |= changes
    return pd.DataFrame(rows)


def quarantine(share: float) -> pd.DataFrame:
    return pd.DataFrame({"dataset": ["users"], "quarantined": [1], "quarantined_share": [share]})


def broken(arrivals: pd.DataFrame, held: pd.DataFrame) -> dict[str, str]:
    known = suites(registry())
    frames = dict(zip([suite.sql for suite in known], [arrivals, held], strict=True))
    verdicts = run(known, lambda sql: frames[sql])
    return {each.promise: each.observed for each in verdicts if not each.passed}


def test_a_healthy_lake_keeps_every_promise() -> None:
    assert broken(figures(), quarantine(0.2)) == {}


@pytest.mark.parametrize(
    ("changes", "promise"),
    [
        ({"without_id": 1}, "every raw row carries an event id"),
        ({"duplicate_share": 0.6}, "at most 50% of the deliveries"),
        ({"from_the_future": 2}, "no event happened more than 5 minutes after it arrived"),
        ({"events": None}, "the volume of every event type is known"),
    ],
)
def test_each_figure_is_held_to_its_bound(changes: dict[str, Any], promise: str) -> None:
    ((found, observed),) = broken(figures(**changes), quarantine(0)).items()
    assert found.startswith(promise)
    assert TABLES[0] in observed


def test_an_event_type_whose_table_does_not_answer_is_missed() -> None:
    assert list(broken(figures().iloc[1:], quarantine(0))) == [
        "every event type has a raw table that answers"
    ]


def test_a_stream_that_is_mostly_quarantined_is_named() -> None:
    assert list(broken(figures(), quarantine(0.21)).values()) == ["users quarantined_share 0.21"]


def test_the_queries_ask_every_raw_table_and_every_error_table() -> None:
    asked = {
        f"{table.db}.{table.name}"
        for suite in suites(registry())
        for table in sqlglot.parse_one(suite.sql, read="athena").find_all(sqlglot.exp.Table)
    }
    errors = {f"errors.{dataset}" for dataset in ("users", "transactions", "activity", "products")}
    assert asked == {f"raw.{table}" for table in TABLES} | errors
