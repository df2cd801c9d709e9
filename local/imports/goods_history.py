"""Turns a merchant's past invoice lines into goods, estimated receipts and goods issued for money."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from ingestion import envelope
from ingestion.contract import Event
from ingestion.envelope import Context, Message
from ingestion.events.good_listed import GoodListed
from ingestion.events.goods_issued import GoodsIssued
from ingestion.events.stock_received import StockReceived
from ingestion.events.storefront_published import StorefrontPublished
from ingestion.producer import Producer
from local.imports import checkpoint, quarantine
from local.imports.checkpoint import Checkpoint
from local.imports.columns import Reading
from local.imports.errors import RefusedImport
from local.imports.invoice_lines import InvoiceLine, read_invoice_lines
from local.imports.quarantine import BadLine

CHUNK = 8_000
SOURCE = "content"
CATEGORY = "imported"

Progress = Callable[[int, int], None]
# (good, first day of a month) -> units that left in that month
Leaving = Mapping[tuple[str, datetime], int]
# (when it happened, the key that its id is made of, the event)
Dated = tuple[datetime, str, Event]


@dataclass(frozen=True, slots=True)
class Merchant:
    """Whose history it is. `currency` is that of the prices; `time_zone` decides its months."""

    id: str
    name: str
    currency: str
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class History:
    """All good lines in order of time, lines of one moment in the files' order."""

    lines: Sequence[InvoiceLine]
    bad: Sequence[BadLine]


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import sent; `resumed_at` counts the events that an earlier run had sent."""

    merchant_id: str
    goods: int
    receipts: int
    issues: int
    events: int
    resumed_at: int
    quarantined: int
    quarantine: Path | None


def import_goods_history(
    locations: Sequence[str],
    merchant: Merchant,
    reading: Reading,
    producer: Producer,
    *,
    state: Path,
    now: datetime,
    on_progress: Progress = lambda done, total: None,
) -> Summary:
    """Send the history in order of time; `state` keeps checkpoint and quarantine.

    A rerun goes on where the last one stopped, and every event's id follows from its line, so
    nothing is doubled even when the checkpoint is lost. Raises UnreadableSource, NotSent, and
    RefusedImport when a month was imported before with other lines: its receipts cannot be undone.
    """
    history = read_history(locations, reading)
    leaving = units_per_month(history.lines, merchant.time_zone)
    place = state / f"goods-history-{merchant.id}.json"
    start = _resume(checkpoint.load(place), history, merchant, leaving)
    path = state / "quarantine" / f"goods-history-{merchant.id}.jsonl"
    quarantine.keep(path, history.bad)
    goods = len({code for code, _ in leaving})
    total = 1 + goods + len(leaving) + len(history.lines) if history.lines else 0
    unsent = islice(events(history.lines, merchant, leaving), start.sent, None)
    done = start
    for chunk in _chunks(unsent, CHUNK):
        producer.put([_message(each, merchant, now) for each in chunk])
        done = replace(done, sent=done.sent + len(chunk))
        checkpoint.save(place, done)
        on_progress(done.sent, total)
    return Summary(
        merchant_id=merchant.id,
        goods=goods,
        receipts=len(leaving),
        issues=len(history.lines),
        events=total,
        resumed_at=start.sent,
        quarantined=len(history.bad),
        quarantine=path if history.bad else None,
    )


def merchant_id(name: str) -> str:
    """The id of a merchant who is not onboarded and has only a name."""
    return envelope.event_id(SOURCE, f"import/merchant/{name}")


def read_history(locations: Sequence[str], reading: Reading) -> History:
    """All files together. Raises UnreadableSource."""
    bad: list[BadLine] = []
    lines = [line for each in locations for line in read_invoice_lines(each, reading, bad)]
    return History(sorted(lines, key=attrgetter("at")), bad)


def units_per_month(lines: Iterable[InvoiceLine], time_zone: str) -> Leaving:
    """What leaves the shelf by good and month; a month starts at 00:00 of its first day there."""
    zone = ZoneInfo(time_zone)
    leaving: Counter[tuple[str, datetime]] = Counter()
    for line in lines:
        leaving[line.code, _month(line.at, zone)] += line.quantity
    return leaving


def events(lines: Sequence[InvoiceLine], merchant: Merchant, leaving: Leaving) -> Iterator[Dated]:
    """The history in order of time: each month's receipts, then its issues."""
    if not lines:
        return
    zone = ZoneInfo(merchant.time_zone)
    names = _names(lines)
    listed: set[str] = set()
    repeated: Counter[InvoiceLine] = Counter()
    month = None
    for line in lines:
        if (of_line := _month(line.at, zone)) != month:
            if month is None:
                published = StorefrontPublished(merchant_id=merchant.id, name=merchant.name)
                yield of_line, "storefront", published
            month = of_line
            yield from _deliveries(month, merchant, leaving, names, listed)
        same = replace(line, line=0)
        repeated[same] += 1
        yield line.at, _key(same, repeated[same]), _issued(line, merchant)


