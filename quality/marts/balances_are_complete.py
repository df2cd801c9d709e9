"""Readers may rely on it that the newest balances hold exactly what the postings moved."""

from __future__ import annotations

from quality.suite import Expect, Suite

SUITE = Suite(
    name="balances_are_complete",
    asset="marts/balances_per_day",
    sql="""select
    (
        select coalesce(sum(closing), 0) from marts.balances_per_day
        where balance_date = (select max(balance_date) from marts.balances_per_day)
    ) - (
        select coalesce(sum(points), 0) from marts.postings
        where account_type in ('user', 'merchant')
    ) as difference""",
    expectations=[
        Expect(
            "expect_column_values_to_be_between",
            {"column": "difference", "min_value": 0, "max_value": 0},
            "the last closing balances equal the sum of all postings",
        ),
    ],
)
