"""Points that pass from one user to another: donations and gifts."""

from __future__ import annotations

from typing import Literal, cast

from ingestion.events.points_donated import PointsDonated
from ingestion.events.points_given import PointsGiven
from ingestion.fields import Instant, Points, Uuid
from services import roles
from services.http import Body, Call
from services.ledger import Party, Transaction, insufficient_balance, transfer


class Donation(Body, frozen=True, kw_only=True):
    """Points for a charity or a family in need."""

    donor_id: Uuid
    recipient_id: Uuid
    points: Points
    occurred_at: Instant | None = None


class Gift(Body, frozen=True, kw_only=True):
    """Points for an officer."""

    giver_id: Uuid
    officer_id: Uuid
    points: Points
    occurred_at: Instant | None = None


def donate(
    donation: Donation, call: Call, donor: Party, recipient: Party, balance: int
) -> Transaction:
    """Decide a donation; `balance` is the donor's. Raises Refusal."""
    roles.permit("donate", donor.kind, recipient.kind)
    event = PointsDonated(
        transaction_id=call.event_id,
        donor_id=donor.user_id,
        donor_kind=cast("Literal['civilian', 'officer']", donor.kind),
        recipient_id=recipient.user_id,
        recipient_kind=cast("Literal['charity', 'family']", recipient.kind),
        points=donation.points,
        recorded_at=call.now,
        postings=transfer(donor.account, recipient.account, donation.points),
    )
    return _pay(event, call, donor, donation.points, balance, donation.occurred_at)


def give(gift: Gift, call: Call, giver: Party, officer: Party, balance: int) -> Transaction:
    """Decide a gift; `balance` is the giver's. Raises Refusal."""
    roles.permit("give", giver.kind, officer.kind)
    event = PointsGiven(
        transaction_id=call.event_id,
        giver_id=giver.user_id,
        giver_kind=cast("Literal['civilian', 'officer']", giver.kind),
        officer_id=officer.user_id,
        points=gift.points,
        recorded_at=call.now,
        postings=transfer(giver.account, officer.account, gift.points),
    )
    return _pay(event, call, giver, gift.points, balance, gift.occurred_at)


def _pay(
    event: PointsDonated | PointsGiven,
    call: Call,
    payer: Party,
    points: int,
    balance: int,
    occurred_at: Instant | None,
) -> Transaction:
    if balance < points:
        raise insufficient_balance(payer.account, balance, points)
    receipt = {"transactionId": call.event_id, "points": points, "balance": balance - points}
    return Transaction.of(
        call,
        call.message(event, actor=payer.user_id, occurred_at=call.occurred(occurred_at)),
        receipt,
        postings=event.postings,
        seen={payer.account: balance},
    )
