"""Snapshots of a catalogue become changes, and changes take effect once their events are out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestion import envelope
from ingestion.errors import NotSent
from ingestion.events.catalog_entry_changed import CatalogEntryChanged
from ingestion.producer import Producer
from ingestion.streams.memory import MemoryStream
from services.catalog_store import CatalogStore, Entry
from services.catalogs import catalog

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
FOOD = Entry(entry_id="123456789", name="FOOD BANK", city="CHICAGO", state="IL", zip_code="60601")
SHELTER = replace(FOOD, entry_id="223456789", name="SHELTER", subsection="03")


def diff(snapshot: Iterable[Entry], *kept: Entry) -> list[CatalogEntryChanged]:
    known = {entry.entry_id: entry for entry in kept}
    return list(catalog.diff("charities", snapshot, known, "eo1 2026-03"))


def test_a_first_snapshot_adds_everything() -> None:
    changes = diff([FOOD, SHELTER])
    assert [(c.entry_id, c.change) for c in changes] == [
        (FOOD.entry_id, "added"),
        (SHELTER.entry_id, "added"),
    ]
    assert (changes[1].name, changes[1].subsection) == ("SHELTER", "03")


def test_the_same_snapshot_changes_nothing() -> None:
    assert diff([FOOD, SHELTER], SHELTER, FOOD) == []


def test_a_change_names_the_fields_and_a_removal_keeps_the_last_values() -> None:
    moved = replace(FOOD, city="PEORIA", ntee_code="K31")
    changed, removed = diff([moved], FOOD, SHELTER)
    assert (changed.change, changed.changed_fields) == ("changed", ("city", "ntee_code"))
    assert (removed.change, removed.name) == ("removed", "SHELTER")


def test_a_repeated_line_counts_with_its_last_values() -> None:
    (change,) = diff([FOOD, replace(FOOD, city="PEORIA")])
    assert change.city == "PEORIA"


class Shop:
    """A catalogue's table in the local DynamoDB, and a stream that can refuse."""

    def __init__(self, client: Any, table: str) -> None:
        self.store = CatalogStore(client, table)
        self.stream = MemoryStream()
        self.producer = Producer(lambda dataset: self.stream)

    def take(self, snapshot: Iterable[Entry], name: str = "eo1") -> int:
        changes = catalog.diff("charities", snapshot, self.kept(), name)
        return catalog.apply(changes, self.store, self.producer, NOW)

    def kept(self) -> dict[str, Entry]:
        return catalog.read(self.store, "charities")

    def events(self) -> list[str]:
        return [envelope.read(record.body)[0].event_id for record in self.stream.read("shard-0")]


@pytest.fixture
def shop(aws: Any, make_table: Callable[[str], Any]) -> Shop:
    name = f"catalog-{uuid.uuid4()}"
    return Shop(make_table(name), name)


@pytest.mark.integration
def test_changes_reach_the_table_and_the_stream(shop: Shop) -> None:
    assert shop.take([FOOD, SHELTER]) == 2
    moved = replace(FOOD, city="PEORIA")
    assert shop.take([moved], "eo2") == 2
    assert shop.kept() == {moved.entry_id: moved}
    assert shop.store.find("charities", moved.entry_id) == moved
    assert shop.store.find("charities", SHELTER.entry_id) is None
    assert shop.store.find("families", moved.entry_id) is None
    assert len(shop.events()) == 4


@pytest.mark.integration
def test_an_import_that_breaks_off_is_repeated_without_loss(shop: Shop) -> None:
    shop.stream = MemoryStream(refuse=[1])
    with pytest.raises(NotSent):
        shop.take([FOOD, SHELTER])
    assert shop.kept() == {}
    assert shop.take([FOOD, SHELTER]) == 2
    assert set(shop.kept()) == {FOOD.entry_id, SHELTER.entry_id}
    # The first event came twice under one id.
    assert len(shop.events()) == 3
    assert len(set(shop.events())) == 2


@pytest.mark.integration
def test_a_catalogue_larger_than_one_page_is_read_whole(shop: Shop) -> None:
    many = [replace(FOOD, entry_id=f"{n:09}", name="X" * 200) for n in range(3_000)]
    assert shop.take(many) == 3_000
    assert len(shop.kept()) == 3_000
    assert shop.take(many) == 0
