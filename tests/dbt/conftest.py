"""A small lake for the warehouse's tests: a local AWS, raw objects written into it, and dbt."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import boto3
import pyarrow
import pyarrow.parquet
import pytest

from ingestion.contract import Event
from ingestion.envelope import Context, build, event_id
from ingestion.glue import publish_tables
from ingestion.lake import COLUMNS, raw_prefix, row
from ingestion.registry import registry
from ingestion.settings import Settings, load
from local.stack import aws_environment
from local.supervisor import Supervisor, listen, port_of

ROOT = Path(__file__).resolve().parents[2]
ARROW = {"string": pyarrow.string(), "int": pyarrow.int32(), "timestamp": pyarrow.timestamp("ms")}
SCHEMA = pyarrow.schema([(name, ARROW[kind]) for name, kind in COLUMNS.items()])
CORRELATION = event_id("tests", "correlation")


class Happening(Protocol):
    """An event, its id and its two times; `arrived_at` is its first arrival."""

    @property
    def event(self) -> Event: ...
    @property
    def event_id(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def arrived_at(self) -> datetime: ...


def raw_row(happening: Happening, arrived_at: datetime) -> dict[str, Any]:
    """What the lake holds of an event that arrived at `arrived_at`."""
    context = Context(source="tests", now=arrived_at, correlation_id=CORRELATION)
    message = build(
        happening.event,
        context,
        event_id=happening.event_id,
        occurred_at=happening.occurred_at,
    )
    origin = {
        "approximateArrivalTimestamp": arrived_at.timestamp() * 1000,
        "partitionKey": message.partition_key,
        "sequenceNumber": f"{int(arrived_at.timestamp()):056d}",
        "shardId": "shardId-000000000000",
    }
    _, cells = row(message.body, origin)
    times = ("occurred_at", "arrived_at")
    return cells | {name: datetime.fromisoformat(cells[name]) for name in times}


@dataclass
class Lake:
    """Raw objects in, rows of any table out."""

    environment: dict[str, str]
    work: Path
    objects: int = 0
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return load(self.environment)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            session: Any = boto3.Session()
            self._clients[service] = session.client(
                service,
                endpoint_url=self.environment["AWS_ENDPOINT_URL"],
                region_name=self.environment["AWS_DEFAULT_REGION"],
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self._clients[service]

    def create(self) -> None:
        for bucket in (self.settings.lake_bucket, self.settings.athena_bucket):
            self.client("s3").create_bucket(Bucket=bucket)
        self.client("glue").create_database(DatabaseInput={"Name": "raw"})
        publish_tables(self.client("glue"), registry(), self.settings)
        self.client("athena").create_work_group(Name=self.settings.workgroup)

    def land(self, happenings: Iterable[Happening], arrived_at: datetime | None = None) -> None:
        """Write one raw object per event type and hour of arrival; `arrived_at` overrides."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for each in happenings:
            arrival = arrived_at or each.arrived_at
            facts = each.event.contract
            folder = raw_prefix(facts.stream, facts.name)
            folder += f"dt={arrival:%Y-%m-%d}/hour={arrival:%H}/"
            groups.setdefault(folder, []).append(raw_row(each, arrival))
        for folder, rows in groups.items():
            self._put(folder, rows)

    def _put(self, folder: str, rows: Sequence[dict[str, Any]]) -> None:
        sink = pyarrow.BufferOutputStream()
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, SCHEMA), sink)
        self.objects += 1
        self.client("s3").put_object(
            Bucket=self.settings.lake_bucket,
            Key=f"{folder}tests-{self.objects:06d}.parquet",
            Body=sink.getvalue().to_pybytes(),
        )

    def dbt(self, *arguments: str) -> str:
        """Run dbt as Dagster does and return what it printed; an error fails the test with it."""
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pipelines.dbt_process", "--no-use-colors"),
                "--warn-error-options",
                '{"error": ["Deprecations"]}',
                *arguments,
                *("--project-dir", str(ROOT / "dbt"), "--profiles-dir", str(ROOT / "dbt")),
                *("--target-path", str(self.work / "target")),
            ],
            env={**os.environ, **self.environment, "DBT_LOG_PATH": str(self.work / "logs")},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def query(self, sql: str) -> list[dict[str, str | None]]:
        """Rows of a query as Athena gives them: text, None for null."""
        athena = self.client("athena")
        started = athena.start_query_execution(
            QueryString=sql,
            WorkGroup=self.settings.workgroup,
            ResultConfiguration={"OutputLocation": f"s3://{self.settings.athena_bucket}/tests/"},
        )["QueryExecutionId"]
        while True:
            status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"][
                "Status"
            ]
            if status["State"] not in ("QUEUED", "RUNNING"):
                break
            time.sleep(0.01)
        assert status["State"] == "SUCCEEDED", status
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
        rows = [
            [cell.get("VarCharValue") for cell in line["Data"]]
            for page in pages
            for line in page["ResultSet"]["Rows"]
        ]
        return [dict(zip(map(str, rows[0]), line, strict=True)) for line in rows[1:]]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """An empty lake with its raw tables, on a local AWS of its own."""
    work = tmp_path_factory.mktemp("lake")
    with Supervisor(work) as supervisor, listen(0) as listener:
        url = f"http://127.0.0.1:{port_of(listener)}"
        supervisor.start(
            "aws",
            [
                sys.executable,
                "-m",
                "local.front",
                "--fd",
                str(listener.fileno()),
                "--state-dir",
                str(work / "aws"),
            ],
            fds=[listener.fileno()],
            health=f"{url}/_heyblue/health",
            cwd=ROOT,
        )
        names = {
            "HEYBLUE_PREFIX": "heyblue",
            "HEYBLUE_LAKE_BUCKET": "heyblue-lake-tests",
            "HEYBLUE_ATHENA_BUCKET": "heyblue-athena-tests",
        }
        lake = Lake({**aws_environment(url), **names}, work)
        lake.create()
        yield lake
