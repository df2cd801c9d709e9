"""What the understood part of JSON Schema holds, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.json_schema import describe, field_path, split, undecidable


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"not": {"type": "string"}}, "'not'"),
        ({"allOf": [{"type": "string"}]}, "'allOf'"),
        (
            {"type": "object", "patternProperties": {"^a": {"type": "string"}}},
            "'patternProperties'",
        ),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "'prefixItems'"),
        ({"type": "object", "propertyNames": {"type": "string"}}, "'propertyNames'"),
        ({"if": {"type": "string"}, "then": {"type": "string"}}, "'then'"),
        (
            {"properties": {"a": {"items": {"anyOf": [{"$dynamicRef": "#x"}]}}}},
            "$.a[*]: keyword '$dynamicRef'",
        ),
        ({"$defs": {"A": {"contains": {"type": "string"}}}}, "#/$defs/A: keyword 'contains'"),
        ({"$ref": "other.json"}, '$ref "other.json"'),
        ({"$ref": "#/$defs/Absent"}, '$ref "#/$defs/Absent"'),
        ({"$ref": "#"}, "#: the reference leads back to itself"),
        (
            {"$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}]}}},
            "#/$defs/A: the reference leads back to itself",
        ),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "draft-04"),
        (
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "$defs": {"A": {"type": "string"}, "B": {"$ref": "#/$defs/A", "maxLength": 3}},
            },
            "#/$defs/B: draft 7 ignores what stands beside $ref",
        ),
        ({"type": "date"}, 'type "date"'),
        ({"pattern": "("}, 'pattern "("'),
        ({"minLength": "1"}, 'minLength "1"'),
        ({"minimum": True}, "minimum true"),
    ],
)
def test_what_cannot_be_decided_is_refused_by_name(schema: Any, word: str) -> None:
    found = undecidable(schema, "old")
    assert any(word in each and "(old schema, not decidable)" in each for each in found)


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:x", "title": "A"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "x-owner": "team"},
        {"$ref": "#/$defs/A", "$defs": {"A": {"items": {"$ref": "#/$defs/A"}}}},
        {"$ref": "#/$defs/A~1b", "default": 1, "$defs": {"A/b": True}},
        {"properties": {"not": {"const": {"not": 1}}}, "required": ["not"]},
    ],
)
def test_what_is_understood_is_not_refused(schema: Any) -> None:
    assert undecidable(schema, "old") == []


def test_a_schema_falls_into_parts_that_hold_together() -> None:
    schema = {"$ref": "#/$defs/A", "maxLength": 3, "anyOf": [True], "title": "ignored"}
    root = {"$defs": {"A": {"const": "a", "type": "string"}}}
    assert split(schema, root) == [
        {"enum": ["a"]},
        {"type": "string"},
        {"anyOf": [True]},
        {"maxLength": 3},
    ]


def test_true_has_no_parts_and_false_lists_no_value() -> None:
    assert split(True, {}) == []
    assert split(False, {}) == [{"enum": []}]


def test_a_field_is_quoted_where_its_name_needs_it() -> None:
    assert field_path("$", "user_id") == "$.user_id"
    assert field_path("$", "a.b") == '$["a.b"]'


def test_a_schema_is_described_in_a_few_words() -> None:
    union = {"anyOf": [{"$ref": "#/$defs/Leg"}, {"type": ["string", "null"]}, {"enum": [1]}, True]}
    assert describe(union) == "Leg or string or null or 1 or any"
    assert describe({"enum": []}) == "nothing"
