"""Streams and queues of the local AWS, handed to functions in AWS's own formats."""

from __future__ import annotations

import base64
import json
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import poller
from local.functions import Function, Host, HostError

pytestmark = pytest.mark.integration

SOURCE = """
events = []
failing = set()
def handler(event, context):
    events.append(event)
    bad = [r for r in event["Records"] if value(r) in failing]
    return {"batchItemFailures": [{"itemIdentifier": identifier(r)} for r in bad]}
def raising(event, context):
    events.append(event)
    bad = [value(r) for r in event["Records"] if value(r) in failing]
    if bad:
        raise ValueError(bad)
def value(record):
    return record["body"] if "body" in record else record["dynamodb"]["NewImage"]["n"]["N"]
def identifier(record):
    return record.get("messageId") or record["dynamodb"]["SequenceNumber"]
"""


@pytest.fixture
def module(aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of handlers, in a process whose AWS clients reach the local AWS."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(poller, "IDLE_S", 0.02)
    name = f"handlers_{uuid.uuid4().hex}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    __import__(name)
    yield sys.modules[name]
    del sys.modules[name]


class Table:
    """A table with a stream; `put` writes numbered items."""

    def __init__(self, aws: Any) -> None:
        self.client, self.name = aws.client("dynamodb"), f"t-{uuid.uuid4()}"
        self.client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )

    @property
    def stream(self) -> str:
        table = self.client.describe_table(TableName=self.name)["Table"]
        return str(table["LatestStreamArn"])

    def put(self, *numbers: int) -> None:
        for n in numbers:
            item = {"pk": {"S": f"k{n}"}, "n": {"N": str(n)}, "raw": {"B": b"\xff"}}
            self.client.put_item(TableName=self.name, Item=item)


class Queue:
    def __init__(self, aws: Any) -> None:
        self.client = aws.client("sqs")
        self.url = self.client.create_queue(QueueName=f"q-{uuid.uuid4()}")["QueueUrl"]
        asked = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = str(asked["Attributes"]["QueueArn"])

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body)

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        asked = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(number) for number in asked["Attributes"].values())


class Running:
    """A poller of one source for the length of a `with` block."""

    def __init__(self, module: Any, state: Path, handler: str, source: Any) -> None:
        function = Function("f", f"{module.__name__}.{handler}", sources=(source,))
        self.poller = poller.create(Host([function]), state)

    def __enter__(self) -> poller.Poller:
        self.poller.start()
        return self.poller

    def __exit__(self, *_: object) -> None:
        self.poller.stop()


def numbers(module: Any) -> list[str]:
    return [module.value(record) for event in module.events for record in event["Records"]]


def test_stream_records_arrive_in_order_and_in_lambdas_format(
    aws: Any, module: Any, tmp_path: Path
) -> None:
    table = Table(aws)
    table.put(*range(7))
    source = {"EventSourceArn": table.stream, "BatchSize": 3}
    with Running(module, tmp_path, "handler", source) as running:
        assert running.drain(20)
        table.put(7)
        assert running.drain(20)
    assert numbers(module) == [str(n) for n in range(8)]
    assert [len(event["Records"]) for event in module.events] == [3, 3, 1, 1]
    record = module.events[0]["Records"][0]
    assert record["eventSource"] == "aws:dynamodb"
    assert record["eventSourceARN"] == table.stream
    assert (record["eventName"], record["dynamodb"]["StreamViewType"]) == ("INSERT", "NEW_IMAGE")
    assert base64.b64decode(record["dynamodb"]["NewImage"]["raw"]["B"]) == b"\xff"
    assert json.loads(json.dumps(record)) == record


def test_a_restarted_poller_goes_on_where_it_stopped(aws: Any, module: Any, tmp_path: Path) -> None:
    table = Table(aws)
    source = {"EventSourceArn": table.stream}
    for n in range(3):
        table.put(n)
        with Running(module, tmp_path, "handler", source) as running:
            assert running.drain(20)
    assert numbers(module) == ["0", "1", "2"]


def test_what_was_not_settled_comes_again_after_a_restart(
    aws: Any, module: Any, tmp_path: Path
) -> None:
    table = Table(aws)
    table.put(1, 2, 3)
    source = {"EventSourceArn": table.stream, "FunctionResponseTypes": ["ReportBatchItemFailures"]}
    module.failing.add("2")
    with Running(module, tmp_path, "handler", source) as running:
        assert not running.drain(0.5)
    module.failing.clear()
    module.events.clear()
    with Running(module, tmp_path, "handler", source) as running:
        assert running.drain(20)
    assert {"2", "3"} <= set(numbers(module))


