"""A ledger store in memory that keeps the protocol's promises; tests run the rules against it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ingestion.envelope import Message
from services.errors import Conflict, Stale
from services.ledger import (
    Account,
    AlreadyFiled,
    Change,
    Filed,
    Good,
    Linking,
    Listing,
    Once,
    Opening,
    Shelf,
    StockMove,
    Transaction,
    View,
    insufficient_balance,
    insufficient_stock,
    unknown_account,
    unknown_good,
)


class MemoryStore:
    """`outbox` holds the messages in the order they were filed."""

    def __init__(self) -> None:
        self.outbox: list[Message] = []
        self._accounts: dict[str, Account] = {}
        self._goods: dict[Shelf, Good] = {}
        self._devices: dict[str, str] = {}
        self._filed: dict[str, Filed] = {}
        self._once: set[tuple[str, str]] = set()
        self._writing = threading.Lock()

    def look(self, accounts: Iterable[str], goods: Iterable[Shelf] = ()) -> View:
        return View(
            {name: self._accounts[name] for name in accounts if name in self._accounts},
            {shelf: self._goods[shelf] for shelf in goods if shelf in self._goods},
        )

    def device(self, user_id: str) -> str | None:
        return self._devices.get(user_id)

    def filed(self, command_id: str) -> Filed | None:
        return self._filed.get(command_id)

    def scan(self) -> Iterator[Account]:
        return iter(list(self._accounts.values()))

    def file(self, transaction: Transaction) -> None:
        with self._writing:
            if earlier := self._filed.get(transaction.command_id):
                raise AlreadyFiled(earlier)
            for change in transaction.changes:
                self._check(change)
            for account, points in transaction.movements().items():
                self._check_balance(account, points, transaction.seen.get(account))
            self._apply(transaction)

    def _apply(self, transaction: Transaction) -> None:
        for account, points in transaction.movements().items():
            held = self._accounts[account]
            self._accounts[account] = replace(held, balance=held.balance + points)
        for change in transaction.changes:
            self._change(change)
        self._filed[transaction.command_id] = Filed(
            transaction.command_id,
            transaction.request_hash,
            transaction.status,
            transaction.receipt,
            transaction.message.event_type,
            transaction.message.body,
            transaction.postings,
        )
        self.outbox.append(transaction.message)

    def _check_balance(self, name: str, points: int, seen: int | None) -> None:
        account = self._accounts.get(name)
        if account is None:
            raise unknown_account(name)
        if seen is not None and account.balance != seen:
            raise Stale(name)
        if account.balance + points < 0:
            raise insufficient_balance(name, account.balance, -points)

    def _check(self, change: Change) -> None:
        match change:
            case Opening() if change.account in self._accounts:
                raise Conflict("account_exists", f"account {change.account} exists")
            case Once() if (change.key, change.within) in self._once:
                raise Conflict(change.code, change.detail)
            case Linking(user, _, replaced) if self._devices.get(user) != replaced:
                raise Stale(user)
            case StockMove():
                self._check_stock(change)

    def _check_stock(self, move: StockMove) -> None:
        good = self._goods.get((move.merchant_id, move.good_id))
        if good is None:
            raise unknown_good(move.merchant_id, move.good_id)
        if move.price_points is not None and (
            not good.is_listed or good.price_points != move.price_points
        ):
            raise Stale(move.good_id)
        if good.units + move.units < 0:
            raise insufficient_stock(good, -move.units)

    def _change(self, change: Change) -> None:
        match change:
            case Opening():
                self._accounts[change.account] = Account(change.account, change.kind, 0)
            case Once():
                self._once.add((change.key, change.within))
            case Linking(user, device):
                self._devices[user] = device
            case Listing(merchant, good, price, listed):
                known = self._goods.get((merchant, good))
                units = known.units if known else 0
                self._goods[merchant, good] = Good(merchant, good, units, price, listed)
            case StockMove(merchant, good, units):
                held = self._goods[merchant, good]
                self._goods[merchant, good] = replace(held, units=held.units + units)
