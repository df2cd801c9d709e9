"""The local Athena beside DuckDB called directly on the same files, and what the endpoint adds.

A ratio compares the best of some rounds, taken in turn, both with the same threads and memory.

Small queries make four files each. After many files have been deleted, ext4 takes one or two milliseconds to
make one, for some minutes: wait these, or name a folder in memory by TMPDIR.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import _dbt_project
from local.stack import Connection, Stack
from local.supervisor import Supervisor

ROWS = 10_000_000
FILES = 8
ROUNDS = 3
MEMORY = "2GB"
SPEED_LIMIT = 0.85  # of DuckDB's own speed, for queries that take it a second
OVERHEAD_LIMIT_MS = 12.0
CANCEL_LIMIT_MS = 200.0
BUCKET = "bench"
POSTINGS = f"""
    select i as posting_id, 'account-' || (hash(i) % 100000) as account,
      cast(hash(i * 7) % 100 as bigint) as points, cast(hash(i * 3) % 1000000 as double) / 100 as amount,
      date '2026-01-01' + cast(i * 30 // {ROWS} as integer) as day,
      md5(cast(i as varchar)) as note
    from range({{start}}, {{stop}}) made(i)"""
ACCOUNTS = """
    select 'account-' || i as account, 'city-' || (i % 500) as city from range(100000) made(i)"""

QUERIES = {
    "scan": "select sum(points) as points, max(amount) as amount, min(note) as note from postings",
    "filter": "select count(*) as n, sum(points) as points from postings where note like '%c0ffe%'",
    "group by": """select account, sum(points) as points, count(distinct day) as days from postings
        group by account order by points desc, account limit 10""",
    "join": """select city, count(*) as n, sum(points) as points from postings join accounts
        on postings.account = accounts.account group by city order by n desc, city limit 10""",
    "window": """select max(balance) as balance from (select sum(points) over
        (partition by account order by posting_id) as balance from postings) as running""",
}
SMALL = {
    "a constant": "select {n} as n",
    "one row of a table": "select city from accounts where account = 'account-{n}'",
}


class Client:
    """Athena's calls over one kept connection, without what a client library adds."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"))

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        headers = {
            "x-amz-target": f"AmazonAthena.{operation}",
            "content-type": "application/x-amz-json-1.1",
        }
        self._connection.request("POST", "/", json.dumps(request), headers)
        response = self._connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        if response.status != 200:
            sys.exit(f"{operation}: {answer}")
        return answer

    def start(self, sql: str) -> str:
        """The id of a started query."""
        answer = self.call(
            "StartQueryExecution",
            QueryString=sql,
            ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/results/"},
            QueryExecutionContext={"Database": BUCKET},
        )
        return str(answer["QueryExecutionId"])

    def end(self, key: str) -> dict[str, Any]:
        """The status of a query that has ended, however it did."""
        state = "QUEUED"
        while state in ("QUEUED", "RUNNING"):
            found = self.call("GetQueryExecution", QueryExecutionId=key)["QueryExecution"]
            state = found["Status"]["State"]
        return dict(found["Status"])

    def rows(self, sql: str) -> list[list[str | None]]:
        """The first page of a query's result, without its header."""
        key = self.start(sql)
        status = self.end(key)
        if status["State"] != "SUCCEEDED":
            sys.exit(f"{sql}: {status.get('StateChangeReason')}")
        page = self.call("GetQueryResults", QueryExecutionId=key)["ResultSet"]["Rows"]
        return [[c.get("VarCharValue") for c in row["Data"]] for row in page][1:]


@dataclass
class Bench:
    """Both sides over the same files."""

    connection: Connection
    athena: Client
    duck: Any
    folder: Path

    def directly(self, sql: str) -> list[Any]:
        """All rows out of DuckDB itself."""
        return list(self.duck.execute(sql).fetchall())


def _seconds(run: Callable[[str], Any], sql: str) -> float:
    started = time.perf_counter()
    run(sql)
    return time.perf_counter() - started


def _python_seconds() -> float:
    """How fast this machine runs Python: where the figures below are not ratios, they follow it."""

    def count(_: str) -> None:
        for _number in range(10_000_000):
            pass

    return min(_seconds(count, "") for _ in range(ROUNDS))


@contextlib.contextmanager
def _bench(folder: Path) -> Iterator[Bench]:
    with Supervisor(folder / "run") as supervisor:
        stack = Stack(folder, supervisor)
        stack.start_aws()
        connection = stack.connection()
        connection.client("s3").create_bucket(Bucket=BUCKET)
        duck = duckdb.connect(config={"threads": os.cpu_count() or 2, "memory_limit": MEMORY})
        made = Bench(connection, Client(connection.aws_url), duck, folder)
        made.athena.rows(f"create database {BUCKET}")
        _load(
            made,
            "postings",
            [(at * ROWS // FILES, (at + 1) * ROWS // FILES) for at in range(FILES)],
        )
        _load(made, "accounts", [(0, 0)])
        yield made
        duck.close()


def _load(bench: Bench, table: str, parts: list[tuple[int, int]]) -> None:
    """Write a table's files, put them into S3, and name them to both sides."""
    query = POSTINGS if table == "postings" else ACCOUNTS
    local, s3 = bench.folder / "made.parquet", bench.connection.client("s3")
    for at, (start, stop) in enumerate(parts):
        bench.duck.execute(f"copy ({query.format(start=start, stop=stop)}) to '{local}'")
        s3.upload_file(str(local), BUCKET, f"{table}/part_{at}")
    local.unlink()
    stored = bench.folder / "aws" / "s3" / "000000000000" / BUCKET / table
    bench.duck.execute(f"create view {table} as from read_parquet('{stored}/part_?')")
    described = bench.duck.execute(f"describe {table}").fetchall()
    columns = ", ".join(f"`{row[0]}` {_HIVE.get(row[1], row[1])}" for row in described)
    bench.athena.rows(
        f"create external table {table} ({columns}) stored as parquet location 's3://{BUCKET}/{table}/'"
    )


_HIVE = {"VARCHAR": "string"}


def _compare(bench: Bench) -> None:
    print(f"  {ROWS:,} rows, best of {ROUNDS}:     Athena    DuckDB   speed (limit {SPEED_LIMIT})")
    for name, sql in QUERIES.items():
        ours, own = [], []
        for _ in range(ROUNDS):
            ours.append(_seconds(bench.athena.rows, sql))
            own.append(_seconds(bench.directly, sql))
        _ratio(name, min(ours), min(own))


def _ratio(name: str, ours: float, own: float) -> None:
    remark = "" if own >= 1 else "   under a second"
    print(f"    {name:<24}{ours:8.2f} s {own:8.2f} s   {own / ours:5.2f}{remark}")


def _create(bench: Bench) -> None:
    """DuckDB leaves its files in a folder, CTAS stores them in S3 and names them to the catalogue."""
    query = "select posting_id, account, points, amount, day from postings"
    for name, asked, option in (
        ("CTAS", "", ""),
        ("CTAS, 30 partitions", "partitioned_by = array['day'], ", ", partition_by (day)"),
    ):
        ours, own = [], []
        for at in range(ROUNDS):
            table = f"copy_{at}_{len(option)}"
            location = f"external_location = 's3://{BUCKET}/{table}/'"
            sql = f"create table {table} with ({asked}{location}) as {query}"
            ours.append(_seconds(bench.athena.rows, sql))
            copy = f"copy ({query}) to '{bench.folder / table}' (format parquet{option})"
            own.append(_seconds(bench.directly, copy))
        _ratio(name, min(ours), min(own))
    ours, own = [], []
    for _ in range(ROUNDS):
        sql = "select posting_id, account, amount, day from postings where posting_id < 100000"
        ours.append(_seconds(bench.athena.rows, sql))
        copy = f"copy ({sql}) to '{bench.folder / 'rows.csv'}'"
        own.append(_seconds(bench.directly, copy))
    _ratio("100,000 rows as CSV", min(ours), min(own))


def _cancels(bench: Bench) -> None:
    """From the call that stops a query to the answer that it has stopped."""
    pairs = "unnest(sequence(1, 40000)) as a(x) cross join unnest(sequence(1, 40000)) as b(y)"
    print(f"  cancelled queries:                       (limit {CANCEL_LIMIT_MS:.0f} ms)")
    for name, sql in (
        ("aggregation", f"select sum(x * y) as z from {pairs}"),
        ("result as CSV", f"select x, y from {pairs}"),
        ("sorted", f"select x, y from {pairs} where x <= 22500 order by y, x"),
    ):
        key = bench.athena.start(sql)
        for _ in range(3):  # each answer is held back for most of a second
            bench.athena.call("GetQueryExecution", QueryExecutionId=key)
        started = time.perf_counter()
        bench.athena.call("StopQueryExecution", QueryExecutionId=key)
        bench.athena.end(key)
        print(f"    {name:<24}{(time.perf_counter() - started) * 1000:8.0f} ms")


def _latencies(url: str, sql: str, clients: int, queries: int) -> list[float]:
    """Milliseconds of each query, all clients asking at once."""
    found: list[float] = []

    def ask(first: int) -> None:
        client = Client(url)
        for n in range(first, first + queries):
            found.append(_seconds(client.rows, sql.format(n=n)) * 1000)

    threads = [threading.Thread(target=ask, args=(at * queries,)) for at in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def _small(bench: Bench) -> None:
    print(
        f"  small queries, ms:          p50      p99   DuckDB   added at p50 (limit {OVERHEAD_LIMIT_MS:.0f})"
    )
    for name, sql in SMALL.items():
        own = statistics.median(
            _seconds(bench.directly, sql.format(n=n)) * 1000 for n in range(100)
        )
        for clients, queries in ((1, 200), (8, 50)):
            _latencies(bench.connection.aws_url, sql, clients, 5)
            found = _latencies(bench.connection.aws_url, sql, clients, queries)
            middle, slow = statistics.median(found), found[len(found) * 99 // 100]
            added = f"{middle - own:8.1f}" if clients == 1 else "       -"
            print(f"    {name}, {clients} client{'s' * (clients > 1)}".ljust(32), end="")
            print(f"{middle:6.1f} {slow:8.1f} {own:8.1f}   {added}")


def main() -> None:
    """Print every figure; needs about 1.5 GB of disk for its time."""
    print(f"  10,000,000 steps of a Python loop: {_python_seconds():8.2f} s")
    with tempfile.TemporaryDirectory() as folder, _bench(Path(folder)) as bench:
        _small(bench)
        _compare(bench)
        _create(bench)
        _cancels(bench)
        _dbt_project.report(bench.connection, bench.folder / "shop")


if __name__ == "__main__":
    main()
