from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ingestion.events.goods_issued import GoodsIssued
from ingestion.events.stock_received import StockReceived
from ingestion.producer import Producer
from ingestion.streams.memory import MemoryStream
from local.imports.columns import Reading
from local.imports.goods_history import Merchant, import_goods_history, merchant_id

from .expected_stock import expected_stock_per_day
from .reading import ids, sent

FILE = "online_retail_2010-12_2011-01.parquet"
Moved = dict[tuple[str, date], list[int]]


def test_the_stock_of_every_good_and_day_is_what_the_file_says(
    shared_data: Path, tmp_path: Path, producer: Producer, stream: MemoryStream
) -> None:
    path = shared_data / "retail" / FILE
    summary = import_goods_history(
        [str(path)],
        Merchant(merchant_id("Online Retail"), "Online Retail", "GBP"),
        Reading(),
        producer,
        state=tmp_path,
        now=datetime(2026, 6, 1, tzinfo=UTC),
    )
    assert (summary.issues, summary.quarantined) == (76_033, 0)
    assert len(set(ids(stream))) == summary.events
    expected = {
        (row.good_id, row.day.date()): (row.opening, row.received, row.issued, row.closing)
        for row in expected_stock_per_day(path).itertuples()
    }
    assert folded(movements(stream)) == expected


def movements(stream: MemoryStream) -> Moved:
    moved: Moved = defaultdict(lambda: [0, 0])
    for envelope, event in sent(stream):
        if isinstance(event, StockReceived | GoodsIssued):
            at = 0 if isinstance(event, StockReceived) else 1
            moved[event.good_id, envelope.timestamp.date()][at] += event.quantity
    return moved


def folded(moved: Moved) -> dict[tuple[str, date], tuple[int, int, int, int]]:
    first: dict[str, date] = {}
    for good, day in moved:
        first[good] = min(first.get(good, day), day)
    last = max(day for _, day in moved)
    stock: dict[tuple[str, date], tuple[int, int, int, int]] = {}
    for good, day in first.items():
        opening = 0
        while day <= last:
            received, issued = moved.get((good, day), (0, 0))
            closing = opening + received - issued
            assert closing >= 0
            stock[good, day] = (opening, received, issued, closing)
            opening, day = closing, day + timedelta(days=1)
    return stock
