from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from local.city.action import Action, RawRecord
from local.city.books import Books

NOW = datetime(2026, 6, 1, tzinfo=UTC)
GIFT = Action(
    NOW,
    "gift",
    "/scoring/gifts",
    {},
    "key",
    events=("PointsGiven",),
    says={"balance": 3},
    postings=(("user:a", -2), ("user:b", 2)),
)
POSITION = Action(
    NOW,
    "position",
    "/tracking/positions",
    {},
    "other",
    expects=202,
    events=("PositionReported", "OfficerNearby"),
)


def test_an_accepted_request_is_booked_twice_over() -> None:
    books = Books()
    books.take(GIFT, 201, {"balance": 3})
    assert books.balances == {"user:a": -2, "user:b": 2}
    assert (books.accepted, books.refused, books.surprised) == (1, 0, 0)
    assert books.events == {"PointsGiven": 1}
    assert books.records == {"transactions": 1}


def test_a_repeat_books_and_publishes_nothing() -> None:
    books = Books()
    books.take(GIFT, 201, {"balance": 3})
    books.take(replace(GIFT, is_repeat=True), 201, {"balance": 3})
    assert books.balances["user:b"] == 2
    assert books.records == {"transactions": 1}
    assert books.requests == {("gift", 201): 2}


def test_a_repeated_position_is_another_record_of_the_same_event() -> None:
    books = Books()
    books.take(POSITION, 202, {})
    books.take(replace(POSITION, is_repeat=True), 202, {})
    assert books.events == {"PositionReported": 1, "OfficerNearby": 1}
    assert books.records == {"activity": 3}


def test_what_was_not_expected_is_told_and_a_refusal_moves_nothing() -> None:
    books = Books()
    books.take(GIFT, 409, {"title": "no"})
    assert not books.balances
    assert "answered 409, not 201" in books.surprises[0]
    books.take(GIFT, 201, {"balance": 4})
    assert "balance is 4, not 3" in books.surprises[1]
    assert books.surprised == 2


def test_points_are_minted_outstanding_or_burned() -> None:
    books = Books()
    books.take(replace(GIFT, postings=(("mint", -20), ("user:a", 20)), says={}), 201, {})
    books.take(replace(GIFT, postings=(("user:a", -5), ("burn", 5)), says={}), 201, {})
    assert (books.minted, books.outstanding, books.burned) == (20, 15, 5)


def test_broken_records_are_counted_by_dataset() -> None:
    books = Books()
    books.note(RawRecord(NOW, "users", "key", b"{"))
    assert books.malformed == {"users": 1}
    assert not books.records
