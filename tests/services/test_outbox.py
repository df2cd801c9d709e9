"""From the ledger table's stream to Kinesis: only events, in order, and refusals by number."""

from __future__ import annotations

import base64
from typing import Any

from ingestion.producer import Producer
from ingestion.streams.memory import MemoryStream
from services.outbox.handler import forward


def record(number: int, key: str = "k", **changes: Any) -> dict[str, Any]:
    image = {
        "pk": {"S": f"txn#event-{number}"},
        "sk": {"S": "txn"},
        "dataset": {"S": "transactions"},
        "partition_key": {"S": key},
        "event_type": {"S": "PointsGiven"},
        "event": {"B": base64.b64encode(f'{{"n":{number}}}'.encode()).decode()},
    }
    change = {"SequenceNumber": f"s{number}", "NewImage": image}
    return {"eventName": "INSERT", "dynamodb": change, **changes}


def bodies(stream: MemoryStream) -> list[bytes]:
    return [each.body for each in stream.read("shard-0")]


def test_events_go_out_as_the_bytes_that_were_filed_in_order() -> None:
    stream = MemoryStream()
    answer = forward([record(n) for n in range(3)], Producer(lambda dataset: stream))
    assert answer == {"batchItemFailures": []}
    assert bodies(stream) == [b'{"n":0}', b'{"n":1}', b'{"n":2}']


def test_balances_and_rewritten_items_are_no_events() -> None:
    stream = MemoryStream()
    balance = {"SequenceNumber": "s", "NewImage": {"pk": {"S": "account#user:a"}}}
    records = [
        {"eventName": "INSERT", "dynamodb": balance},
        record(1, eventName="MODIFY"),
        {"eventName": "REMOVE", "dynamodb": {"SequenceNumber": "s"}},
    ]
    assert forward(records, Producer(lambda dataset: stream)) == {"batchItemFailures": []}
    assert bodies(stream) == []


def test_what_the_stream_refused_is_named_by_the_lowest_sequence_number() -> None:
    stream = MemoryStream(refuse=[2])
    records = [record(n, key=f"k{n}") for n in range(4)]
    answer = forward(records, Producer(lambda dataset: stream))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "s2"}]}


def test_each_event_goes_to_its_datasets_stream() -> None:
    opened: dict[str, MemoryStream] = {}
    other = record(1)
    other["dynamodb"]["NewImage"]["dataset"] = {"S": "users"}
    forward(
        [record(0), other],
        Producer(lambda dataset: opened.setdefault(dataset, MemoryStream())),
    )
    assert {name: bodies(stream) for name, stream in opened.items()} == {
        "transactions": [b'{"n":0}'],
        "users": [b'{"n":1}'],
    }
