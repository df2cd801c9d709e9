"""The Glue plane as an ASGI application: the JSON 1.1 protocol over catalog and registry."""

from __future__ import annotations

import inspect
import json
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.glue.databases import Databases
from local.glue.errors import GlueError, InvalidInputError, UnknownOperationError
from local.glue.partitions import Partitions
from local.glue.registry import Registry
from local.glue.store import Record, Store
from local.glue.tables import Tables
from local.glue.versions import Decision, Versions

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Settings:
    """Where the state lies (None keeps it in memory), whose account it is, and who decides.

    `violations(old, new, mode)` names each way in which a JSON Schema breaks the mode
    (BACKWARD, FORWARD or FULL); an empty list lets the version in.
    """

    path: Path | None
    violations: Decision
    account: str = "000000000000"
    region: str = "us-east-1"


class GlueApp:
    """Answers `AWSGlue.<Operation>`: each request is one transaction on the store."""

    def __init__(self, settings: Settings) -> None:
        self._store = Store(settings.path)
        databases = Databases(self._store, settings.account)
        tables = Tables(self._store, databases, settings.account)
        versions = Versions(self._store, settings.violations)
        parts = (
            databases,
            tables,
            Partitions(self._store, tables, settings.account),
            versions,
            Registry(self._store, versions, settings.account, settings.region),
        )
        self._operations = {name: call for part in parts for name, call in _operations(part)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, answer = self.answer(_operation(scope), await _body(receive))
        await _send(send, status, answer)

    def answer(self, operation: str, body: bytes) -> tuple[int, Record]:
        """HTTP status and JSON answer of one operation."""
        try:
            return 200, self._perform(operation, body)
        except GlueError as refused:
            return refused.status, {"__type": refused.code, "Message": str(refused)}

    def close(self) -> None:
        self._store.close()

    def _perform(self, operation: str, body: bytes) -> Record:
        call = self._operations.get(operation)
        if call is None:
            raise UnknownOperationError(f"Operation {operation} is not supported by this catalog")
        request = _parsed(body)
        with self._store.transaction():
            return call(request)


class _Members(dict[str, Any]):
    """An object of a request: asking for a member that is not there refuses the request."""

    def __missing__(self, member: str) -> Any:
        raise InvalidInputError(f"The request lacks the member {member}")


def create_app(settings: Settings) -> GlueApp:
    """The plane over the state of `settings`; opens its file at once."""
    return GlueApp(settings)


def _operations(part: object) -> list[tuple[str, Callable[[Record], Record]]]:
    """Public methods that take one request, under the names the API gives them."""
    return [
        ("".join(word.capitalize() for word in name.split("_")), call)
        for name, call in inspect.getmembers(part, inspect.ismethod)
        if not name.startswith("_") and list(inspect.signature(call).parameters) == ["request"]
    ]


def _operation(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-amz-target":
            return str(value.decode("latin-1")).partition(".")[2]
    return ""


def _parsed(body: bytes) -> Record:
    try:
        request = json.loads(body or b"{}", object_hook=_Members)
    except ValueError as refused:
        raise InvalidInputError(f"The request is no JSON: {refused}") from refused
    if not isinstance(request, dict):
        raise InvalidInputError("The request must be a JSON object")
    return request


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _send(send: Send, status: int, answer: Record) -> None:
    body = json.dumps(answer, separators=(",", ":")).encode()
    headers = [
        (b"content-type", b"application/x-amz-json-1.1"),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-requestid", str(uuid.uuid4()).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
