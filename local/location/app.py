"""The location plane as an ASGI application: routes of the REST API to geofences and trackers."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from local.location.errors import LocationError, ValidationError
from local.location.geofences import Geofences
from local.location.trackers import Publish, Trackers
from local.location.upstream import App, Receive, Scope, Send, Upstream

Record = dict[str, Any]
Handler = Callable[[list[str], Record], Awaitable[Record]]

_COLLECTION = "/geofencing/v0/collections/([^/]+)"
_TRACKER = "/tracking/v0/trackers/([^/]+)"
_POSITIONS = re.compile(f"{_TRACKER}/positions")
_TRACKER_ITSELF = re.compile(_TRACKER)


@dataclass(frozen=True)
class Settings:
    """`upstream` answers for the trackers; `publish` puts entries on the default event bus and
    returns the reasons of those it refused."""

    upstream: App
    publish: Publish
    account: str = "000000000000"
    region: str = "us-east-1"


class LocationApp:
    """Answers geofence and tracker-consumer operations; passes every other request upstream.

    Positions go upstream first and are evaluated when the tracker accepted them.
    """

    def __init__(self, settings: Settings) -> None:
        self._app = settings.upstream
        self._upstream = Upstream(settings.upstream, settings.region)
        self._geofences = Geofences(settings.account, settings.region)
        self._trackers = Trackers(
            self._geofences,
            self._upstream,
            settings.publish,
            settings.account,
            settings.region,
        )
        self._routes = [
            (method, re.compile(path), handler) for method, path, handler in self._table()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], _raw_path(scope)
        found = self._find(method, path)
        if found is not None:
            handler, names = found
            await _answer(send, handler, names, await _body(receive))
        elif method == "POST" and (match := _POSITIONS.fullmatch(path)):
            await self._take_positions(unquote(match[1]), scope, await _body(receive), send)
        else:
            if method == "DELETE" and (match := _TRACKER_ITSELF.fullmatch(path)):
                self._trackers.forget(unquote(match[1]))
            await self._app(scope, receive, send)

    async def _take_positions(self, tracker: str, scope: Scope, body: bytes, send: Send) -> None:
        status, answer, headers = await self._upstream.pass_on(scope, body)
        if status != 200:
            await _send(send, status, answer, headers)
            return

        async def evaluate(names: list[str], request: Record) -> Record:
            accepted: Record = json.loads(answer)
            await self._trackers.evaluate_accepted(tracker, request["Updates"], accepted["Errors"])
            return accepted

        await _answer(send, evaluate, [], body)

    def _find(self, method: str, path: str) -> tuple[Handler, list[str]] | None:
        for wanted, pattern, handler in self._routes:
            if wanted == method and (match := pattern.fullmatch(path)):
                return handler, [unquote(name) for name in match.groups()]
        if path.startswith("/geofencing/"):
            return _unknown(method, path), []
        return None

    def _table(self) -> list[tuple[str, str, Handler]]:
        fences, trackers = self._geofences, self._trackers
        return [
            ("POST", "/geofencing/v0/collections", _sync(fences.create)),
            ("POST", "/geofencing/v0/list-collections", _sync(fences.list_collections)),
            ("GET", _COLLECTION, _named(fences.describe)),
            ("PATCH", _COLLECTION, _sync(fences.update)),
            ("DELETE", _COLLECTION, self._delete_collection),
            ("PUT", f"{_COLLECTION}/geofences/([^/]+)", _sync(fences.put)),
            ("GET", f"{_COLLECTION}/geofences/([^/]+)", _named(fences.get)),
            ("POST", f"{_COLLECTION}/put-geofences", _sync(fences.batch_put)),
            ("POST", f"{_COLLECTION}/list-geofences", _sync(fences.list_geofences)),
            ("POST", f"{_COLLECTION}/delete-geofences", _sync(fences.batch_delete)),
            ("POST", f"{_COLLECTION}/positions", lambda n, r: trackers.evaluate(n[0], r)),
            ("POST", f"{_TRACKER}/consumers", lambda n, r: trackers.associate(n[0], r)),
            (
                "DELETE",
                f"{_TRACKER}/consumers/(.+)",
                lambda n, r: trackers.disassociate(n[0], n[1]),
            ),
            ("POST", f"{_TRACKER}/list-consumers", lambda n, r: trackers.list_consumers(n[0], r)),
        ]

    async def _delete_collection(self, names: list[str], request: Record) -> Record:
        answer = self._geofences.delete(names[0])
        self._trackers.forget_collection(names[0])
        return answer


class _Members(dict[str, Any]):
    """An object of a request: asking for a member that is not there refuses the request."""

    def __missing__(self, member: str) -> Any:
        raise ValidationError(f"The request lacks the member {member}", "Missing")


def create_app(settings: Settings) -> LocationApp:
    """The plane in front of `settings.upstream`."""
    return LocationApp(settings)


def _sync(call: Callable[..., Record]) -> Handler:
    async def handler(names: list[str], request: Record) -> Record:
        return call(*names, request)

    return handler


def _named(call: Callable[..., Record]) -> Handler:
    async def handler(names: list[str], request: Record) -> Record:
        return call(*names)

    return handler


def _unknown(method: str, path: str) -> Handler:
    async def handler(names: list[str], request: Record) -> Record:
        raise ValidationError(f"{method} {path} is not supported here", "UnknownOperation")

    return handler


async def _answer(send: Send, handler: Handler, names: list[str], body: bytes) -> None:
    try:
        answer = await handler(names, _parsed(body))
    except LocationError as refused:
        await _refuse(send, refused)
    else:
        await _send(send, 200, json.dumps(answer).encode(), [])


async def _refuse(send: Send, refused: LocationError) -> None:
    answer: Record = {"message": str(refused)}
    if isinstance(refused, ValidationError):
        answer |= {"reason": refused.reason, "fieldList": []}
    header = (b"x-amzn-errortype", refused.code.encode())
    await _send(send, refused.status, json.dumps(answer).encode(), [header])


def _parsed(body: bytes) -> Record:
    try:
        request = json.loads(body or b"{}", object_hook=_Members)
    except ValueError as refused:
        raise ValidationError(f"The request is no JSON: {refused}", "CannotParse") from refused
    if not isinstance(request, dict):
        raise ValidationError("The request must be a JSON object", "CannotParse")
    return request


def _raw_path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1").partition("?")[0]


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    kept = [h for h in headers if h[0].lower() not in (b"content-type", b"content-length")]
    content = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*content, *kept]})
    await send({"type": "http.response.body", "body": body})
