"""The ASGI application: AWS JSON 1.1 in, one response in one piece out; no engine work in the loop."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.athena.api.operations import Operations
from local.athena.api.state import State
from local.athena.engine.runner import Engine
from local.athena.errors import RequestRefused
from local.athena.lake.calls import Carrier
from local.athena.lake.inside import App, Inside
from local.athena.settings import Settings

log = logging.getLogger(__name__)
TARGET_PREFIX = "AmazonAthena."
# Clients sleep a second when the first GetQueryExecution says RUNNING: answer when the query ends.
_HOLD_SECONDS = 0.9

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class AthenaApp:
    """An ASGI app; mount it for requests whose x-amz-target begins with TARGET_PREFIX."""

    def __init__(self, settings: Settings, services: App | None) -> None:
        self._settings = settings
        self._services = services
        self._operations: Operations | None = None
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="athena-api")
        self._starting = asyncio.Lock()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            body = await _body(receive)
            if scope["method"] == "GET":
                await self.startup()
                status, code, answer = 200, "", {"status": "ok"}
            else:
                status, code, answer = await self._answer(scope, body)
            await _respond(send, status, code, answer)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.startup()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def startup(self) -> Operations:
        """Open engine and state; a host without lifespan gets it at the first request."""
        async with self._starting:
            if self._operations is None:
                loop = asyncio.get_running_loop()
                inside = Inside(self._services, loop) if self._services else None
                self._operations = await loop.run_in_executor(
                    self._pool, _open, self._settings, inside
                )
        return self._operations

    async def shutdown(self) -> None:
        """Interrupt what runs, close engine and state."""
        if self._operations is not None:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._operations.close)
            self._operations = None
        self._pool.shutdown(wait=False)

    async def stop(self) -> None:
        """What a host calls that stops its parts while it still answers their requests."""
        await self.shutdown()

    async def _answer(self, scope: dict[str, Any], body: bytes) -> tuple[int, str, dict[str, Any]]:
        headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        name = headers.get("x-amz-target", "").removeprefix(TARGET_PREFIX)
        try:
            return 200, "", await self._call(name, _parsed(body))
        except RequestRefused as error:
            return 400, error.code, _refusal(error)
        except Exception:  # a fault of ours: the client gets an answer, the log the trace
            log.exception("%s broke the endpoint", name)
            return 500, "InternalServerException", {"Message": f"{name} failed; see the log"}

    async def _call(self, name: str, request: Any) -> dict[str, Any]:
        operations = self._operations or await self.startup()
        if name == "GetQueryExecution" and isinstance(request, dict):
            await _hold(operations, str(request.get("QueryExecutionId")))
            return operations.call(name, request)  # out of memory
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, operations.call, name, request)


def _parsed(body: bytes) -> Any:
    try:
        found = json.loads(body)
        if b"\\u" in body:  # half of a pair of them is no text
            json.dumps(found, ensure_ascii=False).encode()
        return found
    except (ValueError, RecursionError) as error:
        raise RequestRefused("", "SerializationException") from error


def _refusal(error: RequestRefused) -> dict[str, Any]:
    body = {"Message": error.message} if error.message else {}
    if error.code == "InvalidRequestException":
        body |= {"AthenaErrorCode": error.detail, "ErrorCode": error.detail}
    return body


def _open(settings: Settings, inside: Carrier | None) -> Operations:
    return Operations(Engine(settings, inside), State(settings.state_dir / "athena.sqlite"))


async def _hold(operations: Operations, key: str) -> None:
    pending = operations.executions.pending(key)
    if pending is not None:
        waiting = asyncio.wrap_future(pending)
        await asyncio.wait([waiting], timeout=_HOLD_SECONDS)


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _respond(send: Send, status: int, code: str, body: dict[str, Any]) -> None:
    if code:
        body = {"__type": code, **body}
    content = json.dumps(body).encode()
    headers = [
        (b"content-type", b"application/x-amz-json-1.1"),
        (b"content-length", str(len(content)).encode()),
        (b"x-amzn-requestid", str(uuid.uuid4()).encode()),
    ]
    if code:
        headers.append((b"x-amzn-errortype", code.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def create_app(settings: Settings, services: App | None = None) -> AthenaApp:
    """The application for `settings`; nothing is opened before it starts.

    `services` answers for S3 and Glue when they live in the same event loop.
    """
    return AthenaApp(settings, services)
