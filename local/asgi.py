"""The little of ASGI that the applications beside the planes share: its types, a body in, JSON out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]


async def read_body(receive: Receive) -> bytes:
    """The request's body as a whole."""
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def raw_path(scope: Scope) -> str:
    """The path as it was sent, escapes and all, without the query."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1").partition("?")[0]


async def answer(send: Send, status: int, body: bytes, headers: Headers) -> None:
    """Send a whole response; its length is added to the headers."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def answer_json(send: Send, status: int, content: Any, headers: Headers = ()) -> None:
    kind = (b"content-type", b"application/json")
    await answer(send, status, json.dumps(content).encode(), [kind, *headers])
