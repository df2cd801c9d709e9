"""Ordered logs of messages: the protocol, and one module per place that keeps such a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingestion.envelope import Message


@dataclass(frozen=True, slots=True)
class Record:
    """A message as a stream returns it. `sequence` orders records inside a shard."""

    shard: str
    sequence: str
    partition_key: str
    body: bytes


class Stream(Protocol):
    """One dataset's log. Order holds inside a partition key, and so inside a shard."""

    def put(self, messages: Sequence[Message]) -> None:
        """Append all messages, in order; returns when the stream has them.

        Raises NotSent with exactly the messages it could not append; the others are in.
        """

    def shards(self) -> list[str]:
        """The shards to read."""

    def read(self, shard: str, after: str | None = None) -> Iterator[Record]:
        """The records now in `shard` behind sequence `after` (None: from the oldest kept)."""
