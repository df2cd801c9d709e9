"""Hands a batch of stream records to a function as Lambda's poller does, until each is settled.

Retry limit, bisecting, partial batch responses and the on-failure destination follow
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.functions import FunctionFailed

Record = dict[str, Any]
# Raises FunctionFailed.
Invoke = Callable[[Record], Any]
# Told the records that are given up, how often they were tried, and the last error.
Discard = Callable[[Sequence[Record], int, str], None]

FOREVER = -1
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0


class Stopped(Exception):
    """The poller was stopped in the middle of a batch; the batch will come again."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How an event source mapping treats failures. `retries` counts those of one batch."""

    retries: int = FOREVER
    bisects: bool = False
    reports_failures: bool = False


def policy(source: Mapping[str, Any]) -> Policy:
    """The policy that an event source mapping states."""
    return Policy(
        retries=source.get("MaximumRetryAttempts", FOREVER),
        bisects=source.get("BisectBatchOnFunctionError", False),
        reports_failures="ReportBatchItemFailures" in source.get("FunctionResponseTypes", ()),
    )


class Delivery:
    """Delivers batches in order; `sequence` reads the number that identifies a record."""

    def __init__(
        self,
        invoke: Invoke,
        discard: Discard,
        rules: Policy,
        sequence: Callable[[Record], str],
        stopping: threading.Event,
    ) -> None:
        self._invoke, self._discard, self._rules = invoke, discard, rules
        self._sequence, self._stopping = sequence, stopping

    def deliver(self, records: Sequence[Record], tries: int = 0) -> None:
        """Return when every record was taken or given up. Raises Stopped.

        A try that gets somewhere begins the count anew; splitting a batch does not use up a try.
        """
        while records:
            taken, error = self._attempt(records)
            records = records[taken:]
            if not records:
                return
            tries = 1 if taken else tries + 1
            if self._rules.bisects and len(records) > 1 and not taken:
                self._bisect(records, tries - 1)
                return
            if self._rules.retries != FOREVER and tries > self._rules.retries:
                self._discard(records, tries, error)
                return
            self._pause(tries)

    def _bisect(self, records: Sequence[Record], tries: int) -> None:
        middle = len(records) // 2
        self.deliver(records[:middle], tries)
        self.deliver(records[middle:], tries)

    def _attempt(self, records: Sequence[Record]) -> tuple[int, str]:
        """How many records, from the first, the function took; and what was wrong with the next."""
        try:
            result = self._invoke({"Records": list(records)})
        except FunctionFailed as failed:
            return 0, str(failed)
        if not self._rules.reports_failures:
            return len(records), ""
        return self._first_failure(records, result), "reported by the function"

    def _first_failure(self, records: Sequence[Record], result: Any) -> int:
        """Position of the lowest failed record; an unreadable answer fails the whole batch."""
        failures = (result or {}).get("batchItemFailures") or []
        named = {failure.get("itemIdentifier") for failure in failures}
        positions = [n for n, record in enumerate(records) if self._sequence(record) in named]
        if failures and len(positions) != len(named):
            return 0
        return positions[0] if positions else len(records)

    def _pause(self, tries: int) -> None:
        if self._stopping.wait(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (tries - 1))):
            raise Stopped
