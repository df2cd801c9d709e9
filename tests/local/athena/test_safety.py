"""What no statement, name or object may do to the host, and what one client may not do to the others."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from local.athena.errors import NotSupported
from local.athena.lake.storage import Storage, Stored
from local.athena.settings import Settings

from .conftest import LAKE, RESULTS, Endpoint, Query

pytestmark = pytest.mark.integration
MANY = "unnest(sequence(1, 40000)) as a(x) cross join unnest(sequence(1, 40000)) as b(y)"

REFUSED = r"""
select * from "read_text"('/etc/passwd')
select "read_text"('/etc/passwd')
select * from trino__read_text('/etc/passwd')
select x.read_text() from (values '/etc/passwd') t(x)
with a as (select * from '/etc/passwd') select * from a
with recursive "/etc/passwd" as (select * from "/etc/passwd") select * from "/etc/passwd"
with recursive duckdb_settings as (select * from duckdb_settings) select * from duckdb_settings
table "/etc/passwd"
table duckdb_settings
select * from system.main.duckdb_settings
select * from information_schema.duckdb_settings
select * from (values 1) t(a), lateral read_text('/etc/passwd') z
select * from unnest(read_text('/etc/passwd'))
select transform(array[1], x -> read_text('/etc/passwd'))
select 1; copy (select 1) to '/tmp/x'
show tables; select * from read_text('/etc/passwd')
explain copy (select 1) to '/tmp/x'
explain select * from read_text('/etc/passwd')
with a as (insert into t values (1)) select * from a
unload (select * from read_text('/etc/passwd')) to 's3://b/u/' with (format='json')
unload (select 1 as a) to '/tmp/x' with (format='json')
unload (select 1 as a) to 's3://../../tmp/x' with (format='json')
create table t with (external_location='file:///tmp/x') as select 1 as a
create view v as select * from read_text('/etc/passwd')
select getvariable('x')
select query('select 1')
select current_query()
select duckdb_secrets()
select sql_auto_complete('x')
select * from parquet_schema('/etc/passwd')
select * from range(10)
/* comment */ attach '/tmp/x.db'
call system.runtime.kill_query('x')
use main
""".strip().splitlines()


@pytest.mark.parametrize("sql", REFUSED)
def test_no_way_round_reaches_the_host(query: Query, sql: str) -> None:
    try:
        done = query.execution(sql)
    except query.client.exceptions.InvalidRequestException:
        return
    assert done["Status"]["State"] == "FAILED", sql
    assert "INTERNAL" not in done["Status"]["StateChangeReason"]
    assert "Permission" not in done["Status"]["StateChangeReason"]


SERDES = {
    "json": "org.openx.data.jsonserde.JsonSerDe",
    "parquet": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
}


@pytest.fixture(scope="module")
def database(query: Query) -> str:
    query.rows("create database if not exists safety")
    return "safety"


def _table(
    endpoint: Endpoint,
    name: str,
    columns: dict[str, str],
    location: str,
    serde: str = "json",
    keys: tuple[str, ...] = (),
    parameters: dict[str, str] | None = None,
) -> None:
    """Straight into Glue, where no grammar of Athena stands in the way."""
    endpoint.client("glue").create_table(
        DatabaseName="safety",
        TableInput={
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [{"Name": k, "Type": "string"} for k in keys],
            "StorageDescriptor": {
                "Columns": [{"Name": n, "Type": t} for n, t in columns.items()],
                "Location": location,
                "SerdeInfo": {
                    "SerializationLibrary": SERDES[serde],
                    "Parameters": parameters or {},
                },
            },
        },
    )


def test_names_with_quotes_stay_names(endpoint: Endpoint, query: Query, database: str) -> None:
    row = {"a": 1, "it's": 2, 'x"y': 3, "z\\": 4}
    endpoint.client("s3").put_object(
        Bucket=LAKE, Key="safety/names/a", Body=json.dumps(row).encode() + b"\n"
    )
    columns = {**dict.fromkeys(row, "int"), 'a" int); create table evil(z int); --': "int"}
    _table(endpoint, "names", columns, f"s3://{LAKE}/safety/names/")
    assert query.rows("select * from safety.names") == [["1", "2", "3", "4", None]]
    assert query.rows('select "it\'s", "x""y" from safety.names where "x""y" = 3') == [["2", "3"]]
    _table(
        endpoint,
        "mapped",
        {"a": "int"},
        f"s3://{LAKE}/safety/names/",
        parameters={"mapping.a": "x') OR 1=1 --"},
    )
    assert query.rows("select a from safety.mapped") == [[None]]
    keys = ("d'; drop", 'e"f')
    _table(endpoint, "keyed", {"a": "int"}, f"s3://{LAKE}/safety/keyed/", "parquet", keys)
    assert query.rows('select * from safety.keyed where "e""f" = \'x\'') == []


@pytest.mark.parametrize(
    "location", ["file:///etc", "/etc", "s3://../../etc/", "s3://%2e%2e/x/", "hdfs://host/x"]
)
def test_only_buckets_are_locations(
    endpoint: Endpoint, query: Query, database: str, location: str
) -> None:
    name = f"away_{abs(hash(location))}"
    _table(endpoint, name, {"a": "string"}, location)
    assert query.reason(f"select * from safety.{name}").startswith("INVALID_PROPERTY")


def test_a_key_is_no_pattern(endpoint: Endpoint, query: Query, database: str) -> None:
    s3 = endpoint.client("s3")
    for number, name in enumerate(["p[1].json", "p1.json", "a*.json", "ab.json", "q?.json"]):
        body = json.dumps({"n": number, "name": name}).encode() + b"\n"
        s3.put_object(Bucket=LAKE, Key=f"safety/patterns/{name}", Body=body)
    _table(endpoint, "patterns", {"n": "int", "name": "string"}, f"s3://{LAKE}/safety/patterns/")
    rows = query.rows('select n, name, "$path" from safety.patterns order by n')
    assert [r[0] for r in rows] == ["0", "1", "2", "3", "4"]
    assert all(str(path).endswith(f"/{name}") for _, name, path in rows)


def test_an_object_whose_key_climbs_in_folders_is_not_read(tmp_path: Path) -> None:
    settings = Settings("http://127.0.0.1", tmp_path / "state", s3_data_dir=tmp_path)
    nothing: Any = None
    storage = Storage(nothing, nothing, settings)
    with pytest.raises(NotSupported, match="climbs in folders"):
        storage.local([Stored("b", "table/../../../etc/passwd", 9, "etag")])


LIMITS = [
    ("select sequence(1, 50001)", "must not have more than 50000 entries"),
    ("select repeat('x', 2000000000)", "must be less than or equal to 10000"),
    ("select length(rpad('x', 2000000000, 'y'))", "EXCEEDED_LOCAL_MEMORY_LIMIT"),
    ("select " + "(" * 3000 + "1" + ")" * 3000, "STACK_OVERFLOW"),
    ("select 1" + "+1" * 20000, "STACK_OVERFLOW"),
    ("select " + "row(" * 40 + "1" + ")" * 40, "NOT_SUPPORTED: more than 12 arrays or rows"),
    ("select " + "array[" * 40 + "1" + "]" * 40, "NOT_SUPPORTED: more than 12 arrays or rows"),
]


@pytest.mark.parametrize(("sql", "reason"), LIMITS, ids=[r for _, r in LIMITS])
def test_what_grows_without_end_is_refused_at_once(query: Query, sql: str, reason: str) -> None:
    assert reason in query.reason(sql)


EXHAUSTING = """
import re, sys
from pathlib import Path
from local.athena.server import limit_process
from local.athena.settings import Settings

