"""Merchants may rely on it that every good with stock is one of theirs and never below zero."""

from __future__ import annotations

from quality.suite import Expect, Suite

SUITE = Suite(
    name="stock_is_on_the_shelf",
    asset="marts/stock_per_day",
    sql="""select
    count_if(stock.closing < 0) as below_zero,
    count_if(goods.good_id is null) as unlisted
from marts.stock_per_day as stock
left join marts.goods as goods
    on stock.merchant_id = goods.merchant_id
    and stock.good_id = goods.good_id""",
    expectations=[
        Expect(
            "expect_column_values_to_be_between",
            {"column": "below_zero", "min_value": 0, "max_value": 0},
            "no shelf holds less than nothing",
        ),
        Expect(
            "expect_column_values_to_be_between",
            {"column": "unlisted", "min_value": 0, "max_value": 0},
            "every good on a shelf is listed by its merchant",
        ),
    ],
)
