"""Readers may rely on it that no point appears or vanishes between minting and burning."""

from quality.suite import Expect, Suite

SUITE = Suite(
    name="points_are_conserved",
    asset="marts/postings",
    sql="""select
    coalesce(sum(points), 0) as imbalance,
    coalesce(sum(if(account_type = 'mint', -points, 0)), 0) as minted,
    coalesce(sum(if(account_type in ('user', 'merchant'), points, 0)), 0) as outstanding,
    coalesce(sum(if(account_type in ('burn', 'expired'), points, 0)), 0) as burned
from marts.postings""",
    expectations=[
        Expect(
            "expect_column_values_to_be_between",
            {"column": "imbalance", "min_value": 0, "max_value": 0},
            "all postings together sum to zero",
        ),
        Expect(
            "expect_column_values_to_be_between",
            {"column": "outstanding", "min_value": 0},
            "the points that users and merchants hold are never negative in sum",
        ),
    ],
)
