"""HTTP for Lambda: API Gateway's payload 2.0 in, answers and RFC 9457 problems out.

What a request means belongs to the services; when a command is a repetition, to the ledger.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec

from ingestion import envelope
from ingestion.envelope import Context, Message, Metadata
from ingestion.errors import ContractViolation, TransientFailure
from ingestion.fields import Key
from services.errors import Busy, Malformed, Refusal, Unacceptable, Unknown, WrongMethod
from services.rules import CLOCK_SKEW

B = TypeVar("B", bound="Body")


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base of all request bodies."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; `body` is JSON in UTF-8."""

    status: int
    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True)
class Call:
    """One request. `now` is API Gateway's time of receipt, the only clock a service has."""

    source: str
    route: str
    path: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    ip_address: str | None = None

    @cached_property
    def key(self) -> str:
        """The Idempotency-Key. Raises Malformed when it is absent or too long."""
        try:
            return msgspec.convert(self.headers.get("idempotency-key", ""), Key)
        except msgspec.ValidationError as error:
            raise Malformed(
                "idempotency_key", "header Idempotency-Key must hold 1 to 128 characters"
            ) from error

    @cached_property
    def event_id(self) -> str:
        """The id of the event this command causes; the same for every repetition."""
        return envelope.event_id(self.source, self.key)

    @cached_property
    def request_hash(self) -> str:
        """Digest of route and body, blind to white space and the order of fields."""
        canonical = msgspec.json.encode(msgspec.json.decode(self.body), order="sorted")
        return hashlib.sha256(self.route.encode() + b"\n" + canonical).hexdigest()

    def occurred(self, told: datetime | None) -> datetime:
        """When it happened: as told, else now. Raises Unacceptable for a time still to come."""
        if told is None:
            return self.now
        if told > self.now + CLOCK_SKEW:
            raise Unacceptable(
                "in_the_future",
                f"occurredAt {told.isoformat()} is later than now, {self.now.isoformat()}",
            )
        return told

    def message(
        self,
        event: Any,
        *,
        actor: str | None = None,
        occurred_at: datetime | None = None,
        causation_id: str | None = None,
    ) -> Message:
        """The event that this command causes, ready for its stream; `actor` is a user id."""
        context = Context(
            source=self.source,
            now=self.now,
            correlation_id=self.event_id,
            causation_id=causation_id,
            metadata=Metadata(
                user_id=actor,
                user_agent=self.headers.get("user-agent"),
                ip_address=self.ip_address,
            ),
        )
        return envelope.build(
            event, context, event_id=self.event_id, occurred_at=occurred_at or self.now
        )


Serve = Callable[[Call], Answer]


class Api:
    """The routes of one service: `module` is the `__name__` of its handler module."""

    def __init__(self, module: str) -> None:
        self.source = module.split(".")[1]
        self._routes: dict[str, dict[str, Serve]] = {}

    def get(self, path: str) -> Callable[[Serve], Serve]:
        """Serve `GET /<service><path>`; a segment `{name}` matches anything."""
        return lambda serve: self._add("GET", path, serve)

    def post(
        self, path: str, body: type[B]
    ) -> Callable[[Callable[[B, Call], Answer]], Callable[[B, Call], Answer]]:
        """Serve `POST /<service><path>` with a body decoded strictly."""
        decoder = msgspec.json.Decoder(body)

        def register(serve: Callable[[B, Call], Answer]) -> Callable[[B, Call], Answer]:
            self._add("POST", path, lambda call: serve(_decode(decoder, call.body), call))
            return serve

        return register

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one API Gateway event; only defects leave as exceptions."""
        try:
            return _respond(self._serve(event))
        except Refusal as refusal:
            return _respond(problem(refusal))
        except ContractViolation as error:
            return _respond(problem(Unacceptable("contract", str(error), path=error.path)))
        except TransientFailure as error:
            return _respond(problem(Busy("not_sent", str(error))))

    def _add(self, method: str, path: str, serve: Serve) -> Serve:
        self._routes.setdefault(f"/{self.source}{path}", {})[method] = serve
        return serve

    def _serve(self, event: Mapping[str, Any]) -> Answer:
        http = event["requestContext"]["http"]
        template, values = self._match(event["rawPath"])
        methods = self._routes[template]
        if http["method"] not in methods:
            raise WrongMethod("method", f"{template} serves {sorted(methods)}", allow=[*methods])
        return methods[http["method"]](_call(self.source, template, values, event))

    def _match(self, path: str) -> tuple[str, dict[str, str]]:
        if path in self._routes:
            return path, {}
        given = path.split("/")
        for template in self._routes:
            parts = template.split("/")
            if len(parts) == len(given):
                values = _bind(parts, given)
                if values is not None:
                    return template, values
        raise Unknown("path", f"no path {path} in {self.source}")


def reply(status: int, content: Any) -> Answer:
    """An answer with `content` as JSON."""
    return Answer(status, msgspec.json.encode(content))


def problem(refusal: Refusal) -> Answer:
    """The problem document of a refusal (RFC 9457): its figures are extension members."""
    document = {
        **refusal.figures,
        "type": f"urn:heyblue:problem:{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
    }
    return Answer(refusal.status, msgspec.json.encode(document), "application/problem+json")


def _respond(answer: Answer) -> dict[str, Any]:
    headers = {"content-type": answer.content_type}
    if answer.status == Busy.status:
        headers["retry-after"] = "1"
    return {"statusCode": answer.status, "headers": headers, "body": answer.body.decode()}


def _call(source: str, template: str, values: dict[str, str], event: Mapping[str, Any]) -> Call:
    context = event["requestContext"]
    text = event.get("body") or ""
    return Call(
        source=source,
        route=f"{context['http']['method']} {template}",
        path=values,
        headers=event.get("headers", {}),
        body=base64.b64decode(text) if event.get("isBase64Encoded") else text.encode(),
        now=datetime.fromtimestamp(context["timeEpoch"] / 1000, UTC),
        ip_address=context["http"].get("sourceIp"),
    )


def _bind(parts: list[str], given: list[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for part, value in zip(parts, given, strict=True):
        if part.startswith("{"):
            values[part[1:-1]] = unquote(value)
        elif part != value:
            return None
    return values


def _decode(decoder: msgspec.json.Decoder[B], body: bytes) -> B:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `")
        path = place.rstrip("`") or "$"
        raise Malformed(
            "invalid_body", f"{path}: {reason}", errors=[{"path": path, "reason": reason}]
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(
            "invalid_body",
            "the body is not a JSON document",
            errors=[{"path": "$", "reason": str(error)}],
        ) from error
