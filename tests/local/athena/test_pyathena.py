"""PyAthena and its SQLAlchemy dialect with nothing but environment variables."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import sqlalchemy
from pyathena import connect
from pyathena.async_cursor import AsyncCursor
from pyathena.cursor import DictCursor
from pyathena.error import DatabaseError, OperationalError
from pyathena.pandas.cursor import PandasCursor

from .conftest import LAKE, RESULTS, Query

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("client_environment"),
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),  # PyAthena's own
]
ENDLESS = (
    "select count(*) from unnest(sequence(1, 40000)) as a(x) "
    "cross join unnest(sequence(1, 40000)) as b(y) where (x * y) % 7 = 3"
)
TYPES = """
select 1 as i, bigint '5000000000' as b, cast(1.5 as double) as d, decimal '1.50' as n, 'añ,"q"' as s,
  '' as empty, true as flag, date '2026-01-02' as day, timestamp '2026-01-02 03:04:05.678' as at,
  array[1, 2] as arr, map(array['k'], array[1]) as m, cast(row(1, 'x') as row(a integer, b varchar)) as r,
  json_parse('{"a": [1, null]}') as j, to_utf8('hi') as raw, cast(null as integer) as nothing
"""


def _connect(**arguments: Any) -> Any:
    return connect(
        s3_staging_dir=f"s3://{RESULTS}/pyathena/",
        region_name="us-east-1",
        poll_interval=0.05,
        **arguments,
    )


@pytest.fixture(scope="module")
def table(query: Query) -> str:
    query.rows("create database if not exists pyathena")
    query.rows(
        f"create table pyathena.things with (external_location = 's3://{LAKE}/pyathena/things/', "
        "partitioned_by = array['day']) as select 1 as id, 'ann' as name, decimal '1.50' as amount, "
        "array[1] as tags, date '2026-01-02' as day"
    )
    query.rows("create or replace view pyathena.names as select name from pyathena.things")
    return "things"


def test_the_default_cursor_converts_every_type() -> None:
    cursor = _connect().cursor()
    (row,) = cursor.execute(TYPES).fetchall()
    assert row == (
        1,
        5000000000,
        1.5,
        Decimal("1.50"),
        'añ,"q"',
        "",
        True,
        dt.date(2026, 1, 2),
        dt.datetime(2026, 1, 2, 3, 4, 5, 678000),
        [1, 2],
        {"k": "1"},  # PyAthena leaves the values of maps and rows texts
        {"a": "1", "b": "x"},
        {"a": [1, None]},
        b"hi",
        None,
    )
    described = {d[0]: (d[1], d[4], d[5]) for d in cursor.description}
    assert described["n"] == ("decimal", 3, 2)
    assert described["b"] == ("bigint", 19, 0)
    assert described["at"][0] == "timestamp"


def test_rows_come_over_many_pages() -> None:
    cursor = _connect().cursor()
    cursor.execute("select n from unnest(sequence(1, 2500)) as t(n) order by n")
    assert cursor.fetchone() == (1,)
    assert cursor.fetchmany(1200)[-1] == (1201,)
    assert [n for (n,) in cursor.fetchall()] == list(range(1202, 2501))


def test_the_dict_cursor_names_the_columns() -> None:
    assert _connect().cursor(DictCursor).execute(TYPES).fetchone()["n"] == Decimal("1.50")


def test_the_pandas_cursor_reads_the_csv_whole_and_in_chunks() -> None:
    cursor = _connect().cursor(PandasCursor)
    frame = cursor.execute(TYPES).as_pandas()
    assert (frame["i"][0], frame["s"][0], frame["at"][0]) == (
        1,
        'añ,"q"',
        pd.Timestamp("2026-01-02 03:04:05.678"),
    )
    rows = "select n from unnest(sequence(1, 25)) as t(n) order by n"
    chunks = list(cursor.execute(rows, chunksize=10).as_pandas())
    assert [len(c) for c in chunks] == [10, 10, 5]


def test_the_pandas_cursor_reads_unloaded_parquet() -> None:
    cursor = _connect().cursor(PandasCursor, unload=True)
    assert cursor.execute("select 7 as n, array[1] as a").as_pandas()["n"].tolist() == [7]


def test_the_async_cursor_runs_several_queries_at_once() -> None:
    cursor = _connect().cursor(AsyncCursor)
    started = [cursor.execute(f"select {n} as n") for n in range(6)]
    assert [future.result().fetchall() for _, future in started] == [[(n,)] for n in range(6)]


def test_parameters_travel_in_both_styles() -> None:
    cursor = _connect().cursor()
    asked = "select x from (values 'a''b', 'b') as t(x) where x = "
    assert cursor.execute(asked + "%(x)s", {"x": "a'b"}).fetchall() == [("a'b",)]
    assert cursor.execute(asked + "?", ["'b'"], paramstyle="qmark").fetchall() == [("b",)]
    values = {"d": dt.date(2026, 1, 2), "n": Decimal("1.5"), "none": None, "many": [1, 2]}
    sql = "select %(d)s as d, %(n)s as n, %(none)s as z, 2 in %(many)s as i"
    assert cursor.execute(sql, values).fetchone() == (
        dt.date(2026, 1, 2),
        Decimal("1.5"),
        None,
        True,
    )


def test_a_young_result_is_reused_for_the_same_parameters_only() -> None:
    cursor = _connect().cursor()
    asked = {"result_reuse_enable": True, "result_reuse_minutes": 5, "paramstyle": "qmark"}
    first = cursor.execute("select now() as t, ? as p", ["1"], **asked).fetchall()
    assert not cursor.reused_previous_result
    assert cursor.execute("select now() as t, ? as p", ["1"], **asked).fetchall() == first
    assert cursor.reused_previous_result
    ((_, p),) = cursor.execute("select now() as t, ? as p", ["2"], **asked).fetchall()
    assert (p, cursor.reused_previous_result) == (2, False)


def test_the_cache_of_the_client_finds_an_earlier_query() -> None:
    cursor = _connect().cursor()
    first = cursor.execute("select 'cached' as c").query_id
    assert cursor.execute("select 'cached' as c", cache_size=50).query_id == first


def test_a_failed_query_raises_with_athenas_reason() -> None:
    with pytest.raises(OperationalError, match="COLUMN_NOT_FOUND: line 1:8"):
        _connect().cursor().execute("select nope from (values 1) as t(x)")
    with pytest.raises(DatabaseError, match="mismatched input 'selec'"):
        _connect().cursor().execute("selec 1")


def test_a_running_query_is_cancelled_from_another_thread() -> None:
    begun = threading.Event()
    cursor = _connect(on_start_query_execution=lambda _: begun.set()).cursor()

    def cancel() -> None:
        begun.wait(10)
        cursor.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(OperationalError, match="Query cancelled by user"):
        cursor.execute(ENDLESS)
    canceller.join()


def test_an_interrupt_at_the_keyboard_stops_the_query(query: Query) -> None:
    ids: list[str] = []
    presses = [KeyboardInterrupt]

    def interrupt(_: Any) -> None:
        if presses:
            raise presses.pop()

    cursor = _connect(on_poll=interrupt, on_start_query_execution=ids.append).cursor()
    with pytest.raises(OperationalError, match="Query cancelled by user"):
        cursor.execute(ENDLESS)
    done = query.client.get_query_execution(QueryExecutionId=ids[0])["QueryExecution"]
    assert done["Status"]["State"] == "CANCELLED"


@pytest.fixture
def engine(client_environment: None) -> Any:
    made = sqlalchemy.create_engine(
        "awsathena+rest://@athena.us-east-1.amazonaws.com:443/pyathena"
        f"?s3_staging_dir=s3://{RESULTS}/sqlalchemy/&poll_interval=0.05"
        f"&location=s3://{LAKE}/sqlalchemy/&file_format=PARQUET"
    )
    yield made
    made.dispose()


def test_sqlalchemy_reflects_what_is_there(engine: Any, table: str) -> None:
    found = sqlalchemy.inspect(engine)
    assert "pyathena" in found.get_schema_names()
    assert "things" in found.get_table_names()
    assert found.get_view_names() == ["names"]
    assert {c["name"]: str(c["type"]) for c in found.get_columns("things")} == {
        "id": "INTEGER",
        "name": "VARCHAR",
        "amount": "DECIMAL(3, 2)",
        "tags": "VARCHAR",
        "day": "DATE",
    }
    assert found.has_table("things")
    assert not found.has_table("nothing")
    assert found.get_view_definition("names").startswith("CREATE VIEW pyathena.names AS")


def test_sqlalchemy_and_pandas_read_and_write(engine: Any, table: str) -> None:
    things = sqlalchemy.Table(table, sqlalchemy.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        asked = sqlalchemy.select(things.c.name, things.c.amount).where(things.c.id == 1)
        assert connection.execute(asked).fetchall() == [("ann", Decimal("1.50"))]
    assert pd.read_sql("select id from things", engine)["id"].tolist() == [1]
    frame = pd.DataFrame({"n": [1, 2], "s": ["a", "it's"]})
    with engine.connect() as connection:
        frame.to_sql("written", connection, index=False, if_exists="replace", method="multi")
        read = pd.read_sql("select n, s from written order by n", connection)
    pd.testing.assert_frame_equal(read, frame, check_dtype=False)
