"""`python -m local.athena`: the endpoint as a process of its own."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import re
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn
from urllib.parse import urlsplit

import uvicorn

from local.athena.server import OPTIONS, limit_process
from local.athena.settings import Settings

_LEVELS = ("debug", "info", "warning", "error")
_OTHER = "name another by"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.athena", description=__doc__)
    parser.add_argument("--port", type=_port, default=4570, help="port of 127.0.0.1 (4570)")
    parser.add_argument("--fd", type=int, help="a bound socket handed down by the parent")
    parser.add_argument(
        "--endpoint-url",
        type=_url,
        default=os.environ.get("AWS_ENDPOINT_URL"),
        help="where S3 and Glue answer (default: AWS_ENDPOINT_URL)",
    )
    parser.add_argument(
        "--s3-data-dir", type=Path, help="objects as files: DIR/<account>/<bucket>/<key>"
    )
    parser.add_argument(
        "--state-dir", type=Path, default=Path("build/athena"), help="history and spill files"
    )
    parser.add_argument("--memory-limit", type=_size, default="2GB")
    parser.add_argument(
        "--spill-limit", type=_size, default="10GB", help="what queries may put on disk"
    )
    parser.add_argument("--threads", type=_positive, default=os.cpu_count() or 2)
    parser.add_argument("--workers", type=_positive, default=4, help="queries that run at once")
    parser.add_argument("--log-level", choices=_LEVELS, default="info")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: it takes 0 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _size(text: str) -> str:
    if not re.fullmatch(r"\s*\d+\s*[KMGT]i?B\s*", text, re.IGNORECASE):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: it takes 512MB or 2GB")
    return text


def _url(text: str) -> str:
    found = urlsplit(text)
    if found.scheme != "http" or not found.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is no place: it takes http://127.0.0.1:4566")
    return text


def _listener(port: int, fd: int | None) -> socket.socket:
    """The parent's socket or one of our own; raises OSError for a port that is taken."""
    if fd is not None:
        return socket.socket(fileno=fd)
    return socket.create_server(("127.0.0.1", port), backlog=512)


def _locked(folder: Path) -> IO[str]:
    """The folder's lock, held as long as it is open; raises OSError when another holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def _give_up(what: str, error: OSError, option: str) -> NoReturn:
    sys.exit(f"{what}: {os.strerror(error.errno or 0)}; {_OTHER} {option}")


def main() -> None:
    parser = _parser()
    found = parser.parse_args()
    if not found.endpoint_url:
        parser.error("--endpoint-url or AWS_ENDPOINT_URL must say where S3 and Glue answer")
    logging.basicConfig(level=found.log_level.upper(), format="%(asctime)s %(name)s %(message)s")
    try:
        listener = _listener(found.port, found.fd)
    except OSError as error:
        _give_up(f"port {found.port}", error, "--port")
    try:
        lock = _locked(found.state_dir)
    except BlockingIOError:
        sys.exit(f"state folder {found.state_dir}: another endpoint uses it; {_OTHER} --state-dir")
    except OSError as error:
        _give_up(f"state folder {found.state_dir}", error, "--state-dir")
    with lock:
        started = _serve(listener, found)
    logging.shutdown()
    os._exit(0 if started else 1)  # the interpreter would wait for a query that does not end


def _serve(listener: socket.socket, found: argparse.Namespace) -> bool:
    """Answer until a signal; False when the endpoint could not be opened."""
    settings = Settings(
        endpoint_url=found.endpoint_url,
        region=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        s3_data_dir=found.s3_data_dir.resolve() if found.s3_data_dir else None,
        state_dir=found.state_dir.resolve(),
        memory_limit=found.memory_limit,
        spill_limit=found.spill_limit,
        threads=found.threads,
        workers=found.workers,
    )
    limit_process(settings.memory_limit)
    from local.athena.api.app import create_app

    if found.fd is None:
        sys.stderr.write(f"Athena on http://127.0.0.1:{listener.getsockname()[1]}\n")
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", **OPTIONS))
    with suppress(KeyboardInterrupt):  # which uvicorn raises again when all is closed
        server.run(sockets=[listener])
    return server.started


if __name__ == "__main__":
    main()
