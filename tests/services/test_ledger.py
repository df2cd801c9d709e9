"""The ledger's promises, under commands nobody would think of, in memory and in DynamoDB."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingestion.envelope import Message
from ingestion.events.points_donated import PointsDonated
from ingestion.events.points_given import PointsGiven
from ingestion.events.transaction_reversed import TransactionReversed
from ingestion.fields import Posting, UserKind
from services.errors import Busy, Conflict, Refusal, Stale, Unacceptable, Unbalanced, Unknown
from services.http import Answer
from services.ledger import ATTEMPTS, Ledger, Transaction, transfer
from services.memory_store import MemoryStore

KINDS: list[UserKind] = [
    "civilian",
    "civilian",
    "officer",
    "officer",
    "charity",
    "family",
    "merchant",
]
anyone = st.integers(0, len(KINDS) - 1)
few = st.integers(1, 12)


def of(*kinds: str) -> st.SearchStrategy[int]:
    """Someone of these kinds, for commands that should mostly be allowed."""
    return st.sampled_from([n for n, kind in enumerate(KINDS) if kind in kinds])


usual = st.one_of(
    st.tuples(st.just("meet"), of("civilian"), of("officer"), st.integers(0, 3)),
    st.tuples(st.just("donate"), of("civilian", "officer"), of("charity", "family"), few),
    st.tuples(st.just("give"), of("civilian", "officer"), of("officer"), few),
    st.tuples(st.just("redeem"), of("civilian", "family"), anyone, st.integers(1, 3)),
    st.tuples(st.just("deliver"), anyone, anyone, st.integers(1, 3)),
    st.tuples(st.just("settle"), of("merchant"), anyone, few),
    st.tuples(st.just("reverse"), st.integers(0, 30), anyone, few),
    st.tuples(st.just("repeat"), st.integers(0, 30), anyone, few),
)
odd = st.tuples(
    st.sampled_from(["meet", "donate", "give", "redeem", "settle"]), anyone, anyone, few
)
commands = st.lists(st.one_of(usual, usual, usual, odd), max_size=40)


@dataclass
class Story:
    """What happened in a town: each accepted command with its answer, so that it can be repeated."""

    town: Any
    people: list[str]
    done: list[tuple[Callable[[], Answer], Answer]] = field(default_factory=list)

    def tell(self, command: tuple[Any, ...], key: str) -> None:
        before = self.town.balances()
        if command[0] == "repeat":
            self._repeat(command[1])
            assert self.town.balances() == before
            return
        do = self._bind(command, key)
        accepted = len(self.done)
        with suppress(Refusal):
            self.done.append((do, do()))
        if len(self.done) == accepted:
            assert self.town.balances() == before, "a refusal changed something"

    def _repeat(self, which: int) -> None:
        if self.done:
            do, answer = self.done[which % len(self.done)]
            assert do() == answer

    def _bind(self, command: tuple[Any, ...], key: str) -> Callable[[], Answer]:
        name, first, second, amount = command
        one, other = self.people[first % len(KINDS)], self.people[second]
        merchant = self.people[-1]
        choices: dict[str, tuple[Any, ...]] = {
            "meet": (self.town.meet, one, other, amount),
            "donate": (self.town.donate, one, other, amount),
            "give": (self.town.give, one, other, amount),
            "redeem": (self.town.redeem, one, merchant, "mug", amount),
            "deliver": (self.town.deliver, merchant, "mug", amount),
            "settle": (self.town.settle, one),
            "reverse": (self.town.reverse, self._transaction(first)),
        }
        act, *arguments = choices[name]
        return partial(act, *arguments, key=key)

    def _transaction(self, which: int) -> str:
        receipts = [msgspec.json.decode(answer.body) for _, answer in self.done]
        ids = [receipt["transactionId"] for receipt in receipts if "transactionId" in receipt]
        return str(ids[which % len(ids)]) if ids else str(uuid.UUID(int=which))


def check_story(town: Any, told: list[tuple[Any, ...]]) -> None:
    story = Story(town, [town.join(kind, f"person-{n}") for n, kind in enumerate(KINDS)])
    merchant = story.people[-1]
    town.offer(merchant, "mug", 4)
    for number, command in enumerate(told):
        story.tell(command, f"command-{number}")
        assert min(town.balances().values()) >= 0
        assert town.units(merchant, "mug") >= 0
    check_books(town)
    check_roles(town, dict(zip(story.people, KINDS, strict=True)))


def check_books(town: Any) -> None:
    """What the events say is what the accounts hold, and every event's postings sum to zero."""
    booked: Counter[str] = Counter()
    for event in town.events():
        postings = getattr(event, "postings", ())
        assert sum(posting.points for posting in postings) == 0
        for posting in postings:
            booked[posting.account] += posting.points
    balances = town.balances()
    assert {account: booked[account] for account in balances} == balances
    boundary = booked["mint"] + booked["burn"] + booked["expired"]
    assert sum(balances.values()) == -boundary


def check_roles(town: Any, kinds: dict[str, UserKind]) -> None:
    for event in town.events():
        match event:
            case PointsDonated(donor_id=donor, recipient_id=recipient):
                assert kinds[donor] in ("civilian", "officer")
                assert kinds[recipient] in ("charity", "family")
            case PointsGiven(giver_id=giver, officer_id=officer):
                assert kinds[giver] in ("civilian", "officer")
                assert kinds[officer] == "officer"
        if type(event).__name__ == "GoodsRedeemed":
            assert kinds[event.user_id] in ("civilian", "family")
            assert kinds[event.merchant_id] == "merchant"


