"""Reads back what a test put on a stream in memory."""

from __future__ import annotations

from ingestion import envelope
from ingestion.contract import Event
from ingestion.envelope import Envelope
from ingestion.streams.memory import MemoryStream


def sent(stream: MemoryStream) -> list[tuple[Envelope, Event]]:
    """All events, shard by shard, in the order of each."""
    return [envelope.read(record.body) for s in stream.shards() for record in stream.read(s)]


def ids(stream: MemoryStream) -> list[str]:
    return [opened.event_id for opened, _ in sent(stream)]
