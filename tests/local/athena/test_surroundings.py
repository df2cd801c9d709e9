"""What fails around a query: buckets and objects that are gone, servers that do not answer, others' DDL."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from local.athena.api.operations import Operations
from local.athena.api.state import State
from local.athena.engine.runner import Engine
from local.athena.errors import QueryFailed, RequestRefused
from local.athena.lake.calls import Calls
from local.athena.lake.storage import Storage, Stored
from local.athena.lake.wire import Wire
from local.athena.settings import Settings

from .conftest import LAKE, RESULTS, Endpoint, Query

integration = pytest.mark.integration


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Operations]:
    """An endpoint whose S3 and Glue do not answer."""
    settings = Settings("http://127.0.0.1:1", tmp_path)
    made = Operations(Engine(settings, None), State(tmp_path / "athena.sqlite"))
    yield made
    made.close()


def test_a_call_says_who_does_not_answer(alone: Operations) -> None:
    with pytest.raises(RequestRefused, match=r"^S3 and Glue do not answer at http"):
        alone.call("ListDatabases", {"CatalogName": "AwsDataCatalog"})


def test_a_query_says_who_does_not_answer(alone: Operations) -> None:
    request = {
        "QueryString": "show databases",
        "ResultConfiguration": {"OutputLocation": "s3://bucket"},
    }
    key = alone.call("StartQueryExecution", request)["QueryExecutionId"]
    pending = alone.executions.pending(key)
    if pending:
        pending.result(30)
    reason = alone.executions.get(key)["Status"]["StateChangeReason"]
    assert reason.startswith("GENERIC_INTERNAL_ERROR: S3 and Glue do not answer at http://127")


@integration
def test_results_need_a_bucket(endpoint: Endpoint) -> None:
    with pytest.raises(ClientError, match="Unable to verify/create output bucket no-such-bucket"):
        endpoint.client("athena").start_query_execution(
            QueryString="select 1", ResultConfiguration={"OutputLocation": "s3://no-such-bucket/a/"}
        )


@integration
def test_a_bucket_that_has_gone_since_is_named(endpoint: Endpoint, query: Query) -> None:
    s3 = endpoint.client("s3")
    s3.create_bucket(Bucket="passing")
    place = {"OutputLocation": "s3://passing/"}
    done = query.execution("select 1", ResultConfiguration=place)["ResultConfiguration"]
    key = done["OutputLocation"].removeprefix("s3://passing/")
    for each in (key, f"{key}.metadata"):
        s3.delete_object(Bucket="passing", Key=each)
    s3.delete_bucket(Bucket="passing")
    reason = query.reason("select 1", ResultConfiguration=place)
    assert reason == "PERMISSION_DENIED: bucket passing does not exist"


@integration
def test_an_object_that_has_gone_since_it_was_listed_is_named(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    settings, wire, s3 = Settings(endpoint.aws_url, tmp_path), Wire(), endpoint.client("s3")
    storage = Storage(Calls(settings, wire.carrier(endpoint.aws_url)), s3, settings)
    body = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), body)
    s3.put_object(Bucket=LAKE, Key="gone/here", Body=body.getvalue())
    found = storage.under(f"s3://{LAKE}/gone/")
    gone = Stored(LAKE, "gone/there", 100, "etag")
    with pytest.raises(QueryFailed, match=rf"HIVE_CANNOT_OPEN_SPLIT: .*s3://{LAKE}/gone/there: "):
        storage.local([*found, gone])
    storage.close()
    wire.close()


@integration
def test_columns_that_many_add_at_once_are_all_there(query: Query) -> None:
    query.rows("create database if not exists crowd")
    query.rows(f"create external table crowd.t (a int) location 's3://{LAKE}/crowd/t/'")
    wanted = [f"c{at}" for at in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda c: query.rows(f"alter table crowd.t add columns ({c} int)"), wanted))
    shown = [str(row[0]).strip() for row in query.rows("show columns in crowd.t")]
    assert sorted(shown) == sorted(["a", *wanted])


@integration
def test_a_table_that_many_make_and_drop_fails_by_its_name_only(query: Query) -> None:
    query.rows("create database if not exists crowd")
    made = f"create external table if not exists crowd.u (a int) location 's3://{LAKE}/crowd/u/'"
    statements = [made, "drop table if exists crowd.u"] * 12
    with ThreadPoolExecutor(6) as pool:
        states = list(pool.map(query.execution, statements))
    assert {s["Status"].get("StateChangeReason") for s in states} == {None}
    ctas = f"create table crowd.w with (external_location='s3://{RESULTS}/crowd/%d/') as select 1 a"
    with ThreadPoolExecutor(6) as pool:
        ends = list(pool.map(query.execution, [ctas % at for at in range(6)]))
    reasons = {e["Status"].get("StateChangeReason", "") for e in ends}
    assert reasons <= {"", *(r for r in reasons if r.startswith("TABLE_ALREADY_EXISTS: "))}
