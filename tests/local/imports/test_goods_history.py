from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from ingestion.envelope import Message
from ingestion.events.good_listed import GoodListed
from ingestion.events.goods_issued import GoodsIssued
from ingestion.events.stock_received import StockReceived
from ingestion.events.storefront_published import StorefrontPublished
from ingestion.producer import Producer
from ingestion.streams.memory import MemoryStream
from local.imports import goods_history
from local.imports.columns import Reading
from local.imports.errors import RefusedImport
from local.imports.goods_history import Merchant, Summary, import_goods_history, merchant_id

from .reading import ids, sent

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n"
DECEMBER = """\
1,A,,2,2010-12-01 08:00:00,1.5
1,A,,2,2010-12-01 08:00:00,1.5
1,B,Bowl,1,2010-12-01 08:00:00,9
2, a ,lower,1,2010-12-30 08:00:00,3
3,A,Apple,4,2010-12-31 23:30:00,1.5
"""
JANUARY = "4,A,Apple,5,2011-01-02 10:00:00,1.5\n"
MERCHANT = Merchant(merchant_id("Shop"), "Shop", "GBP")


def run(
    tmp_path: Path,
    producer: Producer,
    text: str,
    merchant: Merchant = MERCHANT,
    state: str = "state",
) -> Summary:
    path = tmp_path / "lines.csv"
    path.write_text(HEADER + text)
    return import_goods_history(
        [str(path)],
        merchant,
        Reading(time_zone=merchant.time_zone),
        producer,
        state=tmp_path / state,
        now=datetime(2026, 6, 1, tzinfo=UTC),
    )


def receipts(stream: MemoryStream) -> list[tuple[str, str, int]]:
    return [
        (e.good_id, envelope.timestamp.strftime("%m-%d %H:%M"), e.quantity)
        for envelope, e in sent(stream)
        if isinstance(e, StockReceived)
    ]


def test_each_month_opens_with_receipts_that_cover_what_leaves_in_it(
    tmp_path: Path, producer: Producer, stream: MemoryStream
) -> None:
    summary = run(tmp_path, producer, DECEMBER + JANUARY)
    assert receipts(stream) == [
        ("A", "12-01 00:00", 8),
        ("B", "12-01 00:00", 1),
        ("a", "12-01 00:00", 1),
        ("A", "01-01 00:00", 5),
    ]
    assert all(e.is_estimated for _, e in sent(stream) if isinstance(e, StockReceived))
    assert (summary.goods, summary.receipts, summary.issues, summary.events) == (3, 4, 6, 14)


def test_events_come_in_order_of_time_and_the_storefront_first(
    tmp_path: Path, producer: Producer, stream: MemoryStream
) -> None:
    last, *others = reversed((DECEMBER + JANUARY).splitlines(keepends=True))
    run(tmp_path, producer, last + "".join(others))
    times = [envelope.timestamp for envelope, _ in sent(stream)]
    assert all(a <= b for a, b in pairwise(times))
    kinds = [type(event) for _, event in sent(stream)]
    assert kinds[0] is StorefrontPublished
    assert kinds.count(StorefrontPublished) == 1


def test_lines_that_say_the_same_are_all_real(
    tmp_path: Path, producer: Producer, stream: MemoryStream
) -> None:
    run(tmp_path, producer, DECEMBER)
    issues = [(e.good_id, e.invoice_line) for _, e in sent(stream) if isinstance(e, GoodsIssued)]
    assert issues == [("A", 1), ("A", 2), ("B", 3), ("a", 1), ("A", 1)]
    assert len(set(ids(stream))) == len(ids(stream))


def test_a_good_is_named_by_its_first_description_and_codes_keep_their_case(
    tmp_path: Path, producer: Producer, stream: MemoryStream
) -> None:
    run(tmp_path, producer, DECEMBER)
    named = {e.good_id: e.name for _, e in sent(stream) if isinstance(e, GoodListed)}
    assert named == {"A": "Apple", "B": "Bowl", "a": "lower"}


def test_months_are_those_of_the_time_zone(
    tmp_path: Path, producer: Producer, stream: MemoryStream
) -> None:
    sydney = Merchant(MERCHANT.id, "Shop", "AUD", "Australia/Sydney")
    run(
        tmp_path,
        producer,
        "3,A,Apple,4,2010-12-31 23:30:00,1\n4,A,,5,2011-01-01 00:30:00,1\n",
        sydney,
    )
    assert receipts(stream) == [("A", "11-30 13:00", 4), ("A", "12-31 13:00", 5)]


class Refusing(Exception):
    pass


def test_a_rerun_goes_on_where_a_crash_left_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, producer: Producer, stream: MemoryStream
) -> None:
    whole = MemoryStream()
    run(tmp_path, Producer(lambda dataset: whole), DECEMBER + JANUARY, state="other")
    monkeypatch.setattr(goods_history, "CHUNK", 3)
    puts = 0

    class Breaking(Producer):
        def put(self, messages: Iterable[Message]) -> None:
            nonlocal puts
            puts += 1
            if puts == 3:
                raise Refusing
            super().put(messages)

    breaking = Breaking(lambda dataset: stream)
    with pytest.raises(Refusing):
        run(tmp_path, breaking, DECEMBER + JANUARY)
    assert run(tmp_path, breaking, DECEMBER + JANUARY).resumed_at == 6
    assert ids(stream) == ids(whole)
    assert run(tmp_path, producer, DECEMBER + JANUARY).resumed_at == 14
    assert ids(stream) == ids(whole)


def test_without_its_checkpoint_a_rerun_repeats_the_same_ids(
    tmp_path: Path, producer: Producer, stream: MemoryStream
) -> None:
    run(tmp_path, producer, DECEMBER)
    run(tmp_path, producer, DECEMBER, state="lost")
    once = ids(stream)[: len(ids(stream)) // 2]
    assert ids(stream) == once * 2


def test_a_later_month_may_follow_and_a_month_may_not_change(
    tmp_path: Path, producer: Producer, stream: MemoryStream
) -> None:
    run(tmp_path, producer, DECEMBER)
    assert run(tmp_path, producer, DECEMBER + JANUARY).issues == 6
    with pytest.raises(RefusedImport, match="2011-01"):
        run(tmp_path, producer, JANUARY * 2)


def test_an_empty_history_sends_nothing(
    tmp_path: Path, producer: Producer, stream: MemoryStream
) -> None:
    assert run(tmp_path, producer, "1,A,,x,2010-12-01 08:00:00,1.5\n").quarantined == 1
    assert not sent(stream)
