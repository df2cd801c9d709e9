"""Fixtures: MiniStack, the gateway before it, and a plane that runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .servers import (
    ACCOUNT,
    Gateway,
    Running,
    answers,
    running,
    served,
    wait_until,
)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MiniStack on a free port; ends with the session."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    home = tmp_path_factory.mktemp("ministack")
    environment = {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "ERROR",
        "LAMBDA_EXECUTOR": "local",
        "TMPDIR": str(home),
    }
    server = ["--log-level", "error", "--lifespan", "on", "--fd"]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "ministack.app:app", *server, str(listener.fileno())],
        pass_fds=[listener.fileno()],
        env=environment,
        cwd=home,
    )
    listener.close()
    try:
        wait_until(lambda: answers(url), 60)
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def gateway(ministack: str) -> Iterator[tuple[Gateway, str]]:
    """A gateway of the test's own, and its URL."""
    app = Gateway(ministack)
    with app.client, served(app) as url:
        yield app, url


@pytest.fixture
def plane(gateway: tuple[Gateway, str], tmp_path: Path) -> Iterator[Running]:
    """A running plane with an empty state."""
    with running(gateway, tmp_path / "state") as started:
        yield started
