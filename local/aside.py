"""Large objects beside MiniStack's event loop: it is one thread for all services, and hashing and
writing a hundred megabytes in it lets everything else wait."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.asgi import App, Message, Receive, Scope, Send, read_body

_LARGE = 256 * 1024  # bytes; a smaller body is stored in less time than a thread takes to wake


@dataclass(frozen=True)
class _Prepared:
    body: bytes
    md5: str
    file: Path


_prepared: ContextVar[_Prepared | None] = ContextVar("prepared", default=None)


class LargePuts:
    """Hashes the body of a large PUT and writes it to a file of `folder` before `app` is given it.

    A caller in this process that has the body in a file names it in `extensions`, as
    {"file": {"path": …}}: that file is moved or removed instead.
    """

    def __init__(self, app: App, folder: Path) -> None:
        self._app = app
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_large_put(scope):
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def given() -> Message:
            return waiting.pop() if waiting else await receive()

        offered = scope.get("extensions", {}).get("file")
        file = offered["path"] if offered else self._folder / uuid.uuid4().hex
        try:
            _prepared.set(await asyncio.to_thread(_prepare, body, file))
            await self._app(scope, given, send)
        finally:
            file.unlink(missing_ok=True)  # what was refused, or no object


def _is_large_put(scope: Scope) -> bool:
    """Parts of an object are kept in memory until the last has come: they need no file."""
    if (
        scope["type"] != "http"
        or scope["method"] != "PUT"
        or b"partNumber" in scope["query_string"]
    ):
        return False
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return bool(lengths) and lengths[0].isdigit() and int(lengths[0]) >= _LARGE


def _prepare(body: bytes, file: Path) -> _Prepared:
    if file.exists():
        file.chmod(0o600)
    else:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(body)
    return _Prepared(body, hashlib.md5(body, usedforsecurity=False).hexdigest(), file)


def install(app: App, s3: Any, folder: Path) -> App:
    """The application to serve instead of `app`; `s3` is MiniStack's module, `folder` on its disk.

    Only the very bytes that came in are taken as prepared, not equal ones: a body that MiniStack
    decodes first is hashed and written by itself.
    """
    folder.mkdir(parents=True, exist_ok=True)
    s3.md5_hash = _hashing(s3.md5_hash)
    s3._atomic_write = _writing(s3._atomic_write)
    return LargePuts(app, folder)


def _hashing(original: Callable[[bytes], str]) -> Callable[[bytes], str]:
    def md5_hash(data: bytes) -> str:
        known = _prepared.get()
        return known.md5 if known and known.body is data else original(data)

    return md5_hash


def _writing(original: Callable[..., None]) -> Callable[..., None]:
    def atomic_write(fpath: str, data: Any, **options: Any) -> None:
        known = _prepared.get()
        if known and known.body is data:
            with suppress(FileNotFoundError):  # moved already: a version beside the object
                known.file.replace(fpath)
                return
        original(fpath, data, **options)

    return atomic_write
