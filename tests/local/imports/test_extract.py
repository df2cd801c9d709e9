from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.imports.errors import UnreadableSource
from local.imports.extract import COLUMNS, HEADER, Organization, ein_of, organization, read_lines
from local.imports.sample import write_sample_extract


@pytest.fixture
def line(tmp_path: Path) -> bytes:
    return write_sample_extract(tmp_path / "x.csv", 1).read_bytes().splitlines()[1]


def parse(line: bytes) -> Organization | str:
    ((number, raw, found),) = read_lines([HEADER.encode() + b"\r\n", line + b"\r\n"], "f")
    assert number == 2
    assert raw == line + b"\r\n"
    return found


def test_there_are_28_columns(line: bytes) -> None:
    found = parse(line)
    assert isinstance(found, Organization)
    assert len(COLUMNS) == len(found.values) == 28
    assert found["STATE"] in ("DC", "WY")
    assert organization(found.text()) == found


def test_text_is_latin_1(line: bytes) -> None:
    found = parse(line.replace(b"MADE-UP", b"\xc9COLE"))
    assert isinstance(found, Organization)
    assert found["NAME"].startswith("ÉCOLE")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"000000001,", b"00000001,", "EIN is '00000001'"),
        (b",DC,", b",dc,", "STATE is 'dc'"),
        (b",DC,", b",DC,,", "29 columns instead of 28"),
        (b"MADE-UP", b"\x93MADE-UP", r"U\+0093: not ISO-8859-1"),
        (b"MADE-UP", b'"MADE-UP', "not a CSV line"),
        (b",202512,", b",2025,", "TAX_PERIOD is '2025'"),
        (b"000000001", b"", "EIN is ''"),
    ],
)
def test_a_line_that_breaks_the_format_is_refused_with_its_reason(
    line: bytes, old: bytes, new: bytes, reason: str
) -> None:
    line = line.replace(b",WY,", b",DC,")
    assert old in line
    found = parse(line.replace(old, new, 1))
    assert isinstance(found, str)
    assert re.search(reason, found)


@pytest.mark.parametrize("header", [b"", b"EIN,NAME\n", HEADER.encode()[:-4], b"\x1f\x8b"])
def test_another_header_is_refused(header: bytes) -> None:
    with pytest.raises(UnreadableSource, match=r"f is no EO BMF extract"):
        list(read_lines([header], "f"))


def test_a_bad_line_may_still_tell_its_ein() -> None:
    assert ein_of(b"010123106,BROKEN") == "010123106"
    assert ein_of(b"01012310,BROKEN") is None
    assert ein_of(b"0101231066,BROKEN") is None
