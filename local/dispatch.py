"""One ASGI application over several: by target, by path, with one start and one end.

Which applications there are is not known here.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any

from local.asgi import App, Message, Receive, Scope, Send, answer_json


class Front:
    """An ASGI application over others: by `x-amz-target`, by path, else the fallback.

    A plane that works beside its requests has `start` and `stop`: coroutines, or functions that may
    block. Planes stop while the server still answers, because they may need it to finish; the
    fallback is told by ASGI's own lifespan messages around all of it.
    """

    def __init__(
        self, targets: Mapping[bytes, App], paths: Mapping[str, App], fallback: App
    ) -> None:
        """`targets` are keyed by the part of x-amz-target before the dot, `paths` by prefix."""
        self._targets = dict(targets)
        self._paths = tuple(paths.items())
        self._fallback = fallback
        self._planes = list(dict.fromkeys([*targets.values(), *paths.values()]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._owner(scope)(scope, receive, send)

    def _owner(self, scope: Scope) -> App:
        for name, value in scope["headers"]:
            if name == b"x-amz-target":
                return self._targets.get(value.partition(b".")[0], self._fallback)
        path = scope["path"]
        for prefix, app in self._paths:
            if path.startswith(prefix):
                return app
        return self._fallback

    async def stop_planes(self) -> None:
        """Let every plane finish; call before the server stops answering."""
        for plane in self._planes:
            await _tell(plane, "stop")

    async def _live(self, receive: Receive, send: Send) -> None:
        lifespan = _Lifespan(self._fallback)
        await receive()
        await lifespan.startup()
        for plane in self._planes:
            await _tell(plane, "start")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await lifespan.shutdown()
        await send({"type": "lifespan.shutdown.complete"})


async def _tell(plane: App, what: str) -> None:
    call = getattr(plane, what, None)
    if call is None:
        return
    if inspect.iscoroutinefunction(call):
        await call()
    else:
        await asyncio.to_thread(call)


class _Lifespan:
    """Carries one application through its start and its end."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()

    async def startup(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
        self._task = asyncio.ensure_future(self._app(scope, self._inbox.get, self._outbox.put))
        await self._tell("lifespan.startup")

    async def shutdown(self) -> None:
        await self._tell("lifespan.shutdown")
        await self._task

    async def _tell(self, kind: str) -> None:
        await self._inbox.put({"type": kind})
        answer = await self._outbox.get()
        if answer["type"] != f"{kind}.complete":
            raise RuntimeError(f"{self._app} answered {kind} with {answer}")


class Control:
    """The front's own endpoints below /_heyblue/."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = dict(facts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/_heyblue/health":
            await answer_json(send, 200, {"status": "ok", **self._facts})
        else:
            await answer_json(send, 404, {"message": f"{scope['path']} is no control endpoint"})
