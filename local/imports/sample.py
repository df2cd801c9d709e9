"""Writes a small extract of the EO BMF's format whose organizations are plainly made up."""

from __future__ import annotations

import random
from pathlib import Path

from local.imports.extract import COLUMNS, ENCODING, HEADER

COUNT = 40
# The IRS has issued no EIN with the prefix 00, so none of these can be anyone's.
EIN_PREFIX = "00"

_CAUSES = ("Lantern", "Harbor", "Willow", "Kettle", "Sparrow", "Meadow", "Compass", "Ember")
_WORK = ("Food Bank", "Reading Circle", "Shelter", "Youth Choir", "Tool Library", "Clinic")
_TOWNS = (("WASHINGTON", "DC", "20001"), ("LARAMIE", "WY", "82070"), ("CHEYENNE", "WY", "82001"))
_BLANK = {"ICO", "SORT_NAME", "NTEE_CD"}
_FIXED = {
    "GROUP": "0000",
    "SUBSECTION": "03",
    "AFFILIATION": "3",
    "CLASSIFICATION": "1000",
    "RULING": "202001",
    "DEDUCTIBILITY": "1",
    "FOUNDATION": "15",
    "ACTIVITY": "000000000",
    "ORGANIZATION": "1",
    "STATUS": "01",
    "TAX_PERIOD": "202512",
    "FILING_REQ_CD": "01",
    "PF_FILING_REQ_CD": "0",
    "ACCT_PD": "12",
}


def write_sample_extract(path: Path, seed: int, count: int = COUNT) -> Path:
    """Write `count` organizations to `path`; the same seed writes the same bytes."""
    chance = random.Random(seed)
    lines = [_line(number, chance) for number in range(1, count + 1)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\n".join([HEADER, *lines, ""]).encode(ENCODING))
    return path


def _line(number: int, chance: random.Random) -> str:
    city, state, zip_code = chance.choice(_TOWNS)
    amount = chance.randrange(10_000, 900_000)
    values = {
        **dict.fromkeys(_BLANK, ""),
        **_FIXED,
        "EIN": f"{EIN_PREFIX}{number:07d}",
        "NAME": f"MADE-UP {chance.choice(_CAUSES)} {chance.choice(_WORK)} {number}".upper(),
        "STREET": f"{chance.randrange(1, 999)} EXAMPLE ST",
        "CITY": city,
        "STATE": state,
        "ZIP": zip_code,
        "ASSET_CD": "4",
        "INCOME_CD": "4",
        "ASSET_AMT": str(amount),
        "INCOME_AMT": str(amount // 2),
        "REVENUE_AMT": str(amount // 2),
    }
    return ",".join(values[column] for column in COLUMNS)
