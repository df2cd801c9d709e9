"""The plain wire below botocore carries what botocore's own would."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config

from local.athena.lake.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


def client(service: str, url: str, wire: Wire, attempts: int = 1) -> Any:
    session: Any = boto3.Session("test", "test", region_name="us-east-1")
    session.events.register("before-send", wire)
    config = Config(retries={"mode": "standard", "total_max_attempts": attempts})
    return session.client(service, endpoint_url=url, config=config)


@pytest.mark.integration
def test_answers_and_errors_are_those_of_the_service(aws: Any, wire: Wire) -> None:
    sqs, name = client("sqs", aws.url, wire), f"q-{uuid.uuid4()}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="Größe")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "Größe"
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="nowhere")


@pytest.mark.integration
def test_query_strings_and_streamed_bodies_pass(aws: Any, wire: Wire) -> None:
    s3, name = client("s3", aws.url, wire), f"b-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a b/ü", Body=b"x" * 100_000)
    assert s3.get_object(Bucket=name, Key="a b/ü")["Body"].read() == b"x" * 100_000
    listed = s3.list_objects_v2(Bucket=name, Prefix="a b/")
    assert [found["Key"] for found in listed["Contents"]] == ["a b/ü"]


class Hangup:
    """A server that answers each connection once and closes it without saying so."""

    def __init__(self) -> None:
        self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.requests += bool(connection.recv(65536))
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n"
                    b'content-length: 17\r\n\r\n{"TableNames":[]}'
                )


@pytest.fixture
def hangup() -> Iterator[Hangup]:
    server = Hangup()
    yield server
    server.close()


def test_a_connection_that_was_closed_is_opened_again_by_botocores_retry(
    hangup: Hangup, wire: Wire
) -> None:
    dynamodb = client("dynamodb", hangup.url, wire, attempts=2)
    for _ in range(3):
        assert dynamodb.list_tables()["TableNames"] == []
    assert hangup.requests == 3


def test_without_retries_a_closed_connection_is_told(hangup: Hangup, wire: Wire) -> None:
    dynamodb = client("dynamodb", hangup.url, wire)
    dynamodb.list_tables()
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        dynamodb.list_tables()
    dynamodb.list_tables()


def test_nobody_at_home_is_a_connection_error(wire: Wire) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        client("dynamodb", url, wire).list_tables()
