"""A made-up month of a town, in two deliveries: what was told, when it happened and arrived."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.contract import Event
from ingestion.envelope import event_id
from ingestion.events.device_linked import DeviceLinked
from ingestion.events.encounter_recorded import EncounterRecorded
from ingestion.events.good_listed import GoodListed
from ingestion.events.goods_issued import GoodsIssued
from ingestion.events.goods_redeemed import GoodsRedeemed
from ingestion.events.merchant_settled import MerchantSettled
from ingestion.events.points_donated import PointsDonated
from ingestion.events.points_given import PointsGiven
from ingestion.events.stock_adjusted import StockAdjusted
from ingestion.events.stock_received import StockReceived
from ingestion.events.storefront_published import StorefrontPublished
from ingestion.events.transaction_reversed import ReturnedGoods, TransactionReversed
from ingestion.events.user_onboarded import UserOnboarded
from ingestion.fields import Posting

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
DAYS = 30
SPLIT = START + timedelta(days=20)
KINDS = {"civilian": 5, "officer": 3, "charity": 2, "family": 2, "merchant": 2}
HISTORIC = event_id("town", "historic merchant")


@dataclass(frozen=True)
class Told:
    event: Event
    event_id: str
    occurred_at: datetime
    arrived_at: datetime


@dataclass
class Town:
    """A seeded month: everyone's balance and stock stay payable in the order of happening."""

    seed: int
    told: list[Told] = field(default_factory=list)
    balance: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    users: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.now = START
        for kind, count in KINDS.items():
            for number in range(count):
                self._onboard(kind, number)
        for day in range(DAYS):
            self.now = START + timedelta(days=day)
            self._live_a_day()
        self._recall_history()

    def _id(self, *parts: object) -> str:
        return event_id("town", "/".join(map(str, parts)))

    def _tell(self, event: Event, key: str, late: timedelta = timedelta()) -> None:
        self.told.append(Told(event, key, self.now, self.now + timedelta(seconds=2) + late))
        self.now += timedelta(seconds=self.random.randrange(30, 900))

    def _post(self, *legs: tuple[str, int]) -> tuple[Posting, ...]:
        for account, points in legs:
            self.balance[account] += points
        return tuple(Posting(account=account, points=points) for account, points in legs)

    def _onboard(self, kind: Any, number: int) -> None:
        key = self._id(kind, number)
        self.users[kind].append(key)
        user = UserOnboarded(
            user_id=key,
            kind=kind,
            display_name=f"{kind} {number} O'Hara",
            email=f"{kind}{number}@example.org",
            zip_code="02139",
            state="MA",
        )
        self._tell(user, key)
        if number == 0:
            device = self._id("device", key)
            linked = DeviceLinked(user_id=key, device_id=device, platform="ios")
            self._tell(linked, self._id("link", key), late=timedelta(days=25))
        if kind == "merchant":
            self._open_shop(key, number)

    def _open_shop(self, merchant: str, number: int) -> None:
        if number == 0:
            for name in ("Old Shop", "Shop"):
                front = StorefrontPublished(merchant_id=merchant, name=name)
                self._tell(front, self._id("front", merchant, name))
        for good, price in (("tea", 3), ("mug", None)):
            listing = GoodListed(
                merchant_id=merchant,
                good_id=good,
                name=good.title(),
                category="kitchen",
                price_points=price,
                unit_price="4.25",
                currency="USD",
            )
            self._tell(listing, self._id("listed", merchant, good))
            self._receive(merchant, good, 40)

    def _receive(self, merchant: str, good: str, units: int) -> None:
        key = self._id("receipt", merchant, good, len(self.told))
        receipt = StockReceived(movement_id=key, merchant_id=merchant, good_id=good, quantity=units)
        self._tell(receipt, key, late=timedelta(days=self.random.choice([0, 0, 0, 7, 22])))

    def _live_a_day(self) -> None:
        for civilian in self.users["civilian"]:
            if self.random.random() < 0.7:
                self._meet(civilian, self.random.choice(self.users["officer"]))
        for _ in range(4):
            step = self.random.choice([self._donate, self._give, self._redeem, self._redeem])
            step()
        if self.random.random() < 0.3:
            self._adjust()
        if self.random.random() < 0.2:
            self._settle(self.random.choice(self.users["merchant"]))

    def _meet(self, civilian: str, officer: str) -> None:
        key = self._id("met", civilian, self.now.date())
        near = self.random.random() < 0.5
        event = EncounterRecorded(
            transaction_id=key,
            civilian_id=civilian,
            officer_id=officer,
            method="proximity" if near else "qr",
            distance_ft=self.random.random() * 10 if near else None,
            zip_code="02139",
            time_zone="Pacific/Honolulu",
            local_date=f"{(self.now + timedelta(hours=-10)).date()}",
            points_each=10,
            recorded_at=self.now,
            postings=self._post(("mint", -20), (f"user:{civilian}", 10), (f"user:{officer}", 10)),
        )
        self._tell(event, key)

    def _payer(self, *kinds: str) -> tuple[Any, str] | None:
        rich = [
            (kind, user)
            for kind in kinds
            for user in self.users[kind]
            if self.balance[f"user:{user}"] >= 3
        ]
        return self.random.choice(rich) if rich else None

    def _donate(self) -> None:
        found = self._payer("civilian", "officer")
        if found is None:
            return
        kind, donor = found
        to: Any = self.random.choice(["charity", "family"])
        recipient = self.random.choice(self.users[to])
        key = self._id("donation", len(self.told))
        event = PointsDonated(
            transaction_id=key,
            donor_id=donor,
            donor_kind=kind,
            recipient_id=recipient,
            recipient_kind=to,
            points=3,
            recorded_at=self.now,
            postings=self._post((f"user:{donor}", -3), (f"user:{recipient}", 3)),
        )
        # Only a charity can wait for its points: it never spends them.
        waits = to == "charity" and self.random.random() < 0.5
        self._tell(event, key, late=timedelta(days=12 if waits else 0))

    def _give(self) -> None:
        found = self._payer("civilian", "officer")
        if found is None:
            return
        kind, giver = found
        officer = self.random.choice([each for each in self.users["officer"] if each != giver])
        key = self._id("gift", len(self.told))
        event = PointsGiven(
            transaction_id=key,
            giver_id=giver,
            giver_kind=kind,
            officer_id=officer,
            points=2,
            recorded_at=self.now,
            postings=self._post((f"user:{giver}", -2), (f"user:{officer}", 2)),
        )
        self._tell(event, key)

    def _redeem(self) -> None:
        found = self._payer("civilian", "family")
        if found is None:
            return
        kind, user = found
        merchant = self.random.choice(self.users["merchant"])
        key = self._id("redemption", len(self.told))
        event = GoodsRedeemed(
            transaction_id=key,
            user_id=user,
            user_kind=kind,
            merchant_id=merchant,
            good_id="tea",
            quantity=1,
            points=3,
            recorded_at=self.now,
            postings=self._post((f"user:{user}", -3), (f"merchant:{merchant}", 3)),
        )
        self._tell(event, key)
        if self.random.random() < 0.3:
            self._reverse(event)

    def _reverse(self, redemption: GoodsRedeemed) -> None:
        key = self._id("reversal", redemption.transaction_id)
        event = TransactionReversed(
            transaction_id=key,
            reversed_transaction_id=redemption.transaction_id,
            reversed_event_type="GoodsRedeemed",
            reason="cup was broken",
            returned_goods=ReturnedGoods(
                merchant_id=redemption.merchant_id, good_id="tea", quantity=1
            ),
            recorded_at=self.now,
            postings=self._post(*((p.account, -p.points) for p in redemption.postings)),
        )
        self._tell(event, key)

    def _settle(self, merchant: str) -> None:
        collected = self.balance[f"merchant:{merchant}"]
        if not collected:
            return
        key = self._id("settlement", len(self.told))
        event = MerchantSettled(
            transaction_id=key,
            merchant_id=merchant,
            points=collected,
            recorded_at=self.now,
            postings=self._post((f"merchant:{merchant}", -collected), ("burn", collected)),
        )
        self._tell(event, key)

    def _adjust(self) -> None:
        merchant = self.random.choice(self.users["merchant"])
        key = self._id("adjustment", len(self.told))
        event = StockAdjusted(
            movement_id=key,
            merchant_id=merchant,
            good_id="mug",
            quantity=self.random.choice([-2, 1]),
            reason="counted",
        )
        self._tell(event, key)

    def _recall_history(self) -> None:
        """A merchant's 130 days of 2010, arriving in two halves that interleave day by day."""
        for number in range(260):
            key = self._id("invoice", number)
            issued = GoodsIssued(
                merchant_id=HISTORIC,
                good_id="lamp",
                quantity=1 + number % 3,
                unit_price="2.55",
                currency="GBP",
                invoice_id=f"i{number}",
                invoice_line=1,
            )
            day = datetime(2010, 8, 1, 10, tzinfo=UTC) + timedelta(days=number // 2)
            self.told.append(Told(issued, key, day, SPLIT + timedelta(hours=12 * (number % 2) - 1)))
        received = StockReceived(
            movement_id=HISTORIC,
            merchant_id=HISTORIC,
            good_id="lamp",
            quantity=600,
            is_estimated=True,
        )
        day = datetime(2010, 8, 1, tzinfo=UTC)
        self.told.append(Told(received, HISTORIC, day, SPLIT - timedelta(hours=1)))
