"""Event source mappings: one thread each that reads its source until it is stopped.

What the sources are is `local.intakes`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from local.delivery import Stopped
from local.functions import Host, HostError
from local.intakes import MOST_STREAM_RECORDS, QueueIntake, StreamIntake
from local.positions import Positions

# Lambda reads a stream's shard four times a second.
# https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
IDLE_S = 0.25
AFTER_ERROR_S = 1.0

log = logging.getLogger(__name__)


class Intake(Protocol):
    """Where records come from; it settles what it took."""

    name: str

    def take(self) -> int:
        """Read once and hand over what came; returns how many records were read."""

    def counts(self) -> dict[str, int]:
        """What has happened so far: records read, invocations, records given up."""


class Worker:
    """One thread that takes from an intake until it is stopped."""

    def __init__(self, intake: Intake, stopping: threading.Event) -> None:
        self.intake = intake
        self._stopping = stopping
        self._awake = threading.Event()
        self._changed = threading.Condition()
        self._reads = self._empty_read = self._drainers = 0
        self._thread = threading.Thread(target=self._run, name=intake.name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        """Wait for the end of the batch in hand."""
        self._awake.set()
        self._thread.join()

    def drain(self, deadline: float) -> bool:
        """Wait until a read that starts from now on finds nothing; False when time is up."""
        with self._changed:
            asked_after = self._reads
            self._drainers += 1
            self._awake.set()
            emptied = self._changed.wait_for(
                lambda: self._empty_read > asked_after, max(0.0, deadline - time.monotonic())
            )
            self._drainers -= 1
        return emptied

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._awake.wait(self._take())
            self._awake.clear()

    def _take(self) -> float:
        """One read; returns how long to pause after it, in seconds."""
        with self._changed:
            self._reads += 1
            read = self._reads
        try:
            count = self.intake.take()
        except Stopped:
            return 0.0
        except Exception:  # the thread's entry point: what was not settled comes again
            log.exception("%s: reading failed", self.intake.name)
            return AFTER_ERROR_S
        return self._note(read, count)

    def _note(self, read: int, count: int) -> float:
        with self._changed:
            if not count:
                self._empty_read = read
                self._changed.notify_all()
            hurried = self._drainers > 0 or count >= MOST_STREAM_RECORDS
        return 0.0 if count and hurried else IDLE_S


class Poller:
    """All event source mappings of one host."""

    def __init__(
        self, intakes: Sequence[Intake], positions: Positions, stopping: threading.Event
    ) -> None:
        self._workers = [Worker(intake, stopping) for intake in intakes]
        self._positions, self._stopping = positions, stopping

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """End all threads after the batch in hand; a batch that keeps failing is left for later."""
        self._stopping.set()
        for worker in self._workers:
            worker.join()
        self._positions.close()

    def progress(self) -> dict[str, dict[str, int]]:
        """Counts by source, named `<function> <resource>`."""
        return {worker.intake.name: worker.intake.counts() for worker in self._workers}

    def drain(self, timeout_s: float) -> bool:
        """Wait until no source yields anything in a whole round; False when time is up."""
        deadline = time.monotonic() + timeout_s
        while True:
            before = self._records()
            if not all(worker.drain(deadline) for worker in self._workers):
                return False
            if self._records() == before:
                return True

    def _records(self) -> int:
        return sum(counts["records"] for counts in self.progress().values())


def create(host: Host, state: Path) -> Poller:
    """The poller of a host's event sources, their positions kept below `state`.

    Raises HostError for a kind of source that is not polled here.
    """
    positions, stopping = Positions(state / "positions.sqlite"), threading.Event()
    intakes = [
        _intake(host, function.name, dict(source), positions, stopping)
        for function in host.functions.values()
        for source in function.sources
    ]
    return Poller(intakes, positions, stopping)


def _intake(
    host: Host,
    function: str,
    source: dict[str, Any],
    positions: Positions,
    stopping: threading.Event,
) -> Intake:
    match source["EventSourceArn"].split(":")[2]:
        case "dynamodb":
            return StreamIntake(host, function, source, positions, stopping)
        case "sqs":
            return QueueIntake(host, function, source)
    raise HostError(f"{function}: {source['EventSourceArn']} is no source that is polled here")
