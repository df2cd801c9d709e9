"""Suites through the real Great Expectations, over frames instead of Athena."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import pytest

from quality.errors import SuiteError
from quality.runner import NO_ROWS, Verdict, run
from quality.suite import Expect, Suite

BETWEEN = "expect_column_values_to_be_between"


def suite(name: str, *expectations: Expect) -> Suite:
    return Suite(name=name, asset=f"marts/{name}", sql=name, expectations=expectations)


def between(column: str, promise: str = "kept", **bounds: float) -> Expect:
    return Expect(BETWEEN, {"column": column, **bounds}, promise)


def answering(frames: Mapping[str, pd.DataFrame]) -> Callable[[str], pd.DataFrame]:
    return lambda sql: frames[sql]


def verdict(expect: Expect, frame: pd.DataFrame) -> Verdict:
    (only,) = run([suite("s", expect)], lambda _: frame)
    return only


def test_verdicts_come_in_the_order_of_suites_and_expectations() -> None:
    frame = pd.DataFrame({"b": [1], "a": [2]})
    rows = Expect("expect_table_row_count_to_equal", {"value": 1}, "third")
    suites = [
        suite(
            "second", between("b", "first", max_value=1), between("a", "second", max_value=1), rows
        ),
        suite("first", between("a", "again", max_value=1), between("a", "again", max_value=1)),
    ]
    verdicts = run(suites, answering({"first": frame, "second": frame}))
    assert [(each.suite, each.promise, each.passed) for each in verdicts] == [
        ("second", "first", True),
        ("second", "second", False),
        ("second", "third", True),
        ("first", "again", False),
        ("first", "again", False),
    ]
    assert {each.asset for each in verdicts} == {"marts/first", "marts/second"}


def test_a_kept_promise_says_what_was_found() -> None:
    frame = pd.DataFrame({"share": [0.0, 0.25]})
    assert verdict(between("share", max_value=0.5), frame).observed == "0.0 to 0.25"
    assert verdict(between("share", max_value=0.5), frame.head(1)).observed == "0.0"


def test_a_broken_promise_names_the_rows() -> None:
    frame = pd.DataFrame({"event_type": list("abcde"), "share": [0.9, 0.1, 0.8, 0.7, 0.6]})
    found = verdict(between("share", max_value=0.5), frame)
    assert not found.passed
    assert found.observed == "a share 0.9; c share 0.8; d share 0.7; and 1 more"


@pytest.mark.parametrize(
    "values",
    [[1.0, None], pd.array([1, None], dtype="Int64"), pd.array([1, None], dtype="Float64")],
    ids=["numpy", "integers", "floats"],
)
def test_a_row_without_a_value_breaks_the_promise(values: Sequence[Any]) -> None:
    found = verdict(between("x", max_value=5), pd.DataFrame({"k": ["a", "b"], "x": values}))
    assert (found.passed, found.observed) == (False, "b x missing")


def test_a_query_without_rows_breaks_every_promise() -> None:
    rows = Expect("expect_table_row_count_to_equal", {"value": 0}, "none")
    empty = suite("s", between("x", max_value=1), rows)
    verdicts = run([empty], lambda _: pd.DataFrame({"x": pd.Series([], dtype="float64")}))
    assert [(each.passed, each.observed) for each in verdicts] == [(False, NO_ROWS)] * 2


def test_a_column_the_query_does_not_answer_breaks_the_promise() -> None:
    found = verdict(between("nope", max_value=1), pd.DataFrame({"x": [1]}))
    assert not found.passed
    assert "nope" in found.observed


def test_text_where_a_number_was_promised_breaks_the_promise() -> None:
    assert not verdict(between("x", max_value=1), pd.DataFrame({"x": ["1"]})).passed


def test_an_aggregate_tells_the_observed_value() -> None:
    mean = Expect("expect_column_mean_to_be_between", {"column": "x", "max_value": 1}, "low")
    found = verdict(mean, pd.DataFrame({"x": [1, 2]}))
    assert (found.passed, found.observed) == (False, "1.5")


def test_an_unknown_expectation_is_refused_by_name() -> None:
    with pytest.raises(SuiteError, match=r"suite s: .* expect_wonders"):
        verdict(Expect("expect_wonders", {}, "wonders"), pd.DataFrame({"x": [1]}))


def test_arguments_that_do_not_fit_are_refused_by_suite() -> None:
    with pytest.raises(SuiteError, match="suite s: expect_table_row_count_to_equal"):
        verdict(
            Expect("expect_table_row_count_to_equal", {"rows": 1}, "rows"), pd.DataFrame({"x": [1]})
        )


def test_a_failing_query_is_not_swallowed() -> None:
    def refuse(sql: str) -> pd.DataFrame:
        raise ConnectionError(sql)

    with pytest.raises(ConnectionError):
        run([suite("s", between("x", max_value=1))], refuse)


def test_nothing_is_sent_and_nothing_is_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*address: object) -> None:
        raise AssertionError(f"a suite reached for the network: {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert verdict(between("x", max_value=1), pd.DataFrame({"x": [1]})).passed
    assert capfd.readouterr() == ("", "")
