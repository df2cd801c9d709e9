"""What must be refused: attempts at fraud, requests that make no sense, records that break every contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from ingestion import envelope
from local.city.action import RawRecord, Step
from local.city.meetings import encounter_body, nearby, order_qr
from local.city.world import World, coordinates, instant, shifted

Errand = Callable[[World], Iterator[Step]]
DATASETS = ("users", "transactions", "activity", "products")


def second_encounter(world: World) -> Iterator[Step]:
    """The same two, the same day, once more."""
    today = [met for met in world.scored if met[2] == world.local_date()]
    if not today:
        return
    civilian, officer, _ = world.chance.choice(today)
    yield _refused(world, "/scoring/encounters", _meets(world, civilian, officer), 409)


def distant_encounter(world: World) -> Iterator[Step]:
    """Two who were streets apart."""
    if (pair := world.strangers()) is None:
        return
    body = _meets(world, *pair)
    body["officerPosition"] = coordinates(shifted(pair[0].place, 40, 40))
    yield _refused(world, "/scoring/encounters", body, 422)


def encounter_asked_by_the_officer(world: World) -> Iterator[Step]:
    """Only the civilian asks."""
    if (pair := world.strangers()) is None:
        return
    body = {**_meets(world, *pair), "askedBy": pair[1].id}
    yield _refused(world, "/scoring/encounters", body, 403)


def forged_qr(world: World) -> Iterator[Step]:
    """A QR that carries no signature of ours."""
    if (pair := world.strangers()) is None:
        return
    body = encounter_body(*pair, {"method": "qr", "qrToken": "AQEBAQ" * 20})
    yield _refused(world, "/scoring/encounters", body, 422)


def stale_qr(world: World) -> Iterator[Step]:
    """A QR that was photographed and is used later."""
    if (pair := world.strangers()) is None:
        return
    ordered = order_qr(world, pair[1])
    yield ordered
    token = world.books.tokens.pop(ordered.key, "")
    world.wait(300, 600)
    body = encounter_body(*pair, {"method": "qr", "qrToken": token})
    yield _refused(world, "/scoring/encounters", body, 410)


def overspending(world: World) -> Iterator[Step]:
    """More points than there are."""
    donor = world.anyone("civilian")
    points = world.balance(donor) + world.chance.randint(1, 500)
    body = {"donorId": donor.id, "recipientId": world.anyone("charity").id, "points": points}
    yield _refused(world, "/scoring/donations", body, 409)


def overdrawn_shelf(world: World) -> Iterator[Step]:
    """More goods than there are."""
    good = world.chance.choice(world.people.goods)
    body = {
        "userId": world.anyone("civilian").id,
        "merchantId": good.merchant.id,
        "goodId": good.id,
        "quantity": world.units(good) + world.chance.randint(1, 9),
    }
    yield _refused(world, "/scoring/redemptions", body, 409)


def redeeming_officer(world: World) -> Iterator[Step]:
    """Officers do not redeem."""
    good = world.chance.choice(world.people.goods)
    body = {
        "userId": world.anyone("officer").id,
        "merchantId": good.merchant.id,
        "goodId": good.id,
        "quantity": 1,
    }
    yield _refused(world, "/scoring/redemptions", body, 403)


def donating_family(world: World) -> Iterator[Step]:
    """Families do not donate."""
    body = {"donorId": world.anyone("family").id, "recipientId": world.anyone("charity").id}
    yield _refused(world, "/scoring/donations", {**body, "points": 1}, 403)


def tracked_officer(world: World) -> Iterator[Step]:
    """The position of an officer who did not opt in is not taken."""
    officer = world.anyone("officer")
    until = world.visible.get(officer.id)
    if until is not None and until > world.now - timedelta(minutes=5):
        return
    body = {
        "deviceId": world.device(officer),
        "userId": officer.id,
        "kind": "officer",
        **coordinates(officer.place),
        "accuracyM": 5.0,
    }
    yield _refused(world, "/tracking/positions", body, 409)


def wordy_number(world: World) -> Iterator[Step]:
    """A number written as text."""
    body = {"donorId": world.anyone("civilian").id, "recipientId": world.anyone("charity").id}
    yield _nonsense(world, "/scoring/donations", {**body, "points": "10"}, 400)


def missing_field(world: World) -> Iterator[Step]:
    body = {"giverId": world.anyone("civilian").id, "points": 1}
    yield _nonsense(world, "/scoring/gifts", body, 400)


def unknown_field(world: World) -> Iterator[Step]:
    body = {"merchantId": world.anyone("merchant").id, "name": "Shop", "colour": "blue"}
    yield _nonsense(world, "/content/storefronts", body, 400)


def nobody(world: World) -> Iterator[Step]:
    """A gift from someone who never joined."""
    ghost = envelope.event_id("city", f"{world.knobs.name}/nobody/{world.now.isoformat()}")
    body = {"giverId": ghost, "officerId": world.anyone("officer").id, "points": 1}
    yield _nonsense(world, "/scoring/gifts", body, 404)


def unlisted_charity(world: World) -> Iterator[Step]:
    """A charity that the catalogue does not know."""
    body = {
        "kind": "charity",
        "displayName": "Nowhere Fund",
        "email": f"nowhere@{world.knobs.name}.example",
        "zipCode": "20001",
        "state": "DC",
        "credential": "079999999",
        "catalogEntryId": "079999999",
    }
    yield _nonsense(world, "/onboarding/users", body, 404)


def badge_without_department(world: World) -> Iterator[Step]:
    body = {
        "kind": "officer",
        "displayName": "Someone",
        "email": f"someone@{world.knobs.name}.example",
        "zipCode": "20001",
        "state": "DC",
        "credential": "12345",
    }
    yield _nonsense(world, "/onboarding/users", body, 422)


def tomorrow(world: World) -> Iterator[Step]:
    """A delivery that has yet to happen."""
    good = world.chance.choice(world.people.goods)
    body = {
        "merchantId": good.merchant.id,
        "goodId": good.id,
        "quantity": 1,
        "occurredAt": instant(world.now + timedelta(days=1)),
    }
    yield _nonsense(world, "/content/receipts", body, 422)


def reused_key(world: World) -> Iterator[Step]:
    """The key of an earlier request on another one."""
    if world.sent is None:
        return
    body = {**world.sent.body, "points": world.sent.body["points"] + 1}
    yield _nonsense(world, world.sent.path, body, 409, key=world.sent.key)


def wrong_path(world: World) -> Iterator[Step]:
    yield _nonsense(world, "/scoring/lotteries", {"points": 1}, 404)


FRAUD: tuple[Errand, ...] = (
    second_encounter,
    distant_encounter,
    encounter_asked_by_the_officer,
    forged_qr,
    stale_qr,
    overspending,
    overdrawn_shelf,
    redeeming_officer,
    donating_family,
    tracked_officer,
)
NONSENSE: tuple[Errand, ...] = (
    wordy_number,
    missing_field,
    unknown_field,
    nobody,
    unlisted_charity,
    badge_without_department,
    tomorrow,
    reused_key,
    wrong_path,
)


def fraud(world: World) -> Iterator[Step]:
    world.wait(1, 60)
    yield from world.chance.choice(FRAUD)(world)


def nonsense(world: World) -> Iterator[Step]:
    world.wait(1, 60)
    yield from world.chance.choice(NONSENSE)(world)


def malformed(world: World) -> Iterator[Step]:
    """A record past all services, broken in one of six ways."""
    world.wait(1, 60)
    device = world.device(world.anyone("civilian"))
    whole = {
        "eventId": envelope.event_id("city", f"{world.knobs.name}/malformed/{world.now}"),
        "eventType": "PositionReported",
        "eventVersion": 1,
        "source": "city",
        "timestamp": instant(world.now),
        "correlationId": device,
        "causationId": None,
        "data": {
            "deviceId": device,
            "userId": device,
            "kind": "civilian",
            "latitude": 38.9,
            "longitude": -77.0,
            "accuracyM": 5.0,
        },
        "metadata": {},
    }
    dataset = world.chance.choice(DATASETS)
    yield RawRecord(world.now, dataset, device, _broken(whole, world.chance.randrange(6)))


def _broken(whole: dict[str, Any], way: int) -> bytes:
    text = json.dumps(whole).encode()
    match way:
        case 0:
            return text[:-25]
        case 1:
            return b"\x00\xffnot JSON at all"
        case 2:
            return json.dumps({**whole, "eventType": "MoonLanded"}).encode()
        case 3:
            return json.dumps({**whole, "eventVersion": 99}).encode()
        case 4:
            return json.dumps({**whole, "data": {**whole["data"], "latitude": "north"}}).encode()
    return json.dumps({**whole, "extra": 1}).encode()


def _meets(world: World, civilian: Any, officer: Any) -> dict[str, Any]:
    return encounter_body(civilian, officer, nearby(civilian.place, world))


def _refused(world: World, path: str, body: dict[str, Any], status: int) -> Step:
    return world.act("fraud", path, body, expects=status)


def _nonsense(world: World, path: str, body: dict[str, Any], status: int, **facts: Any) -> Step:
    return world.act("nonsense", path, body, expects=status, **facts)
