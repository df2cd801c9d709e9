"""The ledger: postings that sum to zero, and what one command changes, filed in one transaction.

Which points a command moves is its service's matter; how a store keeps them is the store's.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import msgspec

from ingestion.envelope import Message
from ingestion.fields import Posting, UserKind
from services.errors import Busy, Conflict, Refusal, Stale, Unacceptable, Unbalanced, Unknown
from services.http import Answer, Call

# These hold no balance item: nothing to protect there, and one item that every
# transaction writes would serialise them all. Theirs is minus the sum of the others.
BOUNDARY = frozenset({"mint", "burn", "expired"})

ATTEMPTS = 20
FIRST_PAUSE_S = 0.002
LONGEST_PAUSE_S = 0.25
KINDS_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Account:
    """An account as a store keeps it; `balance` in points."""

    name: str
    kind: UserKind
    balance: int


@dataclass(frozen=True, slots=True)
class Good:
    """A good on a merchant's shelf; `price_points` is None where it is sold for money only."""

    merchant_id: str
    good_id: str
    units: int
    price_points: int | None
    is_listed: bool


# (merchant id, good id)
Shelf = tuple[str, str]


@dataclass(frozen=True, slots=True)
class View:
    """What a store found. Reading from it raises Unknown for what is not there."""

    accounts: Mapping[str, Account]
    goods: Mapping[Shelf, Good]

    def account(self, name: str) -> Account:
        if name not in self.accounts:
            raise unknown_account(name)
        return self.accounts[name]

    def good(self, merchant_id: str, good_id: str) -> Good:
        if (merchant_id, good_id) not in self.goods:
            raise unknown_good(merchant_id, good_id)
        return self.goods[merchant_id, good_id]


@dataclass(frozen=True, slots=True)
class Party:
    """A user as the ledger knows it: a kind never changes."""

    user_id: str
    kind: UserKind

    @property
    def account(self) -> str:
        return account_of(self.user_id, self.kind)


@dataclass(frozen=True, slots=True)
class Opening:
    """A new account with a balance of zero."""

    account: str
    kind: UserKind
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """A good's place on the shelf; its units stay as they are, 0 for a new one."""

    merchant_id: str
    good_id: str
    price_points: int | None
    is_listed: bool


@dataclass(frozen=True, slots=True)
class StockMove:
    """`units` reach the shelf (negative: leave it), at `price_points` each where that matters."""

    merchant_id: str
    good_id: str
    units: int
    price_points: int | None = None


@dataclass(frozen=True, slots=True)
class Once:
    """A fact that can be filed once; (`key`, `within`) is its primary key."""

    key: str
    within: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Linking:
    """The one device of a user, in place of `replaced` (None: it had none)."""

    user_id: str
    device_id: str
    replaced: str | None


Change = Opening | Listing | StockMove | Once | Linking


@dataclass(frozen=True, slots=True)
class Filed:
    """A command that has been carried out, and what its caller was told."""

    command_id: str
    request_hash: str
    status: int
    receipt: bytes
    event_type: str
    body: bytes
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class Transaction:
    """All that one command changes: all of it is filed, or nothing.

    `seen` are balances the receipt rests on: filing fails as Stale when one has changed.
    Raises Unbalanced on construction when the postings do not sum to zero.
    """

    command_id: str
    request_hash: str
    status: int
    receipt: bytes
    message: Message
    postings: tuple[Posting, ...] = ()
    changes: tuple[Change, ...] = ()
    seen: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        call: Call,
        message: Message,
        receipt: Mapping[str, Any],
        *,
        postings: tuple[Posting, ...] = (),
        changes: tuple[Change, ...] = (),
        seen: Mapping[str, int] | None = None,
    ) -> Transaction:
        """What the command of `call` changes; its receipt becomes JSON."""
        written = msgspec.json.encode(receipt)
        command = call.event_id, call.request_hash, 201
        return cls(*command, written, message, postings, changes, seen or {})

    def __post_init__(self) -> None:
        total = sum(posting.points for posting in self.postings)
        if total or any(posting.points == 0 for posting in self.postings):
            raise Unbalanced(
                f"{self.message.event_type} {self.command_id}: postings {self.postings} "
                f"sum to {total}; every one must move points and all must sum to 0"
            )

    def movements(self) -> dict[str, int]:
        """Points by account that keeps a balance; an account that ends level is left out."""
        net: dict[str, int] = {}
        for posting in self.postings:
            if posting.account not in BOUNDARY:
                net[posting.account] = net.get(posting.account, 0) + posting.points
        return {account: points for account, points in net.items() if points}


class AlreadyFiled(Exception):
    """The command had been carried out before; how a store tells `execute`."""

    def __init__(self, filed: Filed) -> None:
        super().__init__(f"command {filed.command_id} is filed")
        self.filed = filed


class Store(Protocol):
    """Keeps accounts, shelves and filed commands. Reads are consistent."""

    def look(self, accounts: Iterable[str], goods: Iterable[Shelf] = ()) -> View:
        """Those of the named accounts and goods that exist, in one read."""

    def device(self, user_id: str) -> str | None:
        """The device that is linked to the user."""

    def filed(self, command_id: str) -> Filed | None:
        """The command, if it has been carried out."""

    def file(self, transaction: Transaction) -> None:
        """File all or nothing.

        Raises AlreadyFiled, Stale (decide again), or the Refusal of the condition that failed.
        """

    def scan(self) -> Iterator[Account]:
        """Every account that keeps a balance, in no order; for reconciliation."""


