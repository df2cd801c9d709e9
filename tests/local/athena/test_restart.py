"""What must be there again after the endpoint was killed: idle, and with a query running."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.supervisor import Supervisor, listen, port_of

from .conftest import LAKE, RESULTS, Endpoint, Query

pytestmark = pytest.mark.integration
OUTPUT = {"OutputLocation": f"s3://{RESULTS}/restart/"}
ENDLESS = (
    "select count(*) from unnest(sequence(1, 40000)) as a(x) "
    "cross join unnest(sequence(1, 40000)) as b(y) where (x * y) % 7 = 3"
)


@pytest.fixture
def started(
    endpoint: Endpoint, tmp_path: Path
) -> Iterator[Callable[..., tuple[Supervisor, Any, str]]]:
    """Starts an endpoint of the test's own, always on the same state; answers a client of it."""
    supervisors = []

    def start(*options: str) -> tuple[Supervisor, Any, str]:
        supervisor = Supervisor(tmp_path)
        supervisors.append(supervisor)
        listener = listen()
        url = f"http://127.0.0.1:{port_of(listener)}"
        argv = [sys.executable, "-m", "local.athena", "--fd", str(listener.fileno())]
        argv += ["--endpoint-url", endpoint.aws_url, "--state-dir", str(tmp_path / "state")]
        supervisor.start("athena", [*argv, *options], fds=[listener.fileno()], health=f"{url}/")
        listener.close()
        session: Any = boto3.Session("test", "test", region_name="us-east-1")
        return supervisor, session.client("athena", endpoint_url=url), url

    yield start
    for supervisor in supervisors:
        supervisor.stop()


def _endpoint_process(supervisor: Supervisor) -> int:
    """The pid of the endpoint itself, behind its guard."""
    guard = supervisor.servers()[-1].process.pid
    children = Path(f"/proc/{guard}/task/{guard}/children").read_text().split()
    return int(children[0])


def _start(client: Any) -> str:
    started = client.start_query_execution(QueryString=ENDLESS, ResultConfiguration=OUTPUT)
    return str(started["QueryExecutionId"])


def _wait_until_running(client: Any, key: str) -> None:
    while True:
        found = client.get_query_execution(QueryExecutionId=key)["QueryExecution"]
        if found["Status"]["State"] != "QUEUED":
            assert found["Status"]["State"] == "RUNNING"
            return


def test_a_killed_endpoint_has_lost_nothing_but_the_query_that_ran(
    started: Callable[..., tuple[Supervisor, Any, str]],
) -> None:
    supervisor, client, _ = started()
    query = Query(client)
    client.create_work_group(Name="kept", Configuration={"ResultConfiguration": OUTPUT})
    client.create_prepared_statement(
        StatementName="by_id", WorkGroup="primary", QueryStatement="select ?"
    )
    named = client.create_named_query(Name="n", Database="d", QueryString="select 1")[
        "NamedQueryId"
    ]
    token = {"ClientRequestToken": "r" * 40, "ResultConfiguration": OUTPUT}
    done = query.execution("select n from unnest(sequence(1, 2500)) as t(n) order by n", **token)
    running = _start(client)
    _wait_until_running(client, running)
    leftover = supervisor.servers()[-1].log.parent.parent / "state" / "scratch" / "leftover"
    leftover.write_text("of the killed endpoint")
    os.kill(_endpoint_process(supervisor), signal.SIGKILL)
    supervisor.stop()

    _, client, _ = started()
    again = Query(client)
    assert not leftover.exists()
    assert client.list_query_executions()["QueryExecutionIds"] == [
        running,
        done["QueryExecutionId"],
    ]
    lost = client.get_query_execution(QueryExecutionId=running)["QueryExecution"]["Status"]
    assert (lost["State"], lost["AthenaError"]["ErrorCategory"]) == ("FAILED", 1)
    assert "restarted while the query ran" in lost["StateChangeReason"]
    pages = client.get_paginator("get_query_results").paginate(
        QueryExecutionId=done["QueryExecutionId"]
    )
    rows = [r["Data"][0]["VarCharValue"] for p in pages for r in p["ResultSet"]["Rows"]]
    assert rows == ["n", *(str(n) for n in range(1, 2501))]
    assert again.execution(done["Query"], **token)["QueryExecutionId"] == done["QueryExecutionId"]
    assert again.rows("execute by_id using 7", WorkGroup="primary") == [["7"]]
    assert client.get_named_query(NamedQueryId=named)["NamedQuery"]["QueryString"] == "select 1"
    assert client.get_work_group(WorkGroup="kept")["WorkGroup"]["Name"] == "kept"


