"""Where the real files lie, and a producer whose stream can be read back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingestion.producer import Producer
from ingestion.streams.memory import MemoryStream

if TYPE_CHECKING:
    from tests.conftest import LocalAws

ROOT = Path(__file__).resolve().parents[3]
SHARED_DATA = Path(os.environ.get("HEYBLUE_SHARED_DATA", ROOT.parent / "shared" / "data"))

collect_ignore = [] if SHARED_DATA.is_dir() else ["test_real_extracts.py", "test_real_history.py"]


@pytest.fixture
def stream() -> MemoryStream:
    return MemoryStream()


@pytest.fixture
def producer(stream: MemoryStream) -> Producer:
    return Producer(lambda dataset: stream)


@pytest.fixture
def shared_data() -> Path:
    """The folder of real files beside the checkout, or where HEYBLUE_SHARED_DATA says."""
    return SHARED_DATA


@pytest.fixture(scope="session")
def catalog_table(aws: LocalAws) -> str:
    """The stack's catalogue table, on the local AWS."""
    keys = ("pk", "HASH"), ("sk", "RANGE")
    aws.client("dynamodb").create_table(
        TableName="heyblue-catalog",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n, _ in keys],
        KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in keys],
    )
    return "heyblue-catalog"


@pytest.fixture(scope="session")
def streams(aws: LocalAws) -> list[str]:
    """The two streams that imports write to, on the local AWS."""
    names = ["heyblue-users", "heyblue-products"]
    for name in names:
        aws.client("kinesis").create_stream(StreamName=name, ShardCount=2)
    return names


@pytest.fixture
def running(
    aws: LocalAws,
    catalog_table: str,
    streams: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A working folder in which commands find a running platform; the platform's state."""
    state = tmp_path / "build" / "stack"
    state.mkdir(parents=True)
    environment = {
        "HEYBLUE_PREFIX": "heyblue",
        "HEYBLUE_LAKE_BUCKET": "lake",
        "HEYBLUE_ATHENA_BUCKET": "athena",
    }
    connection = {
        "state": str(state),
        "aws_url": aws.url,
        "gateway_url": "",
        "environment": environment,
    }
    (state / "stack.json").write_text(json.dumps(connection))
    monkeypatch.setenv("HEYBLUE_BUILD", str(tmp_path / "build"))
    monkeypatch.chdir(tmp_path)
    return state
