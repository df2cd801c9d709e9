"""The plane as a whole: the store, one worker for each delivery stream, and their counts."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from local.firehose.errors import ResourceNotFound
from local.firehose.settings import Settings
from local.firehose.store import Store
from local.firehose.workers import Worker

Document = dict[str, Any]


class Plane:
    """Keeps every delivery stream of the store running between `start` and `stop`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._store: Store | None = None
        self._workers: dict[str, Worker] = {}

    @property
    def store(self) -> Store:
        """The durable state; opened when it is first asked for."""
        with self._lock:
            if self._store is None:
                self._store = Store(self.settings.state_dir / "firehose.sqlite")
            return self._store

    def start(self) -> None:
        """Open the state and run every delivery stream in it. Needs no event loop."""
        for name, document in self.store.streams().items():
            self.run(name, document)

    def stop(self) -> None:
        """Stop all workers and close the state; open rounds are finished by the next start."""
        with self._lock:
            workers, self._workers = list(self._workers.values()), {}
        for worker in workers:
            worker.stop()
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def run(self, name: str, document: Document) -> None:
        """Start the worker of a delivery stream unless its creation failed."""
        if document["status"] == "CREATING_FAILED":
            return
        worker = Worker(self.settings, self.store, name, document)
        with self._lock:
            self._workers[name] = worker
        worker.start()

    def end(self, name: str) -> None:
        """Stop the worker of a delivery stream, if there is one."""
        with self._lock:
            worker = self._workers.pop(name, None)
        if worker is not None:
            worker.stop()

    def reconfigure(self, name: str) -> None:
        """Let the worker of a delivery stream go on with its stored version."""
        worker = self._workers.get(name)
        if worker is not None:
            worker.reconfigure()

    def names(self) -> list[str]:
        """All delivery streams, by name."""
        return list(self.store.streams())

    def flush(self, name: str) -> Future[None]:
        """Deliver all that is in the stream's source now; raises ResourceNotFound."""
        worker = self._workers.get(name)
        if worker is None:
            raise ResourceNotFound(f"delivery stream {name} is not running")
        return worker.flush()

    def counts(self, name: str) -> dict[str, Any]:
        """A delivery stream's counts and what stands in its way; raises ResourceNotFound.

        `incoming` = `delivered` + `failed` + `dropped` + `pending`, in records; what is still
        unread in a Kinesis stream is in none of them.
        """
        document = self.store.streams().get(name)
        if document is None:
            raise ResourceNotFound(f"no delivery stream {name}")
        worker = self._workers.get(name)
        totals = worker.totals() if worker else self.store.totals(name)
        return {
            "name": name,
            "status": document["status"],
            **asdict(totals),
            "pending": totals.pending,
            "trouble": worker.trouble if worker else None,
            "notices": self.store.notices(name),
        }
