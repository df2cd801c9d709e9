"""A whole platform for tests that go from a stream to a mart, and where the real files lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.generate import ROOT
from local.stack import Connection, Stack
from local.supervisor import Supervisor, locked_state

SHARED_DATA = Path(os.environ.get("HEYBLUE_SHARED_DATA", ROOT.parent / "shared" / "data"))
HISTORY = SHARED_DATA / "retail" / "online_retail_2010-12_2011-01.parquet"

collect_ignore = [] if HISTORY.is_file() else ["test_goods_history.py"]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


@pytest.fixture(scope="module")
def platform(build: Path) -> Iterator[Connection]:
    """A deployed platform with its contracts published and its services running."""
    with locked_state(build, "platform") as state, Supervisor(state) as supervisor:
        stack = Stack(state, supervisor)
        stack.start_aws()
        stack.deploy()
        stack.publish_contracts()
        yield stack.start_services()
