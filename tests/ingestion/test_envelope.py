from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ingestion.envelope import Context, build, event_id, instant, read, read_tolerantly
from ingestion.errors import ContractViolation
from ingestion.events.points_donated import PointsDonated
from ingestion.fields import Posting

ID = "3f2b6a0e-3c0b-5b7e-9d57-0d1f3c3c2f01"
OTHER = "3f2b6a0e-3c0b-5b7e-9d57-0d1f3c3c2f02"
NOW = datetime(2026, 6, 1, 12, 0, 0, 123000, tzinfo=UTC)
CONTEXT = Context(source="scoring", now=NOW, correlation_id=ID)


def donated(points: int = 5) -> PointsDonated:
    return PointsDonated(
        transaction_id=ID,
        donor_id=ID,
        donor_kind="civilian",
        recipient_id=OTHER,
        recipient_kind="charity",
        points=points,
        recorded_at=NOW,
        postings=(
            Posting(account=f"user:{ID}", points=-points),
            Posting(account=f"user:{OTHER}", points=points),
        ),
    )


def body(change: Any = None) -> dict[str, Any]:
    message = build(donated(), CONTEXT, event_id=ID, occurred_at=NOW)
    document: dict[str, Any] = json.loads(message.body)
    if change:
        change(document)
    return document


def test_a_built_message_reads_back_as_the_same_event() -> None:
    message = build(donated(), CONTEXT, event_id=ID, occurred_at=NOW)
    envelope, event = read(message.body)
    assert event == donated()
    assert (envelope.event_type, envelope.event_version) == ("PointsDonated", 1)
    assert envelope.timestamp == NOW
    assert (message.dataset, message.partition_key) == ("transactions", ID)


def test_building_refuses_what_the_struct_let_through() -> None:
    with pytest.raises(ContractViolation) as caught:
        build(donated(points=0), CONTEXT, event_id=ID, occurred_at=NOW)
    assert caught.value.path == "$.data.points"
    assert ">= 1" in caught.value.reason


REFUSED = {
    "unknown field in data": (lambda d: d["data"].update(extra=1), "invalid", "$.data"),
    "unknown field in the envelope": (lambda d: d.update(extra=1), "invalid", "$"),
    "missing field": (lambda d: d["data"].pop("donorId"), "invalid", "$.data"),
    "text for a number": (lambda d: d["data"].update(points="5"), "invalid", "$.data.points"),
    "fraction for a number": (lambda d: d["data"].update(points=5.5), "invalid", "$.data.points"),
    "true for a number": (lambda d: d["data"].update(points=True), "invalid", "$.data.points"),
    "time without zone": (
        lambda d: d.update(timestamp="2026-06-01T12:00:00"),
        "invalid",
        "$.timestamp",
    ),
    "30 February": (
        lambda d: d["data"].update(recordedAt="2026-02-30T12:00:00Z"),
        "invalid",
        "$.data.recordedAt",
    ),
    "id with a trailing newline": (lambda d: d.update(eventId=ID + "\n"), "invalid", "$.eventId"),
    "id without dashes": (lambda d: d.update(eventId=ID.replace("-", "")), "invalid", "$.eventId"),
    "account of no kind": (
        lambda d: d["data"]["postings"][0].update(account="bank:1"),
        "invalid",
        "$.data.postings[0].account",
    ),
    "kind outside the list": (
        lambda d: d["data"].update(donorKind="family"),
        "invalid",
        "$.data.donorKind",
    ),
    "unknown type": (lambda d: d.update(eventType="PointsLost"), "unknown_type", "$.eventType"),
    "unknown version": (
        lambda d: d.update(eventVersion=9),
        "unknown_version",
        "$.eventVersion",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_reader_refuses_by_code_and_path(case: str) -> None:
    change, code, path = REFUSED[case]
    with pytest.raises(ContractViolation) as caught:
        read(json.dumps(body(change)))
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize("text", [b"", b"{", b"nonsense", b"[1]", b'"\xff"', b"null"])
def test_what_is_no_envelope_is_refused_whole(text: bytes) -> None:
    with pytest.raises(ContractViolation) as caught:
        read(text)
    assert caught.value.path.startswith("$")


def test_a_tolerant_reader_ignores_fields_it_does_not_know() -> None:
    def add(document: dict[str, Any]) -> None:
        document["data"]["campaign"] = "summer"
        document["data"]["postings"][0]["note"] = {"deep": 1}

    _, event = read_tolerantly(json.dumps(body(add)), PointsDonated)
    assert event == donated()


def test_a_tolerant_reader_still_refuses_a_wrong_type() -> None:
    with pytest.raises(ContractViolation) as caught:
        read_tolerantly(json.dumps(body(lambda d: d["data"].update(points="5"))), PointsDonated)
    assert caught.value.path == "$.data.points"


def test_the_same_command_has_the_same_event_id() -> None:
    assert event_id("scoring", "key-1") == event_id("scoring", "key-1")
    assert event_id("scoring", "key-1") != event_id("content", "key-1")


def test_times_are_written_in_utc_with_milliseconds() -> None:
    east = datetime(2026, 6, 1, 14, 0, 0, 123999, tzinfo=timezone(timedelta(hours=2)))
    assert instant(east) == "2026-06-01T12:00:00.123Z"
    with pytest.raises(ValueError, match="no zone"):
        instant(datetime(2026, 6, 1))
