"""`python -m pipelines.run` as people and the demo start it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.integration
def test_a_lake_that_does_not_answer_fails_the_run_and_says_why(
    environment: dict[str, str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.run"],
        env={**environment, "AWS_MAX_ATTEMPTS": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"kind"')]
    assert done.returncode == 1, done.stderr
    assert lines[-1]["kind"] == "end"
    assert lines[-1]["success"] is False
    assert "127.0.0.1:9" in lines[0]["error"]
    assert [line["step"] for line in lines[:-1]] == ["raw", "assets", "checks"]
