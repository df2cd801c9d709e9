from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.imports.columns import Columns, Reading
from local.imports.errors import UnreadableSource
from local.imports.invoice_lines import InvoiceLine, read_invoice_lines
from local.imports.quarantine import BadLine

HEADER = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n"
GOOD = b"7,85123A,WHITE HANGER,6,2010-12-01 08:26:00,2.55\n"


def read(
    path: Path, content: bytes, reading: Reading | None = None
) -> tuple[list[InvoiceLine], list[BadLine]]:
    path.write_bytes(content)
    bad: list[BadLine] = []
    return list(read_invoice_lines(str(path), reading or Reading(), bad)), bad


def test_a_csv_line_is_read_as_it_stands(tmp_path: Path) -> None:
    (line,), bad = read(tmp_path / "x.csv", b"\xef\xbb\xbf" + HEADER + GOOD)
    at = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert line == InvoiceLine("7", 1, "85123A", "WHITE HANGER", 6, at, Decimal("2.55"))
    assert not bad


def test_parquet_and_csv_say_the_same(tmp_path: Path) -> None:
    values = [7, "85123A", "WHITE HANGER", 6, datetime(2010, 12, 1, 8, 26), 2.55]
    names = HEADER.decode().strip().split(",")
    table = pa.table({name: [value] for name, value in zip(names, values, strict=True)})
    pq.write_table(table, tmp_path / "source.parquet")
    from_parquet, _ = read(tmp_path / "x.bin", (tmp_path / "source.parquet").read_bytes())
    assert from_parquet == read(tmp_path / "x.csv", HEADER + GOOD)[0]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"85123A", b" ", "StockCode is missing"),
        (b",6,", b",-6,", "'-6', not a positive whole number"),
        (b",6,", b",0,", "not between 1"),
        (b",6,", b",1.5,", "'1.5', not a positive whole number"),
        (b"2010-12-01", b"2010-13-01", "not written as ISO 8601"),
        (b"2.55", b"-2.55", "not an amount of money"),
        (b"2.55", b"nan", "not an amount of money"),
        (b"2.55", b"two", "is no number"),
        (b"2.55", b"2.55555", "more than four decimal places"),
        (b"2.55", b"2.55,9", "7 columns instead of 6"),
        (b"WHITE", b"\xff", "not text in the given encoding"),
        (b"7,", b",", "InvoiceNo is missing"),
    ],
)
def test_a_bad_line_keeps_its_place_reason_and_bytes_and_the_rest_goes_on(
    tmp_path: Path, old: bytes, new: bytes, reason: str
) -> None:
    assert old in GOOD
    broken = GOOD.replace(old, new, 1)
    lines, (bad,) = read(tmp_path / "x.csv", HEADER + GOOD + broken + GOOD)
    assert [line.line for line in lines] == [1, 2]
    assert (bad.file, bad.number, bad.raw) == ("x.csv", 3, broken)
    assert reason in bad.reason


def test_a_record_over_two_lines_counts_both(tmp_path: Path) -> None:
    two = GOOD.replace(b"WHITE HANGER", b'"WHITE\nHANGER"')
    lines, (bad,) = read(tmp_path / "x.csv", HEADER + two + GOOD.replace(b",6,", b",x,"))
    assert lines[0].description == "WHITE\nHANGER"
    assert bad.number == 4


def test_columns_encoding_and_times_follow_the_options(tmp_path: Path) -> None:
    reading = Reading(
        Columns("a", "b", "c", "d", "e", "f"), "Europe/London", "%m/%d/%Y %H:%M", "iso-8859-1"
    )
    content = b"a,b,c,d,e,f,g\n1,2,caf\xe9,3,7/1/2011 8:26,0,x\n"
    (line,), bad = read(tmp_path / "x.csv", content, reading)
    assert (line.description, line.price) == ("café", Decimal(0))
    assert line.at == datetime(2011, 7, 1, 7, 26, tzinfo=UTC)
    assert not bad


def test_a_time_that_the_clocks_skipped_is_bad(tmp_path: Path) -> None:
    skipped = GOOD.replace(b"2010-12-01 08:26:00", b"2011-03-27 01:30:00")
    _, (bad,) = read(tmp_path / "x.csv", HEADER + skipped, Reading(time_zone="Europe/London"))
    assert "does not exist in Europe/London" in bad.reason


def test_a_file_without_a_needed_column_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match="no column UnitPrice"):
        read(tmp_path / "x.csv", HEADER.replace(b"UnitPrice", b"Price") + GOOD)


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableSource, match="x"):
        read(tmp_path / "x", content)
