from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion import lock
from ingestion.contract import Event, contract
from ingestion.errors import ContractError
from ingestion.registry import Registry


def declare(**fields: object) -> Registry:
    """A registry with one event type: a badge, and the given fields; an optional one is None."""
    optional = {name: None for name, kind in fields.items() if kind == int | None}
    namespace: dict[str, Any] = {
        "__doc__": "A badge was polished.",
        "__module__": __name__,
        "__annotations__": {"badge": str, **fields},
        **optional,
    }
    meta: Any = type(Event)
    cls: type[Event] = meta("BadgePolished", (Event,), namespace, frozen=True, kw_only=True)
    facts = contract(stream="users", version=1, owner="tests", key="badge", keep_days=1)
    return {("BadgePolished", 1): facts(cls)}


def release(known: Registry, folder: Path) -> dict[str, str]:
    texts = lock.files(known, folder)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return texts


def test_the_first_release_is_revision_zero(tmp_path: Path) -> None:
    assert set(release(declare(), tmp_path)) == {"badge_polished/1.0.json", "lock.json"}


def test_releasing_again_changes_nothing(tmp_path: Path) -> None:
    assert release(declare(), tmp_path) == release(declare(), tmp_path)


def test_a_compatible_change_becomes_the_next_revision(tmp_path: Path) -> None:
    before = release(declare(), tmp_path)
    after = release(declare(gleam=int | None), tmp_path)
    assert set(after) - set(before) == {"badge_polished/1.1.json"}
    assert after["badge_polished/1.0.json"] == before["badge_polished/1.0.json"]


def test_a_breaking_change_is_refused_with_path_and_cure(tmp_path: Path) -> None:
    release(declare(), tmp_path)
    with pytest.raises(ContractError) as caught:
        lock.files(declare(gleam=int), tmp_path)
    assert "gleam" in str(caught.value)
    assert "declare version 2" in str(caught.value)


def test_an_altered_release_is_refused_by_name(tmp_path: Path) -> None:
    release(declare(), tmp_path)
    path = tmp_path / "badge_polished/1.0.json"
    path.write_text(path.read_text().replace("polished", "scratched"))
    with pytest.raises(ContractError, match=r"badge_polished/1\.0\.json"):
        lock.verify(tmp_path)


def test_a_removed_release_is_refused_by_name(tmp_path: Path) -> None:
    release(declare(), tmp_path)
    (tmp_path / "badge_polished/1.0.json").unlink()
    with pytest.raises(ContractError, match=r"badge_polished/1\.0\.json"):
        lock.files(declare(), tmp_path)


def test_a_schema_describes_the_whole_message_portably() -> None:
    document = lock.schema(declare()["BadgePolished", 1])
    assert document["properties"]["eventType"] == {"const": "BadgePolished"}
    assert document["properties"]["data"] == {"$ref": "#/$defs/BadgePolished"}
    assert r"\A" not in json.dumps(document)
