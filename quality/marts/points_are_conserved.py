"""Readers may rely on it that no point appears or vanishes between minting and burning."""

from __future__ import annotations

from quality.suite import Expect, Suite

SUITE = Suite(
    name="points_are_conserved",
    asset="marts/postings",
    sql="""select
    minted,
    outstanding,
    burned,
    minted - outstanding - burned as unaccounted
from (
    select
        coalesce(sum(if(account_type = 'mint', -points, 0)), 0) as minted,
        coalesce(sum(if(account_type in ('user', 'merchant'), points, 0)), 0) as outstanding,
        coalesce(sum(if(account_type in ('burn', 'expired'), points, 0)), 0) as burned
    from marts.postings
) as supply""",
    expectations=[
        Expect(
            "expect_column_values_to_be_between",
            {"column": "unaccounted", "min_value": 0, "max_value": 0},
            "every minted point is held by a user or a merchant, burned or expired",
        ),
        Expect(
            "expect_column_values_to_be_between",
            {"column": "minted", "min_value": 0},
            "points are minted, never unminted",
        ),
        Expect(
            "expect_column_values_to_be_between",
            {"column": "outstanding", "min_value": 0},
            "users and merchants together never hold less than nothing",
        ),
        Expect(
            "expect_column_values_to_be_between",
            {"column": "burned", "min_value": 0},
            "what was burned or has expired never comes back",
        ),
    ],
)
