"""Decisions of the scoring service: pure functions, so no store here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ingestion import envelope
from ingestion.events.encounter_recorded import EncounterRecorded
from services import qr_token
from services.errors import Conflict, Expired, Malformed, NotAllowed, Refusal, Unacceptable
from services.http import Call
from services.ledger import Good, Once, Party, StockMove, Transaction
from services.qr_token import QrClaims
from services.scoring import encounters, redemptions, settlements
from services.scoring.encounters import Encounter, Position, distance_ft

NOW = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)
CIVILIAN = Party("11111111-1111-5111-8111-111111111111", "civilian")
OFFICER = Party("22222222-2222-5222-8222-222222222222", "officer")
MERCHANT = Party("33333333-3333-5333-8333-333333333333", "merchant")
HERE = Position(latitude=41.88, longitude=-87.63)
SECRET = b"the secret of these tests"


def call(key: str = "k") -> Call:
    return Call("scoring", "POST /scoring/x", {}, {"idempotency-key": key}, b"{}", NOW)


def encounter(**changes: Any) -> Encounter:
    fields: dict[str, Any] = {
        "civilian_id": CIVILIAN.user_id,
        "officer_id": OFFICER.user_id,
        "asked_by": CIVILIAN.user_id,
        "accepted_by": OFFICER.user_id,
        "method": "proximity",
        "civilian_position": HERE,
        "officer_position": HERE,
        "zip_code": "60601",
        "time_zone": "America/Chicago",
    }
    return Encounter(**{**fields, **changes})


def record(**changes: Any) -> Transaction:
    return encounters.record(encounter(**changes), call(), CIVILIAN, OFFICER, 5, SECRET)


def recorded(**changes: Any) -> EncounterRecorded:
    _, event = envelope.read(record(**changes).message.body)
    assert isinstance(event, EncounterRecorded)
    return event


def token(officer: Party = OFFICER, issued: datetime = NOW) -> str:
    claims = QrClaims(
        "44444444-4444-5444-8444-444444444444",
        officer.user_id,
        issued,
        issued + timedelta(minutes=2),
    )
    return qr_token.sign(claims, SECRET)


def test_both_earn_ten_points_that_were_minted() -> None:
    postings = {posting.account: posting.points for posting in recorded().postings}
    assert postings == {"mint": -20, CIVILIAN.account: 10, OFFICER.account: 10}
    assert msgspec.json.decode(record().receipt)["balance"] == 15


def test_the_day_is_the_local_one() -> None:
    assert recorded().local_date == "2026-03-02"
    assert recorded(time_zone="Europe/Berlin").local_date == "2026-03-03"


def test_a_pair_scores_once_a_local_day() -> None:
    (once,) = record().changes
    assert isinstance(once, Once)
    assert once.key == f"met#{CIVILIAN.user_id}#{OFFICER.user_id}"
    assert once.within == "2026-03-02"


def test_a_late_report_counts_for_the_day_it_happened() -> None:
    event = recorded(occurred_at=NOW - timedelta(days=5))
    assert event.local_date == "2026-02-25"
    assert event.recorded_at == NOW


@pytest.mark.parametrize(
    ("metres", "reached"), [(0.0, True), (3.04, True), (3.06, False), (100.0, False)]
)
def test_ten_feet_are_the_reach(metres: float, reached: bool) -> None:
    there = Position(latitude=41.88 + metres / 111_195.0797, longitude=-87.63)
    if reached:
        assert recorded(officer_position=there).distance_ft == pytest.approx(metres / 0.3048, 1e-3)
    else:
        with pytest.raises(Unacceptable) as refused:
            record(officer_position=there)
        assert refused.value.figures["reachFt"] == 10


def test_a_degree_of_longitude_shrinks_with_latitude() -> None:
    at_equator = distance_ft(
        Position(latitude=0.0, longitude=0.0), Position(latitude=0.0, longitude=1.0)
    )
    at_sixty = distance_ft(
        Position(latitude=60.0, longitude=0.0), Position(latitude=60.0, longitude=1.0)
    )
    # 111.195 km a degree on a sphere of the mean radius.
    assert at_equator * 0.3048 == pytest.approx(111_195, abs=1)
    assert at_sixty / at_equator == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"asked_by": OFFICER.user_id}, NotAllowed),
        ({"accepted_by": CIVILIAN.user_id}, NotAllowed),
        ({"officer_position": None}, Malformed),
        ({"method": "qr"}, Malformed),
        ({"time_zone": "Mars/Olympus"}, Malformed),
        ({"time_zone": "../etc/passwd"}, Malformed),
        ({"occurred_at": NOW + timedelta(hours=1)}, Unacceptable),
        ({"method": "qr", "qr_token": "nonsense"}, Unacceptable),
    ],
)
def test_what_is_no_meeting_is_refused(changes: Any, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        record(**changes)


def test_a_qr_of_the_officer_proves_the_meeting_without_positions() -> None:
    event = recorded(method="qr", qr_token=token(), civilian_position=None, officer_position=None)
    assert (event.method, event.distance_ft) == ("qr", None)


def test_a_qr_of_another_officer_proves_nothing() -> None:
    with pytest.raises(Unacceptable, match="another officer's"):
        record(method="qr", qr_token=token(MERCHANT))


def test_a_qr_is_judged_at_the_time_of_the_scan() -> None:
    old = token(issued=NOW - timedelta(hours=1))
    with pytest.raises(Expired):
        record(method="qr", qr_token=old)
    scanned = NOW - timedelta(minutes=59)
    assert recorded(method="qr", qr_token=old, occurred_at=scanned).method == "qr"


def redeem(balance: int, **changes: Any) -> Transaction:
    fields: dict[str, Any] = {"units": 4, "price_points": 3, "is_listed": True}
    good = Good(MERCHANT.user_id, "mug", **{**fields, **changes})
    body = redemptions.Redemption(
        user_id=CIVILIAN.user_id, merchant_id=MERCHANT.user_id, good_id="mug", quantity=2
    )
    return redemptions.redeem(body, call(), CIVILIAN, MERCHANT, good, balance)


def test_a_redemption_moves_points_and_goods_at_the_price_seen() -> None:
    transaction = redeem(6)
    points = {posting.account: posting.points for posting in transaction.postings}
    assert points == {CIVILIAN.account: -6, MERCHANT.account: 6}
    assert transaction.changes == (StockMove(MERCHANT.user_id, "mug", -2, 3),)


@pytest.mark.parametrize(
    ("balance", "changes", "code"),
    [
        (5, {}, "insufficient_balance"),
        (99, {"units": 1}, "insufficient_stock"),
        (99, {"is_listed": False}, "not_for_points"),
        (99, {"price_points": None}, "not_for_points"),
    ],
)
def test_a_redemption_is_refused_with_the_reason(balance: int, changes: Any, code: str) -> None:
    with pytest.raises(Conflict) as refused:
        redeem(balance, **changes)
    assert refused.value.code == code


def test_a_settlement_burns_everything_collected() -> None:
    body = settlements.Settlement(merchant_id=MERCHANT.user_id)
    transaction = settlements.settle(body, call(), MERCHANT, 41)
    points = {posting.account: posting.points for posting in transaction.postings}
    assert points == {MERCHANT.account: -41, "burn": 41}
    with pytest.raises(Conflict, match="holds no points"):
        settlements.settle(body, call(), MERCHANT, 0)
