"""The committed JSON Schema of every event version: what was released, and what may follow it.

A released revision never changes. A compatible change of a class becomes the next revision
(`1.0` -> `1.1`); a breaking one is refused and needs a new version in a file of its own.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ingestion.compatibility import violations
from ingestion.contract import Event
from ingestion.envelope import Envelope
from ingestion.errors import ContractError
from ingestion.registry import Registry

LOCK = "lock.json"
REVISION = re.compile(r"\A(\d+)\.(\d+)\.json\Z")


def schema(cls: type[Event]) -> dict[str, Any]:
    """The JSON Schema of a whole message of this event type on the wire.

    Draft 7 is the newest that the Glue Schema Registry takes:
    https://docs.aws.amazon.com/glue/latest/dg/schema-registry.html
    """
    (wrapped, data), defs = msgspec.json.schema_components(
        (Envelope, cls), ref_template="#/$defs/{name}"
    )
    document: dict[str, Any] = dict(defs.pop(wrapped["$ref"].rpartition("/")[2]))
    facts = cls.contract
    document["properties"] = {
        **document["properties"],
        "eventType": {"const": facts.name},
        "eventVersion": {"const": facts.version},
        "data": data,
    }
    described = {"title": facts.name, "description": inspect.cleandoc(cls.__doc__ or "")}
    head = {"$schema": "http://json-schema.org/draft-07/schema#", **document, **described}
    portable: dict[str, Any] = _portable({**head, "$defs": dict(sorted(defs.items()))})
    return portable


def revisions(folder: Path, cls: type[Event]) -> list[tuple[str, dict[str, Any]]]:
    """The released revisions of this event version, oldest first, as (`<n>.<m>`, schema)."""
    facts = cls.contract
    found: dict[int, dict[str, Any]] = {}
    for path in (folder / facts.table).glob(f"{facts.version}.*.json"):
        if match := REVISION.match(path.name):
            found[int(match[2])] = json.loads(path.read_text())
    return [(f"{facts.version}.{number}", found[number]) for number in sorted(found)]


def files(known: Registry, folder: Path) -> dict[str, str]:
    """The schema files and the lock as they must be, by path below `folder`.

    Raises ContractError when a released file was altered or a class breaks its last revision.
    """
    verify(folder)
    texts = {name: (folder / name).read_text() for name in _locked(folder)}
    for cls in known.values():
        texts |= _next_revision(cls, folder)
    texts[LOCK] = _text({name: _digest(text) for name, text in sorted(texts.items())})
    return texts


def verify(folder: Path) -> None:
    """Raises ContractError naming every released schema that was altered or removed."""
    altered = [
        name
        for name, digest in _locked(folder).items()
        if not (folder / name).is_file() or _digest((folder / name).read_text()) != digest
    ]
    if altered:
        raise ContractError(
            f"released schemas were altered: {', '.join(altered)}; restore them and let the "
            "generator write the next revision"
        )


def _next_revision(cls: type[Event], folder: Path) -> dict[str, str]:
    wanted = schema(cls)
    released = revisions(folder, cls)
    if not released:
        return {f"{cls.contract.table}/{cls.contract.version}.0.json": _text(wanted)}
    number, newest = released[-1]
    if newest == wanted:
        return {}
    broken = violations(newest, wanted, cls.contract.compatibility)
    if broken:
        raise ContractError(_refusal(cls, number, broken))
    return {f"{cls.contract.table}/{cls.contract.version}.{len(released)}.json": _text(wanted)}


def _refusal(cls: type[Event], number: str, broken: list[str]) -> str:
    facts = cls.contract
    lines = "\n".join(f"  {line}" for line in broken)
    return (
        f"{facts.name} {number} is released and this change is not {facts.compatibility} "
        f"compatible:\n{lines}\nTake the change back, or declare version {facts.version + 1} "
        "in a new file."
    )


def _locked(folder: Path) -> Mapping[str, str]:
    path = folder / LOCK
    locked: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    return locked


def _portable(value: Any) -> Any:
    """Patterns as ECMA 262 writes them, texts without a source file's indentation."""
    if isinstance(value, dict):
        return {key: _portable(_plain(key, item)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(item) for item in value]
    return value


def _plain(key: str, item: Any) -> Any:
    if key == "pattern":
        return item.replace(r"\A", "^").replace(r"\Z", "$")
    return inspect.cleandoc(item) if key == "description" and isinstance(item, str) else item


def _text(document: Any) -> str:
    return json.dumps(document, indent=1) + "\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
