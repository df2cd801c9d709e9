"""Finds the event types by scanning a package of event files; there is no list to keep."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType, ModuleType

from ingestion import events
from ingestion.contract import Event
from ingestion.errors import ContractError, ContractViolation

Registry = Mapping[tuple[str, int], type[Event]]


@cache
def registry() -> Registry:
    """All event types of the platform, keyed by (name, version), in order of name."""
    return scan(events)


def scan(package: ModuleType) -> Registry:
    """The event types declared in `package`'s modules. Raises ContractError on a duplicate."""
    found: dict[tuple[str, int], type[Event]] = {}
    for cls in _declared(package):
        key = (cls.contract.name, cls.contract.version)
        if key in found:
            raise ContractError(f"{key[0]} version {key[1]} is declared twice")
        found[key] = cls
    return MappingProxyType(dict(sorted(found.items())))


def find(name: str, version: int) -> type[Event]:
    """The class of an event type. Raises ContractViolation `unknown_type` or `unknown_version`."""
    known = registry()
    if (name, version) in known:
        return known[name, version]
    versions = [v for n, v in known if n == name]
    if versions:
        raise ContractViolation("unknown_version", "$.eventVersion", f"{name} has {versions}")
    raise ContractViolation("unknown_type", "$.eventType", f"no contract is named {name!r}")


def latest(known: Registry | None = None) -> list[type[Event]]:
    """The newest version of each type, in order of name."""
    newest = {name: cls for (name, _), cls in (known or registry()).items()}
    return list(newest.values())


def _declared(package: ModuleType) -> Iterator[type[Event]]:
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Event) and value is not Event:
                if value.__module__ != module.__name__:
                    continue
                if not hasattr(value, "contract"):
                    raise ContractError(f"{module.__name__}.{value.__name__} has no @contract")
                yield value
