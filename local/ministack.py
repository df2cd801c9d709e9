"""MiniStack inside our process: its settings, set before it is imported, and the repair of its streams."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local import aside

ACCOUNT = "000000000000"
REGION = "us-east-1"
_SWEEP_SECONDS = 5.0


def environment(port: int, state: Path) -> dict[str, str]:
    """MiniStack's settings for a front on `port` that keeps its state below `state`.

    Objects lie as files under `state`/s3/<account>/<bucket>/<key>, so that the Athena plane can
    read them in place; everything else lives as long as the process.
    """
    return {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AWS_DEFAULT_REGION": REGION,
        "PERSIST_STATE": "0",
        "STATE_DIR": str(state / "ministack"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
    }


def load(settings: Mapping[str, str]) -> Any:
    """MiniStack's ASGI application under `settings`, its Kinesis repaired.

    MiniStack reads the environment while it is imported, so this works once a process; a second
    call with other settings raises RuntimeError.
    """
    if "ministack.app" in sys.modules and any(
        os.environ.get(name) != value for name, value in settings.items()
    ):
        raise RuntimeError("MiniStack is loaded with other settings: start another process")
    os.environ.update(settings)
    from ministack.app import app
    from ministack.services import kinesis, s3

    repair(kinesis)
    return aside.install(app, s3, Path(settings["STATE_DIR"]).parent / "incoming")


async def publish_as_service(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Put entries (as PutEvents takes them) on the default event bus; the reasons for refusals.

    Sources that begin with `aws.` are closed to callers of the API, as on AWS; a service that is
    ours but emits such events comes in here.
    """
    from ministack.services import eventbridge

    answer = eventbridge._put_events({"Entries": list(entries)}, allow_aws_source=True)
    results = json.loads(answer[2])["Entries"]
    return [result["ErrorMessage"] for result in results if "ErrorCode" in result]


def repair(kinesis: Any) -> None:
    """Make the work of MiniStack's Kinesis a request independent of what it holds.

    The original copies every record of a stream on every put, get and iterator call, so that a
    stream of a million records takes 2,000 records a second instead of 40,000, and looks at every
    iterator of the last five minutes on every request. When records expire, it leaves the open
    iterators, which are positions in that list, pointing past records they never returned.
    """

    def expire_records(stream: Any) -> None:
        cutoff = time.time() - stream["RetentionPeriodHours"] * 3600
        for shard_id, shard in stream["shards"].items():
            gone = _expired(shard["records"], cutoff)
            if gone:
                del shard["records"][:gone]
                _shift(kinesis._shard_iterators, stream["StreamName"], shard_id, gone)

    expire_iterators, next_sweep = kinesis._expire_iterators, [0.0]

    def expire_iterators_now_and_then() -> None:
        # GetRecords checks the age of the iterator it is given by itself.
        if time.monotonic() >= next_sweep[0]:
            expire_iterators()
            next_sweep[0] = time.monotonic() + _SWEEP_SECONDS

    kinesis._expire_records = expire_records
    kinesis._expire_iterators = expire_iterators_now_and_then


def _expired(records: list[Any], cutoff: float) -> int:
    """How many records at the head arrived before `cutoff` (epoch seconds)."""
    for at, record in enumerate(records):
        if record["ApproximateArrivalTimestamp"] >= cutoff:
            return at
    return len(records)


def _shift(iterators: Any, stream: str, shard_id: str, gone: int) -> None:
    for state in iterators.values():
        if state["stream"] == stream and state["shard_id"] == shard_id:
            state["position"] = max(0, state["position"] - gone)
