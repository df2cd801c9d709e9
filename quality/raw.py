"""The suites at the raw border, derived from the contracts: volume, duplicates, time, quarantine.

Fields are not looked at here: their shape was checked against the contract at delivery. Lateness
has no bound: an import brings history that is years old.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from ingestion.contract import Dataset
from ingestion.registry import Registry
from quality.suite import Expect, Suite

ASSET = "quality/raw_border"
MOST_DUPLICATES = 0.5
MOST_QUARANTINED = 0.2
CLOCK_TOLERANCE_MINUTES = 5
BETWEEN = "expect_column_values_to_be_between"


def suites(known: Registry) -> list[Suite]:
    """One suite over the raw tables of all event types, one over all error tables."""
    return [_arrivals(_tables(known)), _quarantine(known)]


def _tables(known: Registry, dataset: str | None = None) -> list[str]:
    facts = [cls.contract for cls in known.values()]
    return sorted({each.table for each in facts if dataset in (None, each.stream)})


def _arrivals(tables: Sequence[str]) -> Suite:
    return Suite(
        name="raw_arrivals",
        asset=ASSET,
        sql="\nunion all\n".join(_figures(table) for table in tables),
        expectations=[
            Expect(
                "expect_table_row_count_to_equal",
                {"value": len(tables)},
                "every event type has a raw table that answers",
            ),
            Expect(
                BETWEEN,
                {"column": "events", "min_value": 0},
                "the volume of every event type is known",
            ),
            Expect(
                BETWEEN,
                {"column": "without_id", "min_value": 0, "max_value": 0},
                "every raw row carries an event id and a time",
            ),
            Expect(
                BETWEEN,
                {"column": "duplicate_share", "min_value": 0, "max_value": MOST_DUPLICATES},
                f"at most {MOST_DUPLICATES:.0%} of the deliveries of a type are repeats",
            ),
            Expect(
                BETWEEN,
                {"column": "from_the_future", "min_value": 0, "max_value": 0},
                f"no event happened more than {CLOCK_TOLERANCE_MINUTES} minutes after it arrived",
            ),
        ],
    )


def _figures(table: str) -> str:
    return f"""select
    '{table}' as event_type,
    count(*) as events,
    count_if(event_id is null or occurred_at is null) as without_id,
    coalesce(1e0 - cast(count(distinct event_id) as double) / nullif(count(event_id), 0), 0e0)
        as duplicate_share,
    count_if(occurred_at > arrived_at + interval '{CLOCK_TOLERANCE_MINUTES}' minute)
        as from_the_future
from raw.{table}"""


def _quarantine(known: Registry) -> Suite:
    return Suite(
        name="raw_quarantine",
        asset=ASSET,
        sql="\nunion all\n".join(_share(dataset, known) for dataset in get_args(Dataset)),
        expectations=[
            Expect(
                BETWEEN,
                {"column": "quarantined_share", "min_value": 0, "max_value": MOST_QUARANTINED},
                f"at most {MOST_QUARANTINED:.0%} of what a stream brought is quarantined",
            ),
        ],
    )


def _share(dataset: str, known: Registry) -> str:
    counts = [f"select 0 as bad, count(*) as n from raw.{t}" for t in _tables(known, dataset)]
    counts.append(f"select count(*) as bad, count(*) as n from errors.{dataset}")
    return f"""select
    '{dataset}' as dataset,
    sum(bad) as quarantined,
    coalesce(cast(sum(bad) as double) / nullif(sum(n), 0), 0e0) as quarantined_share
from ({" union all ".join(counts)}) as counts"""
