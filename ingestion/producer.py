"""Puts messages on the streams of their datasets; building events and reading streams live elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ingestion.envelope import Message
from ingestion.errors import NotSent
from ingestion.settings import Settings
from ingestion.streams import Stream
from ingestion.streams.kinesis import KinesisStream


class Producer:
    """Sends to one stream per dataset; streams are opened when first needed."""

    def __init__(self, open_stream: Callable[[str], Stream]) -> None:
        self._open = open_stream
        self._streams: dict[str, Stream] = {}

    def put(self, messages: Iterable[Message]) -> None:
        """Append every message to its dataset's stream, in the order given within a dataset.

        Raises NotSent with all messages that no stream accepted; the others are in.
        """
        unsent: list[Message] = []
        reasons: list[str] = []
        for dataset, batch in _by_dataset(messages).items():
            try:
                self._stream(dataset).put(batch)
            except NotSent as error:
                unsent += error.unsent
                reasons.append(error.reason)
        if unsent:
            raise NotSent(unsent, "; ".join(reasons))

    def _stream(self, dataset: str) -> Stream:
        if dataset not in self._streams:
            self._streams[dataset] = self._open(dataset)
        return self._streams[dataset]


def kinesis_producer(client: Any, settings: Settings) -> Producer:
    """A producer over the stack's Kinesis streams; `client` is boto3's `kinesis`."""
    return Producer(lambda dataset: KinesisStream(client, settings.stream(dataset)))


def _by_dataset(messages: Iterable[Message]) -> dict[str, Sequence[Message]]:
    batches: dict[str, list[Message]] = {}
    for message in messages:
        batches.setdefault(message.dataset, []).append(message)
    return dict(batches)
