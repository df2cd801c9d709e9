"""When a civilian and an officer have met, and what both earn."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from ingestion.events.encounter_recorded import EncounterRecorded
from ingestion.fields import Instant, Latitude, Longitude, Posting, ShortText, Uuid, ZipCode
from services import qr_token, roles
from services.errors import Malformed, NotAllowed, Unacceptable
from services.http import Body, Call
from services.ledger import Once, Party, Transaction
from services.rules import POINTS_EACH, REACH_FT

FEET_PER_METRE = 1 / 0.3048
EARTH_RADIUS_M = 6_371_008.8


class Position(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place in WGS 84."""

    latitude: Latitude
    longitude: Longitude


class Encounter(Body, frozen=True, kw_only=True):
    """A meeting that both sides agreed on."""

    civilian_id: Uuid
    officer_id: Uuid
    asked_by: Uuid
    accepted_by: Uuid
    method: Literal["proximity", "qr"]
    civilian_position: Position | None = None
    officer_position: Position | None = None
    qr_token: ShortText | None = None
    zip_code: ZipCode
    time_zone: ShortText
    occurred_at: Instant | None = None


def record(
    encounter: Encounter, call: Call, civilian: Party, officer: Party, balance: int, secret: bytes
) -> Transaction:
    """Decide an encounter; `balance` is the civilian's. Raises Refusal."""
    roles.permit("meet", civilian.kind, officer.kind)
    _check_consent(encounter)
    at = call.occurred(encounter.occurred_at)
    distance = _prove(encounter, at, secret)
    day = _local_date(at, encounter.time_zone)
    event = EncounterRecorded(
        transaction_id=call.event_id,
        civilian_id=encounter.civilian_id,
        officer_id=encounter.officer_id,
        method=encounter.method,
        distance_ft=distance,
        zip_code=encounter.zip_code,
        time_zone=encounter.time_zone,
        local_date=day,
        points_each=POINTS_EACH,
        recorded_at=call.now,
        postings=(
            Posting(account="mint", points=-2 * POINTS_EACH),
            Posting(account=civilian.account, points=POINTS_EACH),
            Posting(account=officer.account, points=POINTS_EACH),
        ),
    )
    receipt = {
        "transactionId": call.event_id,
        "pointsEach": POINTS_EACH,
        "balance": balance + POINTS_EACH,
    }
    return Transaction.of(
        call,
        call.message(event, actor=encounter.civilian_id, occurred_at=at),
        receipt,
        postings=event.postings,
        changes=(_once_a_day(encounter, day),),
        seen={civilian.account: balance},
    )


def distance_ft(a: Position, b: Position) -> float:
    """Feet along the great circle (haversine, mean earth radius)."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    half_lat = math.sin((lat_b - lat_a) / 2) ** 2
    half_lon = math.sin(math.radians(b.longitude - a.longitude) / 2) ** 2
    angle = math.asin(math.sqrt(half_lat + math.cos(lat_a) * math.cos(lat_b) * half_lon))
    return 2 * EARTH_RADIUS_M * angle * FEET_PER_METRE


def _check_consent(encounter: Encounter) -> None:
    if encounter.asked_by != encounter.civilian_id:
        raise NotAllowed("asked_by", "only the civilian asks", askedBy=encounter.asked_by)
    if encounter.accepted_by != encounter.officer_id:
        raise NotAllowed(
            "accepted_by", "only the officer accepts", acceptedBy=encounter.accepted_by
        )


def _prove(encounter: Encounter, at: datetime, secret: bytes) -> float | None:
    """The distance in feet for a meeting by position, None for one by QR."""
    if encounter.method == "qr":
        _check_token(encounter, at, secret)
        return None
    if encounter.civilian_position is None or encounter.officer_position is None:
        raise Malformed("invalid_body", "proximity needs civilianPosition and officerPosition")
    distance = distance_ft(encounter.civilian_position, encounter.officer_position)
    if distance > REACH_FT:
        raise Unacceptable(
            "out_of_reach",
            f"the positions are {distance:.1f} ft apart, at most {REACH_FT:g} ft count",
            distanceFt=distance,
            reachFt=REACH_FT,
        )
    return distance


def _check_token(encounter: Encounter, at: datetime, secret: bytes) -> None:
    if encounter.qr_token is None:
        raise Malformed("invalid_body", "method qr needs qrToken")
    claims = qr_token.verify(encounter.qr_token, secret, at)
    if claims.officer_id != encounter.officer_id:
        raise Unacceptable(
            "qr_token", "the QR is another officer's", officerId=encounter.officer_id
        )


def _local_date(at: datetime, zone: str) -> str:
    try:
        return at.astimezone(ZoneInfo(zone)).date().isoformat()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Malformed(
            "invalid_body",
            f"$.timeZone: {zone!r} is no time zone of the IANA database",
            errors=[{"path": "$.timeZone", "reason": "not in the IANA time zone database"}],
        ) from error


def _once_a_day(encounter: Encounter, day: str) -> Once:
    return Once(
        f"met#{encounter.civilian_id}#{encounter.officer_id}",
        day,
        "already_met",
        f"this civilian and this officer have scored an encounter on {day}",
    )
