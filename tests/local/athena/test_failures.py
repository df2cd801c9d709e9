"""DuckDB's failures in Trino's words, at the place of what they are about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.athena.engine.query import Work
from local.athena.errors import QueryFailed

from .in_memory import answer, engine

GROUPED = "must be an aggregate expression or appear in GROUP BY clause"
SCALAR = "clause cannot contain aggregations, window functions or grouping operations"
FAILING = {
    "select x, y, count(*) from (values (1, 2)) t(x, y) group by x": f"line 1:11: 'y' {GROUPED}",
    "select x\nfrom (values 1) t(x)\nwhere sum(x) > 1": f"line 3:1: WHERE {SCALAR}",
    "select x from (values 1) t(x) group by sum(x)": f"line 1:31: GROUP BY {SCALAR}",
    "select z from (values 1) t(x)": "line 1:8: Column 'z' cannot be resolved",
    "select 1 / x from (values 0) t(x)": "Division by zero",
}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with engine(tmp_path_factory.mktemp("engine")) as made:
        yield made


@pytest.mark.parametrize("sql", FAILING)
def test_a_failure_says_where_and_why(work: Work, sql: str) -> None:
    with pytest.raises(QueryFailed) as failed:
        answer(work, sql)
    assert failed.value.message == FAILING[sql]
