"""The Lambda function that Firehose calls on its way to the lake: message in, raw row out.

What breaks its contract is handed back as failed, so Firehose keeps its bytes under `errors/`;
the reason follows from those bytes at any time (`ingestion.quarantine`).
"""

from __future__ import annotations

import base64
import logging
from typing import Any

import msgspec

from ingestion.errors import ContractViolation
from ingestion.lake import row

log = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Transform one Firehose batch; every record gets a verdict of its own.

    Shapes: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
    """
    return {"records": [_verdict(record) for record in event["records"]]}


def _verdict(record: dict[str, Any]) -> dict[str, Any]:
    try:
        event_type, columns = row(base64.b64decode(record["data"]), record["kinesisRecordMetadata"])
    except ContractViolation as violation:
        log.warning("quarantined %s: %s", record["recordId"], violation)
        return {
            "recordId": record["recordId"],
            "result": "ProcessingFailed",
            "data": record["data"],
        }
    return {
        "recordId": record["recordId"],
        "result": "Ok",
        "data": base64.b64encode(msgspec.json.encode(columns)).decode(),
        "metadata": {"partitionKeys": {"event_type": event_type}},
    }
