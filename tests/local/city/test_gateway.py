from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.city import gateway as module
from local.city.action import Action
from local.city.errors import NoGateway
from local.city.gateway import Gateway

GIFT = Action(datetime(2026, 6, 1, tzinfo=UTC), "gift", "/scoring/gifts", {"points": 1}, "key")


class Server(ThreadingHTTPServer):
    """Answers with `statuses` in turn, then 201; None breaks the line."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int | None] = []
        self.seen: list[tuple[str, dict[str, str], Any]] = []
        self.lines = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.lines += 1
        super().process_request(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: socketserver.BaseServer

    def log_message(self, *args: object) -> None:
        return

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        server.seen.append((self.path, headers, json.loads(body)))
        status = server.statuses.pop(0) if server.statuses else 201
        if status is None:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("content-length", "13")
        self.end_headers()
        self.wfile.write(b'{"points": 1}')


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def gateway(server: Server) -> Iterator[Gateway]:
    line = Gateway(f"http://127.0.0.1:{server.server_port}")
    yield line
    line.close()


def test_a_request_carries_key_and_clock_over_one_line(server: Server, gateway: Gateway) -> None:
    assert gateway.post(GIFT) == (201, {"points": 1})
    gateway.post(GIFT)
    path, headers, body = server.seen[0]
    assert (path, body) == ("/scoring/gifts", {"points": 1})
    assert headers["idempotency-key"] == "key"
    assert headers["x-heyblue-clock"] == "2026-06-01T00:00:00.000Z"
    assert server.lines == 1


def test_a_busy_gateway_and_a_broken_line_are_tried_again(
    server: Server, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.001)
    server.statuses = [503, None, 409]
    assert gateway.post(GIFT)[0] == 409
    assert len(server.seen) == 3


def test_a_gateway_that_never_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    with pytest.raises(NoGateway, match="failed 8 times"):
        Gateway("http://127.0.0.1:1").post(GIFT)
