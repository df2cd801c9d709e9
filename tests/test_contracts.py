"""The examples below `tests/contracts/`, by name: `<what>.pass.json` is accepted, `<what>.fail.json`
names the JSON path at which it is refused. A new event type adds cases by existing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ingestion.envelope import read
from ingestion.errors import ContractViolation
from ingestion.lock import schema
from ingestion.registry import find, registry

EXAMPLES = Path(__file__).parent / "contracts"
PASSING = sorted(EXAMPLES.glob("*/*.pass.json"))
FAILING = sorted(EXAMPLES.glob("*/*.fail.json"))


def named(path: Path) -> str:
    return f"{path.parent.name}: {path.name.split('.')[0].replace('_', ' ')}"


def accepted_by_schema(message: dict[str, Any]) -> bool:
    cls = find(message["eventType"], message["eventVersion"])
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    return bool(jsonschema.Draft7Validator(schema(cls), format_checker=checker).is_valid(message))


@pytest.mark.parametrize("path", PASSING, ids=named)
def test_an_example_is_accepted(path: Path) -> None:
    envelope, event = read(path.read_bytes())
    assert event.contract.table == path.parent.name
    assert accepted_by_schema(json.loads(path.read_text()))
    assert envelope.event_type == event.contract.name


@pytest.mark.parametrize("path", FAILING, ids=named)
def test_an_example_is_refused_where_it_says(path: Path) -> None:
    example = json.loads(path.read_text())
    with pytest.raises(ContractViolation) as caught:
        read(json.dumps(example["message"]))
    assert caught.value.path.startswith(example["refusal"])


@pytest.mark.parametrize("name", sorted({cls.contract.table for cls in registry().values()}))
def test_every_type_has_examples_of_both_kinds(name: str) -> None:
    kinds = {path.name.split(".")[1] for path in (EXAMPLES / name).glob("*.json")}
    assert kinds == {"pass", "fail"}
