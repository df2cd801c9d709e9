"""Calls to an ASGI application of this very process: no connection, no HTTP, two threads less to wake.

What a request or an answer means is not known here.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ConnectionClosedError

from local.athena.lake.calls import Answer, Request
from local.athena.lake.wire import TIMEOUT_S

App = Callable[[Any, Any, Any], Awaitable[None]]
Message = dict[str, Any]


class Inside:
    """Sends requests to `app`, which lives in `loop`; for other threads than the loop's own."""

    def __init__(self, app: App, loop: AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop

    def __call__(self, request: Request) -> Answer:
        """Raises ConnectionClosedError when the loop ends before there is an answer."""
        asked = _asked(self._app, request)
        try:
            return asyncio.run_coroutine_threadsafe(asked, self._loop).result(TIMEOUT_S)
        except (RuntimeError, CancelledError, TimeoutError) as error:
            if self._loop.is_closed():
                asked.close()
            raise ConnectionClosedError(endpoint_url=request.path, error=error) from error


async def _asked(app: App, request: Request) -> Answer:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(_scope(request), receive, send)
    head, *rest = sent
    return Answer(head["status"], b"".join(message.get("body", b"") for message in rest))


def _scope(request: Request) -> Message:
    """https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope"""
    headers = {**request.headers, "content-length": str(len(request.body))}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": request.method,
        "path": unquote(request.path),
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": request.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
        "extensions": {"file": {"path": request.file}} if request.file else {},
    }