class Ledger:
    """Carries out commands against a store; `sleep` takes seconds."""

    def __init__(self, store: Store, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._store, self._sleep = store, sleep
        self._kinds: dict[str, UserKind] = {}

    def execute(self, call: Call, decide: Callable[[], Transaction]) -> Answer:
        """Carry out a command once; a repetition is answered with the stored receipt.

        `decide` is asked again when what it saw has changed. Raises Refusal: its own, that of
        a failed condition, Conflict for another body under the same key, Busy when others kept
        writing the same items.
        """
        for attempt in range(ATTEMPTS):
            try:
                transaction = decide()
                self._store.file(transaction)
                return Answer(transaction.status, transaction.receipt)
            except Stale:
                self._sleep(_pause(attempt))
            except AlreadyFiled as earlier:
                return _replay(earlier.filed, call)
            except Refusal:
                # A repetition may be refused for what its own first run changed.
                if filed := self._store.filed(call.event_id):
                    return _replay(filed, call)
                raise
        raise Busy("contended", f"others kept changing the same items, {ATTEMPTS} times in a row")

    def parties(self, *user_ids: str) -> list[Party]:
        """The users, in the order asked for. Raises Unknown for one that was never onboarded."""
        self._learn([user for user in dict.fromkeys(user_ids) if user not in self._kinds])
        return [Party(user, self._kinds[user]) for user in user_ids]

    def balance(self, account: str) -> int:
        """Points in `account` now. Raises Unknown."""
        return self.account(account).balance

    def account(self, name: str) -> Account:
        """The account `name` as it is now. Raises Unknown."""
        return self.look([name]).account(name)

    def look(self, accounts: Iterable[str], goods: Iterable[Shelf] = ()) -> View:
        """Accounts and goods as they are now, in one read."""
        return self._store.look(accounts, goods)

    def device(self, user_id: str) -> str | None:
        """The device that is linked to the user."""
        return self._store.device(user_id)

    def filed(self, command_id: str) -> Filed:
        """A command that was carried out. Raises Unknown."""
        found = self._store.filed(command_id)
        if found is None:
            raise Unknown("transaction", f"no transaction {command_id}", transactionId=command_id)
        return found

    def scan(self) -> Iterator[Account]:
        """Every account that keeps a balance."""
        return self._store.scan()

    def _learn(self, users: list[str]) -> None:
        if not users:
            return
        if len(self._kinds) > KINDS_KEPT:
            self._kinds.clear()
        names = [f"{sort}:{user}" for user in users for sort in ("user", "merchant")]
        for account in self._store.look(names).accounts.values():
            self._kinds[account.name.partition(":")[2]] = account.kind
        for user in users:
            if user not in self._kinds:
                raise Unknown("user", f"no user {user}", userId=user)


def account_of(user_id: str, kind: UserKind) -> str:
    """The account of a user: merchants collect points apart from all others."""
    return f"merchant:{user_id}" if kind == "merchant" else f"user:{user_id}"


def transfer(debit: str, credit: str, points: int) -> tuple[Posting, Posting]:
    """Postings that move `points` from one account to another. Raises Unacceptable for one account."""
    if debit == credit:
        raise Unacceptable("same_account", f"{debit} cannot move points to itself", account=debit)
    return Posting(account=debit, points=-points), Posting(account=credit, points=points)


def unknown_account(name: str) -> Unknown:
    """No such account, or a boundary account, which keeps no balance."""
    return Unknown("account", f"no account {name} keeps a balance", account=name)


def unknown_good(merchant_id: str, good_id: str) -> Unknown:
    """The merchant lists no such good."""
    return Unknown(
        "good",
        f"merchant {merchant_id} lists no good {good_id}",
        merchantId=merchant_id,
        goodId=good_id,
    )


def insufficient_balance(account: str, balance: int, needed: int) -> Conflict:
    """The account holds less than `needed` points."""
    return Conflict(
        "insufficient_balance",
        f"{account} holds {balance} points, {needed} are needed",
        account=account,
        balance=balance,
        needed=needed,
    )


def insufficient_stock(good: Good, needed: int) -> Conflict:
    """The shelf holds fewer than `needed` units."""
    return Conflict(
        "insufficient_stock",
        f"good {good.good_id} has {good.units} units on the shelf, {needed} are needed",
        merchantId=good.merchant_id,
        goodId=good.good_id,
        units=good.units,
        needed=needed,
    )


def _replay(filed: Filed, call: Call) -> Answer:
    if filed.request_hash != call.request_hash:
        raise Conflict(
            "idempotency_key",
            f"Idempotency-Key {call.key} was used for another request",
            idempotencyKey=call.key,
        )
    return Answer(filed.status, filed.receipt)


def _pause(attempt: int) -> float:
    """Seconds before deciding again: full jitter under an exponential bound."""
    return random.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt))
