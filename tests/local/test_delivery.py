"""Batches, failures and second chances, as Lambda's stream poller handles them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from local import delivery
from local.delivery import Delivery, Policy, Stopped, policy
from local.functions import FunctionFailed


class Function:
    """Remembers its batches; fails as told: `raises` on records, `reports` them, so many times."""

    def __init__(self, raises: str = "", reports: str = "", times: int = 1_000) -> None:
        self.batches: list[str] = []
        self.given_up: list[tuple[str, int]] = []
        self._raises, self._reports, self._times = raises, reports, times

    def invoke(self, event: dict[str, Any]) -> Any:
        batch = "".join(record["id"] for record in event["Records"])
        self.batches.append(batch)
        failing = [record for record in batch if record in self._raises + self._reports]
        if not failing or self._times == 0:
            return {"batchItemFailures": []}
        self._times -= 1
        if self._raises:
            raise FunctionFailed("f", ValueError(failing[0]))
        return {"batchItemFailures": [{"itemIdentifier": record} for record in failing]}

    def discard(self, records: Sequence[dict[str, Any]], tries: int, error: str) -> None:
        self.given_up.append(("".join(record["id"] for record in records), tries))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE_S", 0.0)


def deliver(function: Function, rules: Policy, batch: str = "abcdefgh") -> None:
    records = [{"id": record} for record in batch]
    Delivery(
        function.invoke,
        function.discard,
        rules,
        lambda record: str(record["id"]),
        threading.Event(),
    ).deliver(records)


def test_a_batch_that_is_taken_is_delivered_once() -> None:
    function = Function()
    deliver(function, Policy(reports_failures=True))
    assert function.batches == ["abcdefgh"]


def test_a_failure_that_passes_costs_a_repetition() -> None:
    function = Function(raises="c", times=2)
    deliver(function, Policy())
    assert function.batches == ["abcdefgh"] * 3
    assert function.given_up == []


def test_a_batch_that_keeps_failing_is_given_up_after_its_retries() -> None:
    function = Function(raises="c")
    deliver(function, Policy(retries=2))
    assert function.batches == ["abcdefgh"] * 3
    assert function.given_up == [("abcdefgh", 3)]


def test_bisecting_gives_up_the_poisonous_record_alone() -> None:
    function = Function(raises="f")
    deliver(function, Policy(retries=2, bisects=True))
    assert function.given_up == [("f", 3)]
    taken = {batch for batch in function.batches if "f" not in batch}
    assert "".join(sorted(taken)) == "abcdegh"
    assert function.batches.index("abcd") < function.batches.index("e")


def test_a_partial_answer_repeats_only_from_the_lowest_failure_on() -> None:
    function = Function(reports="ce", times=1)
    deliver(function, Policy(reports_failures=True))
    assert function.batches == ["abcdefgh", "cdefgh"]


def test_progress_begins_the_count_of_tries_anew() -> None:
    function = Function(reports="be", times=3)
    deliver(function, Policy(retries=3, reports_failures=True))
    assert function.given_up == []
    assert function.batches == ["abcdefgh", "bcdefgh", "bcdefgh", "bcdefgh"]


def test_a_poisonous_record_that_is_reported_does_not_take_others_with_it() -> None:
    function = Function(reports="c")
    deliver(function, Policy(retries=2, bisects=True, reports_failures=True))
    assert function.given_up == [("c", 3)]


def test_an_answer_that_names_no_record_of_the_batch_fails_it_whole() -> None:
    function = Function()
    answers = iter([{"batchItemFailures": [{"itemIdentifier": "z"}]}, None])

    def invoke(event: Any) -> Any:
        function.invoke(event)
        return next(answers)

    Delivery(
        invoke,
        function.discard,
        Policy(reports_failures=True),
        lambda record: str(record["id"]),
        threading.Event(),
    ).deliver([{"id": "a"}, {"id": "b"}])
    assert function.batches == ["ab", "ab"]


def test_a_stop_interrupts_endless_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE_S", 60.0)
    stopping, function = threading.Event(), Function(raises="a")
    threading.Timer(0.05, stopping.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        Delivery(function.invoke, function.discard, Policy(), lambda record: "a", stopping).deliver(
            [{"id": "a"}]
        )
    assert time.monotonic() - began < 5
    assert function.batches == ["a"]


def test_the_policy_is_read_from_the_mapping() -> None:
    stated = {
        "MaximumRetryAttempts": 4,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    assert policy(stated) == Policy(4, True, True)
    assert policy({}) == Policy(-1, False, False)
