"""PyAthena with nothing but environment variables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from pyathena import connect
from pyathena.cursor import DictCursor
from pyathena.error import OperationalError
from pyathena.pandas.cursor import PandasCursor

from .conftest import RESULTS

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("client_environment"),
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),  # PyAthena's own
]
SQL = "select 1 as id, 'ann' as name, decimal '1.50' as amount, date '2026-01-01' as day, cast(null as varchar) as note"


def _connect() -> Any:
    return connect(
        s3_staging_dir=f"s3://{RESULTS}/pyathena/", region_name="us-east-1", poll_interval=0.05
    )


def test_the_default_cursor_converts_every_type() -> None:
    (row,) = _connect().cursor().execute(SQL).fetchall()
    assert row == (1, "ann", Decimal("1.50"), dt.date(2026, 1, 1), None)


def test_the_dict_cursor_names_the_columns() -> None:
    assert _connect().cursor(DictCursor).execute(SQL).fetchone()["amount"] == Decimal("1.50")


def test_the_pandas_cursor_reads_the_csv() -> None:
    frame = _connect().cursor(PandasCursor).execute(SQL).as_pandas()
    assert frame["id"].tolist() == [1]
    assert frame["name"].tolist() == ["ann"]


def test_the_pandas_cursor_reads_unloaded_parquet() -> None:
    cursor = _connect().cursor(PandasCursor, unload=True)
    assert cursor.execute("select 7 as n").as_pandas()["n"].tolist() == [7]


def test_parameters_travel_in_both_styles() -> None:
    cursor = _connect().cursor()
    asked = "select x from (values 'a', 'b') as t(x) where x = "
    assert cursor.execute(asked + "%(x)s", {"x": "b"}).fetchall() == [("b",)]
    assert cursor.execute(asked + "?", ["'a'"], paramstyle="qmark").fetchall() == [("a",)]


def test_a_young_result_is_reused() -> None:
    cursor = _connect().cursor()
    asked = {"result_reuse_enable": True, "result_reuse_minutes": 5}
    first = cursor.execute("select now() as t", **asked).fetchall()
    second = cursor.execute("select now() as t", **asked)
    assert second.fetchall() == first
    assert second.reused_previous_result


def test_a_failed_query_raises_with_athenas_reason() -> None:
    with pytest.raises(OperationalError, match="COLUMN_NOT_FOUND: line 1:8"):
        _connect().cursor().execute("select nope from (values 1) as t(x)")