limit_process("1GB")
import duckdb
from local.athena.engine.duck import Duck

duck = Duck(Settings("http://127.0.0.1:1", Path(sys.argv[1]), memory_limit="1GB"), [])
try:
    duck.connection().execute("select list(rpad(i::varchar, 1000, 'x')) from range(5000000) t(i)").fetchall()
except duckdb.OutOfMemoryException:
    pass
else:
    raise AssertionError("it had room")
print(re.search(r"VmData:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))
"""


def test_memory_of_a_query_that_was_stopped_is_given_back(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", EXHAUSTING, str(tmp_path)]
    found = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert int(found.stdout) < 800_000  # kilobytes of address space; twice that if it is kept


CANCELLED = {
    "aggregation": f"select count(*) from {MANY} where (x * y) % 7 = 3",
    "result of plain types": f"select x, y from {MANY}",
    "result value by value": f"select array[x, y] as z from {MANY}",
    "sort": f"select x, y from {MANY} order by y, x",
    "python function": f"select max(length(cast(x * 1.1e10 * y as varchar))) from {MANY}",
    "files": f"unload (select x, y from {MANY}) to 's3://{LAKE}/safety/unloaded/' with (format='json')",
}


def _start(query: Query, sql: str) -> str:
    started = query.client.start_query_execution(
        QueryString=sql, ResultConfiguration={"OutputLocation": f"s3://{RESULTS}/safety/"}
    )
    return str(started["QueryExecutionId"])


def _state(query: Query, key: str) -> str:
    found = query.client.get_query_execution(QueryExecutionId=key)["QueryExecution"]
    return str(found["Status"]["State"])


def _cancel(query: Query, key: str) -> None:
    """How long it takes is for `benchmarks/athena.py` to say."""
    query.client.stop_query_execution(QueryExecutionId=key)
    for _ in range(60):  # an answer is held back for most of a second
        if (state := _state(query, key)) not in ("QUEUED", "RUNNING"):
            break
    assert state == "CANCELLED"


@pytest.mark.parametrize("sql", CANCELLED.values(), ids=CANCELLED)
def test_a_stopped_query_is_cancelled(endpoint: Endpoint, query: Query, sql: str) -> None:
    key = _start(query, sql)
    assert _state(query, key) == "RUNNING"
    _cancel(query, key)
    assert query.rows("select 1") == [["1"]]
    listed = endpoint.client("s3").list_objects_v2(Bucket=RESULTS, Prefix=f"safety/{key}")
    assert listed["KeyCount"] == 0
    with pytest.raises(ClientError, match="Could not find results"):
        query.client.get_query_results(QueryExecutionId=key)


def test_a_queued_query_is_cancelled_without_having_run(query: Query) -> None:
    keys = [_start(query, CANCELLED["aggregation"]) for _ in range(5)]
    try:
        _cancel(query, keys[4])
    finally:
        for key in keys[:4]:
            _cancel(query, key)


def test_eight_clients_at_once_get_their_own_answers(endpoint: Endpoint) -> None:
    def ask(number: int) -> Any:
        client = Query(endpoint.client("athena"))
        mixed = [
            (f"select {number} as n", [[str(number)]]),
            (
                f"select sum(n) + {number} from unnest(sequence(1, 1000)) as t(n)",
                [[str(500500 + number)]],
            ),
            (f"select array[{number}]", [[f"[{number}]"]]),
        ]
        return [client.rows(sql) == rows for sql, rows in mixed for _ in range(3)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert all(all(a) for a in answers)


def test_clients_that_go_away_leave_nothing_behind(endpoint: Endpoint, query: Query) -> None:
    key = _start(query, CANCELLED["aggregation"])
    body = json.dumps({"QueryExecutionId": key}).encode()
    head = (
        f"POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: AmazonAthena.GetQueryExecution\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode()
    place = urlsplit(endpoint.url)
    assert place.hostname
    for sent in (head + body, head + body[:10], head[:20]):
        for _ in range(20):
            with socket.create_connection((place.hostname, place.port or 80)) as client:
                client.sendall(sent)
    assert query.rows("select 1") == [["1"]]
    _cancel(query, key)
    assert threading.active_count() < 100


UNREADABLE = {
    "parquet": (
        b"not parquet at all",
        "parquet",
        "HIVE_BAD_DATA: Malformed Parquet file a.parquet",
    ),
    "json": (b'{"a": 1}\nnot json\n', "json", "HIVE_CURSOR_ERROR"),
    "json.gz": (b"not zipped", "json", "HIVE_CURSOR_ERROR"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_object_fails_the_query_without_telling_where_the_host_keeps_it(
    endpoint: Endpoint, query: Query, database: str, name: str
) -> None:
    body, serde, reason = UNREADABLE[name]
    folder = f"unreadable-{name.replace('.', '-')}"
    endpoint.client("s3").put_object(Bucket=LAKE, Key=f"safety/{folder}/a.{name}", Body=body)
    table = folder.replace("-", "_")
    _table(endpoint, table, {"a": "int"}, f"s3://{LAKE}/safety/{folder}/", serde)
    told = query.reason(f"select a from safety.{table}")
    assert told.startswith(reason)
    assert "/" not in told
