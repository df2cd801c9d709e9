"""Reads a merchant's invoice lines from Parquet or CSV; what they mean for its stock lies elsewhere."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import IO, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from local.imports.columns import Reading
from local.imports.errors import UnreadableSource
from local.imports.quarantine import BadLine
from local.imports.source import name_of, open_source

PARQUET_MAGIC = b"PAR1"
MAX_UNITS = 1_000_000_000
MAX_KEY = 128
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One good on one invoice; `price` of one unit, `at` in UTC, `line` counts in the invoice."""

    invoice: str
    line: int
    code: str
    description: str
    quantity: int
    at: datetime
    price: Decimal


class _Bad(Exception):
    """Why a row is no invoice line."""


def read_invoice_lines(
    location: str, reading: Reading, bad: list[BadLine]
) -> Iterator[InvoiceLine]:
    """The good lines in the file's order; bad ones are appended to `bad`.

    Lines are numbered as in the file (CSV: physical lines, header included; Parquet: rows).
    Raises UnreadableSource.
    """
    file, zone = name_of(location), ZoneInfo(reading.time_zone)
    counted: dict[str, int] = {}
    with open_source(location) as source:
        for number, row, raw in _rows(source, reading, file):
            try:
                line = _line(row, reading, zone)
            except _Bad as reason:
                bad.append(BadLine(file, number, str(reason), raw or _json(row)))
                continue
            counted[line[0]] = counted.get(line[0], 0) + 1
            yield InvoiceLine(line[0], counted[line[0]], *line[1:])


Row = Mapping[str, Any]


def _rows(source: IO[bytes], reading: Reading, file: str) -> Iterator[tuple[int, Row, bytes]]:
    magic = source.read(len(PARQUET_MAGIC))
    source.seek(0)
    wanted = astuple(reading.columns)
    if magic == PARQUET_MAGIC:
        return _parquet_rows(source, wanted, file)
    return _csv_rows(source, wanted, reading.encoding, file)


def _parquet_rows(
    source: IO[bytes], wanted: Sequence[str], file: str
) -> Iterator[tuple[int, Row, bytes]]:
    try:
        parquet = pq.ParquetFile(source)
        _check_columns(parquet.schema_arrow.names, wanted, file)
        number = 0
        for batch in parquet.iter_batches(columns=list(wanted)):
            for row in batch.to_pylist():
                number += 1
                yield number, row, b""
    except pa.ArrowInvalid as error:
        raise UnreadableSource(f"{file}: not a Parquet file that can be read: {error}") from error


def _csv_rows(
    source: IO[bytes], wanted: Sequence[str], encoding: str, file: str
) -> Iterator[tuple[int, Row, bytes]]:
    taken: list[bytes] = []
    reader = csv.reader(_texts(source, encoding, taken), strict=True)
    names = _header(reader, file)
    _check_columns(names, wanted, file)
    while True:
        taken.clear()
        number = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, {"": f"not a CSV record: {error}"}, b"".join(taken)
            continue
        yield number, _named(names, values), b"".join(taken)


def _header(reader: Iterator[list[str]], file: str) -> list[str]:
    try:
        return next(reader)
    except (StopIteration, csv.Error) as error:
        raise UnreadableSource(f"{file}: no header line: {error}") from error


def _texts(source: IO[bytes], encoding: str, taken: list[bytes]) -> Iterator[str]:
    """Decoded lines; `taken` receives their bytes. What does not decode becomes surrogates."""
    codec = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    for raw in source:
        taken.append(raw)
        yield raw.decode(codec, errors="surrogateescape")


def _named(names: Sequence[str], values: Sequence[str]) -> Row:
    if len(values) != len(names):
        return {"": f"{len(values)} columns instead of {len(names)}"}
    return dict(zip(names, values, strict=True))


def _check_columns(names: Iterable[str], wanted: Sequence[str], file: str) -> None:
    missing = sorted(set(wanted) - set(names))
    if missing:
        raise UnreadableSource(
            f"{file} has no column {', '.join(missing)}; it has {', '.join(names)}: "
            "name the columns with the --…-column options"
        )


def _line(
    row: Row, reading: Reading, zone: ZoneInfo
) -> tuple[str, str, str, int, datetime, Decimal]:
    if "" in row:
        raise _Bad(row[""])
    columns = reading.columns
    return (
        _key(row, columns.invoice),
        _key(row, columns.code),
        _text(row, columns.description)[:MAX_NAME],
        _quantity(row, columns.quantity),
        _time(row[columns.time], reading.time_format, zone),
        _price(str(row[columns.price])),
    )


def _text(row: Row, column: str) -> str:
    value = row[column]
    text = "" if value is None else str(value).strip()
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise _Bad(f"{column} holds bytes that are not text in the given encoding")
    return text


def _key(row: Row, column: str) -> str:
    text = _text(row, column)
    if not text:
        raise _Bad(f"{column} is missing")
    if len(text) > MAX_KEY:
        raise _Bad(f"{column} has {len(text)} characters, at most {MAX_KEY} fit")
    return text


def _quantity(row: Row, column: str) -> int:
    text = _text(row, column)
    if not re.fullmatch(r"\+?\d{1,10}(\.0+)?", text, re.ASCII):
        raise _Bad(f"{column} is {text!r}, not a positive whole number")
    units = int(text.partition(".")[0])
    if not 1 <= units <= MAX_UNITS:
        raise _Bad(f"{column} is {units}, not between 1 and {MAX_UNITS}")
    return units


@lru_cache(maxsize=65_536)
def _price(text: str) -> Decimal:
    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        raise _Bad(f"price {text!r} is no number") from None
    if not price.is_finite() or price < 0:
        raise _Bad(f"price {text} is not an amount of money of at least 0")
    if price != round(price, 4):
        raise _Bad(f"price {text} has more than four decimal places")
    return price


@lru_cache(maxsize=65_536)
def _time(value: str | datetime, time_format: str | None, zone: ZoneInfo) -> datetime:
    local = value if isinstance(value, datetime) else _parsed(str(value).strip(), time_format)
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        raise _Bad(f"time {local.isoformat(' ')} does not exist in {zone.key}: clocks went forward")
    return moment


def _parsed(text: str, time_format: str | None) -> datetime:
    try:
        return datetime.strptime(text, time_format) if time_format else datetime.fromisoformat(text)
    except ValueError:
        expected = time_format or "ISO 8601"
        raise _Bad(f"time {text!r} is not written as {expected}") from None


def _json(row: Row) -> bytes:
    return json.dumps(row, default=str).encode()
