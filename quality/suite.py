"""A suite: one cheap query and what Great Expectations must find in its rows.

Suites compute figures in Athena and check the figures here, so a check never pulls the events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

# Answers SQL with all of its rows.
Query = Callable[[str], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Expect:
    """One expectation by its Great Expectations name, e.g. `expect_column_values_to_be_between`.

    `promise` is what a reader of the data may rely on, in words. It holds for every row: a row
    without a value breaks it.
    """

    type: str
    arguments: dict[str, Any]
    promise: str


@dataclass(frozen=True, slots=True)
class Suite:
    """`sql` runs on Athena and answers at least one row; `asset` is what the verdict belongs to.

    `asset` is written `schema/table`.
    """

    name: str
    asset: str
    sql: str
    expectations: Sequence[Expect]
