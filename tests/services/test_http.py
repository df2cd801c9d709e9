"""Requests in API Gateway's payload 2.0, answers and problems out."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ingestion.errors import ContractViolation, NotSent
from ingestion.fields import Points
from services.errors import Conflict, Malformed, Unacceptable
from services.http import Answer, Api, Body, Call, reply

NOW = datetime(2026, 3, 2, 18, 0, 0, 123_000, tzinfo=UTC)


class Payment(Body, frozen=True, kw_only=True):
    points: Points


def request(method: str, path: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
    return {
        "rawPath": path,
        "headers": {"idempotency-key": "k1", **headers},
        "requestContext": {
            "http": {"method": method, "sourceIp": "127.0.0.1"},
            "timeEpoch": round(NOW.timestamp() * 1000),
        },
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def bank() -> Api:
    api = Api("services.bank.handler")

    @api.post("/payments", Payment)
    def pay(payment: Payment, call: Call) -> Answer:
        if payment.points == 409:
            raise Conflict("short", "too little", balance=5)
        if payment.points == 422:
            raise ContractViolation("invalid", "$.data.points", "too many")
        if payment.points == 503:
            raise NotSent([], "throttled")
        return reply(201, {"points": payment.points, "at": call.now, "id": call.event_id})

    @api.get("/accounts/{account}")
    def show(call: Call) -> Answer:
        return reply(200, call.path)

    return api


def answered(event: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
    answer = bank().answer(event)
    return answer["statusCode"], msgspec.json.decode(answer["body"]), answer["headers"]


def test_now_is_the_gateways_time_to_the_millisecond() -> None:
    status, body, _ = answered(request("POST", "/bank/payments", b'{"points":7}'))
    assert (status, body["points"], body["at"]) == (201, 7, "2026-03-02T18:00:00.123000Z")


def test_a_path_segment_is_bound_and_unquoted() -> None:
    assert answered(request("GET", "/bank/accounts/user%3Aa"))[1] == {"account": "user:a"}


def test_a_body_may_come_in_base64() -> None:
    event = request("POST", "/bank/payments", base64.b64encode(b'{"points":7}'))
    assert answered({**event, "isBase64Encoded": True})[0] == 201


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"points":"7"}', "$.points"),
        (b'{"points":0}', "$.points"),
        (b'{"points":7,"tip":1}', "$"),
        (b"{}", "$"),
        (b"", "$"),
        (b"{", "$"),
    ],
)
def test_a_bad_body_is_a_problem_that_names_the_field(body: bytes, path: str) -> None:
    status, problem, headers = answered(request("POST", "/bank/payments", body))
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert [error["path"] for error in problem["errors"]] == [path]


def test_a_refusal_is_a_problem_with_its_figures() -> None:
    status, problem, _ = answered(request("POST", "/bank/payments", b'{"points":409}'))
    assert status == problem["status"] == 409
    assert problem["type"] == "urn:heyblue:problem:short"
    assert (problem["detail"], problem["balance"]) == ("too little", 5)


def test_an_event_that_breaks_its_contract_is_the_callers_fault() -> None:
    status, problem, _ = answered(request("POST", "/bank/payments", b'{"points":422}'))
    assert (status, problem["path"]) == (422, "$.data.points")


def test_a_throttled_stream_asks_to_come_again() -> None:
    status, _, headers = answered(request("POST", "/bank/payments", b'{"points":503}'))
    assert (status, headers["retry-after"]) == (503, "1")


def test_unknown_paths_and_methods_are_told_apart() -> None:
    assert answered(request("POST", "/bank/nowhere", b"{}"))[0] == 404
    status, problem, _ = answered(request("GET", "/bank/payments"))
    assert (status, problem["allow"]) == (405, ["POST"])


def test_a_command_without_idempotency_key_is_refused() -> None:
    event = request("POST", "/bank/payments", b'{"points":7}')
    del event["headers"]["idempotency-key"]
    status, problem, _ = answered(event)
    assert (status, problem["type"]) == (400, "urn:heyblue:problem:idempotency_key")


def call(body: bytes, key: str = "k1", route: str = "POST /bank/payments") -> Call:
    return Call("bank", route, {}, {"idempotency-key": key}, body, NOW)


def test_the_request_hash_ignores_space_and_order_and_nothing_else() -> None:
    same = call(b'{"a":1,"b":{"c":2,"d":3}}').request_hash
    assert call(b'{ "b": {"d":3,"c":2}, "a":1 }').request_hash == same
    assert call(b'{"a":1,"b":{"c":2,"d":4}}').request_hash != same
    assert call(b'{"a":1,"b":{"c":2,"d":3}}', route="POST /bank/gifts").request_hash != same


def test_the_event_id_follows_from_service_and_key_alone() -> None:
    assert call(b"{}").event_id == call(b'{"a":1}').event_id
    assert call(b"{}", key="k2").event_id != call(b"{}").event_id


def test_a_time_still_to_come_is_refused_beyond_the_skew_of_clocks() -> None:
    assert call(b"{}").occurred(None) == NOW
    late = NOW - timedelta(days=40)
    assert call(b"{}").occurred(late) == late
    ahead = NOW + timedelta(minutes=4)
    assert call(b"{}").occurred(ahead) == ahead
    with pytest.raises(Unacceptable, match="later than now"):
        call(b"{}").occurred(NOW + timedelta(minutes=6))


def test_a_key_longer_than_128_characters_is_refused() -> None:
    with pytest.raises(Malformed):
        call(b"{}", key="k" * 129).key  # noqa: B018  reading it is the check
