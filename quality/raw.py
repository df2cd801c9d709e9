"""The suite at the raw border, derived from the contracts: volume, lateness, duplicates, quarantine.

Fields are not looked at here: their shape was checked against the contract at delivery.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from ingestion.contract import Dataset
from ingestion.registry import Registry
from quality.suite import Expect, Suite

MOST_DUPLICATES = 0.5
MOST_QUARANTINED = 0.2


def suites(known: Registry) -> list[Suite]:
    """One suite over the raw tables of all event types, one over all error tables."""
    tables = sorted({cls.contract.table for cls in known.values()})
    return [_arrivals(tables), _quarantine(known)]


def _arrivals(tables: Sequence[str]) -> Suite:
    figures = "\nunion all\n".join(_figures(table) for table in tables)
    between = "expect_column_values_to_be_between"
    return Suite(
        name="raw_arrivals",
        asset="raw",
        sql=figures,
        expectations=[
            Expect(
                "expect_table_row_count_to_equal",
                {"value": len(tables)},
                "every event type has a raw table that answers",
            ),
            Expect(
                between,
                {"column": "events", "min_value": 0},
                "the volume of every event type is known",
            ),
            Expect(
                between,
                {"column": "without_id", "max_value": 0},
                "every raw row carries an event id and a time",
            ),
            Expect(
                between,
                {"column": "duplicate_share", "max_value": MOST_DUPLICATES},
                f"at most {MOST_DUPLICATES:.0%} of the deliveries of a type are repeats",
            ),
            Expect(
                between,
                {"column": "from_the_future", "max_value": 0},
                "no event happened after it arrived",
            ),
        ],
    )


def _figures(table: str) -> str:
    return f"""select
    '{table}' as event_type,
    count(*) as events,
    count_if(event_id is null or occurred_at is null) as without_id,
    coalesce(1.0e0 - count(distinct event_id) / nullif(cast(count(*) as double), 0), 0)
        as duplicate_share,
    count_if(occurred_at > arrived_at + interval '5' minute) as from_the_future
from raw.{table}"""


def _quarantine(known: Registry) -> Suite:
    parts = [_share(dataset, known) for dataset in get_args(Dataset)]
    return Suite(
        name="raw_quarantine",
        asset="errors",
        sql="\nunion all\n".join(parts),
        expectations=[
            Expect(
                "expect_column_values_to_be_between",
                {"column": "quarantined_share", "max_value": MOST_QUARANTINED},
                f"at most {MOST_QUARANTINED:.0%} of a stream is quarantined",
            ),
        ],
    )


def _share(dataset: str, known: Registry) -> str:
    tables = sorted({c.contract.table for c in known.values() if c.contract.stream == dataset})
    events = " union all ".join(f"select count(*) as n from raw.{table}" for table in tables)
    return f"""select
    '{dataset}' as dataset,
    (select count(*) from errors.{dataset}) as quarantined,
    coalesce(
        (select cast(count(*) as double) from errors.{dataset})
        / nullif((select sum(n) from ({events}) as parts), 0),
        0
    ) as quarantined_share"""
