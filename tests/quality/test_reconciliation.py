"""Lake against ledger: over made-up books, and over the real ledger in the local DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.reconciliation import (
    Books,
    Difference,
    Transaction,
    compare,
    read_ledger,
    read_shelves,
    reconcile_points,
    reconcile_stock,
)
from tests.quality.conftest import Market, Paged, Racing

START = datetime(2026, 3, 1, tzinfo=UTC)
UNEXPLAINED = "a balance is not the sum of its transactions"
ACCOUNTS = ["mint", "burn", "user:a", "user:b", "user:c", "merchant:m"]


def transaction(number: int, net: Mapping[str, int]) -> Transaction:
    return Transaction(f"t{number}", START + timedelta(minutes=number), net)


def books(transactions: Sequence[Transaction], **balances: int) -> Books:
    sums: dict[str, int] = {}
    for each in transactions:
        for account, points in each.net.items():
            sums[account] = sums.get(account, 0) + points
    return Books({**sums, **balances}, transactions)


@st.composite
def histories(draw: st.DrawFn) -> list[Transaction]:
    """At least two transactions, each moving points from one account to another."""
    legs = st.tuples(st.permutations(ACCOUNTS), st.integers(1, 50))
    drawn = draw(st.lists(legs, min_size=2, max_size=12))
    return [
        transaction(number, {order[0]: -points, order[1]: points})
        for number, (order, points) in enumerate(drawn)
    ]


def lost(history: list[Transaction], index: int) -> list[Transaction]:
    return history[:index] + history[index + 1 :]


def doubled(history: list[Transaction], index: int) -> list[Transaction]:
    return [*history, replace(history[index], id="again")]


def booked_twice(history: list[Transaction], index: int) -> list[Transaction]:
    return altered(history, index, lambda points: 2 * points)


def changed(history: list[Transaction], index: int) -> list[Transaction]:
    return altered(history, index, lambda points: points + (1 if points > 0 else -1))


def altered(
    history: list[Transaction], index: int, points: Callable[[int], int]
) -> list[Transaction]:
    net = {account: points(value) for account, value in history[index].net.items()}
    return [*history[:index], replace(history[index], net=net), *history[index + 1 :]]


@given(histories())
def test_equal_books_have_no_differences(history: list[Transaction]) -> None:
    found = compare(books(history), books(list(reversed(history))))
    assert found.agrees
    assert found.differences == []
    assert found.transactions == len(history)


@pytest.mark.parametrize("damage", [lost, doubled, booked_twice, changed])
@given(history=histories(), data=st.data())
def test_damage_names_the_touched_accounts_and_their_first_event(
    damage: Callable[[list[Transaction], int], list[Transaction]],
    history: list[Transaction],
    data: st.DataObject,
) -> None:
    index = data.draw(st.integers(0, len(history) - 1))
    found = compare(books(history), books(damage(history, index)))
    touched = history[index].net
    event = "again" if damage is doubled else f"t{index}"
    assert {(each.account, each.first_event) for each in found.differences} == {
        (account, event) for account in touched
    }
    assert all(each.ledger != each.lake for each in found.differences)
    assert found.agrees == (damage is lost and index == len(history) - 1)


@given(histories())
def test_of_several_lost_events_an_account_names_its_earliest(history: list[Transaction]) -> None:
    found = compare(books(history), books(history[2:]))
    first: dict[str, str] = {}
    for each in history[:2]:
        for account in each.net:
            first.setdefault(account, each.id)
    assert {each.account: each.first_event for each in found.differences} == first


def test_a_reason_says_where_the_first_diverging_event_is() -> None:
    history = [transaction(number, {"mint": -2, "user:a": 2}) for number in range(3)]
    cases = {
        "in the ledger, not in the lake": lost(history, 0),
        "in the lake, not in the ledger": doubled(history, 0),
        "2 in the ledger, 4 in the lake": booked_twice(history, 0),
    }
    for reason, lake in cases.items():
        assert compare(books(history), books(lake)).differences[-1].reason == reason


def test_a_stored_balance_that_its_transactions_do_not_explain_is_named() -> None:
    history = [transaction(0, {"mint": -2, "user:a": 2})]
    (only,) = compare(books(history, **{"user:a": 3}), books(history)).differences
    assert only == Difference("user:a", 3, 2, "", UNEXPLAINED, False)


def test_only_what_is_newer_than_all_that_landed_is_awaited() -> None:
    history = [transaction(number, {"mint": -1, f"user:{number}": 1}) for number in range(3)]
    awaited = compare(books(history), books(history[:2]))
    assert awaited.agrees
    assert [each.is_awaited for each in awaited.differences] == [True, True]
    # The mint's first missing event is older than what landed, so it is lost.
    mixed = compare(books(history), books(history[1:2]))
    assert not mixed.agrees
    assert {each.account: each.is_awaited for each in mixed.differences} == {
        "mint": False,
        "user:0": False,
        "user:2": True,
    }


def test_an_empty_lake_awaits_nothing() -> None:
    history = [transaction(0, {"mint": -1, "user:a": 1})]
    assert not compare(books(history), books([])).agrees


def test_an_awaited_event_does_not_excuse_a_wrong_balance() -> None:
    history = [transaction(number, {"mint": -1, "user:a": 1}) for number in range(2)]
    found = compare(books(history, **{"user:a": 7}), books(history[:1]))
    assert {each.account: each.is_awaited for each in found.differences} == {
        "mint": True,
        "user:a": False,
    }


@pytest.mark.integration
def test_ledger_and_lake_of_the_real_services_agree(market: Market) -> None:
    points = reconcile_points(market.table, market.query)
    assert points.differences == []
    assert points.transactions == 4
    assert points.accounts == len(market.town.balances()) + len({"mint"})
    stock = reconcile_stock(market.table, market.query)
    assert stock.differences == []
    assert (stock.accounts, stock.transactions) == (2, 4)


@pytest.mark.integration
def test_balances_and_postings_are_read_as_the_services_store_them(market: Market) -> None:
    ledger = read_ledger(market.table)
    boundary = {a: n for a, n in ledger.balances.items() if a in ("mint", "burn")}
    assert boundary == {"mint": -20}
    assert {a: n for a, n in ledger.balances.items() if a not in boundary} == market.town.balances()
    assert all(sum(each.net.values()) == 0 for each in ledger.transactions)
    units = {f"{market.merchant}/mug": market.town.units(market.merchant, "mug"), **market.unsold}
    assert read_shelves(market.table).balances == units


@pytest.mark.integration
def test_a_redemption_lost_on_the_way_is_named_in_points_and_in_units(market: Market) -> None:
    market.lose("GoodsRedeemed")
    points = reconcile_points(market.table, market.query)
    lost_event = market.lost[0]
    assert {(each.account, each.first_event) for each in points.differences} == {
        (f"user:{market.civilian}", lost_event),
        (f"merchant:{market.merchant}", lost_event),
    }
    (stock,) = reconcile_stock(market.table, market.query).differences
    assert (stock.account, stock.first_event) == (f"{market.merchant}/mug", lost_event)
    assert stock.lake - stock.ledger == 2


@pytest.mark.integration
def test_goods_that_only_the_lake_knows_are_not_compared(market: Market) -> None:
    before = reconcile_stock(market.table, market.query)
    market.recall_history()
    assert reconcile_stock(market.table, market.query) == before


@pytest.mark.integration
def test_a_ledger_of_several_pages_is_read_whole(market: Market) -> None:
    pages = Paged(market.table, items=3)
    assert read_ledger(pages) == read_ledger(market.table)
    assert pages.scans > 3


@pytest.mark.integration
def test_what_a_command_changes_during_a_scan_is_no_difference(market: Market) -> None:
    racing = Racing(market.table, f"account#user:{market.civilian}")
    assert reconcile_points(racing, market.query).differences == []
    assert racing.scans == 2
