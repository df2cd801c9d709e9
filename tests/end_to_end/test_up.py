"""`heyblue up` as a user meets it: one page of links, answers to questions, and a clean end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from ingestion.generate import ROOT

from .processes import survivors_after

pytestmark = pytest.mark.end_to_end
HEYBLUE = str(Path(sys.executable).with_name("heyblue"))


def wait_for_links(up: subprocess.Popen[str], log: Path) -> str:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and up.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+/links\.html", log.read_text()):
            return found[0]
        time.sleep(0.5)
    pytest.fail(f"no page of links; up said:\n{log.read_text()}")


def test_everything_is_linked_answers_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    log = tmp_path / "said.txt"
    environment = {**os.environ, "HEYBLUE_BUILD": str(tmp_path / "build"), "COLUMNS": "120"}
    with log.open("w") as output:
        up = subprocess.Popen(
            [HEYBLUE, "up"], env=environment, cwd=ROOT, stdout=output, stderr=output, text=True
        )
        try:
            page = httpx.get(wait_for_links(up, log)).raise_for_status().text
            links = re.findall(r'href="(http[^"]+)"', page)
            assert len(links) == 3
            assert all(httpx.get(link).is_success for link in links)

            def heyblue(*argv: str) -> str:
                done = subprocess.run(
                    [HEYBLUE, *argv], env=environment, cwd=ROOT, capture_output=True, text=True
                )
                assert done.returncode == 0, done.stderr
                return done.stdout

            assert "(1 rows)" in heyblue("sql", "select count(*) as days from balances_per_day")
            assert "transactions" in heyblue("status")
        finally:
            up.send_signal(signal.SIGINT)
            assert up.wait(60) == 0, log.read_text()
    assert survivors_after(tmp_path, 10) == []
