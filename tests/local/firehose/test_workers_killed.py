"""Exactly once across kill -9: the plane is killed at each step and at random moments.

What is compared at the end is the multiset of records in S3 with what was put.
"""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from .delivery import from_kinesis, lake, prepare, put, transform
from .servers import Gateway, Running, client, running, wait_until

pytestmark = pytest.mark.integration
STEPS = ["before GetRecords", "after Invoke", "before PUT", "after PUT"]


@contextmanager
def process(url: str, state: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The plane as a process of its own, and where it answers; killed at the end."""
    command = [sys.executable, "-m", "local.firehose", "--port", "0", "--endpoint-url", url]
    command += ["--state-dir", str(state), "--poll-seconds", "0.05"]
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as started:
        try:
            assert started.stdout is not None
            yield started, started.stdout.readline().strip()
        finally:
            started.kill()


def flush(url: str, name: str) -> None:
    """Ask for a flush and let it fail: the process may be killed under it."""
    try:
        httpx.post(f"{url}/_heyblue/firehose/flush", params={"name": name}, timeout=60)
    except httpx.HTTPError:
        return


def set_up(plane: Running, name: str) -> str:
    bucket = prepare(plane, name, shards=2)
    plane.gateway.handler = transform
    plane.activate(
        name, ExtendedS3DestinationConfiguration=lake(bucket, name), **from_kinesis(name)
    )
    plane.app.stop()
    return bucket


def events(label: str, count: int) -> list[dict[str, Any]]:
    kinds = {7: "bad", 11: "drop"}
    return [
        {"event_id": f"{label}-{n}", "type": "ab"[n % 2], "kind": kinds.get(n % 13)}
        for n in range(count)
    ]


def check(plane: Running, bucket: str, name: str, expected: list[dict[str, Any]]) -> None:
    """All that was put is in S3 once, or was refused or dropped; the counts say the same."""
    with running((plane.gateway, plane.settings.endpoint_url), plane.settings.state_dir) as last:
        counts = last.flush(name)
    found = Counter(
        row["event_id"]
        for body in plane.objects(bucket, "raw/").values()
        for row in pq.read_table(io.BytesIO(body), columns=["event_id"]).to_pylist()
    )
    fates = Counter(event["kind"] for event in expected)
    assert found == Counter(event["event_id"] for event in expected if event["kind"] is None)
    errors = plane.objects(bucket, "errors/").values()
    assert sum(len(body.splitlines()) for body in errors) == fates["bad"]
    assert counts["incoming"] == len(expected)
    assert (counts["delivered"], counts["failed"], counts["dropped"], counts["pending"]) == (
        fates[None],
        fates["bad"],
        fates["drop"],
        0,
    )
    assert counts["objects"] == len(plane.objects(bucket))


def test_killed_at_each_step_nothing_is_lost_or_doubled(plane: Running) -> None:
    bucket = set_up(plane, "steps")
    expected: list[dict[str, Any]] = []
    for step in STEPS:
        expected += events(step.replace(" ", "-"), 700)
        put(plane, "steps", expected[-700:])
        with process(plane.settings.endpoint_url, plane.settings.state_dir) as (killed, url):
            kill_at(plane.gateway, step, killed.pid)
            flush(url, "steps")
            assert killed.wait(30) == -signal.SIGKILL
        plane.gateway.watch = lambda step: None
    check(plane, bucket, "steps", expected)


def kill_at(gateway: Gateway, step: str, pid: int) -> None:
    """Kill the process when the gateway meets the step, once."""

    def watch(seen: str) -> None:
        if seen == step:
            gateway.watch = lambda step: None
            os.kill(pid, signal.SIGKILL)

    gateway.watch = watch


def test_an_object_written_before_the_kill_is_written_again_byte_by_byte(plane: Running) -> None:
    bucket = set_up(plane, "again")
    expected = events("again", 100)
    put(plane, "again", expected)
    with process(plane.settings.endpoint_url, plane.settings.state_dir) as (killed, url):
        kill_at(plane.gateway, "after PUT", killed.pid)
        flush(url, "again")
        killed.wait(30)
    before = plane.objects(bucket)
    assert len(before) == 1
    check(plane, bucket, "again", expected)
    after = plane.objects(bucket)
    assert len(after) == 3
    assert before.items() <= after.items()


def test_killed_at_random_moments_nothing_is_lost_or_doubled(plane: Running) -> None:
    bucket = set_up(plane, "chance")
    chance = random.Random(17)
    expected: list[dict[str, Any]] = []
    for turn in range(3):
        with process(plane.settings.endpoint_url, plane.settings.state_dir) as (killed, url):
            flushing = threading.Thread(target=flush, args=(url, "chance"))
            expected += events(f"turn{turn}", 900)
            put(plane, "chance", expected[-900:])
            flushing.start()
            time.sleep(chance.uniform(0.1, 0.7))
            os.kill(killed.pid, signal.SIGKILL)
            flushing.join()
    check(plane, bucket, "chance", expected)


def test_directly_put_records_survive_the_kill(plane: Running) -> None:
    plane.s3.create_bucket(Bucket="direct-killed")
    config = {
        "RoleARN": "arn:aws:iam::000000000000:role/firehose",
        "BucketARN": "arn:aws:s3:::direct-killed",
    }
    plane.activate("direct-killed", ExtendedS3DestinationConfiguration=config)
    plane.app.stop()
    with process(plane.settings.endpoint_url, plane.settings.state_dir) as (killed, url):
        firehose = client("firehose", url)
        records = [{"Data": f"{n}\n".encode()} for n in range(400)]
        firehose.put_record_batch(DeliveryStreamName="direct-killed", Records=records)
        firehose.close()
        kill_at(plane.gateway, "after PUT", killed.pid)
        flush(url, "direct-killed")
        killed.wait(30)
    with running((plane.gateway, plane.settings.endpoint_url), plane.settings.state_dir) as last:
        assert wait_until(lambda: last.flush("direct-killed"))["delivered"] == 400
    [body] = plane.objects("direct-killed").values()
    assert body == b"".join(record["Data"] for record in records)
