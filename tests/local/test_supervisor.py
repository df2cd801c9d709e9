from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

from local.supervisor import (
    StartError,
    SupervisionError,
    Supervisor,
    listen,
    locked_state,
    port_of,
)

SERVE = """
import socket, sys
listener = socket.socket(fileno=int(sys.argv[1]))
while True:
    connection, _ = listener.accept()
    connection.recv(1000)
    connection.sendall(b"HTTP/1.0 %s\\r\\ncontent-length: 0\\r\\n\\r\\n" % sys.argv[2].encode())
    connection.close()
"""


def _serve(supervisor: Supervisor, status: str, timeout: float = 20.0) -> None:
    with listen() as listener:
        number = str(listener.fileno())
        supervisor.start(
            "server",
            [sys.executable, "-c", SERVE, number, status],
            fds=[listener.fileno()],
            health=f"http://127.0.0.1:{port_of(listener)}/health",
            timeout=timeout,
        )


def test_a_started_server_answers_on_the_socket_it_was_handed(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        _serve(supervisor, "200 OK")
        (server,) = supervisor.servers()
        assert server.is_running()
    assert not server.is_running()


def test_a_server_that_does_not_get_well_is_stopped_and_named(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        with pytest.raises(StartError, match="server did not answer http://127"):
            _serve(supervisor, "503 No", timeout=0.5)
        assert supervisor.servers() == ()


def test_a_server_that_ends_at_once_is_reported_with_the_tail_of_its_log(tmp_path: Path) -> None:
    command = "for i in $(seq 100); do echo line $i; done; echo the reason >&2; exit 3"
    with Supervisor(tmp_path) as supervisor, listen() as listener:
        health = f"http://127.0.0.1:{port_of(listener)}/"
        with pytest.raises(StartError) as refused:
            supervisor.start("broken", ["bash", "-c", command], health=health)
    message = str(refused.value)
    assert "broken ended with status 3" in message
    assert "line 100\nthe reason" in message
    assert "line 10\n" not in message
    assert str(tmp_path / "logs/broken.log") in message


def test_servers_stop_in_reverse_order(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    command = 'trap "echo $0 >> $1; exit" TERM; touch $1.$0; while :; do sleep 0.05; done'
    with Supervisor(tmp_path) as supervisor:
        for name in ("first", "second", "third"):
            supervisor.start(name, ["bash", "-c", command, name, str(journal)])
            while not Path(f"{journal}.{name}").exists():
                time.sleep(0.01)
    assert journal.read_text().split() == ["third", "second", "first"]


def test_servers_stop_when_the_block_fails(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    server = supervisor.start("one", ["sleep", "600"])
    with pytest.raises(ZeroDivisionError), supervisor:
        raise ZeroDivisionError
    assert not server.is_running()


def test_a_server_gets_the_environment_and_the_directory_it_is_given(tmp_path: Path) -> None:
    command = 'echo "$GREETING from $PWD"'
    with Supervisor(tmp_path) as supervisor:
        server = supervisor.start(
            "one", ["bash", "-c", command], env={"GREETING": "hello"}, cwd=tmp_path
        )
        server.process.wait(20)
        assert server.log_tail() == f"hello from {tmp_path}"


def test_a_taken_port_gives_way_to_a_free_one() -> None:
    with listen() as taken, listen(port_of(taken)) as other:
        assert port_of(other) not in (0, port_of(taken))
        assert other.getsockname()[0] == "127.0.0.1"


def test_a_free_port_is_taken_as_preferred() -> None:
    with listen() as first:
        port = port_of(first)
    with listen(port) as again:
        assert port_of(again) == port


def test_two_at_once_get_state_directories_of_their_own(tmp_path: Path) -> None:
    with locked_state(tmp_path, "demo") as first, locked_state(tmp_path, "demo") as second:
        assert (first.name, second.name) == ("demo", "demo-2")
    with locked_state(tmp_path, "demo") as again:
        assert again == first


def test_a_state_directory_is_free_again_when_its_owner_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked_state(tmp_path, "demo"):
        raise ZeroDivisionError
    with locked_state(tmp_path, "demo") as again:
        assert again.name == "demo"


def test_too_many_at_once_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.supervisor._MOST_STATES", 1)
    with (
        locked_state(tmp_path, "demo"),
        pytest.raises(SupervisionError, match="in use"),
        locked_state(tmp_path, "demo"),
    ):
        raise AssertionError


def test_the_socket_listens_before_its_server_runs() -> None:
    with listen() as listener, socket.create_connection(("127.0.0.1", port_of(listener)), 1):
        pass
