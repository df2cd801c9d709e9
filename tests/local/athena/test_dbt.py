"""dbt-athena, unmodified, over the project beside this file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import Endpoint, Query

pytestmark = pytest.mark.integration
PROJECT = Path(__file__).parent / "project"


def _dbt(folder: Path, endpoint: Endpoint, *arguments: str) -> list[dict[str, Any]]:
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith("AWS_")
    } | endpoint.environment
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", *arguments, "--profiles-dir", "."],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return list(json.loads((folder / "target/run_results.json").read_text())["results"])


@pytest.fixture(scope="module")
def project(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dbt") / "project"
    shutil.copytree(PROJECT, folder)
    _dbt(folder, endpoint, "build")
    return folder


def test_a_second_build_changes_nothing_that_was_there(
    project: Path, endpoint: Endpoint, query: Query
) -> None:
    asked = "select payment_id, customer, amount, paid_on from sample.by_day order by 1"
    before = query.rows(asked)
    results = _dbt(project, endpoint, "build")
    assert {r["status"] for r in results} == {"success", "pass"}
    assert query.rows(asked) == before
    assert len(before) == 4
    assert query.rows("select count(*), count(distinct day) from sample.many_days") == [
        ["103", "103"]
    ]
    assert query.rows("select total from sample.totals order by customer") == [
        ["15.50"],
        ["20.25"],
        ["7.75"],
    ]


def test_the_catalogue_is_documented(project: Path, endpoint: Endpoint) -> None:
    _dbt(project, endpoint, "docs", "generate")
    nodes = json.loads((project / "target/catalog.json").read_text())["nodes"]
    assert nodes["model.sample.totals"]["columns"]["total"]["type"] == "decimal(38,2)"
    assert nodes["model.sample.totals"]["metadata"]["comment"] == "One row per customer."
