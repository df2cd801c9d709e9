"""What a query answered, held against what the cards declare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pandas as pd
import pytest

from dashboards.board import Board, KpiCard, Measure
from dashboards.board_files import load_boards
from dashboards.errors import CardDataError, QueryError
from dashboards.frames import LARGEST_EXACT, Query, fetch_datasets

CARD = KpiCard(
    key="sales",
    title="Sales",
    question="How much is sold?",
    sql="select day, units from marts.sales",
    empty="Nothing sold yet.",
    value=Measure(column="units", label="Sold", unit="units"),
    day="day",
)
BOARD = Board(
    key="shop", title="Shop", audience="Shops", description="", filters=(), cards=(CARD,), layout=()
)


def fetch(**columns: Any) -> dict[str, Any]:
    [dataset] = fetch_datasets(BOARD, lambda sql: pd.DataFrame(columns))
    return {name: values for name, (_, values) in dataset.columns.items()}


def test_days_and_numbers_become_what_a_page_can_hold() -> None:
    days = [date(1970, 1, 2), pd.Timestamp("2025-03-01"), None]
    got = fetch(day=days, units=[Decimal("1.50"), 2, None])
    assert got == {"day": [1, 20148, None], "units": [1.5, 2, None]}


def test_nullable_integers_keep_their_gaps() -> None:
    units = pd.array([3, None], dtype="Int64")
    assert fetch(day=["2025-03-01"] * 2, units=units)["units"] == [3, None]


def test_columns_that_no_card_declares_stay_behind() -> None:
    assert set(fetch(day=["2025-03-01"], units=[1], email=["a@example.org"])) == {"day", "units"}


def test_a_missing_column_is_named_with_its_card() -> None:
    with pytest.raises(CardDataError, match=r"'shop', card 'sales'.*'units'.*they have: day"):
        fetch(day=["2025-03-01"])


def test_words_where_a_number_belongs_are_refused() -> None:
    with pytest.raises(CardDataError, match="'units' does not hold a number"):
        fetch(day=["2025-03-01"], units=["many"])


def test_a_number_a_page_cannot_hold_exactly_is_refused() -> None:
    with pytest.raises(CardDataError, match="beyond"):
        fetch(day=["2025-03-01"], units=[2 * LARGEST_EXACT])


def test_a_failed_query_names_the_card() -> None:
    def fail(sql: str) -> pd.DataFrame:
        raise QueryError("TABLE_NOT_FOUND: marts.sales")

    with pytest.raises(CardDataError, match=r"card 'sales': its query failed: TABLE_NOT_FOUND"):
        fetch_datasets(BOARD, fail)


def test_cards_of_one_sql_ask_it_once() -> None:
    asked: list[str] = []

    def count(sql: str) -> pd.DataFrame:
        asked.append(sql)
        return pd.DataFrame({"day": [], "units": []})

    twin = msgspec.structs.replace(CARD, key="again")
    fetch_datasets(msgspec.structs.replace(BOARD, cards=(CARD, twin)), count)
    assert asked == [CARD.sql]


def test_cards_that_disagree_about_a_column_of_one_sql_are_refused() -> None:
    twin = msgspec.structs.replace(
        CARD, key="again", value=Measure(column="day", label="", unit=""), day="units"
    )
    board = msgspec.structs.replace(BOARD, cards=(CARD, twin))
    with pytest.raises(CardDataError, match="'again'"):
        fetch_datasets(board, lambda sql: pd.DataFrame({"day": [], "units": []}))


@pytest.mark.parametrize("board", load_boards(), ids=lambda board: board.key)
def test_every_board_answers_over_the_town(
    board: Board, answer: Callable[..., Query], town_rows: dict[str, Any]
) -> None:
    datasets = fetch_datasets(board, answer(town_rows))
    assert all(dataset.length for dataset in datasets)


def test_a_cell_of_fewer_than_three_encounters_never_reaches_the_page(
    answer: Callable[..., Query],
) -> None:
    [business] = [board for board in load_boards() if board.key == "business"]
    [card] = [each for each in business.cards if each.key == "encounters_by_zip"]
    met: dict[str, Any] = {"civilian_id": "c", "officer_id": "o", "method": "qr"}
    met["encounter_date"] = date(2025, 3, 4)
    rows = [met | {"zip_code": zip_code} for zip_code in ["20001"] * 3 + ["20002"] * 2]
    frame = answer({"encounters": rows})(card.sql)
    assert frame["zip_code"].tolist() == ["20001"]
