from __future__ import annotations

import asyncio
from typing import Any

import pytest

from local.dispatch import Front

Message = dict[str, Any]


class _Plane:
    """Notes what it is told, in a list it shares with others."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self._name, self._notes = name, notes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                self._notes.append(f"{self._name} {kind}")
                await send({"type": f"lifespan.{kind}.complete"})
        else:
            self._notes.append(self._name)


class _Working(_Plane):
    def start(self) -> None:
        self._notes.append(f"{self._name} start")

    async def stop(self) -> None:
        self._notes.append(f"{self._name} stop")


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def front(notes: list[str]) -> Front:
    return Front(
        targets={b"AWSGlue": _Plane("glue", notes), b"Firehose_20150804": _Working("hose", notes)},
        paths={"/geofencing/v0/": _Plane("location", notes)},
        fallback=_Plane("rest", notes),
    )


@pytest.mark.parametrize(
    ("target", "path", "owner"),
    [
        ("AWSGlue.GetTable", "/", "glue"),
        ("Firehose_20150804.PutRecord", "/", "hose"),
        ("Kinesis_20131202.PutRecord", "/", "rest"),
        ("AWSGlueStudio.GetTable", "/", "rest"),
        ("", "/geofencing/v0/collections", "location"),
        ("", "/bucket/geofencing/v0/", "rest"),
        ("", "/bucket/key", "rest"),
    ],
)
def test_a_request_goes_to_its_owner(
    front: Front, notes: list[str], target: str, path: str, owner: str
) -> None:
    headers = [(b"host", b"127.0.0.1"), (b"x-amz-target", target.encode())]
    scope = {"type": "http", "path": path, "headers": headers if target else headers[:1]}
    nothing: Any = None
    asyncio.run(front(scope, nothing, nothing))
    assert notes == [owner]


def test_planes_start_after_the_fallback_and_stop_before_it(front: Front, notes: list[str]) -> None:
    async def live() -> None:
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        outbox: asyncio.Queue[Any] = asyncio.Queue()
        task = asyncio.create_task(front({"type": "lifespan"}, inbox.get, outbox.put))
        await inbox.put({"type": "lifespan.startup"})
        assert (await outbox.get())["type"] == "lifespan.startup.complete"
        await front.stop_planes()
        await inbox.put({"type": "lifespan.shutdown"})
        assert (await outbox.get())["type"] == "lifespan.shutdown.complete"
        await task

    asyncio.run(live())
    assert notes == ["rest startup", "hose start", "hose stop", "rest shutdown"]
