"""What the marts must say, folded over the events that were told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from ingestion.contract import Event
from ingestion.events.encounter_recorded import EncounterRecorded
from ingestion.events.goods_issued import GoodsIssued
from ingestion.events.goods_redeemed import GoodsRedeemed
from ingestion.events.stock_adjusted import StockAdjusted
from ingestion.events.stock_received import StockReceived
from ingestion.events.transaction_reversed import ReturnedGoods, TransactionReversed

from .town import Told

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
