"""A market whose ledger is real and whose lake is a fold over the events it published."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import msgspec
import pandas as pd
import pytest

from ingestion.envelope import read
from quality.reconciliation import LAKE_POSTINGS, LAKE_SHELVES, LAKE_STOCK_MOVEMENTS
from services.dynamo_store import DynamoStore
from tests.conftest import LocalAws
from tests.services.conftest import Town, create_table

SIGNS = {"StockReceived": 1, "GoodsRedeemed": -1}


@dataclass
class Market:
    """`query` answers what the marts would hold of the events that were not lost."""

    town: Town
    table: Any
    civilian: str
    merchant: str
    lost: list[str] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def unsold(self) -> dict[str, int]:
        """The shelf that nothing ever reached."""
        return {f"{self.merchant}/cup": 0}

    def query(self, sql: str) -> pd.DataFrame:
        return {
            LAKE_POSTINGS: self._postings,
            LAKE_SHELVES: self._shelves,
            LAKE_STOCK_MOVEMENTS: self._movements,
        }[sql]()

    def lose(self, event_type: str) -> None:
        self.lost += [each["eventId"] for each in self._events() if each["eventType"] == event_type]

    def recall_history(self) -> None:
        """Goods of a merchant that was imported: the ledger never heard of it."""
        past = {"event_id": "past", "merchant_id": "old", "good_id": "mug", "units": 9}
        self.history.append({**past, "event_date": pd.Timestamp("2010-12-01")})

    def _events(self) -> list[dict[str, Any]]:
        found = [msgspec.json.decode(read_body(item)) for item in items(self.table)]
        return [event for event in found if event["eventId"] not in self.lost]

    def _postings(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "transaction_id": event["eventId"],
                "account_id": leg["account"],
                "points": leg["points"],
                # As Athena gives it: without a zone.
                "recorded_at": pd.Timestamp(event["data"]["recordedAt"]).tz_localize(None),
            }
            for event in self._events()
            for leg in event["data"].get("postings", ())
        )

    def _movements(self) -> pd.DataFrame:
        moved = [
            {
                "event_id": event["eventId"],
                "merchant_id": event["data"]["merchantId"],
                "good_id": event["data"]["goodId"],
                "units": SIGNS[event["eventType"]] * event["data"]["quantity"],
                "event_date": pd.Timestamp(event["timestamp"]).tz_localize(None).normalize(),
            }
            for event in self._events()
            if event["eventType"] in SIGNS
        ]
        return pd.DataFrame(moved + self.history)

    def _shelves(self) -> pd.DataFrame:
        return self._movements().groupby(["merchant_id", "good_id"], as_index=False)["units"].sum()


@dataclass
class Paged:
    """A table that answers a scan in small pages, as DynamoDB does above 1 MB."""

    table: Any
    items: int
    scans: int = 0

    def scan(self, **arguments: Any) -> Any:
        self.scans += 1
        return self.table.scan(Limit=self.items, **arguments)


@dataclass
class Racing:
    """A table on which a command raises one balance during the first scan."""

    table: Any
    pk: str
    scans: int = 0

    def scan(self, **arguments: Any) -> Any:
        self.scans += 1
        page = self.table.scan(**arguments)
        if self.scans == 1:
            raised = [item for item in page["Items"] if item["pk"] == self.pk]
            raised[0]["balance"] += 5
        return page


def items(table: Any) -> list[Mapping[str, Any]]:
    return [item for item in table.scan()["Items"] if "event" in item]


def read_body(item: Mapping[str, Any]) -> bytes:
    body = bytes(item["event"])
    read(body)
    return body


@pytest.fixture
def market(aws: LocalAws) -> Market:
    """Two meetings, two goods of which one sells, a gift: enough for every kind of item."""
    client, table = aws.client("dynamodb"), f"ledger-{uuid.uuid4()}"
    create_table(client, table)
    town = Town(DynamoStore(client, table), list)
    civilian, officer, merchant = town.join("civilian"), town.join("officer"), town.join("merchant")
    town.offer(merchant, "mug", 2)
    town.offer(merchant, "cup", None)
    for _ in range(3):
        town.deliver(merchant, "mug", 4)
    town.meet(civilian, officer)
    town.redeem(civilian, merchant, "mug", 2)
    town.give(civilian, officer, 1)
    town.donate(officer, town.join("charity"), 3)
    session: Any = boto3.Session("test", "test", region_name="us-east-1")
    resource = session.resource("dynamodb", endpoint_url=aws.url)
    return Market(town, resource.Table(table), civilian, merchant)
