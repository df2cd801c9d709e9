from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from ingestion.envelope import Context, build
from ingestion.events.device_linked import DeviceLinked
from ingestion.lake import COLUMNS
from ingestion.quarantine import reason
from ingestion.transform import handler

ID = "3f2b6a0e-3c0b-5b7e-9d57-0d1f3c3c2f01"
NOW = datetime(2026, 6, 1, 12, 0, 0, 5000, tzinfo=UTC)


def transform(*bodies: bytes) -> list[dict[str, Any]]:
    records = [
        {
            "recordId": f"r{n}",
            "data": base64.b64encode(body).decode(),
            "kinesisRecordMetadata": {
                "sequenceNumber": str(n),
                "subsequenceNumber": "0",
                "partitionKey": "k",
                "shardId": "shardId-000000000000",
                "approximateArrivalTimestamp": 1780315200007,
            },
        }
        for n, body in enumerate(bodies)
    ]
    answer = handler({"invocationId": "i", "records": records}, None)
    return list(answer["records"])


def linked() -> bytes:
    event = DeviceLinked(user_id=ID, device_id=ID, platform="ios")
    context = Context(source="onboarding", now=NOW, correlation_id=ID)
    return build(event, context, event_id=ID, occurred_at=NOW).body


def test_a_good_message_becomes_a_row_with_every_raw_column() -> None:
    (record,) = transform(linked())
    row = json.loads(base64.b64decode(record["data"]))
    assert record["result"] == "Ok"
    assert record["metadata"] == {"partitionKeys": {"event_type": "device_linked"}}
    assert list(row) == list(COLUMNS)
    assert row["occurred_at"] == "2026-06-01 12:00:00.005"
    assert row["arrived_at"] == "2026-06-01 12:00:00.007"


def test_data_stays_the_text_that_was_published() -> None:
    spaced = linked().replace(b'"platform":"ios"', b'"platform" : "ios"')
    (record,) = transform(spaced)
    data = json.loads(base64.b64decode(record["data"]))["data"]
    assert '"platform" : "ios"' in data


def test_a_broken_message_fails_alone_with_its_bytes_untouched() -> None:
    bad = linked().replace(b'"ios"', b'"abacus"')
    verdicts = transform(linked(), bad, b"\xff\x00", linked())
    assert [v["result"] for v in verdicts] == ["Ok", "ProcessingFailed", "ProcessingFailed", "Ok"]
    assert base64.b64decode(verdicts[1]["data"]) == bad


def test_the_reason_of_a_refusal_follows_from_the_bytes() -> None:
    bad = linked().replace(b'"ios"', b'"abacus"')
    assert reason(bad, "reported") == "invalid at $.data.platform: Invalid enum value 'abacus'"
    assert reason(linked(), "reported") == "reported"
