"""Runs one command and ends it, with all it started, when the starter dies by whatever means.

`python -m local.guard -- command …` takes its standard input as a lifeline: a pipe whose other end
only the starter holds. Keep the imports lean: one guard runs beside every server.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence

GRACE_SECONDS = 10.0
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)
_SET_CHILD_SUBREAPER = 36


def run(argv: Sequence[str], grace: float = GRACE_SECONDS) -> int:
    """Run the command to its end, or to the lifeline's, and return its exit status.

    When the lifeline closes or a signal to end arrives, the command's process group is terminated,
    and killed after `grace` seconds. What the command leaves behind is killed in any case.
    """
    _adopt_orphans()
    wake, signals = _signal_pipe()
    child, ended, deadline = _spawn(argv), False, float("inf")
    while True:
        status = _exit_status(child)
        if status is not None:
            _kill_descendants(child)
            return status
        if time.monotonic() >= deadline:
            deadline = float("inf")
            _signal_group(child, signal.SIGKILL)
        watched = [wake] if ended else [wake, 0]
        ready, _, _ = select.select(
            watched, [], [], min(1.0, max(0.0, deadline - time.monotonic()))
        )
        asked = [s for s in (os.read(wake, 64) if wake in ready else b"") if s in signals]
        if 0 in ready and not os.read(0, 64):
            ended = True
            asked.append(signal.SIGTERM)
        for number in asked:
            _signal_group(child, number)
            deadline = min(deadline, time.monotonic() + grace)


def watch_parent() -> None:
    """Below make, end this process (SIGTERM to itself, at last SIGKILL) when make or a shell between dies.

    Make does not tell a recipe that it was killed; without this a killed `make` would leave its
    recipe running. Does nothing when MAKELEVEL is not in the environment.
    """
    if "MAKELEVEL" in os.environ:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:  # as inherited, it would end nothing
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        watched = list(_ancestors_up_to_make())
        threading.Thread(target=_wait_for_any, args=(watched,), daemon=True).start()


def _is_orphan(watched: Sequence[tuple[int, str]]) -> bool:
    """Whether make was gone before it could be watched: init is the parent of its recipe now."""
    return len(watched) < 2 and not any("make" in _name(pid) for pid, _ in watched)


def _wait_for_any(watched: Sequence[tuple[int, str]]) -> None:
    parent = os.getppid()
    while os.getppid() == parent and all(_birth(pid) == birth for pid, birth in watched):
        if _is_orphan(watched):
            break
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _ancestors_up_to_make() -> Iterator[tuple[int, str]]:
    """Process ids and birth times, from the parent up to the first make."""
    pid = os.getppid()
    while pid > 1 and _stat(pid):
        yield pid, _birth(pid)
        if "make" in _name(pid):
            return
        pid = int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the command's name, empty where there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _birth(pid: int) -> str:
    fields = _stat(pid)
    # A killed process that nobody has waited for is a zombie: it counts as dead.
    return fields[19] if fields and fields[0] != "Z" else ""


def _adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ended, where the system allows it."""
    _process_control(_SET_CHILD_SUBREAPER, 1)


def _process_control(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _signal_pipe() -> tuple[int, frozenset[int]]:
    """A file descriptor that turns readable, one byte a signal, and the signals to forward."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (*_FORWARDED, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return reader, frozenset(_FORWARDED)


def _spawn(argv: Sequence[str]) -> int:
    """Start the command; returns once it runs, for before that a signal to its group is lost."""
    started, starting = os.pipe()
    child = os.fork()
    if child:
        os.close(starting)
        os.read(started, 1)  # ends when the command is executed, or is not to be had
        os.close(started)
        return child
    try:
        signal.set_wakeup_fd(-1)
        for number in (*_FORWARDED, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        _process_control(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execvp(argv[0], list(argv))
    except OSError as refused:
        os.write(2, f"{argv[0]} cannot be run: {refused}\n".encode())
    os._exit(127)


def _exit_status(child: int) -> int | None:
    """The command's status once it ended; adopted orphans that ended are collected on the way."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 127
        if pid == 0:
            return None
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _signal_group(child: int, number: int) -> None:
    try:
        os.killpg(child, number)
    except (ProcessLookupError, PermissionError):
        return  # nobody is left of it, or only a zombie, which macOS does not let be signalled


def _kill_descendants(child: int) -> None:
    _signal_group(child, signal.SIGKILL)
    orphans = list(_children(os.getpid()))
    while orphans:
        for pid in orphans:
            os.kill(pid, signal.SIGKILL)
        for pid in orphans:
            os.waitpid(pid, 0)
        orphans = list(_children(os.getpid()))


def _children(parent: int) -> Iterator[int]:
    if sys.platform != "linux":
        return
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields and int(fields[1]) == parent:
                yield int(entry)


def main() -> int:
    argv = sys.argv[1:]
    if not argv or argv[0] != "--" or len(argv) < 2:
        os.write(2, b"usage: python -m local.guard -- command [argument ...]\n")
        return 2
    return run(argv[1:])


if __name__ == "__main__":
    sys.exit(main())
