"""Does the lake agree with the ledger, to the point and to the unit of stock?

Reads the ledger's DynamoDB items as stored and the lake's marts as published; repairing a
difference belongs to whoever is told of it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

from quality.suite import Query

LAKE_POSTINGS = """select transaction_id, account_id, points, recorded_at
from marts.postings"""

LAKE_SHELVES = """select merchant_id, good_id, max_by(closing, stock_date) as units
from marts.stock_per_day
group by merchant_id, good_id"""

LAKE_STOCK_MOVEMENTS = """select event_id, merchant_id, good_id, units, event_date
from intermediate.int_stock_movements"""

# Which way an event of the ledger moves the units it names; others move no stock.
_STOCK_SIGNS = {"StockReceived": 1, "StockAdjusted": 1, "GoodsRedeemed": -1}


@dataclass(frozen=True, slots=True)
class Transaction:
    """What one event moved, net by account; `at` (UTC) orders transactions."""

    id: str
    at: datetime
    net: Mapping[str, int]


class Books(NamedTuple):
    """One side's view: balances by account, and the transactions they should follow from."""

    balances: Mapping[str, int]
    transactions: Sequence[Transaction]


@dataclass(frozen=True, slots=True)
class Difference:
    """An account whose ledger and lake differ; `first_event` is the first diverging event's id.

    `is_awaited`: all that diverges is newer than anything that has landed, so it may still be on
    its way. Once the streams are drained it is as wrong as any other difference.
    """

    account: str
    ledger: int
    lake: int
    first_event: str
    reason: str
    is_awaited: bool


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`accounts` and `transactions` compared; no `differences` means both agree entirely."""

    accounts: int
    transactions: int
    differences: Sequence[Difference]

    @property
    def agrees(self) -> bool:
        """Whether nothing differs but what may still be on its way."""
        return all(difference.is_awaited for difference in self.differences)


def reconcile_points(table: Any, query: Query) -> Reconciliation:
    """Compare a ledger table's points (boto3 DynamoDB Table) with `marts.postings`."""
    lake = read_lake(query)
    return _confirmed(lambda: compare(read_ledger(table), lake))


def reconcile_stock(table: Any, query: Query) -> Reconciliation:
    """Compare the units on every shelf that a ledger table knows with `marts.stock_per_day`.

    What only the lake knows is left out: an imported history never went through the ledger.
    """
    lake = read_lake_shelves(query)

    def look() -> Reconciliation:
        shelves = read_shelves(table)
        return compare(shelves, _only(shelves.balances, lake))

    return _confirmed(look)


def compare(ledger: Books, lake: Books) -> Reconciliation:
    """Find every account whose balance, or any transaction on it, differs between the two."""
    return _Comparison(ledger, lake).reconciliation()


def read_ledger(table: Any) -> Books:
    """Stored balances in points by account, and the transactions that carry postings.

    An account that keeps no balance item (mint, burn) has the sum of its postings.
    """
    balances: dict[str, int] = {}
    transactions: list[Transaction] = []
    for item in _scan(table):
        kind, _, key = item["pk"].partition("#")
        if kind == "account":
            balances[key] = int(item["balance"])
        elif _is_transaction(item) and (legs := json.loads(item["postings"])):
            at = datetime.fromisoformat(_event(item)["data"]["recordedAt"])
            net = _net((leg["account"], int(leg["points"])) for leg in legs)
            transactions.append(Transaction(key, at, net))
    return Books({**_sums(transactions), **balances}, transactions)


def read_shelves(table: Any) -> Books:
    """Stored units by `<merchant id>/<good id>`, and the transactions that moved them."""
    units: dict[str, int] = {}
    transactions: list[Transaction] = []
    for item in _scan(table):
        kind, _, key = item["pk"].partition("#")
        if kind == "stock":
            units[_shelf(key, item["sk"])] = int(item["units"])
        elif _is_transaction(item) and (moves := list(_stock_moves(_event(item)))):
            at = datetime.fromisoformat(_event(item)["timestamp"])
            transactions.append(Transaction(key, at, _net(moves)))
    return Books(units, transactions)


def _is_transaction(item: Mapping[str, Any]) -> bool:
    """A filed command, not a mark beside it such as that of its reversal."""
    return str(item["pk"]).startswith("txn#") and item["sk"] == "txn"


def read_lake(query: Query) -> Books:
    """The lake's transactions in points, rebuilt from its postings, and their sums."""
    rows = query(LAKE_POSTINGS).itertuples(index=False)
    transactions = _transactions(
        (row.transaction_id, row.recorded_at, row.account_id, row.points) for row in rows
    )
    return Books(_sums(transactions), transactions)


def read_lake_shelves(query: Query) -> Books:
    """The newest closing stock by `<merchant id>/<good id>`, and the movements behind it."""
    closing = {
        _shelf(row.merchant_id, row.good_id): int(row.units)
        for row in query(LAKE_SHELVES).itertuples(index=False)
    }
    rows = query(LAKE_STOCK_MOVEMENTS).itertuples(index=False)
    transactions = _transactions(
        (row.event_id, row.event_date, _shelf(row.merchant_id, row.good_id), row.units)
        for row in rows
    )
    return Books(closing, transactions)


