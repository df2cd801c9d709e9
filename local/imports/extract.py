"""The IRS's Exempt Organizations Business Master File extract (EO BMF): its columns and its lines.

Format: https://www.irs.gov/charities-non-profits/exempt-organizations-business-master-file-extract-eo-bmf
and "EO BMF Information Sheet". What a line means to a catalogue does not belong here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from local.imports.errors import UnreadableSource

ENCODING = "iso-8859-1"
MAX_NAME = 200

# Column -> what a value looks like. Amounts may be negative or, for some filers, absent.
COLUMNS: dict[str, str] = {
    "EIN": r"\d{9}",
    "NAME": r".*\S.*",
    "ICO": r".*",
    "STREET": r".*",
    "CITY": r".*",
    "STATE": r"([A-Z]{2})?",
    "ZIP": r"(\d{5}(-\d{4})?)?",
    "GROUP": r"\d{4}",
    "SUBSECTION": r"\d{2}",
    "AFFILIATION": r"\d",
    "CLASSIFICATION": r"\d{1,4}",
    "RULING": r"\d{6}",
    "DEDUCTIBILITY": r"\d",
    "FOUNDATION": r"\d{2}",
    "ACTIVITY": r"\d{9}",
    "ORGANIZATION": r"\d",
    "STATUS": r"\d{2}",
    "TAX_PERIOD": r"(\d{6})?",
    "ASSET_CD": r"\d",
    "INCOME_CD": r"\d",
    "FILING_REQ_CD": r"\d{2}",
    "PF_FILING_REQ_CD": r"\d",
    "ACCT_PD": r"\d{2}",
    "ASSET_AMT": r"(-?\d+)?",
    "INCOME_AMT": r"(-?\d+)?",
    "REVENUE_AMT": r"(-?\d+)?",
    "NTEE_CD": r"[0-9A-Z]{0,4}",
    "SORT_NAME": r".*",
}
HEADER = ",".join(COLUMNS)

_PATTERNS = [re.compile(pattern) for pattern in COLUMNS.values()]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LEADING_EIN = re.compile(rb"\s*\"?(\d{9})\b")


@dataclass(frozen=True, slots=True)
class Organization:
    """One line of an extract; `values` in the order of COLUMNS."""

    values: tuple[str, ...]

    def __getitem__(self, column: str) -> str:
        return self.values[_POSITIONS[column]]

    @property
    def ein(self) -> str:
        return self.values[0]

    def text(self) -> str:
        """The values, told apart by a character that no value holds."""
        return "\x1f".join(self.values)


_POSITIONS = {column: at for at, column in enumerate(COLUMNS)}


def organization(text: str) -> Organization:
    """The inverse of `Organization.text`."""
    return Organization(tuple(text.split("\x1f")))


def read_lines(
    lines: Iterable[bytes], file: str
) -> Iterator[tuple[int, bytes, Organization | str]]:
    """(number, original bytes, the organization or why there is none) of every line but the header.

    Raises UnreadableSource when the header is another format's.
    """
    numbered = enumerate(lines, start=1)
    _check_header(next(numbered, (1, b""))[1], file)
    for number, raw in numbered:
        yield number, raw, _parse(raw.rstrip(b"\r\n"))


def ein_of(raw: bytes) -> str | None:
    """The EIN that a bad line begins with, if that much of it can be read."""
    found = _LEADING_EIN.match(raw)
    return found.group(1).decode() if found else None


def _check_header(raw: bytes, file: str) -> None:
    names = raw.rstrip(b"\r\n").decode(ENCODING)
    if names != HEADER:
        raise UnreadableSource(
            f"{file} is no EO BMF extract: line 1 must be {HEADER!r}, it begins {names[:80]!r}"
        )


def _parse(raw: bytes) -> Organization | str:
    """The organization, or why the line is none."""
    text = raw.decode(ENCODING)
    if control := _CONTROL.search(text):
        return f"control character U+{ord(control.group()):04X}: not ISO-8859-1 text"
    try:
        values = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        return f"not a CSV line: {error}"
    if len(values) != len(COLUMNS):
        return f"{len(values)} columns instead of {len(COLUMNS)}"
    return _checked(tuple(values))


def _checked(values: tuple[str, ...]) -> Organization | str:
    for column, pattern, value in zip(COLUMNS, _PATTERNS, values, strict=True):
        if not pattern.fullmatch(value):
            return f"{column} is {value!r}, which does not match {COLUMNS[column]}"
    if len(values[1]) > MAX_NAME:
        return f"NAME has {len(values[1])} characters, at most {MAX_NAME} fit"
    return Organization(values)
