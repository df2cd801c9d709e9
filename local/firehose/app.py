"""The ASGI face of the plane: the AWS JSON 1.1 API, and the paths under `/_heyblue/firehose/`.

`GET /_heyblue/firehose/<name>` gives a delivery stream's counts; `POST /_heyblue/firehose/flush`
(`?name=` or a JSON body `{"name": ...}` for one stream only) delivers what is in the sources now.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, unquote

from local.firehose.errors import ApiError, FirehoseError, ValidationFailed
from local.firehose.operations import Operations
from local.firehose.plane import Plane
from local.firehose.settings import Settings

TARGET = "Firehose_20150804."
STATUS_PATH = "/_heyblue/firehose/"
FLUSH_PATH = "/_heyblue/firehose/flush"
AWS_JSON = "application/x-amz-json-1.1"
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class FirehoseApp:
    """The ASGI application; `start` and `stop` run the data plane and need no event loop."""

    def __init__(self, settings: Settings) -> None:
        self.plane = Plane(settings)
        self._operations = Operations(self.plane)

    def start(self) -> None:
        """Run all delivery streams of the state folder."""
        self.plane.start()

    def stop(self) -> None:
        """Stop them; what is open is finished by the next start."""
        self.plane.stop()

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """One API operation without HTTP; blocks; raises ApiError."""
        return self._operations.call(operation, request)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        body = await _body(receive)
        try:
            status, document = await self._answer(scope, body)
        except ApiError as error:
            status, document = error.status, {"__type": error.code, "message": error.message}
        except FirehoseError as error:
            status, document = 409, {"message": str(error)}
        await _respond(send, status, document)

    async def _answer(
        self, scope: MutableMapping[str, Any], body: bytes
    ) -> tuple[int, dict[str, Any]]:
        path, method = scope["path"], scope["method"]
        if path == FLUSH_PATH and method == "POST":
            return 200, await self._flush(_flush_name(scope, body))
        if path.startswith(STATUS_PATH) and method == "GET":
            name = unquote(path.removeprefix(STATUS_PATH))
            return 200, await asyncio.to_thread(self.plane.counts, name)
        target = _header(scope, b"x-amz-target")
        if not target.startswith(TARGET):
            return 404, {"message": f"{method} {path} is not an address of the Firehose plane"}
        operation = target.removeprefix(TARGET)
        return 200, await asyncio.to_thread(self.call, operation, _document(body))

    async def _flush(self, name: str | None) -> dict[str, Any]:
        names = [name] if name else await asyncio.to_thread(self.plane.names)
        # A caller that goes away must not cancel what the worker will report to.
        flushes = [asyncio.shield(asyncio.wrap_future(self.plane.flush(each))) for each in names]
        for outcome in await asyncio.gather(*flushes, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
        counts = [await asyncio.to_thread(self.plane.counts, each) for each in names]
        return {each["name"]: each for each in counts}


def create_app(settings: Settings) -> FirehoseApp:
    """The plane as an ASGI application; nothing runs before `start`."""
    return FirehoseApp(settings)


def _header(scope: MutableMapping[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _document(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        raise ValidationFailed(f"the request body is not JSON: {error}") from None


def _flush_name(scope: MutableMapping[str, Any], body: bytes) -> str | None:
    asked = parse_qs(scope.get("query_string", b"").decode()).get("name")
    if asked:
        return str(asked[0])
    document = _document(body)
    if not isinstance(document, dict):
        raise ValidationFailed('the body of a flush must be an object such as {"name": "..."}')
    name = document.get("name")
    return None if name is None else str(name)


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _respond(send: Send, status: int, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    headers = [(b"content-type", AWS_JSON.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
