"""The calls that every query makes to S3 and Glue: signed requests and their answers, nothing else.

A client library does for each call many times the work of the call itself; between two queries it
leaves the processor's caches, so that this is most of what a small query costs.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from botocore.exceptions import ClientError, ConnectionClosedError

from local.athena.settings import Settings

_PAUSES_S = (0.05, 0.5)  # before a call is made again that broke or met a fault of the server
_JSON = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Request:
    """`path` and `query` as they are sent, the query in the order of its names.

    `file` holds the body as well and may be moved: a service on the same disk need not write it.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    file: Path | None = None


@dataclass(frozen=True)
class Answer:
    """An HTTP status and the whole body."""

    status: int
    body: bytes


# Raises ConnectionClosedError when there is no answer.
Carrier = Callable[[Request], Answer]


class Calls:
    """Signs and sends; thread-safe."""

    def __init__(self, settings: Settings, carry: Carrier) -> None:
        self._carry = carry
        self._settings = settings
        url = urlsplit(settings.endpoint_url)
        self._host, self._base = url.netloc, url.path.rstrip("/")

    def glue(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """One operation of Glue; raises the `failure` of the code that Glue answers."""
        headers = {"content-type": _JSON, "x-amz-target": f"AWSGlue.{operation}"}
        body = json.dumps(arguments).encode()
        answer = self._answer("glue", Request("POST", "/", "", headers, body))
        found: dict[str, Any] = json.loads(answer.body or b"{}")
        if answer.status != 200:
            code = str(found.get("__type", answer.status)).rpartition("#")[2]
            raise _failed(code, found.get("Message") or found.get("message"), operation)
        return found

    def s3(
        self,
        method: str,
        place: str,
        query: dict[str, str] | None = None,
        body: bytes = b"",
        kind: str = "",
        file: Path | None = None,
    ) -> bytes:
        """One request to `place`, `bucket/key` without escapes; raises as `glue` does."""
        headers = {"content-type": kind} if kind else {}
        listed = sorted((query or {}).items())
        asked = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in listed)
        answer = self._answer("s3", Request(method, f"/{quote(place)}", asked, headers, body, file))
        if answer.status >= 300:
            root = ElementTree.fromstring(answer.body or b"<Error/>")
            code = root.findtext("Code") or str(answer.status)
            raise _failed(code, root.findtext("Message"), method)
        return answer.body

    def _answer(self, service: str, request: Request) -> Answer:
        for pause in _PAUSES_S:
            try:
                answer = self._carry(self._signed(service, request))
                if answer.status < 500:
                    return answer
            except ConnectionClosedError:
                pass
            time.sleep(pause)
        return self._carry(self._signed(service, request))

    def _signed(self, service: str, request: Request) -> Request:
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
        at, hashed = datetime.now(UTC), hashlib.sha256(request.body).hexdigest()
        path, moment = f"{self._base}{request.path}", f"{at:%Y%m%dT%H%M%SZ}"
        headers = {
            **request.headers,
            "host": self._host,
            "x-amz-content-sha256": hashed,
            "x-amz-date": moment,
        }
        names = ";".join(sorted(headers))
        listed = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        asked = "\n".join([request.method, path, request.query, listed, names, hashed])
        settings = self._settings
        scope = f"{moment[:8]}/{settings.region}/{service}/aws4_request"
        said = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        signature = hmac.digest(_key(settings.secret_key, scope), said.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={settings.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return replace(request, path=path, headers=headers)


@functools.lru_cache(16)
def _key(secret: str, scope: str) -> bytes:
    """The day's key for a service in a region."""
    parts = scope.split("/")
    return functools.reduce(
        lambda key, part: hmac.digest(key, part.encode(), "sha256"), parts, f"AWS4{secret}".encode()
    )


@functools.cache
def failure(code: str) -> type[ClientError]:
    """The exception for an error code of a service."""
    return type(code, (ClientError,), {})


def _failed(code: str, message: str | None, operation: str) -> ClientError:
    return failure(code)({"Error": {"Code": code, "Message": message or code}}, operation)


class Glue:
    """Glue's operations under boto3's names, arguments and exceptions; moments are seconds."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        operation = "".join(word.capitalize() for word in name.split("_"))
        return lambda **arguments: self._calls.glue(operation, arguments)

    @property
    def exceptions(self) -> Any:
        return _Exceptions()


class _Exceptions:
    def __getattr__(self, code: str) -> type[ClientError]:
        return failure(code)