def test_a_terminated_endpoint_ends_at_once_though_queries_run(
    started: Callable[..., tuple[Supervisor, Any, str]],
) -> None:
    supervisor, client, _ = started()
    for _ in range(5):  # one more than run at once
        key = _start(client)
    began = time.monotonic()
    os.kill(_endpoint_process(supervisor), signal.SIGTERM)
    supervisor.servers()[-1].process.wait(10)
    assert time.monotonic() - began < 4
    supervisor.stop()
    _, client, _ = started()
    status = client.get_query_execution(QueryExecutionId=key)["QueryExecution"]["Status"]
    assert status["State"] in ("CANCELLED", "FAILED")


def test_a_query_that_needs_too_much_memory_fails_alone(
    started: Callable[..., tuple[Supervisor, Any, str]],
) -> None:
    _, client, _ = started("--memory-limit", "200MB", "--spill-limit", "100MB")
    query = Query(client)
    many = "unnest(sequence(1, 9000)) as a(x) cross join unnest(sequence(1, 9000)) as b(y)"
    doubled = "select a||a||a||a||a||a||a||a as a from"
    for sql in (
        f"select array_agg(x * 10000 + y) from {many}",
        f"select count(distinct rand()) from {many}",
        f"select length(a) from ({doubled} ({doubled} ({doubled} (select rpad('x', 1000000, 'y') as a))))",
        "select length(rpad('x', 2000000000, 'y'))",
    ):
        status = query.execution(sql)["Status"]
        assert status["StateChangeReason"] == (
            "EXCEEDED_LOCAL_MEMORY_LIMIT: Query exhausted resources at this scale factor"
        ), sql
        assert status["AthenaError"]["ErrorType"] == 1
        assert query.rows("select 1") == [["1"]]


def test_without_the_folder_of_the_emulator_objects_are_fetched_once(
    started: Callable[..., tuple[Supervisor, Any, str]],
) -> None:
    supervisor, client, _ = started()
    query = Query(client)
    query.rows("create database if not exists fetched")
    where = f"s3://{LAKE}/fetched"
    query.rows(
        f"create table fetched.hive with (external_location = '{where}/hive/', "
        "partitioned_by = array['k']) as select * from (values (1, 'a b'), (2, 'é')) as t (n, k)"
    )
    query.rows(
        "create table fetched.ice with (table_type = 'ICEBERG', is_external = false, "
        f"location = '{where}/ice/') as select n, k from fetched.hive"
    )
    query.rows("merge into fetched.ice t using fetched.hive s on t.n = s.n and s.n = 2 "
               "when matched then update set n = 3")  # fmt: skip
    for table in ("hive", "ice"):
        paths = query.rows(f'select distinct substr("$path", 1, {len(where)}) from fetched.{table}')
        assert paths == [[where]]
    assert query.rows("select n, k from fetched.ice order by 1") == [["1", "a b"], ["3", "é"]]
    cache = supervisor.servers()[-1].log.parent.parent / "state" / "objects"
    kept = sum(1 for p in cache.rglob("*") if p.is_file())
    query.rows("select count(k) from fetched.hive")
    assert sum(1 for p in cache.rglob("*") if p.is_file()) == kept