class _Comparison:
    """The two sides, and by account the diverging transactions, the earliest first."""

    def __init__(self, ledger: Books, lake: Books) -> None:
        self._held, self._found = ledger.balances, lake.balances
        self._booked = {each.id: each for each in ledger.transactions}
        self._landed = {each.id: each for each in lake.transactions}
        shared = self._booked.keys() & self._landed.keys()
        self._newest = max((self._booked[key].at for key in shared), default=None)
        self._diverging = self._find_diverging()

    def reconciliation(self) -> Reconciliation:
        accounts = self._held.keys() | self._found.keys()
        unequal = {a for a in accounts if self._held.get(a, 0) != self._found.get(a, 0)}
        named = sorted(unequal | self._diverging.keys())
        return Reconciliation(
            len(accounts), len(self._booked), [self._difference(a) for a in named]
        )

    def _find_diverging(self) -> Mapping[str, list[str]]:
        found: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for key in self._booked.keys() | self._landed.keys():
            here, there = self._net(self._booked, key), self._net(self._landed, key)
            at = (self._booked.get(key) or self._landed[key]).at
            for account in here.keys() | there.keys():
                if here.get(account) != there.get(account):
                    found[account].append((at, key))
        return {account: [key for _, key in sorted(keys)] for account, keys in found.items()}

    def _difference(self, account: str) -> Difference:
        keys = self._diverging.get(account, [])
        return Difference(
            account=account,
            ledger=self._held.get(account, 0),
            lake=self._found.get(account, 0),
            first_event=keys[0] if keys else "",
            reason=self._reason(account, keys),
            is_awaited=self._is_awaited(account, keys),
        )

    def _reason(self, account: str, keys: Sequence[str]) -> str:
        if not keys:
            return "a balance is not the sum of its transactions"
        if keys[0] not in self._landed:
            return "in the ledger, not in the lake"
        if keys[0] not in self._booked:
            return "in the lake, not in the ledger"
        here, there = self._net(self._booked, keys[0]), self._net(self._landed, keys[0])
        return f"{here.get(account, 0)} in the ledger, {there.get(account, 0)} in the lake"

    def _is_awaited(self, account: str, keys: Sequence[str]) -> bool:
        """Only what the ledger booked after the newest shared transaction, and all of it."""
        missing = self._held.get(account, 0) - self._found.get(account, 0)
        for key in keys:
            late = key not in self._landed and self._newest and self._booked[key].at > self._newest
            if not late:
                return False
            missing -= self._booked[key].net[account]
        return bool(keys) and missing == 0

    @staticmethod
    def _net(side: Mapping[str, Transaction], key: str) -> Mapping[str, int]:
        return side[key].net if key in side else {}


def _confirmed(look: Callable[[], Reconciliation]) -> Reconciliation:
    """Look, and look again before anything is called different.

    A scan is no snapshot: what a command changes while it runs looks wrong once, but not twice.
    """
    first = look()
    if first.agrees:
        return first
    suspects = {difference.account for difference in first.differences}
    second = look()
    again = [each for each in second.differences if each.is_awaited or each.account in suspects]
    return Reconciliation(second.accounts, second.transactions, again)


def _only(known: Mapping[str, int], lake: Books) -> Books:
    return Books(
        {account: units for account, units in lake.balances.items() if account in known},
        [each for each in lake.transactions if each.net.keys() <= known.keys()],
    )


def _scan(table: Any) -> Iterator[dict[str, Any]]:
    arguments: dict[str, Any] = {
        "ConsistentRead": True,
        "ProjectionExpression": "pk, sk, balance, units, postings, event",
    }
    while True:
        page = table.scan(**arguments)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _event(item: Mapping[str, Any]) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(bytes(item["event"]))
    return event


def _stock_moves(event: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    data, sign = event["data"], _STOCK_SIGNS.get(event["eventType"])
    if event["eventType"] == "TransactionReversed":
        data, sign = data.get("returnedGoods"), 1
    if data and sign:
        yield _shelf(data["merchantId"], data["goodId"]), sign * int(data["quantity"])


def _shelf(merchant_id: str, good_id: str) -> str:
    return f"{merchant_id}/{good_id}"


def _transactions(rows: Iterable[tuple[str, Any, str, Any]]) -> list[Transaction]:
    """Rows (id, time, account, amount) of one id become one transaction; times are UTC."""
    legs: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    times: dict[str, datetime] = {}
    for key, at, account, amount in rows:
        legs[key].append((account, int(amount)))
        times[key] = pd.Timestamp(at, tz="UTC").to_pydatetime()
    return [Transaction(key, times[key], _net(moved)) for key, moved in legs.items()]


def _net(legs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: defaultdict[str, int] = defaultdict(int)
    for account, amount in legs:
        sums[account] += amount
    return dict(sums)


def _sums(transactions: Iterable[Transaction]) -> dict[str, int]:
    return _net(leg for transaction in transactions for leg in transaction.net.items())
