"""The endpoint as a process of its own beside the local AWS, and the environment clients need."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.supervisor import Supervisor, listen, port_of

with warnings.catch_warnings():
    # dagster-dbt pulls in sqlglotrs, of which sqlglot says at import that it is deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    import sqlglot  # noqa: F401

RESULTS = "athena-results"
LAKE = "athena-lake"


@dataclass(frozen=True)
class Endpoint:
    """Where Athena answers, and where S3 and Glue do."""

    url: str
    aws_url: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ENDPOINT_URL_ATHENA": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def client(self, service: str) -> Any:
        url = self.url if service == "athena" else self.aws_url
        session: Any = boto3.Session("test", "test", region_name="us-east-1")
        return session.client(service, endpoint_url=url)


@pytest.fixture(scope="session")
def endpoint(aws: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("athena")
    with Supervisor(folder) as supervisor:
        listener = listen()
        url = f"http://127.0.0.1:{port_of(listener)}"
        state = ["--state-dir", str(folder / "state"), "--s3-data-dir", str(Path(aws.state) / "s3")]
        argv = [sys.executable, "-m", "local.athena", "--fd", str(listener.fileno())]
        supervisor.start(
            "athena",
            [*argv, "--endpoint-url", aws.url, *state],
            fds=[listener.fileno()],
            health=f"{url}/",
        )
        listener.close()
        made = Endpoint(url, aws.url)
        for bucket in (RESULTS, LAKE):
            made.client("s3").create_bucket(Bucket=bucket)
        yield made


@dataclass
class Query:
    """Runs SQL through boto3 and answers the finished execution and its rows."""

    client: Any

    def execution(self, sql: str, **arguments: Any) -> dict[str, Any]:
        request = {"ResultConfiguration": {"OutputLocation": f"s3://{RESULTS}/boto3/"}, **arguments}
        key = self.client.start_query_execution(QueryString=sql, **request)["QueryExecutionId"]
        while True:
            found = self.client.get_query_execution(QueryExecutionId=key)["QueryExecution"]
            if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return dict(found)

    def rows(self, sql: str, **arguments: Any) -> list[list[str | None]]:
        """All rows without the header; fails with the query's own reason."""
        done = self.execution(sql, **arguments)
        assert done["Status"]["State"] == "SUCCEEDED", done["Status"].get("StateChangeReason")
        pages = self.client.get_paginator("get_query_results").paginate(
            QueryExecutionId=done["QueryExecutionId"]
        )
        rows = [
            [c.get("VarCharValue") for c in r["Data"]]
            for p in pages
            for r in p["ResultSet"]["Rows"]
        ]
        return rows[1:] if done["StatementType"] == "DML" else rows

    def reason(self, sql: str, **arguments: Any) -> str:
        """Why a query failed."""
        done = self.execution(sql, **arguments)
        assert done["Status"]["State"] == "FAILED", done["Status"]
        return str(done["Status"]["StateChangeReason"])


@pytest.fixture(scope="session")
def query(endpoint: Endpoint) -> Query:
    return Query(endpoint.client("athena"))


@pytest.fixture
def client_environment(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user exports; clients of other libraries are made from it."""
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in endpoint.environment.items():
        monkeypatch.setenv(name, value)
