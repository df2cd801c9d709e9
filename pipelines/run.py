"""Runs one job of the code location in this process and says what happens while it does.

For people and for the demo; on a deployment Dagster's own daemon runs the jobs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import dagster as dg

from pipelines.definitions import defs


class Reporter:
    """Writes one JSON line per asset, check and failure, and counts them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, entry: Any, _cursor: Any) -> None:
        """Called by Dagster for every entry of the run's event log."""
        event = entry.dagster_event
        if event is None:
            return
        if event.is_step_materialization:
            self._say("asset", asset=event.asset_key.to_user_string())
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._check(event.event_specific_data)
        elif event.is_step_failure:
            self._say("failure", step=event.step_key, error=_reason(event))

    def _check(self, evaluation: Any) -> None:
        failed = not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR
        self.counts["failed_check"] += failed
        self._say(
            "check",
            asset=evaluation.asset_key.to_user_string(),
            name=evaluation.check_name,
            passed=evaluation.passed,
            found={key: str(value.value) for key, value in evaluation.metadata.items()},
        )

    def _say(self, kind: str, **facts: Any) -> None:
        self.counts[kind] += 1
        write(kind, **facts)


def write(kind: str, **facts: Any) -> None:
    sys.stdout.write(json.dumps({"kind": kind, **facts}) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a job; a JSON line per finished asset or check. Exit status 1 when one failed."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.run", description=__doc__)
    parser.add_argument("job", nargs="?", default="lake_to_boards", help="name of the job")
    options = parser.parse_args(arguments)
    job = defs().resolve_job_def(options.job)
    started, reporter = time.monotonic(), Reporter()
    run_id = str(uuid.uuid4())
    with dg.DagsterInstance.get() as instance:
        instance.add_event_listener(run_id, reporter)
        result = job.execute_in_process(instance=instance, run_id=run_id, raise_on_error=False)
    good = result.success and not reporter.counts["failed_check"]
    write("end", success=good, seconds=round(time.monotonic() - started, 1), **reporter.counts)
    return 0 if good else 1


def _reason(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    return " ".join((error.cause.message if error and error.cause else str(error)).split())


if __name__ == "__main__":
    sys.exit(main())
