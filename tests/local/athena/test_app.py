"""Through boto3: statements, results, tables, cost, and how long an answer is held back."""

from __future__ import annotations

import re
import socket
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import LAKE, RESULTS, Endpoint, Query

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def database(query: Query) -> str:
    query.execution("create database if not exists app")
    query.execution(
        f"""create table app.sales with (external_location = 's3://{LAKE}/app/sales/',
            partitioned_by = array['day']) as
        select * from (values (1, 'ann', decimal '1.50', date '2026-01-01'),
            (2, 'bob', decimal '2.25', date '2026-01-02'),
            (3, null, decimal '4.00', date '2026-01-03')) as t(id, name, amount, day)"""
    )
    return "app"


def test_a_query_answers_a_header_and_texts_and_its_csv(endpoint: Endpoint, query: Query) -> None:
    done = query.execution("select 1 as a, cast(null as varchar) as b, 'x\"y' as c")
    answer = query.client.get_query_results(QueryExecutionId=done["QueryExecutionId"])
    rows = answer["ResultSet"]["Rows"]
    assert rows[0]["Data"] == [{"VarCharValue": n} for n in "abc"]
    assert rows[1]["Data"] == [{"VarCharValue": "1"}, {}, {"VarCharValue": 'x"y'}]
    bucket, _, key = (
        done["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    )
    csv = endpoint.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert csv == b'"a","b","c"\n"1",,"x""y"\n'


def test_results_come_in_pages_of_a_thousand(query: Query) -> None:
    rows = query.rows("select n from unnest(sequence(1, 2500)) as t(n) order by n")
    assert [r[0] for r in rows] == [str(n) for n in range(1, 2501)]


def test_a_table_made_by_a_query_can_be_read_appended_to_and_described(
    query: Query, database: str
) -> None:
    context = {"QueryExecutionContext": {"Database": database}}
    assert query.rows("select id, name, amount, day from sales order by id", **context) == [
        ["1", "ann", "1.50", "2026-01-01"],
        ["2", "bob", "2.25", "2026-01-02"],
        ["3", None, "4.00", "2026-01-03"],
    ]
    query.execution(
        f"create table copy with (external_location='s3://{LAKE}/app/copy/') as select id, name from sales",
        **context,
    )
    done = query.execution("insert into copy (name, id) values ('eve', 9)", **context)
    assert done["Status"]["State"] == "SUCCEEDED"
    assert query.rows("select id, name from copy where name = 'eve'", **context) == [["9", "eve"]]
    assert query.rows("show partitions sales", **context)[0] == ["day=2026-01-01"]
    assert query.rows(
        "select day from \"sales$partitions\" where day > date '2026-01-02'", **context
    ) == [["2026-01-03"]]
    assert "TYPE_MISMATCH" in query.reason("insert into copy values ('x', 'y')", **context)


def test_only_the_bytes_of_the_kept_partitions_and_columns_are_counted(
    query: Query, database: str
) -> None:
    def scanned(sql: str) -> int:
        return int(query.execution(sql)["Statistics"]["DataScannedInBytes"])

    everything = scanned("select * from app.sales")
    one_column = scanned("select sum(id) from app.sales")
    one_day = scanned("select sum(id) from app.sales where day = date '2026-01-02'")
    assert scanned("select count(*) from app.sales") == 0
    assert 0 < one_day < one_column < everything
    in_view = scanned(
        "select s.id from (select * from app.sales) s where s.day in (date '2026-01-02')"
    )
    assert in_view == one_day
    twice = scanned(
        "select count(*) from app.sales a join app.sales b on a.id = b.id + 1 "
        "where a.day = date '2026-01-02' and b.day = date '2026-01-01'"
    )
    assert one_day < twice < one_column
    both = "union all select id from of_day where day = date '2026-01-02'"
    in_two_scans = scanned(
        "with of_day as (select id, day from app.sales) "
        f"select id from of_day where day = date '2026-01-01' {both}"
    )
    assert in_two_scans == twice


def test_row_groups_that_cannot_match_cost_nothing(query: Query, database: str) -> None:
    query.rows("create table app.numbers as select n from unnest(sequence(1, 10000)) as u (n)")
    everything, one, none = (
        int(
            query.execution(f"select sum(n) from app.numbers{w}")["Statistics"][
                "DataScannedInBytes"
            ]
        )
        for w in ("", " where n = 7", " where n > 20000")
    )
    assert everything == one > 0 == none


def test_the_path_of_a_row_is_its_object_and_star_does_not_show_it(
    query: Query, database: str
) -> None:
    (row,) = query.rows(
        """select *, "$path" as p from app.sales where "$path" like '%2026-01-01%'"""
    )
    assert row[:4] == ["1", "ann", "1.50", "2026-01-01"]
    assert str(row[4]).startswith(f"s3://{LAKE}/app/sales/day=2026-01-01/")


def test_a_view_keeps_its_own_schema_and_is_readable_from_another(
    query: Query, database: str
) -> None:
    query.rows(
        "create or replace view named as select name as who, sum(amount) as total from sales group by name",
        QueryExecutionContext={"Database": database},
    )
    assert query.rows("select v.who, v.total from app.named v where v.who = 'bob'") == [
        ["bob", "2.25"]
    ]
    assert query.rows("show create view app.named")[0] == ["CREATE VIEW app.named AS"]


def test_bad_syntax_is_refused_at_once_and_bad_names_fail_with_their_place(
    query: Query, database: str
) -> None:
    with pytest.raises(ClientError, match=r"InvalidRequestException.*mismatched input 'selec'"):
        query.execution("selec 1")
    assert query.reason("select nope from app.sales") == (
        "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved"
    )
    assert query.reason("select * from app.nothing").startswith(
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.app.nothing' does not exist"
    )


def test_more_than_a_hundred_partitions_are_refused_as_athena_refuses_them(
    query: Query, database: str
) -> None:
    reason = query.reason(
        f"""create table app.many with (external_location='s3://{LAKE}/app/many/', partitioned_by=array['d'])
        as select 1 as one, d from unnest(sequence(date '2026-01-01', date '2026-06-01', interval '1' day)) as t(d)"""
    )
    assert reason.startswith("HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers")


def test_projected_partitions_need_no_registration(
    endpoint: Endpoint, query: Query, database: str
) -> None:
    query.execution(
        f"unload (select id, name from app.sales where id = 2) to 's3://{LAKE}/app/proj/north/2026-01-02/07' "
        "with (format='parquet')"
    )
    query.rows(
        f"""create external table app.projected (id int, name string)
        partitioned by (region string, dt string, hour int) stored as parquet
        location 's3://{LAKE}/app/proj/'
        tblproperties ('projection.enabled'='true',
          'projection.region.type'='enum', 'projection.region.values'='north,south',
          'projection.dt.type'='date', 'projection.dt.range'='2026-01-01,NOW', 'projection.dt.format'='yyyy-MM-dd',
          'projection.hour.type'='integer', 'projection.hour.range'='0,23', 'projection.hour.digits'='2',
          'storage.location.template'='s3://{LAKE}/app/proj/${{region}}/${{dt}}/${{hour}}')"""
    )
    rows = query.rows(
        "select id, name, region, dt, hour from app.projected where dt = '2026-01-02' and hour < 9"
    )
    assert rows == [["2", "bob", "north", "2026-01-02", "7"]]
    assert query.rows("select id, name, region, dt, hour from app.projected") == rows


def test_json_lines_and_csv_files_are_tables(
    endpoint: Endpoint, query: Query, database: str
) -> None:
    s3 = endpoint.client("s3")
    s3.put_object(
        Bucket=LAKE,
        Key="app/json/a",
        Body=b'{"Id": 1, "tags": ["x"], "at": {"k": 2.5}}\n{"id": 2}\n',
    )
    s3.put_object(Bucket=LAKE, Key="app/csv/a.csv", Body=b'id,name\n1,"a, b"\n2,\n')
    query.rows(
        "create external table app.j (id int, tags array<string>, at struct<k:double>) "
        f"row format serde 'org.openx.data.jsonserde.JsonSerDe' location 's3://{LAKE}/app/json/'"
    )
    query.rows(
        "create external table app.c (id string, name string) row format serde "
        f"'org.apache.hadoop.hive.serde2.OpenCSVSerde' location 's3://{LAKE}/app/csv/' "
        "tblproperties ('skip.header.line.count'='1')"
    )
    assert query.rows("select id, tags, at.k from app.j order by id") == [
        ["1", "[x]", "2.5"],
        ["2", None, None],
    ]
    assert query.rows("select * from app.c order by id") == [["1", "a, b"], ["2", ""]]


def test_msck_repair_registers_what_lies_in_the_bucket(
    endpoint: Endpoint, query: Query, database: str
) -> None:
    query.rows(
        "create external table app.found (id int, name string, amount decimal(3,2)) partitioned by (day date) "
        f"stored as parquet location 's3://{LAKE}/app/sales'"
    )
    assert query.rows("select count(*) from app.found") == [["0"]]
    query.rows("msck repair table app.found")
    assert query.rows("select count(*), max(day) from app.found") == [["3", "2026-01-03"]]


def test_parameters_and_prepared_statements_are_bound(query: Query, database: str) -> None:
    assert query.rows("select id from app.sales where name = ?", ExecutionParameters=["bob"]) == [
        ["2"]
    ]
    assert query.rows("select ? + 1", ExecutionParameters=["41"]) == [["42"]]
    query.client.create_prepared_statement(
        StatementName="by_id",
        WorkGroup="primary",
        QueryStatement="select name from app.sales where id = ?",
    )
    assert query.rows("execute by_id using 1") == [["ann"]]
    assert query.rows("execute by_id", ExecutionParameters=["2"]) == [["bob"]]
    query.client.delete_prepared_statement(StatementName="by_id", WorkGroup="primary")
    with pytest.raises(query.client.exceptions.ResourceNotFoundException):
        query.client.get_prepared_statement(StatementName="by_id", WorkGroup="primary")


def test_without_an_output_location_a_query_is_refused(query: Query) -> None:
    with pytest.raises(ClientError, match="No output location provided"):
        query.execution("select 1", ResultConfiguration={})


def test_every_answer_arrives_in_one_piece(endpoint: Endpoint) -> None:
    request = (
        b"POST / HTTP/1.1\r\nhost: athena\r\nx-amz-target: AmazonAthena.ListWorkGroups\r\n"
        b"content-length: 2\r\n\r\n{}"
    )
    with socket.create_connection(("127.0.0.1", int(endpoint.url.rpartition(":")[2]))) as wire:
        for _ in range(20):
            wire.sendall(request)
            head, _, body = wire.recv(65536).partition(b"\r\n\r\n")
            [length] = re.findall(rb"content-length: (\d+)", head.lower())
            assert len(body) == int(length)


def test_get_query_execution_waits_for_the_end_of_a_short_query(query: Query) -> None:
    key = query.client.start_query_execution(
        QueryString="select 1",
        ResultConfiguration={"OutputLocation": f"s3://{RESULTS}/"},
    )["QueryExecutionId"]
    status: Any = query.client.get_query_execution(QueryExecutionId=key)["QueryExecution"]["Status"]
    assert status["State"] == "SUCCEEDED"


def test_named_queries_are_kept(query: Query) -> None:
    key = query.client.create_named_query(Name="n", Database="app", QueryString="select 1")[
        "NamedQueryId"
    ]
    assert query.client.get_named_query(NamedQueryId=key)["NamedQuery"]["QueryString"] == "select 1"
    assert key in query.client.list_named_queries()["NamedQueryIds"]
    query.client.delete_named_query(NamedQueryId=key)
    assert key not in query.client.list_named_queries()["NamedQueryIds"]


def test_the_information_schema_and_the_metadata_calls_agree(query: Query, database: str) -> None:
    columns = query.rows(
        "select column_name, data_type, extra_info from information_schema.columns "
        "where table_schema = 'app' and table_name = 'sales' order by ordinal_position"
    )
    assert columns == [
        ["id", "integer", None],
        ["name", "varchar", None],
        ["amount", "decimal(3,2)", None],
        ["day", "date", "partition key"],
    ]
    table = query.client.get_table_metadata(
        CatalogName="AwsDataCatalog", DatabaseName="app", TableName="sales"
    )["TableMetadata"]
    assert [c["Name"] for c in [*table["Columns"], *table["PartitionKeys"]]] == [
        c[0] for c in columns
    ]


BREAKOUTS = (
    """
select * from read_csv('/etc/passwd')|select * from read_text('/etc/passwd')|select read_text('/etc/passwd')
select * from read_parquet('/etc/passwd')|select * from glob('/*')|select * from '/etc/passwd'
select * from "/etc/passwd"|select getenv('HOME')|select current_setting('memory_limit')|select * from duckdb_settings()
select * from duckdb_functions()|copy (select 1) to '/tmp/x'|attach '/tmp/x.db'|install httpfs|load httpfs
set memory_limit = '1TB'|pragma version|select * from pragma_version()|export database '/tmp/x'|import database '/tmp/x'
call pragma_version()|select * from sniff_csv('/etc/passwd')|create macro f() as 1|create secret (type s3)
select * from read_blob('/etc/passwd')|select * from parquet_metadata('/etc/passwd')|select * from query('select 1')
select * from query_table('x')|select write_log('x')|select * from which_secret('s3://x', 's3')|checkpoint|vacuum analyze
select * from read_json('/etc/passwd')|select * from sqlite_master|select * from pg_catalog.pg_tables|select columns(*)
select * from table(read_csv('/etc/passwd'))|select error('x')|select nextval('s')|select txid_current()
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("sql", BREAKOUTS)
def test_no_statement_reaches_the_host(query: Query, sql: str) -> None:
    try:
        done = query.execution(sql)
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidRequestException":
            return
        raise
    assert done["Status"]["State"] == "FAILED", sql
    assert "Permission" not in done["Status"]["StateChangeReason"]
