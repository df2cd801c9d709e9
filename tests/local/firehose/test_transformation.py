"""The Lambda processor: the event it sends and how each answer is judged."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local.firehose.expressions import LAMBDA
from local.firehose.processors import Function
from local.firehose.records import SourceRecord
from local.firehose.transformation import Outcome, Transformer

from .servers import FUNCTION

ARN = "arn:aws:firehose:us-east-1:000000000000:deliverystream/s"
SOURCE = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
Answering = Callable[[dict[str, Any]], Any]


class Functions:
    """A Lambda service in memory: answers each invocation with what it is told to."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.events: list[dict[str, Any]] = []

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        self.events.append(json.loads(Payload))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, str):
            return {"FunctionError": answer, "Payload": io.BytesIO(b"{}")}
        body = answer(self.events[-1]) if callable(answer) else answer
        return {"Payload": io.BytesIO(json.dumps(body).encode())}


def record(number: int, data: bytes = b"data") -> SourceRecord:
    return SourceRecord(f"id{number}", data, 1000 + number, "shardId-0", str(number), "key")


def transformer(functions: Functions, retries: int = 0, size: int = 1 << 20) -> Transformer:
    function = Function(FUNCTION, retries, size)
    return Transformer(functions, function, ARN, SOURCE, "us-east-1", threading.Event())


def run(answer: Any, count: int = 1, retries: int = 0) -> Outcome:
    records = [record(number) for number in range(count)]
    return transformer(Functions(answer), retries).transform(records)


def answered(**changes: Any) -> dict[str, Any]:
    return {"recordId": "id0", "result": "Ok", "data": base64.b64encode(b"new").decode(), **changes}


def codes(outcome: Outcome) -> list[str]:
    assert not outcome.ready
    return [failed.reason.code for failed in outcome.failed]


def test_the_event_is_the_documented_one() -> None:
    functions = Functions({"records": []})
    transformer(functions).transform([record(0)])
    [event] = functions.events
    assert event.pop("invocationId")
    assert event == {
        "deliveryStreamArn": ARN,
        "sourceKinesisStreamArn": SOURCE,
        "region": "us-east-1",
        "records": [
            {
                "recordId": "id0",
                "approximateArrivalTimestamp": 1000,
                "data": base64.b64encode(b"data").decode(),
                "kinesisRecordMetadata": {
                    "sequenceNumber": "0",
                    "subsequenceNumber": "",
                    "partitionKey": "key",
                    "shardId": "shardId-0",
                    "approximateArrivalTimestamp": 1000,
                },
            }
        ],
    }


def test_an_ok_record_carries_the_new_data_and_its_partition_keys() -> None:
    outcome = run({"records": [answered(metadata={"partitionKeys": {"kind": "a"}})]})
    [ready] = outcome.ready
    assert (ready.data, ready.keys) == (b"new", {(LAMBDA, "kind"): "a"})


def test_ok_but_some_records_were_refused() -> None:
    answers = [
        answered(),
        answered(recordId="id1", result="ProcessingFailed"),
        answered(recordId="id2", result="Dropped"),
    ]
    outcome = run({"records": answers}, count=4)
    assert [ready.source.record_id for ready in outcome.ready] == ["id0"]
    assert outcome.dropped == 1
    assert [(each.source.record_id, each.reason.code) for each in outcome.failed] == [
        ("id1", "Lambda.ProcessingFailedStatus"),
        ("id3", "Lambda.MissingRecordId"),
    ]
    assert {each.raw for each in outcome.failed} == {b"data"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"records": [answered(recordId="other")]}, "Lambda.MissingRecordId"),
        ({"records": [answered(), answered()]}, "Lambda.DuplicatedRecordId"),
        ({"records": [answered(result="Fine")]}, "Lambda.JsonProcessingException"),
        ({"records": [answered(data="?")]}, "Lambda.JsonProcessingException"),
        ({"records": [{"recordId": "id0"}]}, "Lambda.JsonProcessingException"),
        ({"records": "x"}, "Lambda.JsonProcessingException"),
        (None, "Lambda.JsonProcessingException"),
        (
            {"records": [answered(metadata={"partitionKeys": {"a": 1}})]},
            "Lambda.JsonProcessingException",
        ),
        ({"records": [answered(data="A" * (6 << 20))]}, "Lambda.ResponseTooLarge"),
        ("Unhandled", "Lambda.FunctionError"),
        (
            ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Invoke"),
            "Lambda.ResourceNotFound",
        ),
        (
            ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"),
            "Lambda.InvokeLimitExceeded",
        ),
    ],
)
def test_an_answer_that_breaks_the_model_fails_the_record(answer: Any, code: str) -> None:
    assert codes(run(answer)) == [code]


def test_a_failing_function_is_invoked_again_as_often_as_configured() -> None:
    outcome = run("Unhandled", retries=2)
    assert [failed.attempts for failed in outcome.failed] == [3]
    functions = Functions("Unhandled", {"records": [answered()]})
    assert transformer(functions, retries=1).transform([record(0)]).ready
    assert len(functions.events) == 2


def test_an_endpoint_that_is_not_there_judges_no_record() -> None:
    with pytest.raises(EndpointConnectionError):
        run(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), retries=2)


def test_batches_keep_to_500_records_and_the_size_hint() -> None:
    one = transformer(Functions({}), size=1 << 20)
    sizes = [len(batch) for batch in one.batches([record(n) for n in range(1201)])]
    assert sizes == [500, 500, 201]
    large = [record(n, b"x" * (400 << 10)) for n in range(5)]
    assert [len(batch) for batch in one.batches(large)] == [2, 2, 1]
    assert [len(batch) for batch in one.batches([record(0, b"x" * (2 << 20))])] == [1]
    assert list(one.batches([])) == []
