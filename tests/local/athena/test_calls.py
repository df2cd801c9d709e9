"""The engine's own calls: signed as botocore signs, answered as the services answer, tried again."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ConnectionClosedError

from local.athena.errors import QueryCancelled, QueryFailed
from local.athena.lake.calls import Answer, Calls, Glue, Request
from local.athena.lake.inside import Inside
from local.athena.lake.storage import Storage
from local.athena.lake.wire import Wire
from local.athena.settings import Settings

URL = "http://127.0.0.1:1"


class Service:
    """A carrier that answers what it was told to, in turn; None is a connection that breaks."""

    def __init__(self, *answers: Answer | None) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if answer is None:
            raise ConnectionClosedError(endpoint_url=URL)
        return answer


@pytest.fixture
def calls(tmp_path: Path) -> Any:
    return lambda service: Calls(Settings(URL, tmp_path), service)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.athena.lake.calls._PAUSES_S", (0.0, 0.0))


def _signature(service: str, request: Request) -> str:
    """botocore's signature of a request that has been signed."""
    url = f"{URL}{request.path}" + (f"?{request.query}" if request.query else "")
    headers = {k: v for k, v in request.headers.items() if k != "authorization"}
    made = AWSRequest(request.method, url, headers, request.body)
    made.context["timestamp"] = request.headers["x-amz-date"]
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    auth: Any = kind(Credentials("test", "test"), service, "us-east-1")
    return str(auth.signature(auth.string_to_sign(made, auth.canonical_request(made)), made))


def test_requests_are_signed_as_botocore_signs_them(calls: Any) -> None:
    service = Service(*[Answer(200, b"{}")] * 3)
    made = calls(service)
    made.s3("PUT", "bucket/a b/ü=1~*/x.csv", body=b"abc", kind="text/csv")
    made.s3("GET", "bucket", {"prefix": "a b/ü+&=*~", "list-type": "2"})
    Glue(made).get_table(DatabaseName="d", Name="t")
    for name, request in zip(("s3", "s3", "glue"), service.asked, strict=True):
        assert request.headers["authorization"].endswith(f"={_signature(name, request)}")


def test_an_error_is_the_exception_of_its_code(calls: Any) -> None:
    told = Answer(400, b'{"__type": "a.b#EntityNotFoundException", "message": "no t"}')
    glue = Glue(calls(Service(told)))
    with pytest.raises(glue.exceptions.EntityNotFoundException, match="no t"):
        glue.get_table(DatabaseName="d", Name="t")


@pytest.mark.parametrize("first", [None, Answer(503, b"")])
def test_what_broke_is_asked_again_and_not_forever(calls: Any, first: Answer | None) -> None:
    service = Service(first, first, Answer(200, b"done"))
    assert calls(service).s3("GET", "bucket") == b"done"
    service = Service(None, None, None)
    with pytest.raises(ConnectionClosedError):
        calls(service).s3("GET", "bucket")


@pytest.mark.integration
def test_objects_of_any_name_are_written_and_listed(aws: Any, tmp_path: Path) -> None:
    settings, wire = Settings(aws.url, tmp_path), Wire()
    made = Calls(settings, wire.carrier(aws.url))
    nothing: Any = None
    storage, bucket = Storage(made, nothing, settings), f"b-{uuid.uuid4()}"
    with pytest.raises(QueryFailed, match="does not exist"):
        storage.under(f"s3://{bucket}")
    made.s3("PUT", bucket)
    names = ["a b", "a+b", "day=2026-01-01/ü", "100%", "q?&#"]
    for name in names:
        storage.put(f"s3://{bucket}/t/{name}", name.encode())
    listed = storage.under(f"s3://{bucket}/t")
    assert {s.key: s.size for s in listed} == {f"t/{n}": len(n.encode()) for n in names}
    wire.close()


class Removals:
    """A client that only deletes."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def delete_object(self, Bucket: str, Key: str) -> None:  # noqa: N803 - boto3's names
        self.keys.append(Key)


def test_of_objects_written_together_none_is_left_when_one_is_not_written(
    calls: Any, tmp_path: Path
) -> None:
    made, client = calls(Service(Answer(200, b""))), Removals()
    storage = Storage(made, client, Settings(URL, tmp_path))
    asked = iter([None, QueryCancelled("stopped")])

    def check() -> None:
        if problem := next(asked):
            raise problem

    with pytest.raises(QueryCancelled):
        storage.put_all([("s3://bucket/a", b"1"), ("s3://bucket/b", b"2")], check)
    assert len(client.keys) == 1
    storage.close()


@pytest.mark.integration
def test_a_long_object_is_given_up_on_its_way(aws: Any, tmp_path: Path) -> None:
    client, bucket = aws.client("s3"), f"b-{uuid.uuid4()}"
    client.create_bucket(Bucket=bucket)
    body = tmp_path / "long"
    body.write_bytes(bytes(20_000_000))
    nothing: Any = None
    storage = Storage(nothing, client, Settings(aws.url, tmp_path))
    asked = iter([None, None])

    def check() -> None:
        if next(asked, "over"):
            raise QueryCancelled("stopped")

    with pytest.raises(QueryCancelled):
        storage.put(f"s3://{bucket}/long", body, check)
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert not client.list_multipart_uploads(Bucket=bucket).get("Uploads")
    storage.close()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    if not made.is_closed():
        _end(made)
    thread.join()


def _end(loop: asyncio.AbstractEventLoop) -> None:
    loop.call_soon_threadsafe(loop.stop)
    while loop.is_running():
        pass
    loop.close()


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    told = f"{scope['method']} {scope['path']} {scope['raw_path'].decode()} "
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": told.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": message["body"]})


def test_an_application_is_asked_inside_its_loop(loop: asyncio.AbstractEventLoop) -> None:
    inside = Inside(_echo, loop)
    request = Request("PUT", "/b/%C3%BC", "", {}, b"abc")
    assert inside(request) == Answer(201, "PUT /b/ü /b/%C3%BC abc".encode())
    _end(loop)
    with pytest.raises(ConnectionClosedError):
        inside(request)
