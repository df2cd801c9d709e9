"""The Lambda API over HTTP, and the endpoint through which a function host makes itself known.

Invocations are passed on to that host, whose address arrives at run time (`POST
/_heyblue/functions`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, unquote

import httpx

from local import asgi
from local.asgi import Receive, Scope, Send
from local.lambdas import LambdaError, Lambdas, NotFoundError, Record

CONTROL_PATH = "/_heyblue/functions"
_FUNCTIONS = "/2015-03-31/functions"
_MAPPINGS = "/2015-03-31/event-source-mappings"
_INVOKE = re.compile(f"{_FUNCTIONS}/([^/]+)/invocations")
# The longest a function may run on AWS, and as long as its caller waits.
_INVOKE_TIMEOUT_S = 900.0


class LambdaApp:
    """The Lambda API over HTTP, and the control endpoint of the function host."""

    def __init__(self, account: str, region: str) -> None:
        self._lambdas = Lambdas(account, region)
        self._host = ""
        self._client: httpx.AsyncClient | None = None
        self._routes = [(method, re.compile(path), call) for method, path, call in self._table()]

    async def start(self) -> None:
        self._client = httpx.AsyncClient(timeout=_INVOKE_TIMEOUT_S, trust_env=False)

    async def stop(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await asgi.read_body(receive)
        path = asgi.raw_path(scope)
        try:
            if scope["method"] == "POST" and (match := _INVOKE.fullmatch(path)):
                await self._invoke(unquote(match[1]), scope, body, send)
            else:
                await asgi.answer_json(send, 200, self._answer(scope, path, body))
        except LambdaError as refused:
            answer = {"Type": "User", "message": str(refused)}
            error = (b"x-amzn-errortype", refused.code.encode())
            await asgi.answer_json(send, refused.status, answer, [error])

    def _table(self) -> list[tuple[str, str, Callable[..., Record]]]:
        own, name = self._lambdas, "([^/]+)"
        return [
            ("GET", CONTROL_PATH, self._everything),
            ("POST", CONTROL_PATH, self._set_host),
            ("POST", _FUNCTIONS, own.create),
            ("GET", _FUNCTIONS, own.list_functions),
            ("GET", f"{_FUNCTIONS}/{name}", own.get),
            ("DELETE", f"{_FUNCTIONS}/{name}", own.delete),
            ("GET", f"{_FUNCTIONS}/{name}/configuration", own.function),
            ("PUT", f"{_FUNCTIONS}/{name}/configuration", own.update),
            ("PUT", f"{_FUNCTIONS}/{name}/code", own.update_code),
            ("POST", f"{_FUNCTIONS}/{name}/policy", own.permit),
            ("GET", f"{_FUNCTIONS}/{name}/policy", own.policy),
            ("DELETE", f"{_FUNCTIONS}/{name}/policy/{name}", own.forbid),
            ("POST", _MAPPINGS, own.map),
            ("GET", _MAPPINGS, own.list_mappings),
            ("GET", f"{_MAPPINGS}/{name}", own.mapping),
            ("PUT", f"{_MAPPINGS}/{name}", own.update_mapping),
            ("DELETE", f"{_MAPPINGS}/{name}", own.unmap),
        ]

    def _answer(self, scope: Scope, path: str, body: bytes) -> Record:
        request: Record = json.loads(body) if body else {}
        for name, values in parse_qs(scope["query_string"].decode()).items():
            request.setdefault(name, values[0])
        for method, pattern, call in self._routes:
            if method == scope["method"] and (match := pattern.fullmatch(path.rstrip("/"))):
                return call(*(unquote(part) for part in match.groups()), request)
        raise NotFoundError(f"{scope['method']} {path} is not supported here")

    async def _invoke(self, reference: str, scope: Scope, body: bytes, send: Send) -> None:
        name = self._lambdas.function(reference)["FunctionName"]
        if self._client is None or not self._host:
            raise LambdaError(
                502, "ServiceException", f"No function host is known to run {name}: start it first"
            )
        sent = {k.decode(): v.decode() for k, v in scope["headers"] if k.startswith(b"x-amz-")}
        try:
            answer = await self._client.post(
                f"{self._host}{_FUNCTIONS}/{name}/invocations", content=body, headers=sent
            )
        except httpx.HTTPError as failed:
            raise LambdaError(
                502,
                "ServiceException",
                f"The function host at {self._host} did not answer for {name}: {failed!r}",
            ) from failed
        await asgi.answer(send, answer.status_code, answer.content, _kept(answer))

    def _everything(self, request: Record) -> Record:
        return {"url": self._host, "functions": self._lambdas.everything()}

    def _set_host(self, request: Record) -> Record:
        url = str(request.get("url", "")).rstrip("/")
        if not url.startswith("http://127.0.0.1:"):
            raise LambdaError(
                400, "InvalidParameterValueException", f"url {url!r} is not on 127.0.0.1"
            )
        self._host = url
        return {"url": url}


def _kept(answer: httpx.Response) -> list[tuple[bytes, bytes]]:
    """The headers of an invocation's answer that its caller reads, such as the function's error."""
    return [
        (name.encode(), value.encode())
        for name, value in answer.headers.items()
        if name.startswith("x-amz") or name == "content-type"
    ]
