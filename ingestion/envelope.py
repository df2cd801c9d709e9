"""The envelope around every event: built for the wire, read back strictly or tolerantly.

Routing, streams and storage do not belong here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from ingestion.contract import Event
from ingestion.errors import ContractViolation
from ingestion.fields import Instant, Key, Uuid
from ingestion.registry import find

NAMESPACE = uuid.UUID("6f1b6a0e-3c0b-5b7e-9d57-0d1f3c3c2f01")

E = TypeVar("E", bound=Event)


class Metadata(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):  # fmt: skip
    """Who and what caused an event, as far as known."""

    user_id: str | None = None
    session_id: str | None = None
    user_agent: str | None = None
    ip_address: str | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):  # fmt: skip
    """An event as it travels; `data` is kept as the bytes that were published."""

    event_id: Uuid
    event_type: str
    event_version: int
    source: Key
    timestamp: Instant
    correlation_id: Uuid
    causation_id: Uuid | None = None
    data: msgspec.Raw
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes ready for a stream: `body` is one JSON envelope in UTF-8."""

    dataset: str
    partition_key: str
    event_id: str
    event_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler knows of the request: `now` is the platform's time of receipt."""

    source: str
    now: datetime
    correlation_id: str
    causation_id: str | None = None
    metadata: Metadata = field(default_factory=Metadata)


def event_id(source: str, idempotency_key: str) -> str:
    """The id of the event that a command causes: the same command, the same id (RFC 9562 v5)."""
    return str(uuid.uuid5(NAMESPACE, f"{source}/{idempotency_key}"))


def build(event: Event, context: Context, *, event_id: str, occurred_at: datetime) -> Message:
    """Wrap `event` and prove it against its own contract.

    Times are cut to milliseconds, the lake's precision. Raises ContractViolation when a field
    holds what its type forbids: Structs do not check that on construction.
    """
    facts = event.contract
    envelope = {
        "eventId": event_id,
        "eventType": facts.name,
        "eventVersion": facts.version,
        "source": context.source,
        "timestamp": instant(occurred_at),
        "correlationId": context.correlation_id,
        "causationId": context.causation_id,
        "data": event,
        "metadata": context.metadata,
    }
    body = msgspec.json.encode(envelope)
    read(body)
    return Message(
        dataset=facts.stream,
        partition_key=str(getattr(event, facts.key)),
        event_id=event_id,
        event_type=facts.name,
        body=body,
    )


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds. Raises ValueError for a time without zone."""
    if moment.tzinfo is None:
        raise ValueError(f"time {moment.isoformat()} has no zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(body: bytes | str) -> tuple[Envelope, Event]:
    """Decode strictly: unknown or ill-typed fields are refused. Raises ContractViolation."""
    envelope = open_envelope(body)
    cls = find(envelope.event_type, envelope.event_version)
    return envelope, _decode(_decoder(cls), bytes(envelope.data), "$.data")


def read_tolerantly(body: bytes | str, as_type: type[E]) -> tuple[Envelope, E]:
    """Decode as a reader: fields of `data` that `as_type` does not know are ignored."""
    envelope = open_envelope(body)
    known = _prune(msgspec.json.decode(envelope.data), msgspec.json.schema(as_type))
    try:
        return envelope, msgspec.convert(known, as_type)
    except msgspec.ValidationError as error:
        raise _violation(error, "$.data") from error


def open_envelope(body: bytes | str) -> Envelope:
    """Decode the envelope alone, `data` untouched. Raises ContractViolation."""
    return cast("Envelope", _decode(_decoder(Envelope), body, "$"))


@cache
def _decoder(cls: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cls)


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes | str, root: str) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _violation(error, root) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ContractViolation("malformed", root, f"not a JSON document: {error}") from error


def _violation(error: Exception, root: str) -> ContractViolation:
    reason, _, place = str(error).partition(" - at `")
    path = root + place.rstrip("`").removeprefix("$")
    return ContractViolation("invalid", path, reason)


def _prune(value: Any, schema: dict[str, Any], defs: dict[str, Any] | None = None) -> Any:
    defs = defs if defs is not None else schema.get("$defs", {})
    while "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    for branch in schema.get("anyOf", ()):
        value = _prune(value, branch, defs)
    if isinstance(value, dict) and "properties" in schema:
        known = cast("dict[str, Any]", schema["properties"])
        return {k: _prune(v, known[k], defs) for k, v in value.items() if k in known}
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [_prune(item, schema["items"], defs) for item in value]
    return value
