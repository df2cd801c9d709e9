"""Merchants' shelves: who may fill them, and what may not be taken from them."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.events.good_listed import GoodListed
from ingestion.events.stock_adjusted import StockAdjusted
from services.content import shelves
from services.errors import Conflict, NotAllowed, Unacceptable, Unknown


def adjust(town: Any, merchant: str, quantity: int) -> None:
    body = shelves.Adjustment(
        merchant_id=merchant, good_id="mug", quantity=quantity, reason="counted"
    )
    call = town.call(body, None)
    town.ledger.execute(call, lambda: shelves.adjust(body, call, *town.ledger.parties(merchant)))


def test_deliveries_and_adjustments_move_the_units_on_the_shelf(town: Any) -> None:
    merchant = town.join("merchant")
    town.offer(merchant, "mug", 3)
    assert town.units(merchant, "mug") == 0
    town.deliver(merchant, "mug", 5)
    adjust(town, merchant, -2)
    adjust(town, merchant, 4)
    assert town.units(merchant, "mug") == 7
    adjusted = {event.quantity for event in town.events() if isinstance(event, StockAdjusted)}
    assert adjusted == {-2, 4}


def test_listing_a_good_again_keeps_its_units_and_changes_its_price(town: Any) -> None:
    merchant, civilian, officer = town.join("merchant"), town.join("civilian"), town.join("officer")
    town.offer(merchant, "mug", 3)
    town.deliver(merchant, "mug", 5)
    town.offer(merchant, "mug", 4)
    town.meet(civilian, officer)
    town.redeem(civilian, merchant, "mug", 1)
    assert town.balances()[f"merchant:{merchant}"] == 4
    assert town.units(merchant, "mug") == 4
    town.offer(merchant, "mug", 4, listed=False)
    with pytest.raises(Conflict, match="not offered"):
        town.redeem(civilian, merchant, "mug", 1)


def test_a_shelf_cannot_go_below_empty(town: Any) -> None:
    merchant = town.join("merchant")
    town.offer(merchant, "mug", 3)
    town.deliver(merchant, "mug", 5)
    with pytest.raises(Conflict) as refused:
        adjust(town, merchant, -6)
    assert refused.value.code == "insufficient_stock"
    assert (refused.value.figures["units"], refused.value.figures["needed"]) == (5, 6)
    assert town.units(merchant, "mug") == 5


def test_a_good_is_listed_before_it_is_delivered(town: Any) -> None:
    merchant = town.join("merchant")
    with pytest.raises(Unknown, match="lists no good mug"):
        town.deliver(merchant, "mug", 5)


def test_only_merchants_have_a_shelf(town: Any) -> None:
    with pytest.raises(NotAllowed):
        town.offer(town.join("charity"), "mug", 3)


def test_an_adjustment_of_nothing_is_refused(town: Any) -> None:
    merchant = town.join("merchant")
    town.offer(merchant, "mug", 3)
    with pytest.raises(Unacceptable, match="corrects nothing"):
        adjust(town, merchant, 0)


def test_a_price_in_money_needs_its_currency(town: Any) -> None:
    merchant = town.join("merchant")
    body = shelves.ListedGood(
        merchant_id=merchant,
        good_id="mug",
        name="Mug",
        category="home",
        unit_price="4.25",
    )
    call = town.call(body, None)
    with pytest.raises(Unacceptable, match="go together"):
        shelves.list_good(body, call, *town.ledger.parties(merchant))


def test_a_price_in_money_travels_exactly(town: Any) -> None:
    merchant = town.join("merchant")
    body = shelves.ListedGood(
        merchant_id=merchant,
        good_id="mug",
        name="Mug",
        category="home",
        unit_price="0.1",
        currency="USD",
    )
    call = town.call(body, None)
    town.ledger.execute(call, lambda: shelves.list_good(body, call, *town.ledger.parties(merchant)))
    (event,) = [event for event in town.events() if isinstance(event, GoodListed)]
    assert event.unit_price == "0.1"
