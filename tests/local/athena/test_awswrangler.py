"""awswrangler with nothing but environment variables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import awswrangler as wr
import pandas as pd
import pytest

from .conftest import LAKE, RESULTS, Endpoint

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("client_environment"),
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),  # awswrangler's own
]
OUTPUT = f"s3://{RESULTS}/wrangler"


@pytest.fixture(scope="module")
def table(endpoint: Endpoint) -> str:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in endpoint.environment.items():
            patch.setenv(name, value)
        wr.catalog.create_database("wrangled", exist_ok=True)
        wr.s3.to_parquet(
            pd.DataFrame({"id": [1, 2, 3], "kind": ["a", "b", "a"]}),
            path=f"s3://{LAKE}/wrangled/",
            dataset=True,
            database="wrangled",
            table="things",
            partition_cols=["kind"],
            mode="overwrite",
        )
    return "things"


@pytest.mark.parametrize(
    "how",
    [
        {"ctas_approach": True},
        {"ctas_approach": True, "ctas_parameters": {"bucketing_info": (["id"], 1)}},
        {"ctas_approach": False, "unload_approach": True, "s3_output": f"{OUTPUT}/unloaded/"},
        {"ctas_approach": False},
    ],
    ids=["ctas", "buckets", "unload", "plain"],
)
def test_read_sql_query_gives_the_rows_whichever_way(table: str, how: dict[str, Any]) -> None:
    frame = wr.athena.read_sql_query(
        "select id, kind from things where kind = 'a' order by id",
        database="wrangled",
        **{"s3_output": f"{OUTPUT}/", **how},
    )
    assert frame.values.tolist() == [[1, "a"], [3, "a"]]


def test_parameters_and_chunks(table: str) -> None:
    chunks = wr.athena.read_sql_query(
        "select id from things where id > :least",
        database="wrangled",
        s3_output=f"{OUTPUT}/",
        ctas_approach=False,
        params={"least": 0},
        chunksize=2,
    )
    assert [len(c) for c in chunks] == [2, 1]


def test_parameters_of_the_server_and_prepared_statements(table: str) -> None:
    asked = {"database": "wrangled", "s3_output": f"{OUTPUT}/", "ctas_approach": False}
    sql = "select id from things where id > ? order by id"
    frame = wr.athena.read_sql_query(sql, params=["1"], paramstyle="qmark", **asked)
    assert frame["id"].tolist() == [2, 3]
    wr.athena.create_prepared_statement(sql, "wrangled_ids")
    frame = wr.athena.read_sql_query("execute wrangled_ids using 2", **asked)
    assert frame["id"].tolist() == [3]
    frame = wr.athena.read_sql_query(
        "execute wrangled_ids", params=["1"], paramstyle="qmark", **asked
    )
    assert frame["id"].tolist() == [2, 3]
    names = [s["StatementName"] for s in wr.athena.list_prepared_statements()]
    assert "wrangled_ids" in names
    wr.athena.delete_prepared_statement("wrangled_ids")


def test_a_query_is_started_waited_for_and_read_later(table: str) -> None:
    key = wr.athena.start_query_execution(
        "select id, kind from things order by id", database="wrangled", s3_output=f"{OUTPUT}/"
    )
    assert wr.athena.wait_query(key)["Status"]["State"] == "SUCCEEDED"
    assert wr.athena.get_query_columns_types(key) == {"id": "bigint", "kind": "varchar"}
    assert wr.athena.get_query_results(key)["id"].tolist() == [1, 2, 3]
    assert key in wr.athena.list_query_executions()
    (executed,) = wr.athena.get_query_executions([key])["QueryExecutionId"].tolist()
    assert executed == key
    with pytest.raises(wr.exceptions.QueryFailed, match="COLUMN_NOT_FOUND"):
        wr.athena.read_sql_query("select nope from things", database="wrangled", s3_output=OUTPUT)


def test_the_cache_of_the_client_finds_an_earlier_query(table: str) -> None:
    keys = [
        wr.athena.read_sql_query(
            "select count(*) as n from things",
            database="wrangled",
            s3_output=f"{OUTPUT}/",
            ctas_approach=False,
            athena_cache_settings={"max_cache_seconds": 900},
        ).query_metadata["QueryExecutionId"]
        for _ in range(2)
    ]
    assert keys[0] == keys[1]


def test_without_a_place_for_results_the_default_bucket_is_made(table: str) -> None:
    with pytest.warns(UserWarning, match="default bucket"):
        frame = wr.athena.read_sql_query(
            "select max(id) as n from things", database="wrangled", ctas_approach=False
        )
    assert frame["n"].tolist() == [3]


def test_every_type_survives_the_way_through_parquet(table: str) -> None:
    sql = """select 1 as i, cast(1.5 as double) as d, decimal '1.50' as n, 'x' as s, true as f,
        date '2026-01-02' as day, timestamp '2026-01-02 03:04:05.678' as at, array[1, null] as a,
        cast(row(1, 'y') as row(p integer, q varchar)) as r, cast(null as varchar) as z"""
    frame = wr.athena.read_sql_query(sql, database="wrangled", s3_output=f"{OUTPUT}/")
    row = frame.iloc[0]
    assert (row["i"], row["d"], row["n"], row["s"]) == (1, 1.5, Decimal("1.50"), "x")
    assert (row["f"], row["day"]) == (True, dt.date(2026, 1, 2))
    assert row["at"] == pd.Timestamp("2026-01-02 03:04:05.678")
    assert (row["r"], pd.isna(row["z"])) == ({"p": 1, "q": "y"}, True)


def _write(mode: str, ids: list[int], **arguments: Any) -> None:
    wr.s3.to_parquet(
        pd.DataFrame({"id": ids, "kind": [f"k{i % 2}" for i in ids]}),
        path=f"s3://{LAKE}/wrangled-modes/",
        dataset=True,
        database="wrangled",
        table="modes",
        partition_cols=["kind"],
        mode=mode,
        **arguments,
    )


def _ids() -> list[int]:
    frame = wr.athena.read_sql_query(
        "select id from modes order by id",
        database="wrangled",
        s3_output=f"{OUTPUT}/",
        ctas_approach=False,
    )
    return [int(i) for i in frame["id"]]


def test_what_pandas_writes_is_what_the_next_query_reads(table: str) -> None:
    _write("overwrite", [8, 9])
    _write("overwrite", [1, 2])
    _write("append", [3])
    assert _ids() == [1, 2, 3]
    _write("overwrite_partitions", [5])  # of the odd
    assert _ids() == [2, 5]
    assert wr.catalog.get_table_types("wrangled", "modes") == {"id": "bigint", "kind": "string"}
    found = wr.catalog.get_partitions("wrangled", "modes").values()
    assert sorted(found) == [["k0"], ["k1"]]
    assert wr.catalog.delete_table_if_exists("wrangled", "modes")
    assert not wr.catalog.does_table_exist("wrangled", "modes")


def test_projected_partitions_are_read_without_registration(table: str) -> None:
    _write(
        "overwrite",
        [1, 2],
        athena_partition_projection_settings={
            "projection_types": {"kind": "enum"},
            "projection_values": {"kind": "k0,k1"},
        },
    )
    assert _ids() == [1, 2]
    wr.catalog.delete_table_if_exists("wrangled", "modes")


def test_describe_repair_and_show_read_the_text_result(table: str) -> None:
    described = wr.athena.describe_table("things", database="wrangled", s3_output=f"{OUTPUT}/")
    assert described["Column Name"].tolist() == ["id", "kind"]
    assert described["Partition"].tolist() == [False, True]
    assert (
        wr.athena.repair_table("things", database="wrangled", s3_output=f"{OUTPUT}/") == "SUCCEEDED"
    )
    shown = wr.athena.show_create_table("things", database="wrangled", s3_output=f"{OUTPUT}/")
    assert shown.startswith("CREATE EXTERNAL TABLE `things`( `id` bigint) PARTITIONED BY")
    assert wr.athena.get_work_group("primary")["WorkGroup"]["State"] == "ENABLED"
    whole = wr.athena.read_sql_table("things", database="wrangled", s3_output=f"{OUTPUT}/")
    assert sorted(whole["id"]) == [1, 2, 3]


def _berg(frame: pd.DataFrame, **arguments: Any) -> None:
    wr.athena.to_iceberg(
        frame,
        database="wrangled",
        table="berg",
        temp_path=f"s3://{LAKE}/berg-temp/",
        s3_output=f"{OUTPUT}/",
        keep_files=False,
        **arguments,
    )


def _read_berg() -> list[list[Any]]:
    sql = "select id, name, at from berg order by id"
    frame = wr.athena.read_sql_query(
        sql, database="wrangled", s3_output=f"{OUTPUT}/", ctas_approach=False
    )
    return [[r[0], r[1], str(r[2])] for r in frame.values.tolist()]


def test_iceberg_tables_are_written_merged_overwritten_and_deleted_from(table: str) -> None:
    day = dt.datetime(2026, 1, 2, 3, 4, 5, 678000)  # it goes through a Hive table, of milliseconds
    frame = pd.DataFrame({"id": [1, 2], "name": ["ann", "bob"], "at": [day, day]})
    _berg(frame, table_location=f"s3://{LAKE}/berg/", partition_cols=["bucket(4, id)"])
    assert _read_berg() == [[1, "ann", str(day)], [2, "bob", str(day)]]
    later = pd.DataFrame({"id": [2, 3], "name": ["rob", "eve"], "at": [day, day]})
    _berg(later, merge_cols=["id"])
    assert [r[:2] for r in _read_berg()] == [[1, "ann"], [2, "rob"], [3, "eve"]]
    wr.athena.delete_from_iceberg_table(
        pd.DataFrame({"id": [1]}),
        database="wrangled",
        table="berg",
        merge_cols=["id"],
        temp_path=f"s3://{LAKE}/berg-temp/",
        s3_output=f"{OUTPUT}/",
        keep_files=False,
    )
    assert [r[:2] for r in _read_berg()] == [[2, "rob"], [3, "eve"]]
    _berg(later.assign(size=[1.5, 2.5]), schema_evolution=True)
    assert [r[:2] for r in _read_berg()] == [[2, "rob"], [2, "rob"], [3, "eve"], [3, "eve"]]
    _berg(frame.assign(size=[0.5, 0.5]), mode="overwrite")
    assert [r[:2] for r in _read_berg()] == [[1, "ann"], [2, "bob"]]
