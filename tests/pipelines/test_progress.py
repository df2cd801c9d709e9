"""What a job's run says and whether it counts as good, with small jobs on an instance in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest


def run(*assets: Any, checks: Any = ()) -> tuple[bool, list[dict[str, Any]]]:
    """Run a job of these assets and checks; its outcome and its lines."""
    from pipelines.progress import report

    job = dg.define_asset_job(
        "job", selection=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks()
    )
    definitions = dg.Definitions(assets=assets, asset_checks=checks, jobs=[job])
    out = io.StringIO()
    with dg.DagsterInstance.ephemeral() as instance:
        good = report(definitions.resolve_job_def("job"), instance, out)
    return good, [json.loads(line) for line in out.getvalue().splitlines()]


@dg.asset(key=["marts", "users"])
def users() -> None: ...


@dg.asset(deps=[users])
def board() -> None: ...


def check(passed: bool, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR) -> Any:
    @dg.asset_check(asset=users, name="holds")
    def holds() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=passed, severity=severity, metadata={"found": 3})

    return holds


@pytest.fixture(autouse=True)
def _environment(environment: dict[str, str]) -> None:
    """Loading the module asks for none of it, but Dagster wants its home."""


def test_a_good_run_tells_assets_checks_and_the_end() -> None:
    good, lines = run(users, board, checks=[check(True)])
    assert good
    assert {line["kind"] for line in lines[:-1]} == {"asset", "check"}
    assert [line["asset"] for line in lines if line["kind"] == "asset"] == ["marts/users", "board"]
    (checked,) = [line for line in lines if line["kind"] == "check"]
    assert checked == {
        "kind": "check",
        "asset": "marts/users",
        "name": "holds",
        "passed": True,
        "severity": "ERROR",
        "found": {"found": "3"},
    }
    end = lines[-1]
    assert (end["kind"], end["success"], end["asset"], end["check"]) == ("end", True, 2, 1)


def test_a_failed_check_fails_the_run_although_dagster_calls_it_a_success() -> None:
    good, lines = run(users, checks=[check(False)])
    assert not good
    assert lines[-1]["success"] is False


def test_a_warning_fails_nothing() -> None:
    good, lines = run(users, checks=[check(False, dg.AssetCheckSeverity.WARN)])
    assert good
    assert [line["passed"] for line in lines if line["kind"] == "check"] == [False]


def test_a_broken_step_tells_its_cause_and_what_was_not_made() -> None:
    @dg.asset(key=["marts", "users"])
    def broken() -> None:
        raise ValueError("no\nrows")

    good, lines = run(broken, board, checks=[check(True)])
    assert not good
    failures = [(line["step"], line["error"]) for line in lines if line["kind"] == "failure"]
    assert failures == [
        ("marts__users", "ValueError: no rows"),
        ("assets", "not made: board, marts/users"),
        ("checks", "not checked: marts/users:holds"),
    ]


def test_what_a_step_skips_without_a_word_is_a_failure() -> None:
    @dg.multi_asset(specs=[dg.AssetSpec("kept"), dg.AssetSpec("skipped", skippable=True)])
    def some() -> Iterator[Any]:
        yield dg.MaterializeResult(asset_key="kept")

    good, lines = run(some)
    assert not good
    assert {"kind": "failure", "step": "assets", "error": "not made: skipped"} in lines


def test_lines_are_written_while_the_job_runs() -> None:
    out, seen = io.StringIO(), []

    @dg.asset
    def first() -> None: ...

    @dg.asset(deps=[first])
    def second() -> None:
        seen.append(out.getvalue())

    from pipelines.progress import report

    job = dg.define_asset_job("job", selection="*")
    definitions = dg.Definitions(assets=[first, second], jobs=[job])
    with dg.DagsterInstance.ephemeral() as instance:
        report(definitions.resolve_job_def("job"), instance, out)
    assert json.loads(seen[0])["asset"] == "first"
