from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.integration


class _Host(BaseHTTPRequestHandler):
    """A function host: says what it was asked, and fails when the event wants it to."""

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = json.dumps(
            {"path": self.path, "event": event, "kind": self.headers.get("x-amz-invocation-type")}
        ).encode()
        self.send_response(200)
        if event.get("fail"):
            self.send_header("x-amz-function-error", "Unhandled")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Host)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def name(aws: Any) -> str:
    name = f"f{uuid.uuid4().hex[:8]}"
    aws.client("lambda").create_function(
        FunctionName=name,
        Role="arn:aws:iam::000000000000:role/r",
        Runtime="python3.11",
        Handler="services.qr.handler.handle",
        Code={},
        Timeout=7,
        Environment={"Variables": {"STREAM": "users"}},
    )
    return name


def test_an_invocation_is_passed_on_to_the_host(aws: Any, host: str, name: str) -> None:
    httpx.post(f"{aws.url}/_heyblue/functions", json={"url": host}).raise_for_status()
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}:$LATEST"
    answer = aws.client("lambda").invoke(FunctionName=arn, Payload=b'{"a": 1}')
    assert json.loads(answer["Payload"].read()) == {
        "path": f"/2015-03-31/functions/{name}/invocations",
        "event": {"a": 1},
        "kind": None,
    }
    assert "FunctionError" not in answer


def test_a_failure_of_the_function_reaches_the_caller(aws: Any, host: str, name: str) -> None:
    httpx.post(f"{aws.url}/_heyblue/functions", json={"url": host}).raise_for_status()
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=b'{"fail": true}')
    assert answer["FunctionError"] == "Unhandled"


def test_a_host_that_does_not_answer_is_named(aws: Any, name: str) -> None:
    url = "http://127.0.0.1:1"
    httpx.post(f"{aws.url}/_heyblue/functions", json={"url": url}).raise_for_status()
    client = aws.client("lambda")
    with pytest.raises(client.exceptions.ServiceException, match=url):
        client.invoke(FunctionName=name, Payload=b"{}")


def test_a_host_beyond_this_machine_is_refused(aws: Any) -> None:
    answer = httpx.post(f"{aws.url}/_heyblue/functions", json={"url": "http://10.0.0.1:80"})
    assert answer.status_code == 400
    assert "10.0.0.1" in answer.json()["message"]


def test_a_function_that_is_not_declared_cannot_be_invoked(aws: Any) -> None:
    client = aws.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="nobody"):
        client.invoke(FunctionName="nobody", Payload=b"{}")


def test_the_host_learns_of_functions_their_environment_and_their_sources(
    aws: Any, name: str
) -> None:
    queue = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    client = aws.client("lambda")
    mapping = client.create_event_source_mapping(FunctionName=name, EventSourceArn=queue)
    listed = httpx.get(f"{aws.url}/_heyblue/functions").json()["functions"]
    (function,) = (f for f in listed if f["name"] == name)
    assert function["handler"] == "services.qr.handler.handle"
    assert (function["timeout_s"], function["environment"]) == (7, {"STREAM": "users"})
    (source,) = function["event_source_mappings"]
    assert (source["UUID"], source["BatchSize"]) == (mapping["UUID"], 10)
    client.delete_event_source_mapping(UUID=mapping["UUID"])
    assert client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"] == []


def test_a_source_is_mapped_to_a_function_once(aws: Any, name: str) -> None:
    stream = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
    client = aws.client("lambda")
    given = {"FunctionName": name, "EventSourceArn": stream, "StartingPosition": "LATEST"}
    assert client.create_event_source_mapping(**given)["MaximumRetryAttempts"] == -1
    with pytest.raises(client.exceptions.ResourceConflictException, match="already"):
        client.create_event_source_mapping(**given)


def test_permissions_make_up_the_policy(aws: Any, name: str) -> None:
    client = aws.client("lambda")
    given = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    client.add_permission(FunctionName=name, StatementId="api", **given)
    policy = json.loads(client.get_policy(FunctionName=name)["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "apigateway.amazonaws.com"}
    client.remove_permission(FunctionName=name, StatementId="api")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=name)
