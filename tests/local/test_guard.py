from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
GUARD = [sys.executable, "-m", "local.guard", "--"]
MARK = "HEYBLUE_TEST_MARK"
# A server with a worker, a worker in a session of its own, and one that ignores polite requests.
FAMILY = (
    "sleep 600 & setsid sleep 600 & bash -c 'trap \"\" TERM; sleep 600; sleep 600' & echo up; wait"
)
PARENT = """
import sys, time
from pathlib import Path
from local.supervisor import Supervisor
with Supervisor(Path(sys.argv[1])) as supervisor:
    for number in range(3):
        supervisor.start(f"s{number}", ["bash", "-c", sys.argv[2]])
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def mark() -> Iterator[str]:
    """A value in the environment of everything the test starts; none may be left of it."""
    value = uuid.uuid4().hex
    yield value
    # A process that is just being executed hides its environment for a moment, so one look that
    # finds nothing proves little; what is on its way out is given the time to get there.
    deadline = time.monotonic() + 15
    while (left := _marked(value)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert left == []


def _marked(mark: str) -> list[int]:
    """The processes, zombies aside, that have the mark in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"{MARK}={mark}".encode() in (
                entry / "environ"
            ).read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _await(condition: Callable[[], bool], timeout: float = 30.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(mark: str) -> Iterator[Start]:
    """Start a command with the mark and a lifeline; killed at the end if it still runs."""
    started: list[subprocess.Popen[bytes]] = []

    def perform(*argv: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            argv,
            env={**os.environ, MARK: mark},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield perform
    for process in started:
        process.kill()
        with process:
            pass


def _line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize(("command", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_the_status_of_the_command_is_the_guards(start: Start, command: str, status: int) -> None:
    assert start(*GUARD, "bash", "-c", command).wait(30) == status


def test_a_command_that_is_not_there_has_a_status_of_its_own(start: Start) -> None:
    assert start(*GUARD, "no-such-command").wait(30) == 127


def test_output_passes_through(start: Start) -> None:
    process = start(*GUARD, "echo", "hello")
    assert _line(process) == b"hello\n"
    assert process.wait(30) == 0


def test_the_end_of_the_lifeline_ends_the_whole_family(start: Start, mark: str) -> None:
    process = start(*GUARD, "bash", "-c", FAMILY)
    _line(process)
    _await(lambda: len(_marked(mark)) >= 6)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 128 + signal.SIGTERM
    assert _marked(mark) == []


def test_what_a_command_leaves_behind_ends_with_it(start: Start, mark: str) -> None:
    command = "setsid sleep 600 & sleep 600 & exit 3"
    assert start(*GUARD, "bash", "-c", command).wait(30) == 3
    assert _marked(mark) == []


def test_a_signal_to_end_reaches_the_command(start: Start) -> None:
    command = "trap 'echo bye; exit 5' TERM; echo up; sleep 600 & wait"
    process = start(*GUARD, "bash", "-c", command)
    _line(process)
    process.send_signal(signal.SIGTERM)
    assert _line(process) == b"bye\n"
    assert process.wait(30) == 5


SLOWLY = """
import os, sys, time
from local import guard
def setsid(setsid=os.setsid):
    print("starting", flush=True)
    time.sleep(0.5)
    setsid()
os.setsid = setsid
sys.exit(guard.run(["sleep", "600"], grace=600))
"""


def test_a_signal_reaches_a_command_that_is_only_being_started(start: Start) -> None:
    process = start(sys.executable, "-c", SLOWLY)
    _line(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM


def test_a_killed_guard_takes_its_command_with_it(start: Start, mark: str) -> None:
    process = start(*GUARD, "sleep", "600")
    _await(lambda: len(_marked(mark)) == 2)
    process.kill()
    process.wait()
    _await(lambda: _marked(mark) == [])


@pytest.mark.parametrize("attempt", range(4))
def test_killing_the_parent_at_any_moment_leaves_no_process(
    start: Start, mark: str, tmp_path: Path, attempt: int
) -> None:
    process = start(sys.executable, "-c", PARENT, str(tmp_path), FAMILY)
    if attempt == 0:
        _line(process)
    else:
        _await(lambda: bool(_marked(mark)))
        time.sleep(random.uniform(0.0, 0.6))
    process.kill()
    process.wait()
    _await(lambda: _marked(mark) == [])


MAKEFILE = """
run:
\t@{python} -c "import local.guard as g, time; g.watch_parent(); print('up', flush=True); \
time.sleep(600)"; true
"""


@pytest.mark.parametrize("starter", [[], ["bash", "-c", "trap '' TERM; exec \"$@\"", "-"]])
def test_below_make_a_recipe_ends_when_make_is_killed(
    start: Start, mark: str, tmp_path: Path, starter: list[str]
) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE.format(python=sys.executable))
    process = start(*starter, "make", "-f", str(tmp_path / "Makefile"), "run")
    while _line(process) != b"up\n":  # below another make, it first says where it is
        assert process.poll() is None
    process.kill()
    process.wait()
    _await(lambda: _marked(mark) == [])


ORPHAN = """
import os, time
import local.guard as guard
while int(guard._stat(os.getppid())[1]) != 1:
    time.sleep(0.05)
guard.watch_parent()
time.sleep(600)
"""


def test_a_recipe_whose_make_died_before_it_could_watch_ends_at_once(
    start: Start, mark: str
) -> None:
    recipe = f'MAKELEVEL=1 sh -c \'"$0" -c "$1"; true\' {sys.executable} "$1" & echo up'
    process = start("bash", "-c", recipe, "-", ORPHAN)
    assert _line(process) == b"up\n"
    assert process.wait(30) == 0
    _await(lambda: _marked(mark) == [])
