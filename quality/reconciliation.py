"""Does the lake agree with the ledger, to the point? Compares every account and every transaction.

Reads the ledger's DynamoDB items as stored and the lake's postings as published; repairing a
difference belongs to whoever is told of it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from quality.suite import Query

LAKE_POSTINGS = """select transaction_id, account_id, points, recorded_at
from marts.postings"""


@dataclass(frozen=True, slots=True)
class Transaction:
    """Net points by account of one transaction; `recorded_at` orders transactions, ISO 8601."""

    id: str
    recorded_at: str
    net: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """An account whose ledger and lake differ; `first_event` is the first diverging event's id."""

    account: str
    ledger: int
    lake: int
    first_event: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`accounts` and `transactions` compared; no `differences` means they agree to the point."""

    accounts: int
    transactions: int
    differences: list[Difference]


_NOWHERE = Transaction("", "", {})


def reconcile(table: Any, query: Query) -> Reconciliation:
    """Compare a ledger table (boto3 DynamoDB Table) with the marts behind `query`."""
    balances, transactions = read_ledger(table)
    return compare(balances, transactions, read_lake(query))


def compare(
    balances: Mapping[str, int], ledger: Iterable[Transaction], lake: Iterable[Transaction]
) -> Reconciliation:
    """Ledger balances, ledger transactions and lake transactions against each other."""
    booked = {transaction.id: transaction for transaction in ledger}
    landed = {transaction.id: transaction for transaction in lake}
    in_ledger = {**_sums(booked.values()), **balances}
    in_lake = _sums(landed.values())
    first = _first_divergences(booked, landed)
    accounts = in_ledger.keys() | in_lake.keys()
    unequal = {a for a in accounts if in_ledger.get(a, 0) != in_lake.get(a, 0)}
    differences = [
        Difference(
            account=account,
            ledger=in_ledger.get(account, 0),
            lake=in_lake.get(account, 0),
            first_event=first.get(account, ""),
            reason=_reason(account, first.get(account), booked, landed),
        )
        for account in sorted(unequal | first.keys())
    ]
    return Reconciliation(len(accounts), len(booked), differences)


def read_ledger(table: Any) -> tuple[dict[str, int], list[Transaction]]:
    """Stored balances by account, and the transactions that carry postings."""
    balances: dict[str, int] = {}
    transactions: list[Transaction] = []
    for item in _scan(table):
        kind, _, key = item["pk"].partition("#")
        if kind == "account":
            balances[key] = int(item["balance"])
        elif kind == "txn" and item.get("postings"):
            recorded = json.loads(bytes(item["event"]))["data"]["recordedAt"]
            postings = json.loads(item["postings"])
            legs = [(leg["account"], int(leg["points"])) for leg in postings]
            if legs:
                transactions.append(Transaction(key, recorded, _net(legs)))
    return balances, transactions


def read_lake(query: Query) -> list[Transaction]:
    """The lake's transactions, rebuilt from its postings."""
    legs: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    recorded: dict[str, str] = {}
    for row in query(LAKE_POSTINGS).itertuples(index=False):
        legs[row.transaction_id].append((row.account_id, int(row.points)))
        recorded[row.transaction_id] = str(row.recorded_at)
    return [Transaction(key, recorded[key], _net(value)) for key, value in legs.items()]


def _scan(table: Any) -> Iterator[dict[str, Any]]:
    arguments: dict[str, Any] = {}
    while True:
        page = table.scan(**arguments)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _net(legs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: defaultdict[str, int] = defaultdict(int)
    for account, points in legs:
        sums[account] += points
    return dict(sums)


def _sums(transactions: Iterable[Transaction]) -> dict[str, int]:
    return _net(leg for transaction in transactions for leg in transaction.net.items())


def _first_divergences(
    booked: Mapping[str, Transaction], landed: Mapping[str, Transaction]
) -> dict[str, str]:
    """By account: the earliest transaction that moves it differently in the two places."""
    first: dict[str, tuple[str, str]] = {}
    for key in booked.keys() | landed.keys():
        here, there = booked.get(key), landed.get(key)
        ours, theirs = here.net if here else {}, there.net if there else {}
        recorded = (here or there or _NOWHERE).recorded_at
        for account in ours.keys() | theirs.keys():
            if ours.get(account) != theirs.get(account):
                first[account] = min(first.get(account, (recorded, key)), (recorded, key))
    return {account: key for account, (_, key) in first.items()}


def _reason(
    account: str,
    key: str | None,
    booked: Mapping[str, Transaction],
    landed: Mapping[str, Transaction],
) -> str:
    if key is None:
        return "the stored balance is not the sum of its transactions"
    if key not in landed:
        return "in the ledger, not in the lake"
    if key not in booked:
        return "in the lake, not in the ledger"
    here, there = booked[key].net.get(account, 0), landed[key].net.get(account, 0)
    return f"{here} in the ledger, {there} in the lake"
