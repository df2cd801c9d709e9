from __future__ import annotations

import base64
import json

import pytest

from ingestion.quarantine import quarantined
from tests.conftest import LocalAws


@pytest.mark.integration
def test_each_error_record_is_read_with_its_bytes_and_its_reason(aws: LocalAws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="quarantine-of-tests")
    lines = [
        {
            "attemptsMade": 4,
            "arrivalTimestamp": 1780315200007,
            "errorCode": "Lambda.ProcessingFailedStatus",
            "errorMessage": "ProcessingFailed status set for record",
            "rawData": base64.b64encode(body).decode(),
        }
        for body in (b"not json", b'{"eventType": "PointsLost"}')
    ]
    key = "errors/users/processing-failed/dt=2026-06-01/object"
    s3.put_object(
        Bucket="quarantine-of-tests", Key=key, Body="\n".join(map(json.dumps, lines)).encode()
    )
    first, second = quarantined(s3, "quarantine-of-tests")
    assert (first.dataset, first.error_type) == ("users", "processing-failed")
    assert first.body == b"not json"
    assert first.reason.startswith("malformed at $")
    assert second.reason.startswith("invalid at $")
