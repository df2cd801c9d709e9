"""What stands in a rendered page, without a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

from dashboards.board import Board
from dashboards.board_files import load_boards
from dashboards.errors import CardDataError
from dashboards.frames import Query, fetch_datasets
from dashboards.render import render_board, render_boards, render_index

MADE_AT = datetime(2025, 4, 15, 18, 5, tzinfo=UTC)


@pytest.fixture
def business() -> Board:
    return next(board for board in load_boards() if board.key == "business")


def embedded(page: str) -> dict[str, Any]:
    found = re.search(r'id="board-data">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_a_page_a_board_and_an_index_are_written(town_pages: dict[str, Path]) -> None:
    assert set(town_pages) == {"index", *(board.key for board in load_boards())}
    assert all(path.stat().st_size > 1000 for path in town_pages.values())


def test_the_chart_library_stands_in_a_page_once(town_pages: dict[str, Path]) -> None:
    page = town_pages["business"].read_text(encoding="utf-8")
    assert len(re.findall(r"\* plotly\.js v\d", page)) == 1


def test_a_page_names_no_script_style_or_picture_elsewhere(town_pages: dict[str, Path]) -> None:
    for path in town_pages.values():
        page = path.read_text(encoding="utf-8")
        assert "default-src 'none'" in page
        assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)=", page)


def test_every_card_stands_in_the_page_with_its_question(
    town_pages: dict[str, Path], business: Board
) -> None:
    page = town_pages["business"].read_text(encoding="utf-8")
    for card in business.cards:
        assert f'data-card="{card.key}"' in page
        assert card.question in page


def test_the_footer_says_how_new_the_data_is_and_how_it_was_made(
    town_pages: dict[str, Path],
) -> None:
    page = town_pages["business"].read_text(encoding="utf-8")
    assert "Data through April 14, 2025." in page
    assert "April 15, 2025 at 6:05 PM UTC" in page
    assert "<code>marts.encounters</code>" in page


def test_times_are_written_in_utc_wherever_they_come_from() -> None:
    east = datetime(2025, 4, 16, 1, 0, tzinfo=timezone(timedelta(hours=9)))
    assert "April 15, 2025 at 4:00 PM UTC" in render_index([], made_at=east)


def test_no_sql_travels_with_a_page(town_pages: dict[str, Path]) -> None:
    cards = embedded(town_pages["business"].read_text(encoding="utf-8"))["cards"]
    assert all("sql" not in card for card in cards)


def test_text_of_the_data_cannot_end_the_script_it_stands_in(
    answer: Callable[..., Query], business: Board, tmp_path: Path
) -> None:
    name = "</script><script>alert(1)</script>"
    charity = {"user_id": "c", "kind": "charity", "display_name": name, "onboarded_date": None}
    given: dict[str, Any] = {"account_id": "user:c", "user_id": "c", "user_kind": "charity"}
    given |= {"given": 0, "donated": 0, "redeemed": 0, "received": 5, "balance_date": "2025-03-01"}
    rows = {"users": [charity], "balances_per_day": [given]}
    render_boards([business], answer(rows), tmp_path, made_at=MADE_AT)
    page = (tmp_path / "business.html").read_text(encoding="utf-8")
    assert name not in page
    assert name in str(embedded(page)["datasets"])


def test_text_of_a_spec_is_escaped(business: Board) -> None:
    page = render_index(
        [msgspec.structs.replace(business, title="Goods & <Services>")], made_at=MADE_AT
    )
    assert "Goods &amp; &lt;Services&gt;" in page


def test_an_empty_lake_renders_and_says_so(empty_pages: dict[str, Path]) -> None:
    assert "No data yet." in empty_pages["merchant"].read_text(encoding="utf-8")


def test_nothing_is_written_when_a_card_fails(business: Board, tmp_path: Path) -> None:
    with pytest.raises(CardDataError, match="'points_minted'"):
        render_boards([business], lambda sql: pd.DataFrame(), tmp_path / "out", made_at=MADE_AT)
    assert not (tmp_path / "out").exists()


def test_the_same_rows_in_any_order_give_the_same_page(
    business: Board, answer: Callable[..., Query], town_rows: dict[str, Any]
) -> None:
    query = answer(town_rows)

    def draw(seed: int) -> str:
        datasets = fetch_datasets(
            business, lambda sql: query(sql).sample(frac=1, random_state=seed)
        )
        return render_board(business, datasets, made_at=MADE_AT, siblings=[business])

    assert draw(1) == draw(2)
