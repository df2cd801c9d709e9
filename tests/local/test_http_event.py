"""HTTP requests as API Gateway's payload 2.0, and functions' results as HTTP answers."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from local import http_event
from local.http_event import BadClock, Request


def request(**changes: Any) -> Request:
    fields: dict[str, Any] = {
        "method": "POST",
        "path": "/scoring/gifts",
        "query": "",
        "headers": [(b"host", b"127.0.0.1:8080"), (b"user-agent", b"tests")],
        "body": b'{"a":1}',
        "source_ip": "127.0.0.1",
    }
    return Request(**{**fields, **changes})


def event(**changes: Any) -> dict[str, Any]:
    return http_event.event(request(**changes), "scoring")


def test_the_event_has_the_shape_that_api_gateway_documents() -> None:
    made = event(query="a=1&b=2&a=3", headers=[(b"cookie", b"x=1; y=2"), (b"user-agent", b"t")])
    assert made["version"] == "2.0"
    assert made["routeKey"] == made["requestContext"]["routeKey"] == "ANY /scoring/{proxy+}"
    assert made["rawPath"] == made["requestContext"]["http"]["path"] == "/scoring/gifts"
    assert made["rawQueryString"] == "a=1&b=2&a=3"
    assert made["queryStringParameters"] == {"a": "1,3", "b": "2"}
    assert made["cookies"] == ["x=1", "y=2"]
    assert made["headers"] == {"user-agent": "t"}
    assert made["pathParameters"] == {"proxy": "gifts"}
    assert made["requestContext"]["http"]["method"] == "POST"
    assert (made["body"], made["isBase64Encoded"]) == ('{"a":1}', False)


def test_what_is_not_there_is_left_out() -> None:
    made = event(body=b"")
    assert not {"body", "cookies", "queryStringParameters"} & set(made)


def test_repeated_headers_are_joined() -> None:
    assert event(headers=[(b"x-a", b"1"), (b"x-a", b"2")])["headers"] == {"x-a": "1,2"}


def test_a_body_that_is_no_text_comes_in_base64() -> None:
    made = event(body=b"\xff\x00")
    assert made["isBase64Encoded"] is True
    assert base64.b64decode(made["body"]) == b"\xff\x00"


@pytest.mark.parametrize("clock", [b"2026-03-02T18:00:00.123Z", b"2026-03-02T12:00:00.123-06:00"])
def test_the_clock_header_sets_the_time_of_receipt(clock: bytes) -> None:
    context = event(headers=[(b"x-heyblue-clock", clock)])["requestContext"]
    assert context["timeEpoch"] == 1_772_474_400_123
    assert context["time"] == "02/Mar/2026:18:00:00 +0000"


@pytest.mark.parametrize("clock", [b"noon", b"2026-03-02T18:00:00"])
def test_a_clock_that_cannot_be_read_is_refused(clock: bytes) -> None:
    with pytest.raises(BadClock, match=clock.decode()):
        event(headers=[(b"x-heyblue-clock", clock)])


def test_a_result_with_a_status_is_taken_as_it_is() -> None:
    answer = http_event.response(
        {
            "statusCode": 201,
            "headers": {"Content-Type": "image/png"},
            "cookies": ["a=1", "b=2"],
            "body": base64.b64encode(b"\x89PNG").decode(),
            "isBase64Encoded": True,
        }
    )
    assert (answer.status, answer.body) == (201, b"\x89PNG")
    assert answer.headers == [
        (b"content-type", b"image/png"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
    ]


def test_a_result_without_a_status_is_the_body_of_a_200() -> None:
    answer = http_event.response({"hello": "town"})
    assert (answer.status, answer.body) == (200, b'{"hello": "town"}')
    assert answer.headers == [(b"content-type", b"application/json")]
