"""The promises of the marts: found by scanning, each able to fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
import sqlglot

from quality import marts
from quality.errors import SuiteError
from quality.runner import run
from quality.suite import Suite

KEPT = {
    "balances_are_complete": {"difference": 0},
    "points_are_conserved": {"minted": 9, "outstanding": 5, "burned": 4, "unaccounted": 0},
    "stock_is_on_the_shelf": {"below_zero": 0, "unlisted": 0},
}
BROKEN = [
    ("balances_are_complete", {"difference": 1}),
    ("balances_are_complete", {"difference": -1}),
    ("points_are_conserved", {"unaccounted": 1}),
    ("points_are_conserved", {"minted": -1}),
    ("points_are_conserved", {"outstanding": -1}),
    ("points_are_conserved", {"burned": -1}),
    ("stock_is_on_the_shelf", {"below_zero": 2}),
    ("stock_is_on_the_shelf", {"unlisted": 1}),
]


def named(name: str) -> Suite:
    return next(suite for suite in marts.suites() if suite.name == name)


def test_every_file_is_a_suite_on_a_mart() -> None:
    assert [suite.name for suite in marts.suites()] == sorted(KEPT)
    assert all(suite.asset.startswith("marts/") for suite in marts.suites())


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_promise_passes(name: str) -> None:
    verdicts = run([named(name)], lambda _: pd.DataFrame([KEPT[name]]))
    assert [each.observed for each in verdicts if not each.passed] == []


@pytest.mark.parametrize(("name", "figures"), BROKEN)
def test_a_broken_promise_fails_alone(name: str, figures: dict[str, int]) -> None:
    verdicts = run([named(name)], lambda _: pd.DataFrame([KEPT[name] | figures]))
    (column,) = figures
    assert [each.observed for each in verdicts if not each.passed] == [
        f"{column} {figures[column]}"
    ]


@pytest.mark.parametrize("name", KEPT)
def test_a_promise_reads_marts_alone(name: str) -> None:
    tables = sqlglot.parse_one(named(name).sql, read="athena").find_all(sqlglot.exp.Table)
    assert {table.db for table in tables} == {"marts"}


def test_a_file_without_a_suite_of_its_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "it_is_empty.py").write_text("")
    monkeypatch.setattr(marts, "__path__", [*marts.__path__, str(tmp_path)])
    with pytest.raises(SuiteError, match="it_is_empty"):
        marts.suites()
    sys.modules.pop("quality.marts.it_is_empty")
