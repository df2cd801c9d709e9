from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import botocore.exceptions
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.envelope import Message
from ingestion.errors import NotSent, PermanentFailure
from ingestion.producer import Producer
from ingestion.streams import Stream
from ingestion.streams.kinesis import (
    MAX_RECORD_BYTES,
    MAX_RECORDS,
    MAX_REQUEST_BYTES,
    KinesisStream,
)
from ingestion.streams.memory import MemoryStream


class FakeKinesis:
    """PutRecords as the service answers it; `verdicts` says which records to refuse, in turn.

    `errors` are the codes with which whole calls fail first.
    """

    def __init__(self, verdicts: Iterator[bool], errors: Iterable[str] = ()) -> None:
        self._verdicts = verdicts
        self._errors = iter(errors)
        self.taken: list[tuple[str, bytes]] = []
        self.calls: list[list[bytes]] = []

    def put_records(self, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        if code := next(self._errors, None):
            raise botocore.exceptions.ClientError(
                {"Error": {"Code": code, "Message": "told to fail"}}, "PutRecords"
            )
        assert len(Records) <= MAX_RECORDS
        assert sum(len(r["Data"]) + len(r["PartitionKey"]) for r in Records) <= MAX_REQUEST_BYTES
        self.calls.append([record["Data"] for record in Records])
        results = [self._take(record) for record in Records]
        return {"FailedRecordCount": sum("ErrorCode" in r for r in results), "Records": results}

    def _take(self, record: dict[str, Any]) -> dict[str, str]:
        if next(self._verdicts, False):
            return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"}
        self.taken.append((record["PartitionKey"], record["Data"]))
        return {"SequenceNumber": str(len(self.taken)), "ShardId": "shard-0"}


def message(number: int, key: str = "k", size: int = 0) -> Message:
    return Message("users", key, str(number), "Made", str(number).encode().ljust(size))


def stream(
    verdicts: Iterator[bool], errors: Iterable[str] = ()
) -> tuple[KinesisStream, FakeKinesis]:
    fake = FakeKinesis(verdicts, errors)
    return KinesisStream(fake, "heyblue-users", sleep=lambda _: None), fake


def test_only_the_refused_records_are_sent_again() -> None:
    kinesis, fake = stream(iter([False, False, True, False, False, True]))
    kinesis.put([message(n, key=str(n)) for n in range(6)])
    assert fake.calls[1] == [b"2", b"5"]
    assert sorted(fake.taken) == [(str(n), str(n).encode()) for n in range(6)]


def test_what_is_never_taken_comes_back_and_nothing_else() -> None:
    def always() -> Iterator[bool]:
        while True:
            yield True

    kinesis, fake = stream(always())
    with pytest.raises(NotSent) as caught:
        kinesis.put([message(1, "a"), message(2, "b")])
    assert [m.event_id for m in caught.value.unsent] == ["1", "2"]
    assert not fake.taken


def test_a_large_batch_is_cut_at_the_services_limits() -> None:
    kinesis, fake = stream(iter(()))
    kinesis.put([message(n, key=str(n), size=20_000) for n in range(1_200)])
    assert len(fake.taken) == 1_200
    assert len(fake.calls) >= 1_200 * 20_000 // MAX_REQUEST_BYTES


def test_an_oversized_record_is_refused_before_anything_is_sent() -> None:
    kinesis, fake = stream(iter(()))
    with pytest.raises(PermanentFailure, match="bytes"):
        kinesis.put([message(1), message(2, size=MAX_RECORD_BYTES)])
    assert not fake.calls


def test_a_throttled_call_is_sent_again() -> None:
    kinesis, fake = stream(iter(()), ["ProvisionedThroughputExceededException"])
    kinesis.put([message(1)])
    assert fake.taken == [("k", b"1")]


def test_another_error_is_not_retried() -> None:
    kinesis, fake = stream(iter(()), ["ResourceNotFoundException"])
    with pytest.raises(botocore.exceptions.ClientError, match="ResourceNotFound"):
        kinesis.put([message(1)])
    assert not fake.taken


@given(
    keys=st.lists(st.sampled_from("abc"), max_size=40),
    refusals=st.lists(st.booleans(), max_size=60),
)
def test_nothing_is_lost_doubled_or_reordered_inside_a_key(
    keys: list[str], refusals: list[bool]
) -> None:
    kinesis, fake = stream(iter(refusals))
    sent = [message(n, key) for n, key in enumerate(keys)]
    unsent: list[Message] = []
    try:
        kinesis.put(sent)
    except NotSent as error:
        unsent = error.unsent
    arrived = Counter(body for _, body in fake.taken) + Counter(m.body for m in unsent)
    assert arrived == Counter(m.body for m in sent)
    for key in "abc":
        order = [body for taken_key, body in fake.taken if taken_key == key]
        order += [m.body for m in unsent if m.partition_key == key]
        assert order == [m.body for m in sent if m.partition_key == key]


def test_a_memory_stream_reads_back_in_order_from_any_place() -> None:
    log = MemoryStream()
    log.put([message(n) for n in range(4)])
    (shard,) = log.shards()
    records = list(log.read(shard))
    assert [r.body for r in records] == [b"0", b"1", b"2", b"3"]
    assert list(log.read(shard, after=records[1].sequence)) == records[2:]


def test_a_memory_stream_refuses_what_it_was_told_to() -> None:
    log = MemoryStream(refuse=[1])
    with pytest.raises(NotSent) as caught:
        log.put([message(0, "a"), message(1, "b"), message(2, "b"), message(3, "c")])
    assert [m.event_id for m in caught.value.unsent] == ["1", "2"]


def test_a_producer_sends_each_dataset_to_its_own_stream() -> None:
    streams: dict[str, MemoryStream] = {}

    def open_stream(dataset: str) -> Stream:
        return streams.setdefault(dataset, MemoryStream(refuse=[0] if dataset == "users" else []))

    orders = Message("transactions", "k", "9", "Made", b"9")
    with pytest.raises(NotSent) as caught:
        Producer(open_stream).put([message(1), orders])
    assert [m.event_id for m in caught.value.unsent] == ["1"]
    assert [r.body for r in streams["transactions"].read("shard-0")] == [b"9"]
