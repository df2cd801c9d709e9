"""The Lambda functions of the stack, as one process hosts them: which there are, and calling one.

How a call reaches the host (HTTP, streams, queues) is not known here.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

Handler = Callable[[Any, object], Any]


class HostError(Exception):
    """The host cannot do what it was asked for; the message names the function."""


class NoFunction(HostError):
    """No function has this name."""


class FunctionFailed(HostError):
    """A function raised; `error` is what it raised."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(f"{name} raised {type(error).__name__}: {error}")
        self.error = error


@dataclass(frozen=True, slots=True)
class Function:
    """A function: `handler` is `module.attribute`, `sources` event source mappings.

    A source has the members of Lambda's EventSourceMappingConfiguration.
    """

    name: str
    handler: str
    timeout_s: float = 30
    environment: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda tells a handler of its invocation, as far as handlers may rely on it."""

    function_name: str
    aws_request_id: str
    deadline: float

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class Host:
    """Imports handlers on first use, after the environment of all functions has been set."""

    def __init__(self, functions: Iterable[Function]) -> None:
        """Raises HostError when two functions want different values of one variable."""
        self.functions = {function.name: function for function in functions}
        self._handlers: dict[str, Handler] = {}
        self._importing = threading.Lock()
        os.environ.update(_environment(self.functions.values()))

    def load(self) -> None:
        """Import every handler now, so that no first caller waits for it."""
        for name in self.functions:
            self._handler(name)

    def invoke(self, name: str, event: Any) -> Any:
        """Call the function. Raises FunctionFailed, logged with its traceback, or NoFunction."""
        handler = self._handler(name)
        deadline = time.monotonic() + self.function(name).timeout_s
        try:
            return handler(event, Context(name, str(uuid.uuid4()), deadline))
        except Exception as error:  # whatever a handler raises is the answer to its caller
            log.exception("%s failed", name)
            raise FunctionFailed(name, error) from error

    def function(self, name: str) -> Function:
        """Raises NoFunction."""
        if name not in self.functions:
            raise NoFunction(f"no function {name}; there are {', '.join(sorted(self.functions))}")
        return self.functions[name]

    def _handler(self, name: str) -> Handler:
        if name not in self._handlers:
            with self._importing:
                self._handlers[name] = _import(self.function(name))
        return self._handlers[name]


def deployed(client: Any) -> list[Function]:
    """The functions of the stack and their event source mappings; `client` is boto3's `lambda`."""
    mappings = [
        mapping
        for page in client.get_paginator("list_event_source_mappings").paginate()
        for mapping in page["EventSourceMappings"]
    ]
    return [
        Function(
            name=found["FunctionName"],
            handler=found["Handler"],
            timeout_s=found["Timeout"],
            environment=found.get("Environment", {}).get("Variables", {}),
            sources=tuple(m for m in mappings if m["FunctionArn"] == found["FunctionArn"]),
        )
        for page in client.get_paginator("list_functions").paginate()
        for found in page["Functions"]
    ]


def read(path: Path) -> list[Function]:
    """The functions of a JSON file: a list of objects with the fields of Function."""
    return [
        Function(**{**stated, "sources": tuple(stated.get("sources", ()))})
        for stated in json.loads(path.read_text())
    ]


def _environment(functions: Iterable[Function]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for function in functions:
        for name, value in function.environment.items():
            if merged.setdefault(name, value) != value:
                raise HostError(
                    f"{function.name} wants {name}={value}, another function {merged[name]}; "
                    "functions of one process share their environment"
                )
    return merged


def _import(function: Function) -> Handler:
    module, _, attribute = function.handler.rpartition(".")
    try:
        handler: Handler = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise HostError(
            f"handler {function.handler} of {function.name} is missing: {error}"
        ) from error
    return handler
