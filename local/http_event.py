"""API Gateway's HTTP API in front of Lambda: a request as payload 2.0, and an answer back.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

ACCOUNT = "000000000000"
API_ID = "heyblue"
CLOCK = "x-heyblue-clock"

Headers = list[tuple[bytes, bytes]]


class BadClock(ValueError):
    """The header that sets the time of receipt cannot be read."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as the server received it; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    source_ip: str


@dataclass(frozen=True, slots=True)
class Response:
    """What the caller gets."""

    status: int
    headers: Headers
    body: bytes


def event(request: Request, function: str) -> dict[str, Any]:
    """The event of route `ANY /<function's service>/{proxy+}`. Raises BadClock."""
    headers, cookies = _headers(request.headers)
    received = _received(headers.get(CLOCK))
    route = f"ANY /{function}/{{proxy+}}"
    body, is_base64 = _body(request.body)
    answer: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API_ID,
            "domainName": headers.get("host", ""),
            "domainPrefix": API_ID,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": route,
            "stage": "$default",
            "time": datetime.fromtimestamp(received / 1000, UTC).strftime(
                "%d/%b/%Y:%H:%M:%S +0000"
            ),
            "timeEpoch": received,
        },
        "pathParameters": {"proxy": request.path.partition(f"/{function}/")[2]},
        "isBase64Encoded": is_base64,
    }
    return answer | _optional(cookies, _query(request.query), body)


def response(result: Any) -> Response:
    """The HTTP answer that a function's result means.

    A result without `statusCode` is the body of a 200 of its own, as API Gateway infers it.
    """
    if not isinstance(result, Mapping) or "statusCode" not in result:
        body = b"" if result is None else json.dumps(result).encode()
        return Response(200, [(b"content-type", b"application/json")], body)
    text = result.get("body") or ""
    body = base64.b64decode(text) if result.get("isBase64Encoded") else text.encode()
    headers = [
        (name.lower().encode("latin-1"), str(value).encode("latin-1"))
        for name, value in (result.get("headers") or {}).items()
    ]
    headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in result.get("cookies") or ()]
    return Response(int(result["statusCode"]), headers, body)


def _received(clock: str | None) -> int:
    """Milliseconds since 1970."""
    if clock is None:
        return time.time_ns() // 1_000_000
    try:
        moment = datetime.fromisoformat(clock)
    except ValueError as error:
        raise BadClock(f"{CLOCK}: {clock!r} is not ISO 8601") from error
    if moment.tzinfo is None:
        raise BadClock(f"{CLOCK}: {clock!r} has no zone")
    return round(moment.timestamp() * 1000)


def _headers(given: Headers) -> tuple[dict[str, str], list[str]]:
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for raw_name, raw_value in given:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name == "cookie":
            cookies += value.split("; ")
        else:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers, cookies


def _query(raw: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _body(raw: bytes) -> tuple[str, bool]:
    try:
        return raw.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode(), True


def _optional(cookies: list[str], query: dict[str, str], body: str) -> dict[str, Any]:
    """What payload 2.0 leaves out where there is none."""
    members = {"cookies": cookies, "queryStringParameters": query, "body": body}
    return {name: value for name, value in members.items() if value}
