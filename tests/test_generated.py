"""What is generated and committed equals what the generators write now."""

from __future__ import annotations

from pathlib import Path

from ingestion import generate
from ingestion.registry import registry
from local import template


def test_everything_that_follows_from_contracts_is_up_to_date() -> None:
    assert generate.drift() == []


def test_the_infrastructure_template_is_up_to_date() -> None:
    assert (generate.ROOT / template.TEMPLATE).read_text() == template.text(generate.ROOT)


def test_a_new_event_type_touches_no_existing_file(tmp_path: Path) -> None:
    """Generating with one type less, then with all, only adds files and lines of lists."""
    known = registry()
    fewer = {key: cls for key, cls in known.items() if key[0] != "QrIssued"}
    generate.write(tmp_path, fewer)
    before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    generate.write(tmp_path, known)
    changed = {p for p, text in before.items() if p.read_text() != text}
    shared = {"lock.json", "EVENTS.md"}
    assert {path.name for path in changed if "qr_issued" not in path.name} <= shared | {
        path.name for path in changed if path.suffix == ".yml"
    }
    added = {path for path in tmp_path.rglob("*") if path.is_file()} - set(before)
    assert added
    assert all("qr_issued" in str(path.relative_to(tmp_path)) for path in added)
