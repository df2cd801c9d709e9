"""The durable state: what one transaction holds together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.firehose.store import PlannedObject, Store, Totals


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "state" / "firehose.sqlite")
    opened.save_stream("s", {"status": "ACTIVE"})
    yield opened
    opened.close()


def test_an_intent_moves_its_checkpoints_and_counts_only_when_it_closes(store: Store) -> None:
    objects = [PlannedObject("b", "k1", b"one"), PlannedObject("b", "k2", b"two", "key")]
    store.commit_intent("s", {"shard": ["1", "5"]}, objects, Totals(5, 4, 1))
    [intent] = store.intents("s")
    assert store.checkpoints("s") == {"shard": "5"}
    assert intent.covers == {"shard": ["1", "5"]}
    assert list(store.objects(intent.id)) == objects
    assert store.totals("s") == Totals()
    store.close_intent("s", intent)
    assert store.intents("s") == []
    assert list(store.objects(intent.id)) == []
    assert store.totals("s") == Totals(5, 4, 1)


def test_an_intent_that_cannot_be_written_leaves_nothing(store: Store) -> None:
    no_key: Any = object()
    broken = [PlannedObject("b", "k1", b"one"), PlannedObject("b", no_key, b"")]
    with pytest.raises(Exception, match=r"(?i)bind"):
        store.commit_intent("s", {"shard": ["1", "5"]}, broken, Totals(5))
    assert store.checkpoints("s") == {}
    assert store.intents("s") == []


def test_put_records_are_held_until_an_intent_covers_them(store: Store) -> None:
    assert store.put("s", 7, [b"a", b"b", b"c"]) == [1, 2, 3]
    assert store.totals("s").pending == 3
    assert [(each.position, each.data) for each in store.puts_after("s", 1, 10)] == [
        ("2", b"b"),
        ("3", b"c"),
    ]
    store.commit_intent("s", {"": ["1", "2"]}, [], Totals())
    assert [each.data for each in store.puts_after("s", 0, 10)] == [b"c"]


def test_state_is_there_again_after_closing(tmp_path: Path) -> None:
    path = tmp_path / "firehose.sqlite"
    first = Store(path)
    first.save_stream("s", {"version": "1", "status": "CREATING"})
    first.change_stream("s", {"status": "ACTIVE"})
    first.add_notice("s", "told")
    first.add_notice("s", "told")
    first.close()
    second = Store(path)
    assert second.streams() == {"s": {"version": "1", "status": "ACTIVE"}}
    assert second.notices("s") == ["told"]
    second.forget_stream("s")
    assert second.streams() == {}
    assert second.notices("s") == []
    second.close()
