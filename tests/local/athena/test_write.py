"""What CTAS and INSERT leave in S3 and in the catalogue, read back through SQL."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import LAKE, Endpoint, Query

pytestmark = pytest.mark.integration
FOLDER = f"s3://{LAKE}/write"


@pytest.fixture(scope="module")
def written(query: Query) -> Query:
    query.rows("create database if not exists written")
    return query


def _create(query: Query, name: str, properties: str, sql: str) -> None:
    query.rows(
        f"create table written.{name} with (external_location = '{FOLDER}/{name}/'{properties}) as {sql}"
    )


@pytest.mark.parametrize("file_format", ["parquet", "json"])
def test_partition_keys_keep_null_and_every_character(written: Query, file_format: str) -> None:
    name = f"keys_{file_format}"
    properties = f", format = '{file_format}', partitioned_by = array['k', 'd']"
    values = (
        "(1, null, date '2026-01-01'), (2, '', null), (3, 'a/b=c%d', date '2026-01-02'), "
        "(4, 'é x''s', date '2026-01-02'), (5, 'A+b:c', null)"
    )
    _create(written, name, properties, f"select n, k, d from (values {values}) as t (n, k, d)")
    rows = [
        ["1", None, "2026-01-01"],
        ["2", None, None],
        ["3", "a/b=c%d", "2026-01-02"],
        ["4", "é x's", "2026-01-02"],
        ["5", "A+b:c", None],
    ]
    assert written.rows(f"select * from written.{name} order by n") == rows
    assert written.rows(f"select n from written.{name} where k is null order by n") == [["1"], ["2"]]  # fmt: skip
    assert written.rows(f"select n from written.{name} where d > date '2026-01-01' and k like 'a%'") == [["3"]]  # fmt: skip
    folders = [row[0] for row in written.rows(f"show partitions written.{name}")]
    nothing = "__HIVE_DEFAULT_PARTITION__"
    assert sorted(map(str, folders)) == [
        f"k=A+b%3Ac/d={nothing}",
        f"k={nothing}/d=2026-01-01",
        f"k={nothing}/d={nothing}",
        "k=a%2Fb%3Dc%25d/d=2026-01-02",
        "k=é x%27s/d=2026-01-02",
    ]
    key = "k string, d date"
    serde = {"parquet": "stored as parquet", "json": "row format serde 'org.openx.data.jsonserde.JsonSerDe'"}  # fmt: skip
    written.rows(
        f"create external table written.found_{name} (n int) partitioned by ({key}) "
        f"{serde[file_format]} location '{FOLDER}/{name}/'"
    )
    written.rows(f"msck repair table written.found_{name}")
    assert written.rows(f"select * from written.found_{name} order by n") == rows


@pytest.mark.parametrize(
    ("properties", "suffix"),
    [
        ("format = 'json'", ".gz"),
        ("format = 'textfile'", ".gz"),
        ("format = 'textfile', write_compression = 'zstd'", ".zst"),
        ("format = 'json', write_compression = 'none'", ""),
    ],
)
def test_text_is_zipped_and_says_so_in_its_name(
    written: Query, endpoint: Endpoint, properties: str, suffix: str
) -> None:
    name = "zipped_" + "".join(c for c in properties if c.isalpha())
    _create(written, name, f", {properties}", "select 1 as n, 'é' as word")
    written.rows(f"insert into written.{name} values (2, 'x')")
    listed = endpoint.client("s3").list_objects_v2(Bucket=LAKE, Prefix=f"write/{name}/")
    endings = {o["Key"][o["Key"].rfind("-") :][13:] for o in listed["Contents"]}
    assert endings == {suffix, ".gz"}
    assert written.rows(f"select * from written.{name} order by n") == [["1", "é"], ["2", "x"]]


@pytest.mark.parametrize(
    ("properties", "sql", "reason"),
    [
        ("format = 'orc', orc_compression = 'zlib'", "select 1 as n", "NOT_SUPPORTED: table property orc_compression"),
        ("write_compression = 'gzip', compression_level = 4", "select 1 as n", "NOT_SUPPORTED: compression_level for compression gzip"),
        ("write_compression = 'zstd', compression_level = 23", "select 1 as n", "NOT_SUPPORTED: compression_level 23: not from 1 to 22"),
        ("format = 'json', write_compression = 'zstd', compression_level = 4", "select 1 as n", "NOT_SUPPORTED: compression_level for json"),
        ("table_type = 'iceberg'", "select 1 as n", "INVALID_TABLE_PROPERTY: line 1:1: External"),
        ("format = 'orc'", "select 1 as n", "NOT_SUPPORTED: format orc"),
        ("write_compression = 'lzo'", "select 1 as n", "NOT_SUPPORTED: compression lzo"),
        ("form = 'json'", "select 1 as n", "INVALID_TABLE_PROPERTY: line 1:1: Catalog 'awsdatacatalog' table property 'form'"),
        ("format = 'textfile'", "select array[1] as n", "NOT_SUPPORTED: column n of type array(integer) in a text file"),
        ("format = 'json'", "select x'00' as n", "NOT_SUPPORTED: column n of type varbinary in a JSON file"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused_by_name(
    written: Query, properties: str, sql: str, reason: str
) -> None:
    statement = f"create table written.refused with ({properties}) as {sql}"
    assert written.reason(statement).startswith(reason)


def test_a_level_of_compression_changes_the_size(written: Query, endpoint: Endpoint) -> None:
    sizes = []
    sql = "select n, to_hex(md5(to_utf8(cast(n / 3 as varchar)))) as word from unnest(sequence(1, 9000)) as t (n)"
    for level in (1, 22):
        properties = f"write_compression = 'zstd', compression_level = {level}"
        _create(written, f"level_{level}", f", {properties}", sql)
        listed = endpoint.client("s3").list_objects_v2(Bucket=LAKE, Prefix=f"write/level_{level}/")
        sizes.append(sum(o["Size"] for o in listed["Contents"]))
    assert sizes[1] < sizes[0]
    unload = f"unload (select 1 as n) to '{FOLDER}/unloaded/' with (format = 'json', compression = 'zstd', {{}})"
    assert written.reason(unload.format("bucket_count = 1")).endswith("UNLOAD with property bucket_count")  # fmt: skip
    written.rows(unload.format("compression_level = 3"))


def test_insert_into_lines_of_another_form_is_refused(written: Query) -> None:
    for name, clauses in (
        ("escape.delim", "row format delimited fields terminated by ',' escaped by '!'"),
        ("skip.header.line.count", ""),
    ):
        table = f"written.lines_{name.partition('.')[0]}"
        properties = "tblproperties ('skip.header.line.count' = '1')" if not clauses else ""
        written.rows(
            f"create external table {table} (n int) {clauses} location '{FOLDER}/lines/' {properties}"
        )
        reason = written.reason(f"insert into {table} values (1)")
        assert reason == f"NOT_SUPPORTED: INSERT INTO a table with {name}"


def test_insert_converts_only_what_trino_does(written: Query) -> None:
    types = "cast(1 as integer) as n, cast(1 as decimal(4, 2)) as d, cast('a' as varchar) as v, timestamp '2026-01-01' as t"
    _create(written, "target", "", f"select {types}")
    insert = "insert into written.target ({}) select {}".format
    written.rows(insert("n, d, t", "cast(2 as smallint), cast(2.5 as decimal(3, 1)), date '2026-01-02'"))  # fmt: skip
    for column, value, kinds in (
        ("n", "cast(3 as bigint)", ("integer", "bigint")),
        ("n", "decimal '3'", ("integer", "decimal(1,0)")),
        ("d", "decimal '12.345'", ("decimal(4,2)", "decimal(5,3)")),
        ("d", "3", ("decimal(4,2)", "integer")),
        ("v", "3", ("varchar", "integer")),
        ("t", "now()", ("timestamp(3)", "timestamp(3) with time zone")),
        ("n, v", "3", ("integer, varchar", "integer")),
    ):
        table, query = kinds
        assert written.reason(insert(column, value)).endswith(
            f"mismatched column types: Table: [{table}], Query: [{query}]"
        )
    assert written.reason(insert("n, N", "3, 4")).endswith("specified more than once: n")
    assert written.rows("select * from written.target order by n") == [
        ["1", "1.00", "a", "2026-01-01 00:00:00.000"],
        ["2", "2.50", None, "2026-01-02 00:00:00.000"],
    ]


@pytest.mark.parametrize("value", ["{}", "array[{}]", "row({})"])
def test_hive_takes_no_microseconds(written: Query, value: str) -> None:
    fine = f"select {value.format('timestamp ' + repr('2026-01-01 00:00:00.123456'))} as At"
    reason = (
        "NOT_SUPPORTED: Incorrect timestamp precision for timestamp(6); "
        "the configured precision is MILLISECONDS; column name: at"
    )
    table = f"create table written.fine with (external_location = '{FOLDER}/fine/') as "
    unload = f"unload ({fine}) to '{FOLDER}/fine/' with (format = 'json')"
    assert [written.reason(table + fine), written.reason(unload)] == [reason, reason]


@pytest.mark.parametrize("value", ["{}", "array[{}]", "row({})"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_no_file_holds_a_time_zone(written: Query, value: str, zone: str) -> None:
    moment = f"timestamp '2026-01-01 00:00:00 {zone}'"
    query = f"select {value.format(moment)} as at"
    table = f"create table written.zoned with (external_location = '{FOLDER}/zoned/') as "
    unload = f"unload ({query}) to '{FOLDER}/zoned/' with (format = 'parquet')"
    reason = "NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone"
    assert [written.reason(table + query), written.reason(unload)] == [reason, reason]


def test_insert_does_not_forget_a_zone(written: Query) -> None:
    _create(written, "local", "", "select timestamp '2026-01-01' as t")
    reason = written.reason("insert into written.local select now() at time zone 'Asia/Tokyo'")
    assert reason.endswith("Table: [timestamp(3)], Query: [timestamp(3) with time zone]")


def test_a_view_keeps_a_time_zone(written: Query) -> None:
    _create(written, "utc", "", "select timestamp '2026-07-01 02:00:00' as t")
    written.rows(
        "create view written.in_new_york as "
        "select t at time zone 'America/New_York' as z from written.utc"
    )
    assert written.rows(
        "select z, hour(z), typeof(z) from written.in_new_york where z < timestamp '2026-07-01 03:00'"
    ) == [["2026-06-30 22:00:00.000 America/New_York", "22", "timestamp(3) with time zone"]]


def test_insert_into_hive_does_not_round_microseconds(written: Query) -> None:
    _create(written, "coarse", "", "select timestamp '2026-01-01' as t")
    reason = written.reason(
        "insert into written.coarse select timestamp '2026-01-01 00:00:00.123456'"
    )
    assert reason.endswith("mismatched column types: Table: [timestamp(3)], Query: [timestamp(6)]")


def test_a_view_keeps_microseconds(written: Query) -> None:
    written.rows("create view written.seen as select timestamp '2026-01-01 00:00:00.123456' as t")
    assert written.rows("select t, typeof(t) from written.seen") == [
        ["2026-01-01 00:00:00.123456", "timestamp(6)"]
    ]


def test_a_query_that_reads_much_writes_several_files_and_loses_nothing(
    endpoint: Endpoint, query: Query
) -> None:
    count = 9_000_000
    body = io.BytesIO()
    pq.write_table(
        pa.table({"n": pa.array(range(count), pa.int64())}),
        body,
        compression="none",
        use_dictionary=False,
    )
    s3 = endpoint.client("s3")
    s3.put_object(Bucket=LAKE, Key="much/from/one", Body=body.getvalue())
    query.rows("create database if not exists much")
    query.rows(
        f"create external table much.source (n bigint) stored as parquet location 's3://{LAKE}/much/from/'"
    )
    properties = f"external_location = 's3://{LAKE}/much/to/', write_compression = 'NONE'"
    query.rows(
        f"create table much.made with ({properties}) as select n, n * 7 as m from much.source"
    )
    listed = s3.list_objects_v2(Bucket=LAKE, Prefix="much/to/")["Contents"]
    assert len(listed) > 1
    found = query.rows("select count(distinct n), min(n), max(n), sum(m - 7 * n) from much.made")
    assert found == [[str(count), "0", str(count - 1), "0"]]
