"""One dbt project taken through its life on the endpoint; the tests look at what each step left.

The sources are views that change between two builds. The first build talks to the endpoint by
dbt-athena's own connection manager, the second by PyAthena's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .conftest import Endpoint, Query

PROJECT = Path(__file__).parent / "project"
Rows = list[list[str | None]]

_EVENTS = "select id, at, kind, cast(amount as decimal(10, 2)) as amount from (values {}) as t (id, at, kind, amount)"
_CUSTOMERS = "select * from (values {}) as t (id, name, email, updated_at)"
_LOADED = "select date_add('{}', {}, cast(now() as timestamp)) as loaded_at"

FIRST = {
    "customers": _CUSTOMERS.format(
        "(1, 'ann', 'a@x', timestamp '2026-01-01'), (2, 'bob', 'b@x', timestamp '2026-01-01'), "
        "(3, 'eve', 'e@x', timestamp '2026-01-01')"
    ),
    "events": _EVENTS.format(
        "(1, timestamp '2026-01-01 10:00', 'a', 1.50), (2, timestamp '2026-01-01 11:00', 'b', 2.50), "
        "(3, timestamp '2026-01-02 00:00', 'a', 3.50), (4, timestamp '2026-01-03 23:59:59.999', 'b', 4.50)"
    ),
    "shapes": "select 1 as id, cast('red' as varchar) as colour, 10 as size",
    "wider": "select 1 as id, 10 as size",
    "fresh": _LOADED.format("minute", -5),
    "late": _LOADED.format("hour", -2),
    "stale": _LOADED.format("day", -2),
}
SECOND = {
    "customers": _CUSTOMERS.format(
        "(1, 'ann', 'a@y', timestamp '2026-02-01'), (2, 'bob', 'b@x', timestamp '2026-01-01'), "
        "(4, 'dan', 'd@x', timestamp '2026-02-01')"
    ),
    "events": _EVENTS.format(
        "(3, timestamp '2026-01-02 00:00', 'a', 33.50), (4, timestamp '2026-01-03 23:59:59.999', 'b', 4.50), "
        "(5, timestamp '2026-01-04 00:00', 'c', 5.50)"
    ),
    "shapes": "select 2 as id, 20 as size, date '2026-01-01' as made",
    "wider": "select 2 as id, 20 as size, date '2026-01-01' as made",
}


@dataclass(frozen=True)
class Step:
    """What one dbt command answered; `statuses` and `messages` by node."""

    success: bool
    printed: str
    results: list[dict[str, Any]]

    @property
    def statuses(self) -> dict[str, str]:
        return {r["name"]: r["status"] for r in self.results if "on-run" not in r["name"]}

    @property
    def messages(self) -> dict[str, str]:
        return {r["name"]: r["message"] for r in self.results}


@dataclass
class Story:
    """Every command by its name; the rows of every table, sorted, after both builds and at the end."""

    folder: Path
    steps: dict[str, Step] = field(default_factory=dict)
    first: dict[str, Rows] = field(default_factory=dict)
    second: dict[str, Rows] = field(default_factory=dict)
    end: dict[str, Rows] = field(default_factory=dict)


@contextmanager
def _dbt(folder: Path, endpoint: Endpoint, steps: dict[str, Step]) -> Iterator[Any]:
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith("AWS_")
    } | endpoint.environment
    environment |= {"DBT_LOG_LEVEL_FILE": "none", "DBT_USE_COLORS": "false"}
    # Without its own folder in the path, which holds modules of common names.
    argv = [sys.executable, "-P", "-W", "ignore", str(Path(__file__).parent / "dbt_process.py")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    noise = folder / "stderr.txt"
    with (
        noise.open("w") as stderr,
        subprocess.Popen(argv, cwd=folder, env=environment, stderr=stderr, **pipes) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        ask, answers = process.stdin, process.stdout

        def run(name: str, *arguments: str) -> None:
            ask.write(json.dumps([*arguments, "--profiles-dir", "."]) + "\n")
            ask.flush()
            answer = json.loads(answers.readline() or "null")
            assert answer, noise.read_text()[-2000:]
            assert not answer["problem"], answer["problem"]
            steps[name] = Step(answer["success"], answer["printed"], answer["results"])

        yield run


def _lake(query: Query, database: str) -> dict[str, Rows]:
    names = [str(name) for (name,) in query.rows(f"show tables in {database}")]

    def rows(name: str) -> Rows:
        try:
            return sorted(query.rows(f'select * from {database}."{name}"'), key=repr)
        except AssertionError as reason:  # to fail the tests of this table, not all
            return [[str(reason)]]

    with ThreadPoolExecutor(4) as pool:
        return dict(zip(names, pool.map(rows, names), strict=True))


def _change(query: Query, world: dict[str, str]) -> None:
    for name, sql in world.items():
        query.rows(f"create or replace view world.{name} as {sql}")


def tell(folder: Path, endpoint: Endpoint, query: Query) -> Story:
    """Run every command once, in an order in which each finds what it needs."""
    project = folder / "project"
    shutil.copytree(PROJECT, project)
    story = Story(project)
    for database in ("world", "sample"):
        query.rows(f"create database if not exists {database}")
    _change(query, FIRST)
    query.rows("create or replace view sample.native as select 0 as n")
    with _dbt(project, endpoint, story.steps) as run:
        run("debug", "debug")
        days = ("--event-time-start", "2026-01-01", "--event-time-end", "2026-01-04")
        run("first", "build", *days, "--exclude", "tag:refused", "log_takes_only_what_is_new")
        story.first = _lake(query, "sample")
        _change(query, SECOND)
        days = ("--event-time-start", "2026-01-02", "--event-time-end", "2026-01-05")
        leave = ("tag:refused", "many_days", "shapes_refused")
        run("second", "build", *days, "--exclude", *leave, "--target", "pyathena")
        story.second = _lake(query, "sample") | _lake(query, "sample_dbt_test__audit")
        run("failing", "run", "-s", "tag:refused", "many_days", "shapes_refused")
        _change(query, {"wider": FIRST["wider"]})
        run("retry", "retry")
        _change(query, SECOND)
        run("full refresh", "run", "--full-refresh", "-s", "log", "shapes_ignore")
        run("freshness", "source", "freshness")
        run("docs", "docs", "generate")
        run("show", "show", "--inline", "select * from {{ ref('totals') }} order by customer")
        run("operation", "run-operation", "note", "--args", "{about: 'by hand'}")
        state = ("--state", str(shutil.copytree(project / "target", folder / "state")))
        run("clone", "clone", *state, "--target", "cloned", "-s", "totals", "log")
        elsewhere = ("--target", "part", "--defer", *state)
        run("empty", "run", "--empty", *elsewhere, "-s", "totals", "payments_view")
        sample = "{'start': '2026-01-03', 'end': '2026-01-04'}"
        run("sample", "run", "--sample", sample, *elsewhere, "-s", "ha")
    story.end = _lake(query, "sample") | {
        f"{database}.{name}": rows
        for database in ("sample_cloned", "sample_part")
        for name, rows in _lake(query, database).items()
    }
    return story
