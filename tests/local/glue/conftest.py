"""The Glue plane in memory, each of its answers held against botocore's model of the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest

from ingestion.compatibility import violations
from local.glue import GlueApp, Settings, create_app

Call = Callable[..., Any]
_MODEL = botocore.session.get_session().get_service_model("glue")
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "timestamp": (int, float),
}


@pytest.fixture
def plane() -> Iterator[GlueApp]:
    app = create_app(Settings(None, violations))
    yield app
    app.close()


@pytest.fixture
def call(plane: GlueApp) -> Call:
    """`call(operation, **request)` answers or raises AssertionError with code and message."""

    def perform(operation: str, **request: Any) -> Any:
        status, answer = plane.answer(operation, json.dumps(request).encode())
        assert status == 200, f"{answer['__type']}: {answer['Message']}"
        check_shape(answer, _MODEL.operation_model(operation).output_shape, operation)
        return answer

    return perform


@pytest.fixture
def refusal(plane: GlueApp) -> Call:
    """`refusal(operation, **request)` is the error code; an answer fails the test."""

    def perform(operation: str, **request: Any) -> Any:
        status, answer = plane.answer(operation, json.dumps(request).encode())
        assert status == 400, answer
        errors = {shape.name for shape in _MODEL.operation_model(operation).error_shapes}
        assert answer["__type"] in errors | {"ValidationException"}
        return answer["__type"]

    return perform


def check_shape(value: Any, shape: Any, path: str) -> None:
    assert isinstance(value, _PYTHON_TYPES[shape.type_name]), f"{path} is {value!r}"
    if shape.type_name == "structure":
        for name, member in value.items():
            assert name in shape.members, f"{path} has no member {name}"
            check_shape(member, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for item in value:
            check_shape(item, shape.member, f"{path}[]")
    elif shape.type_name == "map":
        for name, item in value.items():
            check_shape(item, shape.value, f"{path}.{name}")


@pytest.fixture
def table(call: Call) -> tuple[str, str]:
    """Database and name of a table partitioned by dt (date) and hour (int)."""
    call("CreateDatabase", DatabaseInput={"Name": "lake"})
    call(
        "CreateTable",
        DatabaseName="lake",
        TableInput={
            "Name": "events",
            "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "string"}]},
            "PartitionKeys": [{"Name": "dt", "Type": "date"}, {"Name": "hour", "Type": "int"}],
        },
    )
    return "lake", "events"
