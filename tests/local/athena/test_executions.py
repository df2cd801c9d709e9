"""How an execution ends: once, by its own thread or by who stops it, and never against what was seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.athena.api.executions import Executions
from local.athena.api.saved import Saved
from local.athena.api.state import State
from local.athena.api.workgroups import Workgroups
from local.athena.engine.query import CANCELLED, Work
from local.athena.engine.runner import Outcome
from local.athena.errors import QueryFailed

Run = Callable[[Work], Outcome]
REQUEST = {"QueryString": "select 1", "ResultConfiguration": {"OutputLocation": "s3://results/"}}


class Engine:
    """Runs what a test says instead of SQL, one query at a time."""

    def __init__(self) -> None:
        self.settings = SimpleNamespace(workers=1)
        self.storage = SimpleNamespace(has_bucket=lambda location: True)
        self.run_next: Run = lambda work: Outcome(rows=1)
        self.forgotten: list[str] = []

    def work(self, database: str, cutoff_bytes: int | None) -> Work:
        nothing: Any = None
        return Work(nothing, nothing, nothing, nothing, nothing, database, cutoff_bytes)

    def run(self, task: Any, work: Work) -> Outcome:
        return self.run_next(work)

    def forget(self, execution: str) -> None:
        self.forgotten.append(execution)


class Bench:
    """Executions over a file, which can be opened again as after a crash."""

    def __init__(self, path: Path) -> None:
        self.path, self.engine = path, Engine()
        self.open()

    def open(self) -> None:
        engine: Any = self.engine
        state = State(self.path)
        workgroups = Workgroups(state)
        self.executions = Executions(engine, state, workgroups, Saved(state, workgroups))

    def start(self, run: Run) -> str:
        self.engine.run_next = run
        return self.executions.start(REQUEST)

    def state(self, key: str) -> str:
        return str(self.executions.get(key)["Status"]["State"])

    def after(self, key: str) -> dict[str, Any]:
        """The record once the query's thread has ended too."""
        running = self.executions._running.get(key)
        if running is not None and running.worker is not None:
            running.worker.result()
        return self.executions.get(key)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "state.sqlite")
    yield made
    made.executions.close()
    made.executions._state.close()


class Script:
    """A query that stands at a point of its run until the test lets it go on."""

    def __init__(self, *, settles: bool, ends: Callable[[Work], Outcome]) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._settles, self._ends = settles, ends

    def __call__(self, work: Work) -> Outcome:
        work.scanned_bytes = 7
        if self._settles:
            work.settle()
        self.reached.set()
        self.go_on.wait()
        return self._ends(work)


def succeed(work: Work) -> Outcome:
    return Outcome(rows=1)


def settle_and_succeed(work: Work) -> Outcome:
    work.settle()
    return Outcome(rows=1)


def fail(work: Work) -> Outcome:
    raise QueryFailed("DIVISION_BY_ZERO", "/ by zero")


@pytest.mark.parametrize("ends", [succeed, settle_and_succeed, fail])
def test_a_stopped_query_is_cancelled_at_once_whatever_its_thread_does_then(
    bench: Bench, ends: Callable[[Work], Outcome]
) -> None:
    script = Script(settles=False, ends=ends)
    key = bench.start(script)
    script.reached.wait()
    pending = bench.executions.pending(key)
    bench.executions.stop(key)
    assert bench.state(key) == "CANCELLED"
    assert pending is not None
    assert pending.done()
    assert bench.executions.pending(key) is None
    script.go_on.set()
    record = bench.after(key)
    assert record["Status"]["State"] == "CANCELLED"
    assert record["Status"]["StateChangeReason"] == CANCELLED
    assert "AthenaError" not in record["Status"]
    assert record["Statistics"]["DataScannedInBytes"] == 7
    assert record["Rows"] == 0
    assert bench.engine.forgotten == [key]


def test_a_query_whose_effects_are_being_written_succeeds_and_the_stop_waits(bench: Bench) -> None:
    script = Script(settles=True, ends=succeed)
    key = bench.start(script)
    script.reached.wait()
    stop = threading.Thread(target=bench.executions.stop, args=(key,))
    stop.start()
    while not bench.executions._running[key].work.stopped:
        pass
    assert bench.state(key) == "RUNNING"
    script.go_on.set()
    stop.join()
    assert bench.after(key)["Status"]["State"] == "SUCCEEDED"
    assert bench.engine.forgotten == []


def test_an_effect_that_asks_is_given_up_for_a_stop(bench: Bench) -> None:
    def ask(work: Work) -> Outcome:
        work.check()
        return Outcome()

    script = Script(settles=True, ends=ask)
    key = bench.start(script)
    script.reached.wait()
    bench.executions._running[key].work.stopped = True
    script.go_on.set()
    assert bench.after(key)["Status"]["State"] == "CANCELLED"


def test_a_query_that_has_ended_stays_as_it_is(bench: Bench) -> None:
    key = bench.start(succeed)
    bench.after(key)
    bench.executions.stop(key)
    assert bench.state(key) == "SUCCEEDED"


def test_a_queued_query_is_cancelled_and_never_runs(bench: Bench) -> None:
    script = Script(settles=False, ends=succeed)
    first = bench.start(script)
    script.reached.wait()
    second = bench.start(fail)
    bench.executions.stop(second)
    assert bench.state(second) == "CANCELLED"
    script.go_on.set()
    assert bench.after(first)["Status"]["State"] == "SUCCEEDED"
    assert bench.after(second)["Status"]["State"] == "CANCELLED"


def test_the_worker_of_a_stopped_query_takes_the_next_one(bench: Bench) -> None:
    script = Script(settles=False, ends=settle_and_succeed)
    stopped = bench.start(script)
    script.reached.wait()
    bench.executions.stop(stopped)
    following = bench.start(succeed)
    assert bench.state(following) == "QUEUED"
    script.go_on.set()
    assert bench.after(following)["Status"]["State"] == "SUCCEEDED"


def test_a_stopped_query_is_cancelled_after_a_crash_too(bench: Bench) -> None:
    script = Script(settles=False, ends=succeed)
    key = bench.start(script)
    script.reached.wait()
    bench.executions.stop(key)
    crashed = bench.executions
    bench.open()
    assert bench.state(key) == "CANCELLED"
    script.go_on.set()
    crashed.close()
    crashed._state.close()


def test_closing_cancels_what_runs(bench: Bench) -> None:
    def run(work: Work) -> Outcome:
        while not work.stopped:
            pass
        return Outcome()

    key = bench.start(run)
    bench.executions.close()
    assert bench.state(key) == "CANCELLED"
