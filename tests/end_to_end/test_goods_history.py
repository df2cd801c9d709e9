"""A real merchant's year of invoices, from the file to `stock_per_day`; collected where the file is."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from dashboards.query import athena_query
from ingestion.generate import ROOT
from local import demo, job
from local.stack import Connection

from ..local.imports.expected_stock import expected_stock_per_day
from .conftest import HISTORY

pytestmark = pytest.mark.end_to_end

STOCK = """select good_id, stock_date, opening, estimated_received, issued, closing,
    received + redeemed + returned + adjusted as other
from marts.stock_per_day"""


def run(platform: Connection, build: Path, *argv: str) -> str:
    environment = {**os.environ, **job.environment(platform), "HEYBLUE_BUILD": str(build)}
    done = subprocess.run(argv, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_stock_per_day_is_what_the_file_says_good_by_good_and_day_by_day(
    platform: Connection, build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heyblue = str(Path(sys.executable).with_name("heyblue"))
    imported = run(platform, build, heyblue, "import", "goods-history", str(HISTORY))
    assert "76,033 invoice lines" in imported
    again = run(platform, build, heyblue, "import", "goods-history", str(HISTORY))
    assert "; 0 of" in again

    delivered = demo.deliver(platform)["products"]
    assert delivered["incoming"] == delivered["delivered"]
    dbt = (sys.executable, "-m", "pipelines.dbt_process")
    project = ["--project-dir", "dbt", "--profiles-dir", "dbt"]
    selected = ["--select", "+stock_per_day", "+goods", "--indirect-selection", "cautious"]
    run(platform, build, *dbt, "build", *project, *selected, "--quiet")

    for name, value in platform.environment.items():
        monkeypatch.setenv(name, value)
    rows = athena_query("heyblue", "marts")(STOCK).itertuples(index=False)
    found = {
        (r.good_id, _day(r.stock_date)): (r.opening, r.estimated_received, r.issued, r.closing)
        for r in rows
        if r.other == 0
    }
    expected = {
        (row.good_id, row.day.date()): (row.opening, row.received, row.issued, row.closing)
        for row in expected_stock_per_day(HISTORY).itertuples()
    }
    assert len(found) == len(expected)
    assert found == expected


def _day(value: object) -> date:
    return date.fromisoformat(str(value)[:10])
