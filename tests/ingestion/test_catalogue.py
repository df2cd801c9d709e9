from __future__ import annotations

from ingestion.catalogue import page
from ingestion.registry import registry


def test_the_page_has_a_section_for_every_type_and_a_row_for_every_field() -> None:
    text = page(registry())
    for (name, version), cls in registry().items():
        assert f"## {name} {version}\n" in text
        assert all(f"| `{field}` |" in text for field in cls.__struct_encode_fields__)


def test_bounds_and_choices_are_told_in_words() -> None:
    text = page(registry())
    assert "| `points` | integer ≥ 1 ≤ 1,000,000,000 | yes |" in text
    assert "`charity`, `family`" in text


def test_personal_fields_are_named() -> None:
    text = page(registry())
    assert "personal fields: `display_name`, `email`" in text
