"""AWS clients, made when first needed and then reused for the life of the process."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(
    # Without one of our own, botocore assembles it anew for every call: a sixth of the call's CPU.
    user_agent="heyblue",
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 4},
    tcp_keepalive=True,
    max_pool_connections=32,
)
_making = threading.Lock()


def client(service: str) -> Any:
    """The boto3 client of `service`; one per process."""
    with _making:
        return _make(service)


@cache
def _make(service: str) -> Any:
    # The service's name is known only now, so the client has no narrower type.
    make: Any = boto3.client
    return make(service, config=_CONFIG)
