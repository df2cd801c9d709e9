"""The demo as a user runs it: killed at some moment, run again, and the same for the same seed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingestion.generate import ROOT

from .processes import survivors, survivors_after

pytestmark = pytest.mark.end_to_end

HEYBLUE = str(Path(sys.executable).with_name("heyblue"))
DEMO = [HEYBLUE, "demo", "--days", "2", "--seed", "7"]


def environment(build: Path) -> dict[str, str]:
    return {**os.environ, "HEYBLUE_BUILD": str(build), "COLUMNS": "120"}


def kill_at_some_moment(build: Path) -> None:
    demo = subprocess.Popen(
        DEMO, env=environment(build), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(random.uniform(1, 15))
    demo.send_signal(signal.SIGKILL)
    demo.wait()
    assert survivors_after(build, 30) == []


def run_to_the_end(build: Path) -> dict[str, str]:
    done = subprocess.run(
        DEMO, env=environment(build), cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BROKEN" not in done.stdout
    assert (build / "demo" / "boards" / "index.html").is_file()
    digests: dict[str, str] = json.loads((build / "demo" / "digests.json").read_text())
    return digests


def test_a_killed_demo_leaves_nothing_and_the_same_seed_gives_the_same(tmp_path: Path) -> None:
    kill_at_some_moment(tmp_path)
    first = run_to_the_end(tmp_path)
    assert survivors(tmp_path) == []
    assert run_to_the_end(tmp_path) == first
    assert set(first) > {"events", "postings", "balances_per_day"}
