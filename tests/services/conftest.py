"""A small town whose people use the ledger directly, in memory or in the local DynamoDB."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ingestion import envelope
from ingestion.contract import Event
from ingestion.fields import UserKind
from services.content import shelves
from services.dynamo_store import DynamoStore
from services.http import Answer, Body, Call
from services.ledger import Ledger, Store
from services.memory_store import MemoryStore
from services.onboarding import users
from services.scoring import encounters, redemptions, reversals, settlements, transfers
from tests.conftest import LocalAws

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
PLACE = encounters.Position(latitude=41.88, longitude=-87.63)
ROUTES = {
    users.SignUp: "onboarding/users",
    encounters.Encounter: "scoring/encounters",
    transfers.Donation: "scoring/donations",
    transfers.Gift: "scoring/gifts",
    redemptions.Redemption: "scoring/redemptions",
    settlements.Settlement: "scoring/settlements",
    reversals.Reversal: "scoring/reversals",
    shelves.ListedGood: "content/goods",
    shelves.Delivery: "content/receipts",
    shelves.Adjustment: "content/adjustments",
}


def call_for(body: Body, key: str, now: datetime = NOON) -> Call:
    """The call that brings `body` to its service."""
    route = ROUTES[type(body)]
    return Call(
        source=route.partition("/")[0],
        route=f"POST /{route}",
        path={},
        headers={"idempotency-key": key, "user-agent": "tests"},
        body=msgspec.json.encode(body),
        now=now,
    )


class Town:
    """Carries out commands as the handlers do; without a key of its own, each is a new command."""

    def __init__(self, store: Store, messages: Callable[[], list[bytes]]) -> None:
        self.ledger = Ledger(store)
        self._store, self._messages = store, messages
        self._keys = itertools.count()

    def events(self) -> list[Event]:
        """Everything that has been filed for publication, in no order."""
        return [envelope.read(body)[1] for body in self._messages()]

    def balances(self) -> dict[str, int]:
        return {account.name: account.balance for account in self.ledger.scan()}

    def join(self, kind: UserKind, key: str | None = None) -> str:
        body = users.SignUp(
            kind=kind,
            display_name=f"A {kind}",
            email=f"{kind}@example.org",
            zip_code="60601",
            state="IL",
            credential="D1234",
        )
        call = call_for(body, key or f"join-{kind}-{next(self._keys)}")
        answer = self.ledger.execute(call, lambda: users.join(body, call))
        return str(msgspec.json.decode(answer.body)["userId"])

    def meet(self, civilian: str, officer: str, day: int = 0, key: str | None = None) -> Answer:
        body = encounters.Encounter(
            civilian_id=civilian,
            officer_id=officer,
            asked_by=civilian,
            accepted_by=officer,
            method="proximity",
            civilian_position=PLACE,
            officer_position=PLACE,
            zip_code="60601",
            time_zone="America/Chicago",
        )
        call = self.call(body, key, NOON + timedelta(days=day))

        def decide() -> Any:
            one, other = self.ledger.parties(civilian, officer)
            return encounters.record(body, call, one, other, self.ledger.balance(one.account), b"")

        return self.ledger.execute(call, decide)

    def donate(self, donor: str, recipient: str, points: int, key: str | None = None) -> Answer:
        body = transfers.Donation(donor_id=donor, recipient_id=recipient, points=points)
        call = self.call(body, key)

        def decide() -> Any:
            one, other = self.ledger.parties(donor, recipient)
            return transfers.donate(body, call, one, other, self.ledger.balance(one.account))

        return self.ledger.execute(call, decide)

    def give(self, giver: str, officer: str, points: int, key: str | None = None) -> Answer:
        body = transfers.Gift(giver_id=giver, officer_id=officer, points=points)
        call = self.call(body, key)

        def decide() -> Any:
            one, other = self.ledger.parties(giver, officer)
            return transfers.give(body, call, one, other, self.ledger.balance(one.account))

        return self.ledger.execute(call, decide)

    def redeem(
        self, user: str, merchant: str, good: str, quantity: int, key: str | None = None
    ) -> Answer:
        body = redemptions.Redemption(
            user_id=user, merchant_id=merchant, good_id=good, quantity=quantity
        )
        call = self.call(body, key)

        def decide() -> Any:
            one, other = self.ledger.parties(user, merchant)
            view = self.ledger.look([one.account], [(merchant, good)])
            balance = view.account(one.account).balance
            return redemptions.redeem(body, call, one, other, view.good(merchant, good), balance)

        return self.ledger.execute(call, decide)

    def settle(self, merchant: str, key: str | None = None) -> Answer:
        body = settlements.Settlement(merchant_id=merchant)
        call = self.call(body, key)

        def decide() -> Any:
            (one,) = self.ledger.parties(merchant)
            return settlements.settle(body, call, one, self.ledger.balance(one.account))

        return self.ledger.execute(call, decide)

    def reverse(self, transaction: str, key: str | None = None) -> Answer:
        body = reversals.Reversal(transaction_id=transaction, reason="mistake")
        call = self.call(body, key)
        return self.ledger.execute(
            call, lambda: reversals.reverse(body, call, self.ledger.filed(transaction))
        )

    def offer(self, merchant: str, good: str, price: int | None, listed: bool = True) -> Answer:
        body = shelves.ListedGood(
            merchant_id=merchant,
            good_id=good,
            name=good,
            category="home",
            price_points=price,
            is_listed=listed,
        )
        call = self.call(body, None)
        return self.ledger.execute(
            call, lambda: shelves.list_good(body, call, *self.ledger.parties(merchant))
        )

    def deliver(self, merchant: str, good: str, quantity: int, key: str | None = None) -> Answer:
        body = shelves.Delivery(merchant_id=merchant, good_id=good, quantity=quantity)
        call = self.call(body, key)
        return self.ledger.execute(
            call, lambda: shelves.receive(body, call, *self.ledger.parties(merchant))
        )

    def units(self, merchant: str, good: str) -> int:
        return self.ledger.look([], [(merchant, good)]).good(merchant, good).units

    def call(self, body: Body, key: str | None, now: datetime = NOON) -> Call:
        return call_for(body, key or f"{type(body).__name__}-{next(self._keys)}", now)


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.integration)])
def town(request: pytest.FixtureRequest) -> Town:
    """A town, once in memory and once in the local DynamoDB: both stores keep the same promises."""
    if request.param == "memory":
        return memory_town()
    return dynamo_town(request.getfixturevalue("aws"))


@pytest.fixture(scope="session")
def memory_towns() -> Callable[[], Town]:
    """Founds towns in memory."""
    return memory_town


@pytest.fixture(scope="session")
def dynamo_towns(aws: LocalAws) -> Callable[[], Town]:
    """Founds towns whose ledger is a table of its own in the local DynamoDB."""
    return lambda: dynamo_town(aws)


@pytest.fixture(scope="session")
def make_table(aws: LocalAws) -> Callable[[str], Any]:
    """Creates a table with keys `pk` and `sk` and returns the client it can be reached by."""

    def make(name: str) -> Any:
        client = aws.client("dynamodb")
        create_table(client, name)
        return client

    return make


def memory_town() -> Town:
    store = MemoryStore()
    return Town(store, lambda: [message.body for message in store.outbox])


def dynamo_town(aws: LocalAws) -> Town:
    client, table = aws.client("dynamodb"), f"ledger-{uuid.uuid4()}"
    create_table(client, table)

    def messages() -> list[bytes]:
        pages = client.get_paginator("scan").paginate(TableName=table)
        return [item["event"]["B"] for page in pages for item in page["Items"] if "event" in item]

    return Town(DynamoStore(client, table), messages)


def create_table(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
