"""One local AWS for all tests of a worker: the real front on a free port, in a process of its own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.supervisor import Server, Supervisor, listen, port_of


@dataclass(frozen=True)
class LocalAws:
    url: str
    state: Path
    server: Server
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client that never repeats a request; made once, as making one takes 0.1 s."""
        if service not in self._clients:
            session: Any = boto3.Session("test", "test", region_name="us-east-1")
            once = Config(
                inject_host_prefix=False,
                max_pool_connections=20,
                retries={"total_max_attempts": 1},
            )
            self._clients[service] = session.client(service, endpoint_url=self.url, config=once)
        return self._clients[service]


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    state = tmp_path_factory.mktemp("aws")
    with Supervisor(state) as supervisor:
        listener = listen()
        url = f"http://127.0.0.1:{port_of(listener)}"
        argv = [sys.executable, "-m", "local.front", "--fd", str(listener.fileno())]
        server = supervisor.start(
            "aws",
            [*argv, "--state-dir", str(state)],
            fds=[listener.fileno()],
            health=f"{url}/_heyblue/health",
        )
        listener.close()
        yield LocalAws(url, state, server)


def pytest_configure() -> None:
    """Heed SIGINT even as a shell's background job, which is started to ignore it.

    Dagster gives SIGTERM the handler of SIGINT: what tests start would ignore both.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


LONGEST = ("tests/end_to_end/", "tests/dbt/", "tests/local/athena/test_dbt.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: begun last, one worker would wait for the other."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
