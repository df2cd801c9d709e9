"""The outbox function: the ledger table's stream in, Kinesis out; duplicates possible, loss not."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingestion.envelope import Message
from ingestion.errors import NotSent
from ingestion.producer import Producer
from services.desk import producer


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point for a batch of DynamoDB stream records."""
    return forward(event["Records"], producer())


def forward(records: Sequence[Mapping[str, Any]], stream: Producer) -> dict[str, Any]:
    """Put the events among `records`, in order, and answer in Lambda's partial batch format.

    A stream's batch is retried from its lowest failed record on, so that one alone is named.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    sequences: dict[str, str] = {}
    messages: list[Message] = []
    for sequence, message in _events(records):
        sequences.setdefault(message.event_id, sequence)
        messages.append(message)
    try:
        stream.put(messages)
    except NotSent as error:
        unsent = {message.event_id for message in error.unsent}
        first = next(sequence for id_, sequence in sequences.items() if id_ in unsent)
        return {"batchItemFailures": [{"itemIdentifier": first}]}
    return {"batchItemFailures": []}


def _events(records: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Message]]:
    for record in records:
        change = record["dynamodb"]
        item = change.get("NewImage", {})
        if record["eventName"] == "INSERT" and "event" in item:
            yield change["SequenceNumber"], _message(item)


def _message(item: Mapping[str, Any]) -> Message:
    return Message(
        dataset=item["dataset"]["S"],
        partition_key=item["partition_key"]["S"],
        event_id=item["pk"]["S"].removeprefix("txn#"),
        event_type=item["event_type"]["S"],
        body=base64.b64decode(item["event"]["B"]),
    )