def test_a_poisonous_record_ends_at_the_destination_and_holds_up_nobody(
    aws: Any, module: Any, tmp_path: Path
) -> None:
    table, letters = Table(aws), Queue(aws)
    table.put(*range(6))
    module.failing.add("4")
    source = {
        "EventSourceArn": table.stream,
        "MaximumRetryAttempts": 1,
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {"OnFailure": {"Destination": letters.arn}},
    }
    with Running(module, tmp_path, "raising", source) as running:
        assert running.drain(20)
        (counts,) = running.progress().values()
    assert counts["given_up"] == 1
    taken = [
        module.value(record)
        for event in module.events
        if all(module.value(record) != "4" for record in event["Records"])
        for record in event["Records"]
    ]
    assert sorted(taken) == ["0", "1", "2", "3", "5"]
    (message,) = letters.client.receive_message(QueueUrl=letters.url)["Messages"]
    notice = json.loads(message["Body"])
    assert notice["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert notice["DDBStreamBatchInfo"]["batchSize"] == 1
    poison = next(r for e in module.events for r in e["Records"] if module.value(r) == "4")
    sequence = poison["dynamodb"]["SequenceNumber"]
    assert notice["DDBStreamBatchInfo"]["startSequenceNumber"] == sequence


def test_a_filter_keeps_records_from_the_function(aws: Any, module: Any, tmp_path: Path) -> None:
    table = Table(aws)
    table.put(1, 2, 3)
    pattern = json.dumps({"dynamodb": {"NewImage": {"n": {"N": ["2"]}}}})
    source = {"EventSourceArn": table.stream, "FilterCriteria": {"Filters": [{"Pattern": pattern}]}}
    with Running(module, tmp_path, "handler", source) as running:
        assert running.drain(20)
    assert numbers(module) == ["2"]


def test_what_the_filter_drops_is_not_read_again(aws: Any, module: Any, tmp_path: Path) -> None:
    table = Table(aws)
    table.put(1, 2, 3)
    pattern = json.dumps({"dynamodb": {"NewImage": {"n": {"N": ["2"]}}}})
    source = {"EventSourceArn": table.stream, "FilterCriteria": {"Filters": [{"Pattern": pattern}]}}
    for read in (3, 0):
        with Running(module, tmp_path, "handler", source) as running:
            assert running.drain(20)
            (counts,) = running.progress().values()
        assert counts["records"] == read


def test_an_iterator_that_expired_is_replaced(aws: Any, module: Any, tmp_path: Path) -> None:
    table = Table(aws)
    table.put(1)
    with Running(module, tmp_path, "handler", {"EventSourceArn": table.stream}) as running:
        assert running.drain(20)
        intake: Any = running._workers[0].intake
        intake._iterators = dict.fromkeys(intake._iterators, "expired")
        table.put(2)
        assert running.drain(20)
    assert numbers(module) == ["1", "2"]


def test_a_latest_mapping_skips_what_was_there(aws: Any, module: Any, tmp_path: Path) -> None:
    table = Table(aws)
    table.put(1)
    source = {"EventSourceArn": table.stream, "StartingPosition": "LATEST"}
    with Running(module, tmp_path, "handler", source) as running:
        assert running.drain(20)
        table.put(2)
        assert running.drain(20)
    assert numbers(module) == ["2"]


def test_queue_messages_are_deleted_unless_reported(aws: Any, module: Any, tmp_path: Path) -> None:
    queue = Queue(aws)
    queue.send("good", "bad", "fine")
    module.failing.add("bad")
    source = {"EventSourceArn": queue.arn, "FunctionResponseTypes": ["ReportBatchItemFailures"]}
    with Running(module, tmp_path, "handler", source) as running:
        assert running.drain(20)
    assert sorted(set(numbers(module))) == ["bad", "fine", "good"]
    assert queue.left() == 1
    record = module.events[0]["Records"][0]
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", queue.arn)
    assert record["awsRegion"] == "us-east-1"


def test_a_queue_batch_that_raises_stays_whole(aws: Any, module: Any, tmp_path: Path) -> None:
    queue = Queue(aws)
    queue.send("good", "bad")
    module.failing |= {"good", "bad"}
    with Running(module, tmp_path, "raising", {"EventSourceArn": queue.arn}) as running:
        assert running.drain(20)
    assert queue.left() == 2


def test_draining_ends_in_time_even_when_a_function_hangs(
    aws: Any, module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(module, "handler", lambda event, context: release.wait(20))
    table = Table(aws)
    table.put(1)
    began = time.monotonic()
    with Running(module, tmp_path, "handler", {"EventSourceArn": table.stream}) as running:
        assert not running.drain(0.3)
        assert time.monotonic() - began < 5
        release.set()


def test_a_source_that_is_not_polled_here_is_refused(module: Any, tmp_path: Path) -> None:
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
    with pytest.raises(HostError, match="no source that is polled here"):
        Running(module, tmp_path, "handler", {"EventSourceArn": arn})
