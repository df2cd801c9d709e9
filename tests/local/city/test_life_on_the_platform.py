from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from ingestion import envelope
from ingestion.errors import ContractViolation
from ingestion.producer import kinesis_producer
from ingestion.streams.kinesis import KinesisStream
from local.city.books import Books
from local.city.gateway import Gateway
from local.city.knobs import Knobs
from local.city.life import differences, list_families, live
from local.stack import Connection
from services.catalog_store import CatalogStore

from .agreeing import BRIEF, CHARITIES

pytestmark = pytest.mark.integration

DATASETS = ("users", "transactions", "activity", "products")


@pytest.fixture
def gateway(platform: Connection) -> Iterator[Gateway]:
    line = Gateway(platform.gateway_url)
    yield line
    line.close()


def let_live(knobs: Knobs, platform: Connection, gateway: Gateway) -> Books:
    kinesis, settings = platform.client("kinesis"), platform.settings()
    store = CatalogStore(platform.client("dynamodb"), settings.catalog_table)
    store.put("charities", CHARITIES, "test")
    list_families(knobs, store, kinesis_producer(kinesis, settings))

    def put_raw(dataset: str, key: str, body: bytes) -> None:
        kinesis.put_record(StreamName=settings.stream(dataset), PartitionKey=key, Data=body)

    books = live(knobs, CHARITIES, gateway, put_raw)
    httpx.post(f"{platform.gateway_url}/_heyblue/drain", timeout=130).raise_for_status()
    return books


def on_the_streams(platform: Connection) -> Iterator[tuple[str, bytes]]:
    """(dataset, body) of every record."""
    kinesis, settings = platform.client("kinesis"), platform.settings()
    for dataset in DATASETS:
        stream = KinesisStream(kinesis, settings.stream(dataset))
        for shard in stream.shards():
            yield from ((dataset, record.body) for record in stream.read(shard))


class Counts:
    """What lies on the streams, catalogue changes aside."""

    def __init__(self, platform: Connection) -> None:
        self.records: Counter[str] = Counter()
        self.malformed: Counter[str] = Counter()
        self._ids: dict[str, set[str]] = {}
        for dataset, body in on_the_streams(platform):
            self._add(dataset, body)

    @property
    def events(self) -> Counter[str]:
        return Counter({kind: len(ids) for kind, ids in self._ids.items()})

    def _add(self, dataset: str, body: bytes) -> None:
        try:
            opened, _ = envelope.read(body)
        except ContractViolation:
            self.malformed[dataset] += 1
            return
        if opened.event_type != "CatalogEntryChanged":
            self.records[dataset] += 1
            self._ids.setdefault(opened.event_type, set()).add(opened.event_id)


def test_everything_the_city_did_is_answered_booked_and_published(
    platform: Connection, gateway: Gateway
) -> None:
    before = Counts(platform)
    busy = replace(BRIEF, fraud=12, bad_requests=10, malformed=5, duplicates=0.1, late=0.2)
    books = let_live(busy, platform, gateway)
    assert not books.surprises
    assert differences(books, gateway) == []
    assert len(books.balances) > 10
    after = Counts(platform)
    assert after.events - before.events == books.events
    assert after.malformed - before.malformed == books.malformed
    assert after.records - before.records == books.records


def test_a_city_lived_again_changes_nothing(platform: Connection, gateway: Gateway) -> None:
    honest = replace(BRIEF, seed=2, fraud=0, bad_requests=0, malformed=0)
    first = let_live(honest, platform, gateway)
    once = Counts(platform)
    second = let_live(honest, platform, gateway)
    twice = Counts(platform)
    assert not second.surprises
    assert differences(second, gateway) == []
    assert (first.balances, first.events) == (second.balances, second.events)
    assert {k: v for k, v in twice.events.items() if k != "OfficerNearby"} == {
        k: v for k, v in once.events.items() if k != "OfficerNearby"
    }
    assert twice.records["transactions"] == once.records["transactions"]
