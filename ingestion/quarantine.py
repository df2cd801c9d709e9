"""Reads what could not be delivered: Firehose's error objects, each with the reason found again.

The reason is recomputed from the record's own bytes, so it names today's contract.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingestion.envelope import read
from ingestion.errors import ContractViolation


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One undelivered record: `body` is what the stream held, `reason` why it was refused."""

    dataset: str
    error_type: str
    key: str
    arrived_ms: int
    body: bytes
    reason: str


def quarantined(client: Any, bucket: str) -> Iterator[Quarantined]:
    """Every record below `errors/` of the lake bucket, object by object."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="errors/")
    for page in pages:
        for entry in page.get("Contents", ()):
            text = client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read().decode()
            yield from (_record(entry["Key"], json.loads(line)) for line in text.splitlines())


def reason(body: bytes, reported: str) -> str:
    """Why the contract refuses `body`; `reported` where the contract has nothing against it."""
    try:
        read(body)
    except ContractViolation as violation:
        return str(violation)
    return reported


def _record(key: str, line: dict[str, Any]) -> Quarantined:
    _, dataset, error_type, *_ = key.split("/")
    body = base64.b64decode(line["rawData"])
    return Quarantined(
        dataset=dataset,
        error_type=error_type,
        key=key,
        arrived_ms=int(line["arrivalTimestamp"]),
        body=body,
        reason=reason(body, f"{line['errorCode']}: {line['errorMessage']}"),
    )
