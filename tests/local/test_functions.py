"""Which functions there are, and calling them."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.functions import Function, FunctionFailed, Host, HostError, NoFunction, deployed, read

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    source = """
import os
SEEN = os.environ.get("TOWN")
def handler(event, context):
    left = context.get_remaining_time_in_millis()
    return {"event": event, "town": SEEN, "name": context.function_name, "hurried": left < 5000}
def broken(event, context):
    raise KeyError("nothing here")
"""
    (tmp_path / "a_handler_of_tests.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TOWN", "before")
    sys.modules.pop("a_handler_of_tests", None)
    return "a_handler_of_tests"


def test_a_handler_gets_event_and_context_and_its_environment_at_import(module: str) -> None:
    host = Host([Function("f", f"{module}.handler", 3, {"TOWN": "Springfield"})])
    assert host.invoke("f", {"a": 1}) == {
        "event": {"a": 1},
        "town": "Springfield",
        "name": "f",
        "hurried": True,
    }


def test_what_a_function_raises_is_wrapped_with_its_name(module: str) -> None:
    host = Host([Function("f", f"{module}.broken")])
    with pytest.raises(FunctionFailed, match="f raised KeyError") as failed:
        host.invoke("f", {})
    assert isinstance(failed.value.error, KeyError)


def test_unknown_functions_and_missing_handlers_are_named(module: str) -> None:
    host = Host([Function("f", f"{module}.nothing")])
    with pytest.raises(NoFunction, match="no function g; there are f"):
        host.invoke("g", {})
    with pytest.raises(HostError, match=r"a_handler_of_tests\.nothing"):
        host.load()


def test_two_functions_cannot_want_different_values_of_one_variable() -> None:
    functions = [Function(name, "m.h", environment={"TOWN": name}) for name in ("a", "b")]
    with pytest.raises(HostError, match="TOWN"):
        Host(functions)


def test_functions_are_read_from_a_file(tmp_path: Path) -> None:
    stated: list[dict[str, Any]] = [
        {"name": "f", "handler": "m.h", "sources": [{"EventSourceArn": "arn"}]},
        {"name": "g", "handler": "m.i", "environment": {"A": "1"}, "timeout_s": 3},
    ]
    path = tmp_path / "functions.json"
    path.write_text(json.dumps(stated))
    assert read(path) == [
        Function("f", "m.h", sources=({"EventSourceArn": "arn"},)),
        Function("g", "m.i", 3, {"A": "1"}),
    ]


def test_every_folder_that_states_a_function_has_a_handler_that_can_be_imported() -> None:
    stated = {
        path.parent.name: yaml.safe_load(path.read_text())["handler"]
        for path in (ROOT / "services").glob("*/function.yml")
    }
    assert "scoring" in stated
    Host([Function(name, handler) for name, handler in stated.items()]).load()


@pytest.mark.integration
def test_functions_and_their_sources_are_read_from_the_deployed_stack(aws: Any) -> None:
    client, name = aws.client("lambda"), f"f-{uuid.uuid4()}"
    role = "arn:aws:iam::000000000000:role/r"
    client.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=role,
        Handler="m.h",
        Code={"S3Bucket": "heyblue-code", "S3Key": "functions.zip"},
        Timeout=7,
        Environment={"Variables": {"TOWN": "Springfield"}},
    )
    arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    client.create_event_source_mapping(FunctionName=name, EventSourceArn=arn, BatchSize=5)
    (found,) = [function for function in deployed(client) if function.name == name]
    assert (found.handler, found.timeout_s) == ("m.h", 7)
    assert found.environment == {"TOWN": "Springfield"}
    assert [(s["EventSourceArn"], s["BatchSize"]) for s in found.sources] == [(arn, 5)]