@given(told=commands)
@settings(max_examples=150, deadline=None, database=None)
def test_whatever_happens_the_books_balance(
    memory_towns: Callable[[], Any], told: list[tuple[Any, ...]]
) -> None:
    check_story(memory_towns(), told)


@pytest.mark.integration
@given(told=commands)
@settings(
    max_examples=8,
    deadline=None,
    database=None,
    # The same story in memory is quicker to shorten.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
def test_whatever_happens_the_books_balance_in_dynamodb_too(
    dynamo_towns: Callable[[], Any], told: list[tuple[Any, ...]]
) -> None:
    check_story(dynamo_towns(), told)


def spend_at_once(town: Any) -> None:
    donor, officer, charity = town.join("civilian"), town.join("officer"), town.join("charity")
    for day in range(3):
        town.meet(donor, officer, day)

    def spend(worker: int) -> int:
        return sum(try_to_spend(f"{worker}-{n}") for n in range(10))

    def try_to_spend(key: str) -> int:
        try:
            town.donate(donor, charity, 1, key)
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        spent = sum(pool.map(spend, range(8)))
    assert spent == 30
    balances = town.balances()
    assert balances[f"user:{donor}"] == 0
    assert balances[f"user:{charity}"] == 30
    check_books(town)


def test_eight_threads_cannot_overdraw_an_account(town: Any) -> None:
    """Each spends ten points by ones; the account holds thirty."""
    spend_at_once(town)


def test_postings_that_do_not_sum_to_zero_are_no_transaction() -> None:
    message = Message("transactions", "k", "id", "PointsGiven", b"{}")
    lopsided = (Posting(account="mint", points=-10), Posting(account="burn", points=9))
    with pytest.raises(Unbalanced, match="sum to -1"):
        Transaction("id", "hash", 201, b"{}", message, lopsided)


def test_nobody_moves_points_to_itself() -> None:
    with pytest.raises(Unacceptable, match="cannot move points to itself"):
        transfer("user:a", "user:a", 5)


def test_the_same_key_with_another_body_is_refused(town: Any) -> None:
    civilian, officer = town.join("civilian"), town.join("officer")
    town.meet(civilian, officer)
    town.give(civilian, officer, 3, key="once")
    with pytest.raises(Conflict, match="used for another request"):
        town.give(civilian, officer, 4, key="once")


def test_a_repetition_gets_its_receipt_although_the_points_are_gone(town: Any) -> None:
    civilian, officer = town.join("civilian"), town.join("officer")
    town.meet(civilian, officer)
    first = town.give(civilian, officer, 10, key="all")
    assert town.give(civilian, officer, 10, key="all") == first
    assert msgspec.json.decode(first.body)["balance"] == 0


def test_a_refusal_tells_the_figures(town: Any) -> None:
    civilian, officer = town.join("civilian"), town.join("officer")
    town.meet(civilian, officer)
    with pytest.raises(Conflict) as refused:
        town.give(civilian, officer, 11)
    assert refused.value.code == "insufficient_balance"
    assert refused.value.figures == {
        "account": f"user:{civilian}",
        "balance": 10,
        "needed": 11,
    }


def test_a_reversal_restores_balances_and_stock_and_happens_once(town: Any) -> None:
    civilian, officer, merchant = town.join("civilian"), town.join("officer"), town.join("merchant")
    town.offer(merchant, "mug", 3)
    town.deliver(merchant, "mug", 5)
    town.meet(civilian, officer)
    before = town.balances()
    redeemed = msgspec.json.decode(town.redeem(civilian, merchant, "mug", 2).body)
    assert (town.units(merchant, "mug"), town.balances()[f"merchant:{merchant}"]) == (3, 6)
    town.reverse(redeemed["transactionId"])
    assert town.balances() == before
    assert town.units(merchant, "mug") == 5
    with pytest.raises(Conflict, match="has been reversed"):
        town.reverse(redeemed["transactionId"])


def test_a_reversal_cannot_take_points_that_were_spent(town: Any) -> None:
    civilian, officer, charity = town.join("civilian"), town.join("officer"), town.join("charity")
    met = msgspec.json.decode(town.meet(civilian, officer).body)
    town.donate(civilian, charity, 4)
    with pytest.raises(Conflict) as refused:
        town.reverse(met["transactionId"])
    assert refused.value.figures["balance"] == 6


def test_a_reversal_stands_for_good(town: Any) -> None:
    civilian, officer = town.join("civilian"), town.join("officer")
    met = msgspec.json.decode(town.meet(civilian, officer).body)
    undone = msgspec.json.decode(town.reverse(met["transactionId"]).body)
    with pytest.raises(Unacceptable, match="cannot be reversed"):
        town.reverse(undone["transactionId"])
    assert [type(event) for event in town.events()].count(TransactionReversed) == 1


def test_an_unknown_user_is_named(town: Any) -> None:
    nobody = str(uuid.UUID(int=7))
    with pytest.raises(Unknown, match=nobody):
        town.meet(town.join("civilian"), nobody)


def test_endless_contention_ends_as_busy() -> None:
    class Contended(MemoryStore):
        tries = 0

        def file(self, transaction: Transaction) -> None:
            self.tries += 1
            raise Stale("always")

    pauses: list[float] = []
    store = Contended()
    ledger = Ledger(store, sleep=pauses.append)
    message = Message("users", "k", "id", "UserOnboarded", b"{}")
    transaction = Transaction("id", "hash", 201, b"{}", message)
    no_call: Any = None
    with pytest.raises(Busy):
        ledger.execute(no_call, lambda: transaction)
    assert store.tries == len(pauses) == ATTEMPTS
    assert max(pauses) <= 0.25
