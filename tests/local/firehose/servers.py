"""The real parts the plane is tested against: MiniStack in a process of its own, and a gateway.

The gateway is the one endpoint that the plane sees: it answers the Lambda Invoke API with a
function of the test and hands everything else to MiniStack.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import msgspec
import uvicorn
from botocore.config import Config

from local.firehose.app import FirehoseApp, create_app
from local.firehose.settings import Settings

ACCOUNT = "000000000000"
REGION = "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/firehose"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:transform"
Handler = Callable[[dict[str, Any]], Any]


def client(service: str, url: str) -> Any:
    """A boto3 client as the platform's own code makes it."""
    session: Any = boto3.session.Session()
    return session.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an ASGI application on a free port in a thread; gives its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@dataclass
class Gateway:
    """The endpoint: `handler` is the Lambda function, called with each event.

    `watch` is told "before X" and "after X" of each request, X as in `GetRecords` or `PUT`.
    """

    upstream: str
    handler: Handler | None = None
    watch: Callable[[str], None] = lambda step: None
    events: list[dict[str, Any]] = field(default_factory=list)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer an invocation, or pass the request on."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        step = _step(scope)
        self.watch(f"before {step}")
        if scope["path"].endswith("/invocations"):
            status, headers, answer = self._invoked(body)
        else:
            status, headers, answer = await asyncio.to_thread(self._passed_on, scope, body)
        self.watch(f"after {step}")
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _invoked(self, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        event = msgspec.json.decode(body)
        self.events.append(event)
        assert self.handler is not None
        answer = self.handler(event)
        if isinstance(answer, tuple):
            return answer
        if isinstance(answer, Exception):
            return 200, [(b"x-amz-function-error", b"Unhandled")], repr(answer).encode()
        return 200, [], answer if isinstance(answer, bytes) else msgspec.json.encode(answer)

    def _passed_on(self, scope: Any, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        query = scope["query_string"].decode()
        url = self.upstream + scope["raw_path"].decode() + (f"?{query}" if query else "")
        answer = self.client.request(scope["method"], url, content=body, headers=scope["headers"])
        kept = [(k, v) for k, v in answer.headers.raw if k.lower() != b"transfer-encoding"]
        return answer.status_code, kept, answer.content


def _step(scope: Any) -> str:
    target = next((v for k, v in scope["headers"] if k == b"x-amz-target"), b"")
    if scope["path"].endswith("/invocations"):
        return "Invoke"
    return target.decode().rpartition(".")[2] or str(scope["method"])


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_ministack/health", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """The first true value of the condition; fails after the seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{condition} did not become true within {seconds} s")


@dataclass
class Running:
    """A plane that runs, with clients for it and for what stands behind it."""

    app: FirehoseApp
    gateway: Gateway
    firehose: Any
    kinesis: Any
    s3: Any
    glue: Any
    url: str
    settings: Settings

    def flush(self, name: str) -> dict[str, Any]:
        """Deliver everything; the stream's counts."""
        answer = httpx.post(
            f"{self.url}/_heyblue/firehose/flush", params={"name": name}, timeout=90
        )
        assert answer.status_code == 200, answer.text
        counts: dict[str, Any] = answer.json()[name]
        return counts

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """All objects of a bucket under a prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key: self.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def activate(self, name: str, **request: Any) -> None:
        """Create a delivery stream and wait until it is ACTIVE."""
        self.firehose.create_delivery_stream(DeliveryStreamName=name, **request)
        wait_until(lambda: self.status(name) == "ACTIVE")

    def status(self, name: str) -> str:
        """The stream's status."""
        description = self.firehose.describe_delivery_stream(DeliveryStreamName=name)
        return str(description["DeliveryStreamDescription"]["DeliveryStreamStatus"])


@contextmanager
def running(gateway: tuple[Gateway, str], state: Path) -> Iterator[Running]:
    """Run a plane over a state folder."""
    settings = Settings(gateway[1], REGION, ACCOUNT, state, poll_seconds=0.1, retry_seconds=0.1)
    app = create_app(settings)
    app.start()
    try:
        with served(app) as url:
            behind = {name: client(name, gateway[0].upstream) for name in ("kinesis", "s3", "glue")}
            front = client("firehose", url)
            yield Running(app, gateway[0], front, url=url, settings=settings, **behind)
            for each in (front, *behind.values()):
                each.close()
    finally:
        app.stop()
