"""What changed between a catalogue and a full snapshot of it, and how a change takes effect.

Reading a source's file format does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Literal, TypeVar

from ingestion import envelope
from ingestion.envelope import Context, Message
from ingestion.events.catalog_entry_changed import CatalogEntryChanged
from ingestion.producer import Producer
from services.catalog_store import FIELDS, CatalogStore, Entry

SOURCE = "catalogs"
BATCH = 500

Catalog = Literal["charities", "families"]
T = TypeVar("T")


def diff(
    catalog: Catalog, snapshot: Iterable[Entry], kept: Mapping[str, Entry], name: str
) -> Iterator[CatalogEntryChanged]:
    """The changes that turn `kept` (by entry id) into `snapshot`, additions and changes first.

    `name` says which snapshot it is. A repeated entry id counts with its last line.
    """
    offered = {entry.entry_id: entry for entry in snapshot}
    for entry_id, entry in offered.items():
        known = kept.get(entry_id)
        if known is None:
            yield _change(catalog, "added", entry, name)
        elif fields := _differing(known, entry):
            yield _change(catalog, "changed", entry, name, fields)
    for entry_id, entry in kept.items():
        if entry_id not in offered:
            yield _change(catalog, "removed", entry, name)


def apply(
    changes: Iterable[CatalogEntryChanged], store: CatalogStore, producer: Producer, now: datetime
) -> int:
    """Publish each change, then store it; returns how many there were.

    Events go first: a run that breaks off is repeated with the same ids, so that events may come
    twice and none is lost. Raises NotSent or Busy.
    """
    count = 0
    for batch in _batches(changes, BATCH):
        producer.put([_message(change, now) for change in batch])
        _store(batch, store)
        count += len(batch)
    return count


def read(store: CatalogStore, catalog: Catalog) -> dict[str, Entry]:
    """The whole catalogue by entry id."""
    return {entry.entry_id: entry for entry in store.entries(catalog)}


def _differing(known: Entry, entry: Entry) -> tuple[str, ...]:
    return tuple(name for name in FIELDS if getattr(known, name) != getattr(entry, name))


def _change(
    catalog: Catalog,
    change: Literal["added", "changed", "removed"],
    entry: Entry,
    snapshot: str,
    changed_fields: tuple[str, ...] = (),
) -> CatalogEntryChanged:
    values = {name: getattr(entry, name) for name in FIELDS}
    return CatalogEntryChanged(
        catalog=catalog,
        entry_id=entry.entry_id,
        change=change,
        changed_fields=changed_fields,
        snapshot=snapshot,
        **values,
    )


def _message(change: CatalogEntryChanged, now: datetime) -> Message:
    key = f"{change.catalog}/{change.snapshot}/{change.entry_id}"
    id_ = envelope.event_id(SOURCE, key)
    context = Context(SOURCE, now, correlation_id=id_)
    return envelope.build(change, context, event_id=id_, occurred_at=now)


def _store(batch: Sequence[CatalogEntryChanged], store: CatalogStore) -> None:
    for catalog in {change.catalog for change in batch}:
        own = [change for change in batch if change.catalog == catalog]
        present = [change for change in own if change.change != "removed"]
        # All changes of one batch stem from one snapshot unless the caller mixed several.
        for snapshot in {change.snapshot for change in present}:
            store.put(catalog, [_entry(c) for c in present if c.snapshot == snapshot], snapshot)
        store.remove(catalog, [c.entry_id for c in own if c.change == "removed"])


def _entry(change: CatalogEntryChanged) -> Entry:
    return Entry(entry_id=change.entry_id, **{name: getattr(change, name) for name in FIELDS})


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