def _deliveries(
    month: datetime,
    merchant: Merchant,
    leaving: Leaving,
    names: Mapping[str, str],
    listed: set[str],
) -> Iterator[Dated]:
    for code in sorted(code for code, of in leaving if of == month):
        if code not in listed:
            listed.add(code)
            good = GoodListed(
                merchant_id=merchant.id, good_id=code, name=names[code], category=CATEGORY
            )
            yield month, f"good/{code}", good
        key = f"receipt/{month.isoformat()}/{code}"
        receipt = StockReceived(
            movement_id=_id(merchant, key),
            merchant_id=merchant.id,
            good_id=code,
            quantity=leaving[code, month],
            is_estimated=True,
        )
        yield month, key, receipt


def _issued(line: InvoiceLine, merchant: Merchant) -> GoodsIssued:
    return GoodsIssued(
        merchant_id=merchant.id,
        good_id=line.code,
        quantity=line.quantity,
        unit_price=f"{line.price:f}",
        currency=merchant.currency,
        invoice_id=line.invoice,
        invoice_line=line.line,
    )


def _key(line: InvoiceLine, ordinal: int) -> str:
    """Names a line by all it says, and lines that say the same by their number among them."""
    says = (line.invoice, line.code, line.at.isoformat(), line.quantity, line.price, ordinal)
    return "issue/" + "/".join(map(str, says))


def _names(lines: Iterable[InvoiceLine]) -> dict[str, str]:
    """Each good's first description that is not empty, else its code."""
    names: dict[str, str] = {}
    for line in lines:
        if line.description:
            names.setdefault(line.code, line.description)
    return {line.code: line.code for line in lines} | names


def _message(dated: Dated, merchant: Merchant, now: datetime) -> Message:
    at, key, event = dated
    context = Context(SOURCE, now, correlation_id=_id(merchant, "history"))
    return envelope.build(event, context, event_id=_id(merchant, key), occurred_at=at)


def _id(merchant: Merchant, key: str) -> str:
    return envelope.event_id(SOURCE, f"import/{merchant.id}/{key}")


def _month(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    return datetime(local.year, local.month, 1, tzinfo=zone).astimezone(UTC)


def _resume(last: Checkpoint, history: History, merchant: Merchant, leaving: Leaving) -> Checkpoint:
    """Where to begin. Raises RefusedImport when a month's receipts would change."""
    months = _month_digests(leaving)
    changed = sorted(m for m in months if last.months.get(m, months[m]) != months[m])
    if changed:
        raise RefusedImport(
            f"the month from {changed[0]} of {merchant.name} was imported with other lines; its "
            "estimated receipts are booked: import whole months, once"
        )
    digest = _digest(repr((merchant, history.lines)))
    sent = last.sent if last.digest == digest else 0
    return Checkpoint(digest, sent, last.months | months)


def _month_digests(leaving: Leaving) -> dict[str, str]:
    receipts: dict[str, list[tuple[str, int]]] = {}
    for (code, month), units in sorted(leaving.items()):
        receipts.setdefault(month.isoformat(), []).append((code, units))
    return {month: _digest(repr(of_month)) for month, of_month in receipts.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _chunks(dated: Iterator[Dated], size: int) -> Iterator[list[Dated]]:
    while chunk := list(islice(dated, size)):
        yield chunk
