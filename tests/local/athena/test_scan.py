"""Values as files hold them and as Athena reads them, where the two differ."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import LAKE, Endpoint, Query

pytestmark = pytest.mark.integration
MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, 678501)
ROUNDED = "2026-01-02 03:04:05.679"
NAN = float("nan")
FLOATS = pa.schema(
    [("d", pa.float64()), ("f", pa.float32()), ("r", pa.struct([("d", pa.float64())]))]
)
COLUMNS = "at timestamp, many array<timestamp>, held struct<at:timestamp>"


@pytest.fixture(scope="module")
def scanned(query: Query) -> Query:
    query.rows("create database if not exists scanned")
    return query


def _parquet() -> bytes:
    row: dict[str, Any] = {"at": MOMENT, "many": [MOMENT, None], "held": {"at": MOMENT}}
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row]), body)
    return body.getvalue()


def _json() -> bytes:
    return (
        b'{"at": "2026-01-02 03:04:05.678501", "many": ["2026-01-02 03:04:05.678501", null], '
        b'"held": {"at": "2026-01-02 03:04:05.678501"}}\n'
    )


@pytest.mark.parametrize(
    ("name", "body", "clauses"),
    [
        ("parquet", _parquet(), "stored as parquet"),
        ("json", _json(), "row format serde 'org.openx.data.jsonserde.JsonSerDe'"),
    ],
)
def test_timestamps_are_rounded_to_milliseconds(
    scanned: Query, endpoint: Endpoint, name: str, body: bytes, clauses: str
) -> None:
    endpoint.client("s3").put_object(Bucket=LAKE, Key=f"scanned/{name}/one", Body=body)
    where = f"location 's3://{LAKE}/scanned/{name}/'"
    scanned.rows(f"create external table scanned.{name} ({COLUMNS}) {clauses} {where}")
    table = f"scanned.{name}"
    assert scanned.rows(f"select * from {table}") == [
        [ROUNDED, f"[{ROUNDED}, null]", f"{{at={ROUNDED}}}"]
    ]
    equal = f"select count(*) from {table} where at = timestamp '{ROUNDED}' and many[1] = held.at"
    assert scanned.rows(equal) == [["1"]]
    text = f"select cast(cast(at as timestamp(6)) as varchar), to_unixtime(at) from {table}"
    assert scanned.rows(text) == [[f"{ROUNDED}000", "1.767323045679E9"]]


def test_text_is_rounded_too(scanned: Query, endpoint: Endpoint) -> None:
    lines = b"2026-01-02 03:04:05.678501\n"
    endpoint.client("s3").put_object(Bucket=LAKE, Key="scanned/text/one", Body=lines)
    scanned.rows(f"create external table scanned.text (at timestamp) location 's3://{LAKE}/scanned/text/'")  # fmt: skip
    equal = f"select at, at = timestamp '{ROUNDED}' from scanned.text"
    assert scanned.rows(equal) == [[ROUNDED, "true"]]


def test_statistics_without_nan_hide_no_row(scanned: Query, endpoint: Endpoint) -> None:
    """A writer names 1 as the greatest of 1 and NaN, as the specification of Parquet asks."""
    body = io.BytesIO()
    fine, odd = {"d": 1.0, "f": 1.0, "r": {"d": 1.0}}, {"d": NAN, "f": NAN, "r": {"d": NAN}}
    pq.write_table(pa.Table.from_pylist([fine, odd], FLOATS), body)
    endpoint.client("s3").put_object(Bucket=LAKE, Key="scanned/nan/one", Body=body.getvalue())
    where = f"stored as parquet location 's3://{LAKE}/scanned/nan/'"
    scanned.rows(
        f"create external table scanned.nan (d double, f float, r struct<d:double>) {where}"
    )
    for column in ("d", "f", "r.d"):
        for condition in ("{} <> 1", "not ({} < 5)", "is_nan({})", "{} not in (1, 2)"):
            found = f"select count(*) from scanned.nan where {condition.format(column)}"
            assert scanned.rows(found) == [["1"]], found
        truth = f"select {column} <> 1, is_nan({column}) from scanned.nan order by 1"
        assert scanned.rows(truth) == [["false", "false"], ["true", "true"]]


OPEN_X = "row format serde 'org.openx.data.jsonserde.JsonSerDe'"


def _put(endpoint: Endpoint, query: Query, name: str, body: bytes, columns: str, how: str) -> str:
    """A table of one object; returns its name."""
    place = f"scanned/{name}/"
    endpoint.client("s3").put_object(Bucket=LAKE, Key=f"{place}one", Body=body)
    clauses = how.partition(" tblproperties")
    where = f"location 's3://{LAKE}/{place}' {''.join(clauses[1:])}"
    query.rows(f"create external table scanned.{name} ({columns}) {clauses[0]} {where}")
    return f"scanned.{name}"


def test_json_is_read_as_the_properties_of_its_serde_say(
    scanned: Query, endpoint: Endpoint
) -> None:
    body = b'{"a.b": 1.50, "Other": "x", "held": {"k": 2}}\nbroken\n\n{"A.b": 3}\n'
    how = f"{OPEN_X} with serdeproperties ('ignore.malformed.json'='true', 'dots.in.keys'='true', 'mapping.renamed'='other')"  # fmt: skip
    columns = "a_b string, renamed string, held struct<k:int>"
    table = _put(endpoint, scanned, "properties", body, columns, how)
    nothing = [None, None, None]
    assert scanned.rows(f"select * from {table}") == [
        ["1.50", "x", "{k=2}"], nothing, nothing, ["3", None, None],
    ]  # fmt: skip
    assert scanned.rows(f"select held.k, count(*) from {table} where a_b = '1.50' group by 1") == [
        ["2", "1"]
    ]


def test_a_malformed_line_fails_in_the_words_of_athena(scanned: Query, endpoint: Endpoint) -> None:
    table = _put(endpoint, scanned, "twice", b'{"url": 1, "URL": 2}\n', "url int", OPEN_X)
    assert scanned.reason(f"select url from {table}") == (
        'HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: Duplicate key "url"'
    )


@pytest.mark.parametrize("clauses", [f"{OPEN_X}", "stored as parquet"])
def test_a_column_that_is_not_read_cannot_fail(
    scanned: Query, endpoint: Endpoint, clauses: str
) -> None:
    name, body = "unread_json", b'{"good": 1, "bad": "x"}\n'
    if "parquet" in clauses:
        name, written = "unread_parquet", io.BytesIO()
        pq.write_table(pa.table({"good": pa.array([1], pa.int32()), "bad": ["x"]}), written)
        body = written.getvalue()
    table = _put(endpoint, scanned, name, body, "good int, bad int", clauses)
    assert scanned.rows(f"select good from {table}") == [["1"]]
    assert scanned.rows(f"select count(*) from {table}") == [["1"]]
    assert scanned.reason(f"select bad from {table}").startswith("HIVE_BAD_DATA: ")
    assert scanned.reason(f"select 1 from {table} where bad = 1").startswith("HIVE_BAD_DATA: ")


def test_text_is_cut_to_the_length_of_its_type(scanned: Query, endpoint: Endpoint) -> None:
    table = _put(endpoint, scanned, "cut", "zoë☕ab\n".encode(), "name varchar(4)", "")
    assert scanned.rows(f"select name, length(name) from {table}") == [["zoë☕", "4"]]
    table = _put(endpoint, scanned, "padded", b"ab\n", "name char(4)", "")
    assert scanned.reason(f"select name from {table}") == (
        "NOT_SUPPORTED: column name of char(4): declare it as varchar"
    )


def test_dates_of_csv_are_days(scanned: Query, endpoint: Endpoint) -> None:
    how = "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"
    columns = "id int, day date, at timestamp"
    body = b'"1","18276","1579059880000"\n'
    table = _put(endpoint, scanned, "days", body, columns, how)
    assert scanned.rows(f"select * from {table}") == [
        ["1", "2020-01-15", "2020-01-15 03:44:40.000"]
    ]
    table = _put(endpoint, scanned, "civil", b"1,2020-01-15,\n", columns, how)
    assert "HIVE_BAD_DATA: Error parsing field value '2020-01-15': " in scanned.reason(
        f"select day from {table}"
    )
    lenient = f"{how} tblproperties ('use.null.for.invalid.data'='true')"
    table = _put(endpoint, scanned, "lenient", b"1,2020-01-15,\n", columns, lenient)
    assert scanned.rows(f"select * from {table}") == [["1", None, None]]


@pytest.mark.parametrize(
    ("name", "how", "what"),
    [
        ("footed", " tblproperties ('skip.footer.line.count'='1')", "skip.footer.line.count"),
        ("latin", " tblproperties ('serialization.encoding'='ISO-8859-1')", "serialization.enc"),
        ("formed", " tblproperties ('timestamp.formats'='yyyy/MM/dd')", "timestamp.formats"),
    ],
)
def test_what_would_change_lines_is_refused(
    scanned: Query, endpoint: Endpoint, name: str, how: str, what: str
) -> None:
    table = _put(endpoint, scanned, name, b"2020-01-15 00:00:00\n", "at timestamp", how)
    assert scanned.reason(f"select * from {table}").startswith(f"NOT_SUPPORTED: {what}")


def test_lines_end_in_line_feeds(scanned: Query, endpoint: Endpoint) -> None:
    made = f"create external table scanned.ends (a int) row format delimited lines terminated by ';' location 's3://{LAKE}/scanned/ends/'"  # fmt: skip
    assert scanned.reason(made).startswith("NOT_SUPPORTED: LINES TERMINATED BY")
    table = _put(endpoint, scanned, "long", b"x" * 3_000_000 + b"\n", "a string", "")
    assert scanned.rows(f"select length(a) from {table}") == [["3000000"]]
    table = _put(endpoint, scanned, "bytes", b"ok\ncaf\xe9\n", "a string", "")
    assert scanned.reason(f"select a from {table}") == (
        "HIVE_CURSOR_ERROR: line 2 of one is not UTF-8"
    )


def test_a_table_of_an_unknown_type_is_listed_and_dropped(
    scanned: Query, endpoint: Endpoint
) -> None:
    endpoint.client("glue").create_table(
        DatabaseName="scanned",
        TableInput={
            "Name": "strange",
            "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "struct<b c:int>"}]},
        },
    )
    assert ["strange"] in scanned.rows("show tables in scanned")
    assert scanned.reason("select a from scanned.strange").startswith("TYPE_NOT_FOUND: ")
    scanned.rows("drop table scanned.strange")
    assert ["strange"] not in scanned.rows("show tables in scanned")


def test_of_a_row_only_the_fields_that_are_read_are_counted(
    scanned: Query, endpoint: Endpoint
) -> None:
    inner = [{"x": n, "y": {"z": f"text {n}", "w": n * 1.5}} for n in range(1000)]
    body = io.BytesIO()
    pq.write_table(pa.table({"r": inner, "a": range(1000)}), body)
    chunks = pq.ParquetFile(body).metadata.row_group(0)
    sizes = {
        chunks.column(at).path_in_schema: chunks.column(at).total_compressed_size
        for at in range(chunks.num_columns)
    }
    endpoint.client("s3").put_object(Bucket=LAKE, Key="scanned/rows/one", Body=body.getvalue())
    kinds = "r struct<x:bigint,y:struct<z:string,w:double>>, a bigint"
    where = f"stored as parquet location 's3://{LAKE}/scanned/rows/'"
    scanned.rows(f"create external table scanned.nested ({kinds}) {where}")
    for read, leaves in (
        ("count(r.x)", ["r.x"]),
        ("count(r.y)", ["r.y.z", "r.y.w"]),
        ("max(r.y.z), sum(a)", ["r.y.z", "a"]),
        ("max(json_format(cast(r as json)))", ["r.x", "r.y.z", "r.y.w"]),
    ):
        done = scanned.execution(f"select {read} from scanned.nested")
        counted = done["Statistics"]["DataScannedInBytes"]
        assert counted == sum(sizes[leaf] for leaf in leaves), read
    done = scanned.execution("select count(r.y.z) from scanned.nested where r.x > 3")
    assert done["Statistics"]["DataScannedInBytes"] == sizes["r.x"] + sizes["r.y.z"]


def _files(endpoint: Endpoint, query: Query, name: str, columns: str, *tables: pa.Table) -> str:
    """A table of one Parquet file for each of `tables`; returns its name."""
    for at, table in enumerate(tables):
        body = io.BytesIO()
        pq.write_table(table, body)
        key = f"scanned/{name}/{at}"
        endpoint.client("s3").put_object(Bucket=LAKE, Key=key, Body=body.getvalue())
    where = f"stored as parquet location 's3://{LAKE}/scanned/{name}/'"
    query.rows(f"create external table scanned.{name} ({columns}) {where}")
    return f"scanned.{name}"


NARROW = pa.table(
    {
        "n": pa.array([1], pa.int32()),
        "f": pa.array([0.5], pa.float32()),
        "d": pa.array([Decimal("1.25")], pa.decimal128(10, 2)),
        "r": [{"x": 1}],
        "m": pa.array([[1]], pa.list_(pa.int32())),
    }
)
WIDE = pa.table(
    {
        "n": pa.array([2**40], pa.int64()),
        "f": pa.array([0.1], pa.float64()),
        "d": pa.array([Decimal("1.2345")], pa.decimal128(12, 4)),
        "r": [{"x": 2, "y": "new"}],
        "m": pa.array([[2**40]], pa.list_(pa.int64())),
    }
)


def test_a_file_is_read_with_its_own_types_whatever_those_of_the_first(
    scanned: Query, endpoint: Endpoint
) -> None:
    columns = "n bigint, f double, d decimal(20,4), r struct<x:bigint,y:string>, m array<bigint>"
    table = _files(endpoint, scanned, "widened", columns, NARROW, WIDE)
    assert scanned.rows(f"select * from {table} order by n") == [
        ["1", "0.5", "1.2500", "{x=1, y=null}", "[1]"],
        [str(2**40), "0.1", "1.2345", "{x=2, y=new}", f"[{2**40}]"],
    ]
    assert scanned.rows(f"select f from {table} where f = 1e-1 and n > 5") == [["0.1"]]


def test_bytes_that_the_table_calls_text_are_text(scanned: Query, endpoint: Endpoint) -> None:
    unmarked = pa.table({"s": pa.array(["zoë".encode(), None], pa.binary())})
    marked = pa.table({"s": ["☕"]})
    table = _files(endpoint, scanned, "unmarked", "s string", unmarked, marked)
    assert scanned.rows(f"select s, length(s) from {table} order by 1") == [
        ["zoë", "3"], ["☕", "1"], [None, None],
    ]  # fmt: skip
    assert scanned.rows(f"select count(*) from {table} where s = 'zoë'") == [["1"]]
    table = _files(endpoint, scanned, "encoded", "s binary", pa.table({"s": ["é", r"\x41"]}))
    assert scanned.rows(f"select s from {table}") == [["c3 a9"], ["5c 78 34 31"]]
    broken = pa.table({"s": pa.array([b"\xff"], pa.binary())})
    table = _files(endpoint, scanned, "no_text", "s string", broken)
    assert scanned.reason(f"select s from {table}") == "NOT_SUPPORTED: text that is not UTF-8"


def test_another_type_inside_a_column_is_an_error(scanned: Query, endpoint: Endpoint) -> None:
    stored = pa.table({"m": [["1"]], "r": [{"x": "5"}], "t": pa.array([1], pa.time32("s"))})
    columns = "m array<int>, r struct<x:int>, t string"
    table = _files(endpoint, scanned, "inside", columns, stored)
    for column in ("m", "r", "t"):
        assert scanned.reason(f"select {column} from {table}").startswith("HIVE_BAD_DATA: Field")


def test_what_is_stored_by_a_dictionary_has_the_type_of_its_values(
    scanned: Query, endpoint: Endpoint
) -> None:
    stored = pa.table({"n": pa.array([5, 6, 5]).dictionary_encode()})
    table = _files(endpoint, scanned, "coded", "n bigint", stored)
    assert scanned.rows(f"select sum(n) from {table}") == [["16"]]


def test_an_injected_column_takes_equalities_only(scanned: Query, endpoint: Endpoint) -> None:
    table = _files(endpoint, scanned, "unused", "n bigint", pa.table({"n": [1]}))
    for user in ("u1", "u2"):
        source = {"Bucket": LAKE, "Key": "scanned/unused/0"}
        endpoint.client("s3").copy_object(
            Bucket=LAKE, Key=f"scanned/injected/{user}/0", CopySource=source
        )
    template = f"s3://{LAKE}/scanned/injected/${{user}}"
    scanned.rows(
        "create external table scanned.injected (n bigint) partitioned by (user string) stored as parquet "
        f"location 's3://{LAKE}/scanned/injected/' tblproperties ('projection.enabled'='true', "
        f"'projection.user.type'='injected', 'storage.location.template'='{template}')"
    )
    asked = "select user from scanned.injected where {} order by 1"
    assert scanned.rows(asked.format("user = 'u1' or user in ('u2', 'u3')")) == [["u1"], ["u2"]]
    for condition in ("true", "user > 'a'", "user = 'u1' or user like 'u2%'"):
        assert scanned.reason(asked.format(condition)).startswith("CONSTRAINT_VIOLATION: ")
    assert scanned.reason("select * from nowhere.t") == (
        "SCHEMA_NOT_FOUND: line 1:15: Schema 'nowhere' does not exist"
    )
    assert scanned.rows(f"select n from {table}") == [["1"]]


def test_columns_are_read_of_which_the_planner_saw_no_use(scanned: Query) -> None:
    """DuckDB reads all of a table under two correlated subqueries."""
    rows = "(values (1, 2, 'a'), (1, 5, 'b'), (2, 3, 'c')) as t(k, x, name)"
    scanned.rows(f"create table scanned.pairs as select * from {rows}")
    bounds = [f"(select {f}(x) from scanned.pairs i where i.k = o.k)" for f in ("min", "max")]
    where = f"x > {bounds[0]} and x = {bounds[1]}"
    assert scanned.rows(f"select count(*) from scanned.pairs o where {where}") == [["1"]]
    scanned.rows(f"create table scanned.kept as select * from scanned.pairs o where {where}")
    scanned.rows(f"insert into scanned.kept select * from scanned.pairs o where {where}")
    assert scanned.rows("select * from scanned.kept") == [["1", "5", "b"]] * 2
