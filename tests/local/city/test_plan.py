from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice, pairwise

import pytest

from ingestion import envelope
from ingestion.errors import ContractViolation
from local.city import errands
from local.city import plan as planning
from local.city.action import Action
from local.city.books import Books
from local.city.errors import TooFewCharities
from local.city.knobs import Knobs
from local.city.people import populate
from local.city.plan import plan
from local.city.world import TIME_ZONE

from .agreeing import BRIEF, CHARITIES, lived


def lateness(action: Action) -> timedelta:
    told = action.body.get("occurredAt")
    return action.at - datetime.fromisoformat(told) if told else timedelta(0)


def test_the_same_seed_is_the_same_city() -> None:
    assert lived(BRIEF)[:2] == lived(BRIEF)[:2]


def test_another_seed_is_another_city() -> None:
    keys = [{action.key for action in lived(replace(BRIEF, seed=seed))[0]} for seed in (1, 2)]
    assert not keys[0] & keys[1]


def test_a_month_by_default_is_about_four_thousand_requests() -> None:
    sent, _, books, days = lived(Knobs())
    assert 3_000 < len(sent) < 5_000
    assert len(days) == 30
    assert set(books.events) == {
        "UserOnboarded", "DeviceLinked", "EncounterRecorded", "PointsDonated", "PointsGiven",
        "GoodsRedeemed", "MerchantSettled", "TransactionReversed", "PositionReported",
        "OfficerNearby", "QrIssued", "StorefrontPublished", "GoodListed", "StockReceived",
        "StockAdjusted",
    }  # fmt: skip


def test_the_clock_never_goes_back_and_days_follow_each_other() -> None:
    sent, _, _, days = lived(BRIEF)
    assert all(a.at <= b.at for a, b in pairwise(sent))
    assert [day.number for day in days] == [1, 2, 3, 4]
    assert sum(day.requests for day in days) == len(sent)


def test_a_key_is_used_again_only_for_a_repeat_or_to_be_refused() -> None:
    sent, _, _, _ = lived(replace(BRIEF, duplicates=0.3, bad_requests=20))
    fresh = [a.key for a in sent if not a.is_repeat and a.kind != "nonsense"]
    assert len(set(fresh)) == len(fresh)
    first = {action.key: action for action in reversed(sent)}
    repeats = [action for action in sent if action.is_repeat]
    assert repeats
    assert all(r.body == first[r.key].body and r.at > first[r.key].at for r in repeats)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_share_of_duplicates_follows_the_knob(share: float) -> None:
    sent, _, _, _ = lived(replace(BRIEF, duplicates=share, fraud=0, bad_requests=0))
    repeats = sum(action.is_repeat for action in sent)
    assert repeats == pytest.approx(share * (len(sent) - repeats), rel=0.25)


def test_late_encounters_are_all_told_and_hours_or_days_late() -> None:
    sent, _, books, _ = lived(replace(BRIEF, late=1.0, duplicates=0))
    late = [lateness(action) for action in sent if action.kind == "encounter"]
    assert len(late) == books.events["EncounterRecorded"] > 0
    assert all(by > timedelta(0) for by in late)
    assert max(late) > timedelta(days=1)


def test_a_phone_without_a_connection_tells_before_the_city_ends() -> None:
    sent, _, _, _ = lived(replace(BRIEF, days=1, late=1.0, duplicates=0, fraud=0))
    ordered = sum(action.kind == "qr" for action in sent)
    scanned = sum("qrToken" in action.body for action in sent)
    assert ordered == scanned > 0


def test_nothing_is_late_without_the_knob() -> None:
    sent, _, _, _ = lived(replace(BRIEF, late=0.0, bad_requests=0))
    assert not [action for action in sent if lateness(action)]


def test_nobody_scores_twice_a_day_with_the_same_officer() -> None:
    sent, _, _, _ = lived(replace(BRIEF, busyness=3, late=0.2))
    met = Counter(
        (
            action.body["civilianId"],
            action.body["officerId"],
            (action.at - lateness(action)).astimezone(TIME_ZONE).date(),
        )
        for action in sent
        if action.kind == "encounter" and not action.is_repeat
    )
    assert max(met.values()) == 1


def test_points_and_goods_never_go_below_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    regretful = ((errands.restock, 1.0), (errands.stock_count, 1.0), (errands.reversal, 3.0))
    monkeypatch.setattr(planning, "PER_CITY", regretful)
    sent, _, books, _ = lived(replace(BRIEF, days=14, busyness=2))
    assert books.events["TransactionReversed"] > 40
    points: Counter[str] = Counter()
    units: Counter[tuple[str, str]] = Counter()
    for action in (a for a in sent if a.is_accepted and not a.is_repeat):
        assert sum(moved for _, moved in action.postings) == 0
        for account, moved in action.postings:
            points[account] += moved
            assert points[account] >= 0 or account == "mint"
        if action.shelf:
            units[action.shelf[:2]] += action.shelf[2]
            assert units[action.shelf[:2]] >= 0
    assert points == books.balances
    assert books.minted == books.outstanding + books.burned > 0
    assert books.burned > 0


def test_every_malformed_record_breaks_its_contract() -> None:
    _, records, books, _ = lived(replace(BRIEF, malformed=15))
    assert len(records) == sum(books.malformed.values()) > 40
    for body in records:
        with pytest.raises(ContractViolation):
            envelope.read(body)


def test_mischief_can_be_turned_off() -> None:
    _, records, books, _ = lived(replace(BRIEF, fraud=0, bad_requests=0, malformed=0))
    assert (books.refused, records) == (0, [])


def test_a_city_without_an_end_goes_on() -> None:
    endless = replace(BRIEF, days=None)
    books = Books()
    steps = islice(plan(endless, populate(endless, CHARITIES), books), 200)
    for step in steps:
        if isinstance(step, Action):
            books.take(step, step.expects, {**step.says, "token": "x"})
    assert books.accepted > 100


def test_too_few_charities_are_a_clear_refusal() -> None:
    with pytest.raises(TooFewCharities, match="has 2 entries"):
        populate(BRIEF, CHARITIES[:2])
    unusable = [replace(entry, zip_code="") for entry in CHARITIES]
    with pytest.raises(TooFewCharities, match="has 0 entries"):
        populate(BRIEF, unusable)
