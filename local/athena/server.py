"""How the endpoint is served: uvicorn, an answer's head and body in one segment, memory bounded."""

from __future__ import annotations

import asyncio
import os
import re
import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_FULL = 64 * 1024  # bytes; more is not held back


class Joined:
    """A transport that writes at once what one turn of the event loop gave it."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)
        self._size += len(data)
        if self._size > _FULL:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held and not self._transport.is_closing():
            self._transport.write(b"".join(self._held))
        self._held, self._size = [], 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class OneSegment(HttpToolsProtocol):
    """uvicorn's own protocol writes head and body one after the other, and a client wakes up twice."""

    def connection_made(self, transport: Any) -> None:
        joined: Any = Joined(transport)
        super().connection_made(joined)


# For uvicorn.Config and uvicorn.run.
OPTIONS: dict[str, Any] = {"loop": "uvloop", "http": OneSegment}


def limit_process(memory_limit: str) -> None:
    """Let allocations fail before the machine does: DuckDB does not count strings and lists.

    `memory_limit` is DuckDB's; another one as much and a gigabyte are left for what it misses. Called
    before DuckDB is imported: its allocator reads then whether to keep the address space of what was
    freed, which counts here for good.
    """
    os.environ.setdefault("DUCKDB_JE_MALLOC_CONF", "retain:false")
    found = re.fullmatch(r"\s*(\d+)\s*([KMGT])i?B\s*", memory_limit, re.IGNORECASE)
    if found:
        size = int(found.group(1)) << 10 * ("KMGT".index(found.group(2).upper()) + 1)
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (2 * size + (1 << 30), most))
