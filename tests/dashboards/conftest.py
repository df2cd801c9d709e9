"""A small made-up town as frames of the marts, and the boards' real SQL answered over them.

The SQL is read as Athena's and run by DuckDB, so a board's column names and syntax are tested too.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import sqlglot

from dashboards.board_files import load_boards
from dashboards.browser import find_chromium
from dashboards.errors import BrowserError
from dashboards.frames import Query
from dashboards.render import render_boards

Rows = list[dict[str, Any]]

FIRST_DAY = date(2025, 3, 1)
DAYS = 45
PEOPLE = {"civilian": 40, "officer": 12, "family": 6, "charity": 5, "merchant": 3}
CHARITIES = ["Elm Street Pantry", "Harbor Shelter", "Second Chance Tools", "Night Shift Fund"]
CHARITIES += ["Riverside Reading Room for Children and Their Neighbors"]
MERCHANTS = {
    "merchant-0": "Corner Bakery",
    "merchant-1": "Pine Hardware",
    "merchant-2": "Lark Books",
}
GOODS = ["Coffee", "Bagel", "Work gloves", "Notebook", "Umbrella", "Flashlight", "Gift card"]
ZIP_CODES = ["20001", "20002", "20005", "20009", "20011", "20018"]

# The tests that look at pages need a browser, which a bare machine does not have.
_IN_BROWSER = ["test_browser.py", "test_pages.py", "test_screenshot.py"]

_TYPES = {
    "users": "user_id text, kind text, display_name text, onboarded_date date",
    "postings": "account_type text, user_id text, points bigint, occurred_date date,"
    " is_reversal boolean",
    "balances_per_day": "account_id text, user_id text, user_kind text, balance_date date, received bigint,"
    " given bigint, donated bigint, redeemed bigint",
    "encounters": "civilian_id text, officer_id text, zip_code text, method text,"
    " encounter_date date",
    "goods": "merchant_id text, good_id text, merchant_name text, name text",
    "stock_per_day": "merchant_id text, good_id text, stock_date date, opening bigint,"
    " received bigint, estimated_received bigint, redeemed bigint, issued bigint,"
    " returned bigint, adjusted bigint, closing bigint, days_of_cover double",
}


def _has_chromium() -> bool:
    try:
        return find_chromium().exists()
    except BrowserError:
        return False


collect_ignore = [] if _has_chromium() else _IN_BROWSER


def pytest_report_header() -> str:
    return "boards in a browser: " + ("yes" if _has_chromium() else "no, install chromium to test")


def query_over(rows: dict[str, Rows]) -> Query:
    """A query function over these rows; a mart that is not given is there and empty."""
    database = duckdb.connect()
    database.execute("create schema marts")
    for name, columns in _TYPES.items():
        database.execute(f"create table marts.{name} ({columns})")
        fields = [column.split()[0] for column in columns.split(", ")]
        if given := rows.get(name):
            database.register("given", pd.DataFrame(given, columns=fields))
            database.execute(f"insert into marts.{name} select * from given")
            database.unregister("given")

    def query(sql: str) -> pd.DataFrame:
        [translated] = sqlglot.transpile(sql, read="athena", write="duckdb")
        frame: pd.DataFrame = database.execute(translated).df()
        return frame

    return query


def town(seed: int = 7) -> dict[str, Rows]:
    """Forty-five days of a town, the same for the same seed."""
    dice = random.Random(seed)
    users = _users(dice)
    encounters = _encounters(dice)
    goods = _goods()
    stock = _stock(dice, goods)
    balances, postings = _ledger(dice, encounters, stock)
    return {
        "users": users,
        "encounters": encounters,
        "goods": goods,
        "stock_per_day": stock,
        "balances_per_day": balances,
        "postings": postings,
    }


def _day(offset: int) -> date:
    return FIRST_DAY + timedelta(days=offset)


def _users(dice: random.Random) -> Rows:
    names = {f"charity-{n}": name for n, name in enumerate(CHARITIES)} | MERCHANTS
    return [
        {
            "user_id": f"{kind}-{n}",
            "kind": kind,
            "display_name": names.get(f"{kind}-{n}", f"{kind} {n}"),
            "onboarded_date": _day(min(DAYS - 1, int(dice.expovariate(0.12)))),
        }
        for kind, count in PEOPLE.items()
        for n in range(count)
    ]


def _encounters(dice: random.Random) -> Rows:
    return [
        {
            "civilian_id": f"civilian-{dice.randrange(40)}",
            "officer_id": f"officer-{dice.randrange(12)}",
            "zip_code": dice.choices(ZIP_CODES, weights=[9, 7, 5, 3, 2, 0.4])[0],
            "method": dice.choices(["proximity", "qr"], weights=[3, 1])[0],
            "encounter_date": _day(offset),
        }
        for offset in range(DAYS)
        for _ in range(max(0, round(dice.gauss(6 + offset / 4, 3))))
    ]


def _goods() -> Rows:
    return [
        {
            "merchant_id": merchant,
            "good_id": f"{merchant}-good-{n}",
            "merchant_name": name,
            "name": GOODS[(position * 2 + n) % len(GOODS)],
        }
        for position, (merchant, name) in enumerate(MERCHANTS.items())
        for n in range(4)
    ]


def _stock(dice: random.Random, goods: Rows) -> Rows:
    rows: Rows = []
    for good in goods:
        closing, pace = 0, dice.uniform(0.3, 4)
        for offset in range(dice.randrange(4), DAYS):
            opening = closing
            received = 0 if opening > 5 else dice.randrange(20, 60)
            redeemed = min(opening, round(dice.expovariate(1 / pace)))
            issued = min(opening - redeemed, dice.choice([0, 0, 1, 2]))
            closing = opening + received - redeemed - issued
            rows.append(
                {
                    "merchant_id": good["merchant_id"],
                    "good_id": good["good_id"],
                    "stock_date": _day(offset),
                    "opening": opening,
                    "received": received,
                    "estimated_received": 0,
                    "redeemed": redeemed,
                    "issued": issued,
                    "returned": 0,
                    "adjusted": 0,
                    "closing": closing,
                    "days_of_cover": round(closing / pace, 1),
                }
            )
    return rows


def _ledger(dice: random.Random, encounters: Rows, stock: Rows) -> tuple[Rows, Rows]:
    """Balances and postings that agree with the encounters and the shelf, each day summing to 0."""
    moved: dict[tuple[str, str, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    postings: Rows = []

    def post(account: str, kind: str, points: int, day: date) -> None:
        postings.append(
            {
                "account_type": kind,
                "user_id": account,
                "points": points,
                "occurred_date": day,
                "is_reversal": False,
            }
        )

    for each in encounters:
        day = each["encounter_date"]
        post("mint", "mint", -20, day)
        post(each["civilian_id"], "user", 10, day)
        post(each["officer_id"], "user", 10, day)
        if dice.random() < 0.35:
            charity = f"charity-{min(4, int(dice.expovariate(0.7)))}"
            moved[each["civilian_id"], "civilian", day]["donated"] += 5
            moved[charity, "charity", day]["received"] += 5
        if dice.random() < 0.2:
            moved[each["civilian_id"], "civilian", day]["given"] += 4
            moved[each["officer_id"], "officer", day]["received"] += 4
        if dice.random() < 0.05:
            post(each["civilian_id"], "user", -3, day)
            post("expired", "expired", 3, day)
    for row in stock:
        points = 3 * row["redeemed"]
        buyer = dice.choice(["civilian-1", "civilian-2", "family-0"])
        moved[buyer, buyer.split("-")[0], row["stock_date"]]["redeemed"] += points
        post(buyer, "user", -points, row["stock_date"])
        post(row["merchant_id"], "merchant", points - points // 2, row["stock_date"])
        post("burn", "burn", points // 2, row["stock_date"])
    fields = ("received", "given", "donated", "redeemed")
    balances = [
        {"account_id": f"user:{user}", "user_id": user, "user_kind": kind, "balance_date": day}
        | {field: flows[field] for field in fields}
        for (user, kind, day), flows in moved.items()
    ]
    return balances, postings


@pytest.fixture(scope="session")
def town_rows() -> dict[str, Rows]:
    return town()


@pytest.fixture(scope="session")
def answer() -> Callable[[dict[str, Rows]], Query]:
    """Makes a query function of the rows of some marts."""
    return query_over


@pytest.fixture(scope="session")
def town_pages(
    tmp_path_factory: pytest.TempPathFactory, town_rows: dict[str, Rows]
) -> dict[str, Path]:
    """The committed boards rendered over the town, by name."""
    return _render(tmp_path_factory.mktemp("town"), query_over(town_rows))


@pytest.fixture(scope="session")
def empty_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The committed boards rendered over marts without a row, by name."""
    return _render(tmp_path_factory.mktemp("empty"), query_over({}))


def _render(folder: Path, query: Query) -> dict[str, Path]:
    made_at = datetime(2025, 4, 15, 18, 5, tzinfo=UTC)
    paths = render_boards(load_boards(), query, folder, made_at=made_at)
    return {path.stem: path for path in paths}
