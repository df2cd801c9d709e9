"""One ASGI application on one socket of this machine, as the front and the function host are served."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path
from typing import Any

import uvicorn

from local.asgi import App


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`(--port N | --fd N) --state-dir DIR`"""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int, help="port of 127.0.0.1, 0 for a free one")
    where.add_argument("--fd", type=int, help="a bound socket handed down by the parent")
    parser.add_argument("--state-dir", type=Path, required=True)


def listener(given: argparse.Namespace) -> socket.socket:
    """The socket that the arguments name."""
    if given.fd is not None:
        return socket.socket(fileno=given.fd)
    return socket.create_server(("127.0.0.1", given.port), backlog=512)


def configuration(app: App, **options: Any) -> uvicorn.Config:
    """How `app` is served: told of start and end, quiet, its connections kept."""
    return uvicorn.Config(
        app,
        **{"http": "httptools", **options},
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )
