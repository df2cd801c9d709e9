from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from ingestion import events
from ingestion.contract import snake
from ingestion.errors import ContractError, ContractViolation
from ingestion.registry import find, latest, registry, scan

NEW_TYPE = '''
from ingestion.contract import Event, contract


@contract(stream="users", version={version}, owner="tests", key="badge", keep_days=1, name="{name}")
class {cls}(Event, frozen=True, kw_only=True):
    """A badge was polished."""

    badge: str
'''

Package = Callable[[dict[str, str]], ModuleType]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """A package of event files in a temporary tree."""

    def make(files: dict[str, str]) -> ModuleType:
        root = tmp_path / "made_up_events"
        root.mkdir()
        for name, text in {"__init__": "", **files}.items():
            (root / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        for name in [n for n in sys.modules if n.startswith("made_up_events")]:
            monkeypatch.delitem(sys.modules, name)
        return importlib.import_module("made_up_events")

    return make


def test_every_file_in_events_declares_a_type_of_its_own_name() -> None:
    files = {path.stem for path in Path(str(events.__file__)).parent.glob("*.py")} - {"__init__"}
    assert {cls.contract.table for cls in registry().values()} == files


def test_a_new_file_is_found_without_editing_another(package: Package) -> None:
    text = NEW_TYPE.format(version=1, name="BadgePolished", cls="BadgePolished")
    found = scan(package({"badge_polished": text}))
    assert list(found) == [("BadgePolished", 1)]


def test_a_new_version_stands_beside_the_old_one(package: Package) -> None:
    files = {
        f"badge_polished_{n}": NEW_TYPE.format(version=n, name="BadgePolished", cls=f"Polished{n}")
        for n in (1, 2)
    }
    found = scan(package(files))
    assert list(found) == [("BadgePolished", 1), ("BadgePolished", 2)]
    assert [cls.contract.version for cls in latest(found)] == [2]


def test_a_type_declared_twice_is_refused_by_name(package: Package) -> None:
    text = NEW_TYPE.format(version=1, name="BadgePolished", cls="BadgePolished")
    with pytest.raises(ContractError, match="BadgePolished version 1 is declared twice"):
        scan(package({"one": text, "two": text}))


def test_a_key_that_is_no_field_is_refused(package: Package) -> None:
    text = NEW_TYPE.format(version=1, name="BadgePolished", cls="BadgePolished")
    with pytest.raises(ContractError, match="officer"):
        scan(package({"badge_polished": text.replace('key="badge"', 'key="officer"')}))


def test_an_event_without_docstring_is_refused(package: Package) -> None:
    text = NEW_TYPE.format(version=1, name="BadgePolished", cls="BadgePolished")
    with pytest.raises(ContractError, match="docstring"):
        scan(package({"badge_polished": text.replace('"""A badge was polished."""', "")}))


def test_an_event_without_facts_is_refused(package: Package) -> None:
    text = NEW_TYPE.format(version=1, name="BadgePolished", cls="BadgePolished")
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("@"))
    with pytest.raises(ContractError, match="has no @contract"):
        scan(package({"badge_polished": bare}))


def test_an_unknown_version_names_the_known_ones() -> None:
    with pytest.raises(ContractViolation, match=r"PointsDonated has \[1\]"):
        find("PointsDonated", 7)


@pytest.mark.parametrize(
    ("name", "expected"), [("PointsDonated", "points_donated"), ("QrIssued", "qr_issued")]
)
def test_lake_names_are_snake_case(name: str, expected: str) -> None:
    assert snake(name) == expected
