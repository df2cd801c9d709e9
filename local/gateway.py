"""The function host over HTTP: API Gateway's and Lambda's Invoke API, with the pollers beside.

What a function does with its event is not known here.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import logging
import socket
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import boto3
import uvicorn

from ingestion.settings import require
from local import asgi, functions, http_event, poller, server
from local.asgi import Message, Receive, Send
from local.athena.lake import wire
from local.functions import FunctionFailed, Host, HostError, NoFunction
from local.http_event import BadClock, Headers, Request, Response
from local.poller import Poller

INVOKE = "/2015-03-31/functions/"
WORKERS = 16
DRAIN_TIMEOUT_S = 120.0


class Gateway:
    """An ASGI application; handlers run in a pool of threads, pollers in threads of their own."""

    def __init__(self, host: Host, pollers: Poller, prefix: str) -> None:
        self._host, self._pollers, self._prefix = host, pollers, prefix
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="function")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        request = await _request(scope, receive)
        response = await self._answer(request)
        await asgi.answer(send, response.status, response.body, response.headers)

    async def _answer(self, request: Request) -> Response:
        if request.path.startswith(INVOKE):
            return await self._run(self._invoke, request)
        if request.path.startswith("/_heyblue/"):
            return await self._control(request)
        return await self._run(self._proxy, request)

    async def _run(self, work: Callable[[Request], Response], request: Request) -> Response:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, request)

    def _proxy(self, request: Request) -> Response:
        """A request to `/<service>/…`, as API Gateway hands it to Lambda."""
        service = request.path.split("/")[1]
        name = f"{self._prefix}-{service}"
        if name not in self._host.functions:
            return _json(404, {"message": "Not Found"})
        try:
            event = http_event.event(request, service)
        except BadClock as error:
            return _json(400, {"message": str(error)})
        try:
            return http_event.response(self._host.invoke(name, event))
        except FunctionFailed:
            return _json(500, {"message": "Internal Server Error"})

    def _invoke(self, request: Request) -> Response:
        """Lambda's Invoke, RequestResponse; another invocation type is refused.

        https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
        """
        name = _function_name(request.path)
        kind = dict(request.headers).get(b"x-amz-invocation-type", b"RequestResponse")
        if kind != b"RequestResponse":
            return _aws_error(400, "InvalidParameterValueException", f"{kind.decode()} not served")
        try:
            event = json.loads(request.body or b"{}")
            result = self._host.invoke(name, event)
        except NoFunction as error:
            return _aws_error(404, "ResourceNotFoundException", str(error))
        except json.JSONDecodeError as error:
            return _aws_error(400, "InvalidRequestContentException", str(error))
        except FunctionFailed as failed:
            return _json(200, _described(failed.error), [(b"x-amz-function-error", b"Unhandled")])
        return _json(200, result, [(b"x-amz-executed-version", b"$LATEST")])

    async def _control(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/_heyblue/health":
                return _json(200, {"status": "ok", "functions": sorted(self._host.functions)})
            case "GET", "/_heyblue/sources":
                return await self._run(lambda _: _json(200, self._pollers.progress()), request)
            case "POST", "/_heyblue/drain":
                return await self._run(self._drain, request)
        return _json(404, {"message": f"{request.path} is no control endpoint"})

    def _drain(self, request: Request) -> Response:
        """Answer when no source has anything left; 504 with the counts after `timeout` seconds."""
        given = parse_qs(request.query).get("timeout", [str(DRAIN_TIMEOUT_S)])
        drained = self._pollers.drain(float(given[0]))
        return _json(200 if drained else 504, self._pollers.progress())

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._host.load()
        self._pollers.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._pollers.stop)
        self._pool.shutdown()
        await send({"type": "lifespan.shutdown.complete"})


def create_app(found: list[functions.Function], prefix: str, state: Path) -> Gateway:
    """The gateway over `found`; the pollers keep their positions below `state`."""
    host = Host(found)
    return Gateway(host, poller.create(host, state), prefix)


def serve(listener: socket.socket, app: Gateway) -> None:
    """Answer on a bound socket until SIGTERM or SIGINT."""
    uvicorn.Server(server.configuration(app)).run(sockets=[listener])


def main() -> None:
    """`python -m local.gateway (--port N | --fd N) --state-dir DIR [--functions FILE]`"""
    parser = argparse.ArgumentParser(prog="python -m local.gateway", description=__doc__)
    server.add_arguments(parser)
    parser.add_argument("--functions", type=Path, help="JSON list instead of the deployed stack's")
    given = parser.parse_args()
    wire.install()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    listener = server.listener(given)
    found = functions.read(given.functions) if given.functions else _deployed()
    serve(listener, create_app(found, require("HEYBLUE_PREFIX"), given.state_dir.resolve()))


def _deployed() -> list[functions.Function]:
    make: Any = boto3.client
    return functions.deployed(make("lambda"))


def _function_name(path: str) -> str:
    """The name in an Invoke path, which may hold an ARN or a qualifier."""
    given = unquote(path.removeprefix(INVOKE).partition("/")[0])
    return given.partition(":function:")[2].partition(":")[0] or given.partition(":")[0]


async def _request(scope: Message, receive: Receive) -> Request:
    return Request(
        method=scope["method"],
        path=asgi.raw_path(scope),
        query=scope["query_string"].decode("latin-1"),
        headers=scope["headers"],
        body=await asgi.read_body(receive),
        source_ip=(scope.get("client") or ("127.0.0.1", 0))[0],
    )


def _json(status: int, content: Any, headers: Headers | None = None) -> Response:
    kind = (b"content-type", b"application/json")
    return Response(status, [kind, *(headers or [])], json.dumps(content, default=_plain).encode())


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _aws_error(status: int, code: str, message: str) -> Response:
    return _json(status, {"Message": message}, [(b"x-amzn-errortype", code.encode())])


def _described(error: Exception) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


if __name__ == "__main__":
    try:
        main()
    except HostError as refused:
        raise SystemExit(str(refused)) from refused
