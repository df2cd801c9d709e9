"""A made-up month in two deliveries, dbt over it, and the marts against a fold over the events."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

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

if TYPE_CHECKING:
    from tests.dbt.conftest import Lake

pytestmark = pytest.mark.integration

Rows = list[dict[str, str | None]]

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
DAYS = 30
SPLIT = START + timedelta(days=20)
KINDS = {"civilian": 5, "officer": 3, "charity": 2, "family": 2, "merchant": 2}
HISTORIC = event_id("town", "historic merchant")
DAMAGED = ("points_donated", "user_onboarded")
TABLES = {
    "marts": ["users", "postings", "balances_per_day", "encounters", "goods", "stock_per_day"],
    "staging": ["user_onboarded", "goods_issued", "points_donated", "transaction_reversed"],
}


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

    def _payer(self, *kinds: str) -> tuple[str, str] | None:
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
            donor_kind=kind,  # type: ignore[arg-type]
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
            giver_kind=kind,  # type: ignore[arg-type]
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
            user_kind=kind,  # type: ignore[arg-type]
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


@dataclass(frozen=True)
class Seen:
    """What a run left in the warehouse."""

    tables: dict[str, Rows]
    printed: str


@dataclass(frozen=True)
class Runs:
    town: Town
    first: Seen
    again: Seen
    second: Seen
    healed: Seen
    afresh: Seen


@pytest.fixture(scope="module")
def runs(lake: Lake) -> Runs:
    """First delivery, nothing new, second delivery with duplicates, repair, some from scratch."""
    town = Town(7)
    early = [each for each in town.told if each.arrived_at < SPLIT]
    lake.land(early)
    first = see(lake, lake.dbt("build"))
    again = see(lake, lake.dbt("run", "--select", "staging"))
    lake.land(each for each in town.told if each.arrived_at >= SPLIT)
    lake.land(early[::5], arrived_at=SPLIT + timedelta(days=30))
    second = see(lake, lake.dbt("run"))
    damage(lake)
    healed = see(lake, lake.dbt("run", "--select", *(f"stg_{name}" for name in DAMAGED)))
    models = (f"stg_{name}" for name in TABLES["staging"])
    afresh = see(lake, lake.dbt("run", "--full-refresh", "--select", *models))
    return Runs(town, first, again, second, healed, afresh)


def see(lake: Lake, printed: str) -> Seen:
    tables = {
        f"{schema}.{table}": sorted(
            lake.query(f"select * from {schema}.{table}"), key=lambda row: str(row.values())
        )
        for schema, names in TABLES.items()
        for table in names
    }
    return Seen(tables, printed)


def damage(lake: Lake) -> None:
    """What a run leaves that dies between deleting a day and writing it, and an older contract."""
    glue = lake.client("glue")
    died, outgrown = DAMAGED
    day = {"DatabaseName": "staging", "TableName": died}
    lost = glue.get_partitions(**day)["Partitions"][3]
    bucket, _, prefix = lost["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
    s3 = lake.client("s3")
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=entry["Key"])
    glue.delete_partition(**day, PartitionValues=lost["Values"])
    lake.query(f"create table staging.{died}__dbt_tmp as select 1 as x")
    table = glue.get_table(DatabaseName="staging", Name=outgrown)["Table"]
    kept = {"Name", "Parameters", "PartitionKeys", "StorageDescriptor", "TableType"}
    older = {name: value for name, value in table.items() if name in kept}
    older["StorageDescriptor"]["Columns"] = [
        column for column in older["StorageDescriptor"]["Columns"] if column["Name"] != "state"
    ]
    glue.update_table(DatabaseName="staging", TableInput=older)


def test_a_rerun_equals_a_run(runs: Runs) -> None:
    assert runs.again.tables == runs.first.tables


def test_incremental_runs_equal_one_from_scratch(runs: Runs) -> None:
    assert runs.second.tables == runs.afresh.tables


def test_a_run_that_died_and_a_contract_that_grew_are_made_good(runs: Runs) -> None:
    assert runs.healed.tables == runs.second.tables


def test_each_event_is_staged_once_as_it_first_arrived(runs: Runs) -> None:
    wanted = {
        each.event_id: f"{each.arrived_at:%Y-%m-%d %H:%M:%S}.000"
        for each in runs.town.told
        if each.event.contract.name == "PointsDonated"
    }
    found = [
        (row["event_id"], row["arrived_at"]) for row in runs.second.tables["staging.points_donated"]
    ]
    assert sorted(map(str, found)) == sorted(map(str, wanted.items()))


def test_typed_columns_keep_their_values(runs: Runs) -> None:
    row = runs.second.tables["staging.goods_issued"][0]
    assert (row["unit_price"], row["currency"], row["invoice_line"]) == ("2.5500", "GBP", "1")
    reversal = runs.second.tables["staging.transaction_reversed"][0]
    assert (reversal["returned_goods_good_id"], reversal["returned_goods_quantity"]) == ("tea", "1")
    assert reversal["recorded_at"] == reversal["occurred_at"]


@pytest.mark.parametrize("delivery", ["first", "second"])
def test_balances_equal_a_fold_over_the_events(runs: Runs, delivery: str) -> None:
    assert found(runs, delivery, "balances_per_day") == balances(told_by(runs, delivery))


@pytest.mark.parametrize("delivery", ["first", "second"])
def test_stock_equals_a_fold_over_the_events(runs: Runs, delivery: str) -> None:
    actual = found(runs, delivery, "stock_per_day")
    wanted = stock(told_by(runs, delivery))
    assert set(actual) == set(wanted)
    for key, figures in wanted.items():
        cover = figures.pop("days_of_cover")
        assert actual[key].pop("days_of_cover") == (pytest.approx(cover) if cover else cover), key
        assert actual[key] == figures, key


def test_users_know_their_devices(runs: Runs) -> None:
    devices = {row["user_id"]: row["has_device"] for row in runs.second.tables["marts.users"]}
    linked = {each.event.user_id for each in runs.town.told if isinstance(each.event, DeviceLinked)}
    assert len(devices) == sum(KINDS.values())
    assert {user for user, has in devices.items() if has == "true"} == linked


def test_an_encounter_falls_on_its_local_day(runs: Runs) -> None:
    days = {r["encounter_id"]: r["encounter_date"] for r in runs.second.tables["marts.encounters"]}
    assert days == {
        each.event_id: each.event.local_date
        for each in runs.town.told
        if isinstance(each.event, EncounterRecorded)
    }


def test_a_good_bears_the_name_of_the_latest_storefront(runs: Runs) -> None:
    names = {row["merchant_id"]: row["merchant_name"] for row in runs.second.tables["marts.goods"]}
    fronted, plain = runs.town.users["merchant"]
    assert names == {fronted: "Shop", plain: "merchant 1 O'Hara"}


def test_every_posting_has_a_row_and_its_owner(runs: Runs) -> None:
    wanted = [
        (f"{each.event_id}/{place}", leg.account, leg.account.partition(":")[2] or None, leg.points)
        for each in runs.town.told
        for place, leg in enumerate(getattr(each.event, "postings", ()), 1)
    ]
    actual = [
        (row["posting_id"], row["account_id"], row["user_id"], int(row["points"] or 0))
        for row in runs.second.tables["marts.postings"]
    ]
    assert sorted(map(str, actual)) == sorted(map(str, wanted))


def told_by(runs: Runs, delivery: str) -> list[Told]:
    return [each for each in runs.town.told if delivery == "second" or each.arrived_at < SPLIT]


def found(runs: Runs, delivery: str, mart: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """Rows of a mart by key, figures as numbers, without what the fold does not know."""
    keys = {
        "balances_per_day": ["account_id", "balance_date"],
        "stock_per_day": ["merchant_id", "good_id", "stock_date"],
    }[mart]
    rows: Rows = getattr(runs, delivery).tables[f"marts.{mart}"]
    return {
        tuple(str(row[key]) for key in keys): {
            name: None if value is None else float(value)
            for name, value in row.items()
            if name not in (*keys, "user_id", "user_kind")
        }
        for row in rows
    }


BALANCE = ["earned", "received", "given", "donated", "redeemed", "expired", "reversed"]
STOCK = ["received", "estimated_received", "redeemed", "issued", "returned", "adjusted"]


def balances(told: Iterable[Told]) -> dict[tuple[str, ...], dict[str, Any]]:
    moved: dict[str, dict[date, dict[str, float]]] = defaultdict(dict)
    days = [each.occurred_at.date() for each in told if hasattr(each.event, "postings")]
    for each in told:
        for leg in getattr(each.event, "postings", ()):
            if ":" in leg.account:
                by_day = moved[leg.account]
                figures = by_day.setdefault(each.occurred_at.date(), dict.fromkeys(BALANCE, 0.0))
                name = balance_column(each.event, leg.points)
                figures[name] += leg.points if name == "reversed" else abs(leg.points)
    table: dict[tuple[str, ...], dict[str, Any]] = {}
    for account, by_day in moved.items():
        opening = 0.0
        for day in each_day(min(by_day), max(days)):
            figures = by_day.get(day, dict.fromkeys(BALANCE, 0.0))
            closing = opening + figures["earned"] + figures["received"] + figures["reversed"]
            closing -= figures["given"] + figures["donated"] + figures["redeemed"]
            table[account, str(day)] = {"opening": opening, **figures, "closing": closing}
            opening = closing
    return table


def balance_column(event: Event, points: int) -> str:
    if isinstance(event, TransactionReversed):
        return "reversed"
    if isinstance(event, EncounterRecorded):
        return "earned"
    if points > 0:
        return "received"
    return {
        "PointsDonated": "donated",
        "PointsGiven": "given",
        "GoodsRedeemed": "redeemed",
        "MerchantSettled": "redeemed",
    }[event.contract.name]


def stock(told: Iterable[Told]) -> dict[tuple[str, ...], dict[str, Any]]:
    moved: dict[tuple[str, str], dict[date, dict[str, float]]] = defaultdict(dict)
    for each in told:
        for merchant, good, name, units in stock_movements(each.event):
            by_day = moved[merchant, good]
            figures = by_day.setdefault(each.occurred_at.date(), dict.fromkeys(STOCK, 0.0))
            figures[name] += units
    table: dict[tuple[str, ...], dict[str, Any]] = {}
    for (merchant, good), by_day in moved.items():
        last = max(day for (owner, _), days in moved.items() if owner == merchant for day in days)
        opening, outflow = 0.0, list[float]()
        for day in each_day(min(by_day), last):
            figures = by_day.get(day, dict.fromkeys(STOCK, 0.0))
            left = figures["redeemed"] + figures["issued"]
            closing = opening + sum(figures.values()) - 2 * left
            outflow = [*outflow, left][-28:]
            cover = closing * len(outflow) / sum(outflow) if sum(outflow) else None
            table[merchant, good, str(day)] = {
                "opening": opening,
                **figures,
                "closing": closing,
                "days_of_cover": cover,
            }
            opening = closing
    return table


def stock_movements(event: Event) -> Iterator[tuple[str, str, str, int]]:
    match event:
        case StockReceived():
            name = "estimated_received" if event.is_estimated else "received"
            yield event.merchant_id, event.good_id, name, event.quantity
        case StockAdjusted():
            yield event.merchant_id, event.good_id, "adjusted", event.quantity
        case GoodsIssued():
            yield event.merchant_id, event.good_id, "issued", event.quantity
        case GoodsRedeemed():
            yield event.merchant_id, event.good_id, "redeemed", event.quantity
        case TransactionReversed(returned_goods=ReturnedGoods() as goods):
            yield goods.merchant_id, goods.good_id, "returned", goods.quantity


def each_day(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
