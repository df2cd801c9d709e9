"""Calls the application behind this plane in the same process: the one that has the trackers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Upstream:
    """An ASGI application as a function from a JSON request to status and JSON answer."""

    def __init__(self, app: App, region: str) -> None:
        self._app = app
        self._region = region

    async def call(self, method: str, path: str, request: Any = None) -> tuple[int, dict[str, Any]]:
        """Status and JSON answer."""
        body = b"" if request is None else json.dumps(request).encode()
        headers = {
            "host": "127.0.0.1",
            "content-type": "application/json",
            "content-length": str(len(body)),
            "authorization": "AWS4-HMAC-SHA256 Credential=test/20200101/"
            f"{self._region}/geo/aws4_request, SignedHeaders=host, Signature=0",
        }
        status, answer, _ = await self.pass_on(_scope(method, path, headers), body)
        return status, json.loads(answer or b"{}")

    async def pass_on(
        self, scope: Scope, body: bytes
    ) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        """Hand a whole request to the application; status, body and headers of its answer."""
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, send)
        status: int = messages[0]["status"]
        content = b"".join(message.get("body", b"") for message in messages[1:])
        return status, content, list(messages[0]["headers"])


def _scope(method: str, path: str, headers: dict[str, str]) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
    }
