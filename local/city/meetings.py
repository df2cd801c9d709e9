"""How civilians and officers find each other and score: strolls, patrols, positions and QR codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from local.city.action import Action, Step
from local.city.people import Person, Position
from local.city.world import TIME_ZONE, World, coordinates, instant, shifted
from services.rules import POINTS_EACH

QR_SHARE = 0.25


def stroll(world: World) -> Iterator[Step]:
    """A civilian's phone tells where it is, somewhere around home."""
    civilian = world.anyone("civilian")
    place = shifted(
        civilian.place, world.chance.uniform(-800, 800), world.chance.uniform(-800, 800)
    )
    for _ in range(world.chance.randint(1, 2)):
        world.wait(60, 300)
        yield _report(world, civilian, place)
        place = shifted(place, world.chance.uniform(-80, 80), world.chance.uniform(-80, 80))


def patrol(world: World) -> Iterator[Step]:
    """An officer opts in to be found; a civilian comes by, mostly before visibility ends."""
    officer, civilian = world.anyone("officer"), world.anyone("civilian")
    world.wait(1, 30)
    until = world.now + timedelta(minutes=15)
    yield _show(world, officer, is_on=True)
    world.visible[officer.id] = until
    world.wait(20, 60)
    yield _report(world, officer, officer.place)
    world.wait(20, 60)
    yield _report(world, civilian, shifted(officer.place, 0, 1_000))
    is_missed = world.happens(0.15)
    world.wait(1_000 if is_missed else 60, 1_100 if is_missed else 300)
    near = shifted(officer.place, world.chance.uniform(-60, 60), world.chance.uniform(-60, 60))
    yield _report(world, civilian, near, *(() if is_missed else ("OfficerNearby",)))
    if world.happens(0.6):
        yield from _meet_nearby(world, civilian, officer, officer.place)
    if world.happens(0.6):
        world.wait(10, 60)
        yield _show(world, officer, is_on=False)
        world.visible.pop(officer.id, None)


def meeting(world: World) -> Iterator[Step]:
    """Two who have not met today score an encounter, by position or by QR."""
    pair = world.strangers()
    if pair is None:
        return
    if world.happens(QR_SHARE):
        yield from _meet_by_qr(world, *pair)
    else:
        yield from _meet_nearby(world, *pair, pair[0].place)


def encounter_body(civilian: Person, officer: Person, proof: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an encounter; `proof` is its method with what that method needs."""
    return {
        "civilianId": civilian.id,
        "officerId": officer.id,
        "askedBy": civilian.id,
        "acceptedBy": officer.id,
        "zipCode": civilian.zip_code,
        "timeZone": TIME_ZONE.key,
        **proof,
    }


def nearby(place: Position, world: World, metres: float = 1.5) -> dict[str, Any]:
    """Proof by two positions at most `metres` apart in each direction."""
    apart = shifted(place, world.chance.uniform(-metres, metres), world.chance.uniform(-1, 1))
    return {
        "method": "proximity",
        "civilianPosition": coordinates(place),
        "officerPosition": coordinates(apart),
    }


def order_qr(world: World, officer: Person) -> Action:
    return world.act("qr", "/qr/codes", {"officerId": officer.id}, events=("QrIssued",))


def _meet_nearby(
    world: World, civilian: Person, officer: Person, place: Position
) -> Iterator[Step]:
    world.wait(10, 90)
    yield from _score(world, civilian, officer, nearby(place, world))


def _meet_by_qr(world: World, civilian: Person, officer: Person) -> Iterator[Step]:
    world.wait(10, 90)
    ordered = order_qr(world, officer)
    yield ordered
    token = world.books.tokens.pop(ordered.key, "")
    world.wait(5, 30)
    says = {"officerId": officer.id}
    if world.happens(0.5):
        yield world.act("qr scan", "/qr/verifications", {"token": token}, expects=200, says=says)
        world.wait(2, 20)
    yield from _score(world, civilian, officer, {"method": "qr", "qrToken": token})


def _score(
    world: World, civilian: Person, officer: Person, proof: Mapping[str, Any]
) -> Iterator[Step]:
    date = world.local_date()
    if (civilian.id, officer.id, date) in world.met:
        return
    world.met.add((civilian.id, officer.id, date))
    body = encounter_body(civilian, officer, proof)
    if not world.happens(world.knobs.late):
        yield _encounter(world, civilian, officer, date, body)
        return
    body["occurredAt"] = instant(world.now)
    # Most phones find a connection within hours, some within days.
    hours = world.chance.uniform(1, 10) if world.happens(0.7) else world.chance.uniform(20, 70)
    due = world.now + timedelta(hours=hours)
    world.tell_later(due, lambda: _encounter(world, civilian, officer, date, body))


def _encounter(
    world: World, civilian: Person, officer: Person, date: str, body: Mapping[str, Any]
) -> Action:
    world.scored.append((civilian, officer, date))
    return world.act(
        "encounter",
        "/scoring/encounters",
        body,
        says={"pointsEach": POINTS_EACH, "balance": world.balance(civilian) + POINTS_EACH},
        postings=(
            ("mint", -2 * POINTS_EACH),
            (civilian.account, POINTS_EACH),
            (officer.account, POINTS_EACH),
        ),
        events=("EncounterRecorded",),
    )


def _report(world: World, person: Person, place: Position, *noticed: str) -> Action:
    body = {
        "deviceId": world.device(person),
        "userId": person.id,
        "kind": person.kind,
        **coordinates(place),
        "accuracyM": round(world.chance.uniform(3, 25), 1),
    }
    return world.act(
        "position",
        "/tracking/positions",
        body,
        expects=202,
        events=("PositionReported", *noticed),
    )


def _show(world: World, officer: Person, *, is_on: bool) -> Action:
    body = {"officerId": officer.id, "deviceId": world.device(officer), "on": is_on}
    place = coordinates(officer.place) if is_on else {}
    return world.act("visibility", "/tracking/visibility", {**body, **place}, expects=200)
