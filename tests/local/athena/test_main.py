"""`python -m local.athena`: what it says when it cannot start, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from local.supervisor import listen, port_of


def _command(*options: str) -> list[str]:
    return [sys.executable, "-m", "local.athena", "--endpoint-url", "http://127.0.0.1:1", *options]


def _failure(*options: str) -> str:
    """The last line of what an endpoint prints that does not start."""
    done = subprocess.run(_command(*options), capture_output=True, text=True, timeout=60)
    assert done.returncode
    return done.stderr.splitlines()[-1]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with listen() as taken:
        port = port_of(taken)
        assert _failure("--port", str(port), "--state-dir", str(tmp_path)) == (
            f"port {port}: Address already in use; name another by --port"
        )


def test_a_state_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert _failure("--port", "0", "--state-dir", str(file)) == (
        f"state folder {file}: File exists; name another by --state-dir"
    )


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--port", "70000", "'70000' is no port: it takes 0 to 65535"),
        ("--threads", "0", "'0' is no number from 1 on"),
        ("--memory-limit", "much", "'much' is no size: it takes 512MB or 2GB"),
        ("--endpoint-url", "here", "'here' is no place: it takes http://127.0.0.1:4566"),
    ],
)
def test_an_option_says_what_it_takes(option: str, value: str, said: str) -> None:
    assert _failure(option, value).endswith(f"error: argument {option}: {said}")


def test_an_endpoint_has_its_state_folder_to_itself_and_ends_by_an_interrupt(
    tmp_path: Path,
) -> None:
    options = ["--port", "0", "--state-dir", str(tmp_path)]
    process = subprocess.Popen(
        _command(*options), stderr=subprocess.PIPE, text=True, restore_signals=True
    )
    assert process.stderr is not None
    url = process.stderr.readline().split()[-1]
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.status == 200
    assert _failure(*options) == (
        f"state folder {tmp_path}: another endpoint uses it; name another by --state-dir"
    )
    os.kill(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")
