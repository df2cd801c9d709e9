"""Runs the lake-to-boards job in a process of its own and follows what it says."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingestion.generate import ROOT
from local.stack import Connection
from local.supervisor import Server, Supervisor

# One run at a time: the nightly run and the sensor's must not build the same tables at once.
DAGSTER_CONFIGURATION = """telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
"""


@dataclass(slots=True)
class Outcome:
    """What the job did. `failures` are steps that broke or checks that did not hold, in words."""

    assets: int = 0
    checks: int = 0
    failures: list[str] = field(default_factory=list)
    found: dict[str, dict[str, str]] = field(default_factory=dict)
    ended: bool = False

    @property
    def succeeded(self) -> bool:
        return self.ended and not self.failures


def environment(connection: Connection) -> dict[str, str]:
    """What Dagster, dbt and the boards need besides the platform's own environment."""
    state = Path(connection.state)
    home = state / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(DAGSTER_CONFIGURATION)
    return {
        **connection.environment,
        "DAGSTER_HOME": str(home),
        "DBT_TARGET_PATH": str(state / "dbt"),
        "DBT_LOG_PATH": str(state / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "HEYBLUE_BOARDS": str(state / "boards"),
    }


class Job:
    """The job's process: it loads while the lake still fills, and begins when it is told."""

    def __init__(self, connection: Connection, supervisor: Supervisor) -> None:
        """Start loading."""
        settings = environment(connection)
        self._begin = Path(settings["DAGSTER_HOME"]) / "begin"
        self._begin.unlink(missing_ok=True)
        self._server = supervisor.start(
            "job",
            [sys.executable, "-m", "pipelines.run", "lake_to_boards", "--after", str(self._begin)],
            env=settings,
            cwd=ROOT,
        )

    def run(self, note: Callable[[str], None]) -> Outcome:
        """Run to the end; `note` is told of every asset and check as it finishes."""
        self._begin.touch()
        outcome = Outcome()
        for line in _lines(self._server):
            _account(outcome, line, note)
        if not outcome.ended:
            end = self._server.log_tail()
            outcome.failures.append(f"the job broke; the end of {self._server.log}:\n{end}")
        return outcome


def _lines(server: Server) -> Iterator[dict[str, Any]]:
    """The JSON lines of the job's log, until its process has ended and all is read."""
    with server.log.open(encoding="utf-8", errors="replace") as log:
        rest = ""
        while True:
            running = server.is_running()
            *lines, rest = (rest + log.read()).split("\n")
            yield from (json.loads(line) for line in lines if line.startswith('{"kind"'))
            if not running:
                return
            time.sleep(0.1)


def _account(outcome: Outcome, line: dict[str, Any], note: Callable[[str], None]) -> None:
    if line["kind"] == "asset":
        outcome.assets += 1
        note(line["asset"])
    elif line["kind"] == "check":
        outcome.checks += 1
        outcome.found[line["name"]] = line["found"]
        note(f"{line['asset']}: {line['name']}")
        if not line["passed"] and line["severity"] == "ERROR":
            outcome.failures.append(f"{line['asset']}: {line['name']}: {line['found']}")
    elif line["kind"] == "failure":
        outcome.failures.append(f"step {line['step']}: {line['error']}")
    elif line["kind"] == "end":
        outcome.ended = True
