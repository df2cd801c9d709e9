"""Starts servers behind guards, waits until they answer, and stops them in reverse order.

Which servers make up the platform is not decided here.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from local.guard import GRACE_SECONDS

_GUARD = Path(__file__).with_name("guard.py")
_TAIL_LINES = 25
_MOST_STATES = 20


class SupervisionError(Exception):
    """Something could not be started, or no state directory is free."""


class StartError(SupervisionError):
    """A server did not come up; the message ends with the tail of its log."""


@dataclass(frozen=True)
class Server:
    """A started command: the guard's process, and where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def is_running(self) -> bool:
        return self.process.poll() is None

    def log_tail(self, lines: int = _TAIL_LINES) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])


class Supervisor:
    """Owns servers for the length of a `with` block; when this process dies, so do they."""

    def __init__(self, state: Path) -> None:
        """Logs are written to `state`/logs/<name>.log."""
        self._logs = state / "logs"
        self._servers: list[Server] = []

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        fds: Sequence[int] = (),
        health: str | None = None,
        timeout: float = 60.0,
        cwd: Path | None = None,
    ) -> Server:
        """Start a command and wait until its `health` URL answers with a status below 400.

        `env` is added to this process's environment, `fds` are file descriptors the command
        inherits under the same numbers, `timeout` is in seconds. Raises StartError when the
        command ends or does not answer in time; it is stopped first.
        """
        log = self._logs / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = _guarded(argv, {**os.environ, **(env or {})}, fds, output, cwd)
        server = Server(name, process, log)
        self._servers.append(server)
        if health is not None:
            self._await(server, health, timeout)
        return server

    def servers(self) -> tuple[Server, ...]:
        """The servers in the order they were started."""
        return tuple(self._servers)

    def stop(self) -> None:
        """Stop every server, the last started first; each is killed when it does not end in time."""
        while self._servers:
            _stop(self._servers.pop())

    def _await(self, server: Server, health: str, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not _answers(health):
            if not server.is_running():
                self._give_up(server, f"ended with status {server.process.returncode}")
            if time.monotonic() > deadline:
                self._give_up(server, f"did not answer {health} within {timeout:g} s")
            time.sleep(0.05)

    def _give_up(self, server: Server, reason: str) -> None:
        self._servers.remove(server)
        _stop(server)
        tail = server.log_tail() or "(empty)"
        raise StartError(f"{server.name} {reason}; the end of {server.log}:\n{tail}")


def listen(preferred: int = 0) -> socket.socket:
    """A listening socket on 127.0.0.1:`preferred`, or on a free port when that one is taken.

    Hand its file descriptor to the server, so that nobody can take the port in between, and close
    it here afterwards: while it is open, a dead server looks like a slow one.
    """
    try:
        return socket.create_server(("127.0.0.1", preferred), backlog=512)
    except OSError:
        return socket.create_server(("127.0.0.1", 0), backlog=512)


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


@contextmanager
def locked_state(root: Path, name: str) -> Iterator[Path]:
    """A state directory below `root` that no other process uses while the block runs.

    It is `root`/`name`, or `root`/`name`-2 and so on when that one is in use. Raises
    SupervisionError when all are.
    """
    for number in range(1, _MOST_STATES + 1):
        state = root / (name if number == 1 else f"{name}-{number}")
        state.mkdir(parents=True, exist_ok=True)
        with (state / "lock").open("w") as lock:
            if not _locks(lock):
                continue
            yield state
            return
    raise SupervisionError(f"{root / name} and {_MOST_STATES - 1} more are in use: stop one")


def _locks(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _guarded(
    argv: Sequence[str],
    env: Mapping[str, str],
    fds: Sequence[int],
    output: IO[bytes],
    cwd: Path | None,
) -> subprocess.Popen[bytes]:
    """The guard's process; its standard input is the lifeline, held by this process alone.

    It runs by its path, isolated and without site packages: it needs none and starts at once.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_GUARD), "--", *argv],
        env=env,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=tuple(fds),
        cwd=cwd,
        # A Ctrl-C in the terminal reaches this process alone, which stops them in order.
        start_new_session=True,
    )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status < 400)
    except (urllib.error.URLError, OSError):
        return False


def _stop(server: Server) -> None:
    process = server.process
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS + 5)
    finally:
        # Closing the lifeline ends the command even if this wait is interrupted.
        if process.stdin is not None:
            process.stdin.close()
    process.wait()
