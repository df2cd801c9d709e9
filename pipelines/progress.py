"""Executes a job in this process and writes a JSON line for everything that comes of it."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections import Counter
from typing import IO, Any

import dagster as dg
from sqlalchemy.engine import Engine
from sqlalchemy.event import listen

from pipelines.definitions import defs
from quality import runner

# Dagster's console would repeat every event; the lines here are the account of the run.
QUIET = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}


def load(name: str) -> dg.JobDefinition:
    """The job `name` of the code location, with the slow libraries of its steps imported."""
    runner.load()
    return defs().resolve_job_def(name)


def execute(job: dg.JobDefinition, out: IO[str]) -> bool:
    """Run the job; whether it made everything and no check failed."""
    listen(Engine, "connect", _write_without_waiting)
    with dg.DagsterInstance.get() as instance:
        return report(job, instance, out)


def report(job: dg.JobDefinition, instance: dg.DagsterInstance, out: IO[str]) -> bool:
    """Run `job` on `instance`, writing lines to `out` as Reporter does, then one of kind `end`.

    Whether all of the job's assets were made, all its checks ran and none failed as an error.
    """
    started, reporter, run_id = time.monotonic(), Reporter(out), str(uuid.uuid4())
    instance.add_event_listener(run_id, reporter)
    result = job.execute_in_process(
        run_config=QUIET, instance=instance, run_id=run_id, raise_on_error=False
    )
    reporter.missing(job)
    good = result.success and not reporter.has_failed
    reporter.say("end", success=good, seconds=round(time.monotonic() - started, 1))
    return good


class Reporter:
    """Writes one JSON line per asset, check and failure, at once, and remembers what it saw.

    `asset`: {asset}. `check`: {asset, name, passed, severity, found}, where a check of severity
    WARN that did not pass fails nothing. `failure`: {step, error}.
    """

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._counts: Counter[str] = Counter()
        self._made: set[dg.AssetKey] = set()
        self._checked: set[dg.AssetCheckKey] = set()
        self.has_failed = False

    def __call__(self, entry: Any) -> None:
        """Called by Dagster for every entry of the run's event log."""
        event = entry.dagster_event
        if event is None:
            return
        if event.is_step_materialization:
            self._made.add(event.asset_key)
            self.say("asset", asset=event.asset_key.to_user_string())
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._check(event.event_specific_data)
        elif event.is_step_failure:
            self.fail(event.step_key, _reason(event.step_failure_data.error))

    def missing(self, job: dg.JobDefinition) -> None:
        """Report the assets and checks that the job was to make and did not.

        dbt skips whatever is downstream of a failed test, and a skipped model says nothing.
        """
        layer = job.asset_layer
        unmade = layer.selected_asset_keys - self._made
        unchecked = layer.asset_graph.asset_check_keys - self._checked
        if unmade:
            self.fail("assets", "not made: " + _listed(key.to_user_string() for key in unmade))
        if unchecked:
            self.fail(
                "checks", "not checked: " + _listed(key.to_user_string() for key in unchecked)
            )

    def fail(self, step: str, error: str) -> None:
        self.has_failed = True
        self.say("failure", step=step, error=error)

    def say(self, kind: str, **facts: Any) -> None:
        """Write a line; `end` also tells how many there were of each kind."""
        line = {"kind": kind, **facts, **(self._counts if kind == "end" else {})}
        self._counts[kind] += 1
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()

    def _check(self, evaluation: Any) -> None:
        self._checked.add(dg.AssetCheckKey(evaluation.asset_key, evaluation.check_name))
        severe = evaluation.severity == dg.AssetCheckSeverity.ERROR
        self.has_failed |= severe and not evaluation.passed
        self.say(
            "check",
            asset=evaluation.asset_key.to_user_string(),
            name=evaluation.check_name,
            passed=evaluation.passed,
            severity=evaluation.severity.value,
            found={key: str(value.value) for key, value in evaluation.metadata.items()},
        )


def _write_without_waiting(connection: Any, _record: object) -> None:
    """Dagster's files keep a run's history; it opens one for every event and the disk is slow."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))


def _reason(error: Any) -> str:
    """The innermost cause, on one line."""
    while error is not None and error.cause is not None:
        error = error.cause
    return " ".join(error.message.split()) if error else "no reason was given"
