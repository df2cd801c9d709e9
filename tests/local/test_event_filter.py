"""Which records a function's filter lets through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.event_filter import UnsupportedFilter, wanted

INSERT = {"eventName": "INSERT", "dynamodb": {"NewImage": {"sk": {"S": "txn"}}}}


def passes(record: Any, *patterns: Any) -> bool:
    filters = [{"Pattern": json.dumps(pattern)} for pattern in patterns]
    return wanted({"Filters": filters})(record)


def test_without_a_filter_everything_passes() -> None:
    assert wanted(None)(INSERT)
    assert wanted({"Filters": []})(INSERT)


def test_every_member_of_a_pattern_must_match() -> None:
    image = {"NewImage": {"sk": {"S": ["txn"]}}}
    assert passes(INSERT, {"eventName": ["INSERT"], "dynamodb": image})
    assert not passes(INSERT, {"eventName": ["MODIFY"], "dynamodb": image})
    assert not passes({"eventName": "INSERT"}, {"dynamodb": image})


def test_any_of_several_filters_and_values_suffices() -> None:
    assert passes(INSERT, {"eventName": ["MODIFY", "INSERT"]})
    assert passes(INSERT, {"eventName": ["MODIFY"]}, {"eventName": ["INSERT"]})


@pytest.mark.parametrize(
    ("choice", "value", "expected"),
    [
        ({"prefix": "tx"}, "txn", True),
        ({"prefix": "tx"}, "balance", False),
        ({"prefix": "tx"}, 5, False),
        ({"exists": True}, "txn", True),
        ({"exists": False}, "txn", False),
        ({"anything-but": ["txn"]}, "balance", True),
        ({"anything-but": ["txn"]}, "txn", False),
    ],
)
def test_comparisons(choice: Any, value: Any, expected: bool) -> None:
    assert passes({"sk": value}, {"sk": [choice]}) is expected


def test_absence_can_be_asked_for() -> None:
    assert passes({}, {"sk": [{"exists": False}]})
    assert not passes({}, {"sk": [{"anything-but": ["txn"]}]})


def test_an_unknown_comparison_is_refused_and_not_guessed() -> None:
    with pytest.raises(UnsupportedFilter, match="numeric"):
        passes({}, {"n": [{"numeric": [">", 5]}]})
