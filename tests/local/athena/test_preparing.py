"""Statements about statements, run as clients run them: PREPARE, EXECUTE, DEALLOCATE, EXPLAIN."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.athena.conftest import LAKE, Query


def test_prepare_execute_and_deallocate_share_the_workgroups_statements(query: Query) -> None:
    query.rows("PREPARE sums FROM select x - ? as d from (values 5, 7) as t(x) where x > ?")
    stored = query.client.get_prepared_statement(StatementName="sums", WorkGroup="primary")
    assert stored["PreparedStatement"]["QueryStatement"].startswith("select x - ?")
    assert query.rows("EXECUTE sums USING -1, 5") == [["8"]]
    assert "already exists" in query.reason("PREPARE sums FROM select 1")
    assert query.rows("DEALLOCATE PREPARE sums") == []
    assert "not found" in query.reason("EXECUTE sums USING 1, 2")
    assert "was not found" in query.reason("DEALLOCATE PREPARE sums")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("PREPARE shown FROM show tables", "NOT_SUPPORTED: PREPARE of SHOW_TABLES"),
        ("EXECUTE IMMEDIATE 'select 1'", "NOT_SUPPORTED: EXECUTE IMMEDIATE"),
        ("DESCRIBE INPUT sums", "NOT_SUPPORTED: DESCRIBE INPUT"),
        ("DESCRIBE OUTPUT sums", "NOT_SUPPORTED: DESCRIBE OUTPUT"),
        ("EXPLAIN ANALYZE select 1", "NOT_SUPPORTED: EXPLAIN ANALYZE"),
        ("EXPLAIN (TYPE VALIDATE) select nope", "COLUMN_NOT_FOUND"),
    ],
)
def test_what_is_not_there_is_refused_by_name(query: Query, sql: str, reason: str) -> None:
    assert reason in query.reason(sql)


def test_explain_validates_and_shows_a_plan(query: Query) -> None:
    assert query.rows("EXPLAIN (TYPE VALIDATE) select 1 where 1 = 1") == [["true"]]
    assert len(query.rows("EXPLAIN select count(*) from (values 1, 2) as t(x)")) > 1


@pytest.fixture
def days(query: Query) -> Any:
    query.rows("create database if not exists altered")
    query.rows(
        "create external table altered.days (a int) partitioned by (dt string) "
        f"stored as parquet location 's3://{LAKE}/altered/days/'"
    )
    query.rows("alter table altered.days add partition (dt = '2026-01-01')")
    yield query
    query.rows("drop table altered.days")


def test_a_partition_is_renamed_and_moved_without_its_files(days: Query) -> None:
    days.rows("alter table altered.days partition (dt='2026-01-01') rename to partition (dt='x')")
    days.rows(f"alter table altered.days partition (dt='x') set location 's3://{LAKE}/moved/'")
    assert days.rows("show partitions altered.days") == [["dt=x"]]
    for change in ("rename to altered.weeks", "drop column a", "change column a b int"):
        assert "Iceberg tables only" in days.reason(f"alter table altered.days {change}")
