"""The committed boards in headless Chromium: what people see, press and filter."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dashboards.board import Board
from dashboards.board_files import load_boards
from dashboards.browser import DESKTOP, PHONE, Browser, Device, Page, Theme, open_browser

SMALL_PHONE = Device(320, 640, is_phone=True)
BOARDS = {board.key: board for board in load_boards()}
TO = "\N{EN DASH}"
LAST_DAY = date(2025, 4, 14)
FIRST_OF_LAST_30_DAYS = date(2025, 3, 16)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def opened(browser: Browser, town_pages: dict[str, Path]) -> Iterator[dict[str, Page]]:
    """Each board opened once: reading the chart library is most of what a page costs."""
    with contextlib.ExitStack() as stack:
        yield {key: stack.enter_context(browser.open(town_pages[key])) for key in BOARDS}


@pytest.fixture
def business(opened: dict[str, Page]) -> Page:
    return as_opened(opened["business"])


@pytest.fixture
def merchant(opened: dict[str, Page]) -> Page:
    return as_opened(opened["merchant"])


def as_opened(page: Page) -> Page:
    page.evaluate(
        "state = defaultState(); writeAddress();"
        " views.forEach(view => { view.hidden.clear(); view.data = false; }); refresh()"
    )
    settle(page)
    return page


def visit(page: Page, fragment: str) -> None:
    """Follows a link to a state of the board that is open."""
    page.evaluate(f"location.hash = {fragment!r}; document.documentElement.dataset.drawn = 'no'")
    settle(page)


def figure(page: Page, card: str) -> float:
    """The number on a tile."""
    text = page.evaluate(f"document.querySelector('#{card} .figure strong').textContent")
    return float(text.replace(",", ""))


def drawn(page: Page, card: str) -> dict[str, float]:
    """The sum of what a chart draws, by series."""
    expression = (
        f"Object.fromEntries(document.querySelector('#{card} .plot').data"
        ".map(t => [t.name, t.y.reduce((a, b) => a + b, 0)]))"
    )
    sums: dict[str, float] = page.evaluate(expression)
    return sums


def texts(page: Page, selector: str) -> list[str]:
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll({selector!r})].map(n => n.textContent)"
    )
    return found


def choose(page: Page, key: str, label: str) -> None:
    """Picks an option of a choice filter by its text, as a reader does."""
    page.evaluate(
        f"(s => {{ s.value = [...s.options].find(o => o.text === {label!r}).value;"
        f" s.dispatchEvent(new Event('change')); }})(document.querySelector('#filter-{key}'))"
    )
    settle(page)


def press(page: Page, selector: str) -> None:
    page.evaluate(f"document.querySelector({selector!r}).click()")
    settle(page)


def settle(page: Page) -> None:
    page.wait("document.documentElement.dataset.drawn === 'true'")


def stock(rows: dict[str, Any], column: str, **where: Any) -> int:
    """The sum of a stock column over the last 30 days."""
    return sum(
        row[column]
        for row in rows["stock_per_day"]
        if row["stock_date"] >= FIRST_OF_LAST_30_DAYS
        and all(row[key] == value for key, value in where.items())
    )


@pytest.mark.parametrize("name", ["index", *BOARDS])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_draws_without_an_error_or_a_request(
    browser: Browser, town_pages: dict[str, Path], name: str, theme: Theme
) -> None:
    with browser.open(town_pages[name], theme=theme) as page:
        assert page.errors == []
        asked = [each for each in page.requests if not each.startswith("data:")]
        assert asked == [town_pages[name].resolve().as_uri()]


@pytest.mark.parametrize("name", ["index", *BOARDS])
@pytest.mark.parametrize("device", [PHONE, SMALL_PHONE], ids=["390", "320"])
def test_a_phone_scrolls_in_one_direction_only(
    browser: Browser, town_pages: dict[str, Path], name: str, device: Device
) -> None:
    with browser.open(town_pages[name], device) as page:
        assert page.evaluate("innerWidth") == device.width
        assert page.evaluate("document.documentElement.scrollWidth") == device.width
        lefts = page.evaluate(
            "[...new Set([...document.querySelectorAll('.card')].map(c => c.offsetLeft))]"
        )
        assert len(lefts) == 1


def test_a_finger_on_a_chart_scrolls_the_page(
    browser: Browser, town_pages: dict[str, Path]
) -> None:
    with browser.open(town_pages["business"], PHONE) as page:
        assert page.swipe("#points_supply .plot", 300) > 200


def test_every_card_shows_something_over_the_town(business: Page, merchant: Page) -> None:
    for page, board in ((business, BOARDS["business"]), (merchant, BOARDS["merchant"])):
        assert texts(page, ".is-empty h3") == []
        for card in board.cards:
            assert page.evaluate(f"document.querySelector('#{card.key} .body').children.length") > 0


@pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
def test_every_card_of_an_empty_lake_says_what_is_missing_and_why(
    browser: Browser, empty_pages: dict[str, Path], board: Board
) -> None:
    with browser.open(empty_pages[board.key]) as page:
        assert page.errors == []
        for card in board.cards:
            assert texts(page, f"#{card.key} .empty p") == [card.empty]


def test_tiles_show_the_sums_of_the_rows(
    merchant: Page, business: Page, town_rows: dict[str, Any]
) -> None:
    assert figure(merchant, "units_redeemed") == stock(town_rows, "redeemed")
    assert figure(merchant, "units_issued") == stock(town_rows, "issued")
    assert figure(business, "encounters") == len(town_rows["encounters"])
    minted = -sum(r["points"] for r in town_rows["postings"] if r["account_type"] == "mint")
    assert figure(business, "points_minted") == minted


def test_a_level_is_the_sum_of_the_latest_rows(merchant: Page, town_rows: dict[str, Any]) -> None:
    closing = [r["closing"] for r in town_rows["stock_per_day"] if r["stock_date"] == LAST_DAY]
    assert figure(merchant, "units_on_hand") == sum(closing)


def test_a_level_holds_over_days_without_a_row(business: Page, town_rows: dict[str, Any]) -> None:
    visit(business, "period=2025-04-01..2025-04-10")
    joined = [r for r in town_rows["users"] if r["onboarded_date"] <= date(2025, 4, 10)]
    assert figure(business, "people") == len(joined)
    assert drawn(business, "onboarding")["Charities"] > 0


def test_minted_points_are_all_somewhere(business: Page) -> None:
    stack = "document.querySelector('#points_supply .plot').data.map(t => [t.name, t.y.at(-1)])"
    last = dict(business.evaluate(stack))
    assert last["Total"] == figure(business, "points_minted")
    held = last["Held by people"] + last["Held by merchants"]
    assert held == figure(business, "points_outstanding")


def test_choosing_a_merchant_changes_tiles_charts_and_tables(
    merchant: Page, town_rows: dict[str, Any]
) -> None:
    choose(merchant, "merchant", "Pine Hardware")
    redeemed = stock(town_rows, "redeemed", merchant_id="merchant-1")
    assert figure(merchant, "units_redeemed") == redeemed
    assert drawn(merchant, "units_leaving")["Redeemed for points"] == redeemed
    for card in ("days_of_cover", "sell_through", "movements"):
        column = 3 if card == "movements" else 2
        names = set(texts(merchant, f"#{card} td:nth-child({column})"))
        assert names == {"Pine Hardware"}
    goods = texts(merchant, "#filter-good option")
    assert goods[0] == "All goods"
    assert len(goods) == 5


def test_a_good_of_a_name_that_two_merchants_have_is_that_of_one(
    merchant: Page, town_rows: dict[str, Any]
) -> None:
    merchant.evaluate(
        "(s => { const g = [...s.querySelectorAll('optgroup')].find(g => g.label === 'Lark Books');"
        " s.value = [...g.children].find(o => o.text === 'Coffee').value;"
        " s.dispatchEvent(new Event('change')); })(document.querySelector('#filter-good'))"
    )
    settle(merchant)
    assert texts(merchant, "#filter-merchant option:checked") == ["Lark Books"]
    [good] = [g for g in town_rows["goods"] if (g["merchant_id"], g["name"]) == CHOSEN]
    assert figure(merchant, "units_redeemed") == stock(
        town_rows, "redeemed", good_id=good["good_id"]
    )


CHOSEN = ("merchant-2", "Coffee")


def test_a_card_that_cannot_follow_a_filter_says_so(merchant: Page) -> None:
    assert texts(merchant, "#points_collected .notes") == []
    choose(merchant, "good", "Work gloves")
    assert texts(merchant, "#points_collected .notes") == ["Not filtered by good."]


def test_choosing_a_period_changes_the_charts(business: Page, town_rows: dict[str, Any]) -> None:
    press(business, "[data-preset='7']")
    recent = [r for r in town_rows["encounters"] if r["encounter_date"] > date(2025, 4, 7)]
    assert figure(business, "encounters") == len(recent)
    assert drawn(business, "encounters_per_day")["Total"] == len(recent)
    assert texts(business, "#selection") == [f"Apr 8 {TO} Apr 14, 2025"]


def test_choosing_a_period_changes_rankings_grids_and_tables(
    business: Page, merchant: Page, town_rows: dict[str, Any]
) -> None:
    visit(business, "period=2025-04-14..2025-04-14")
    received = [
        r["received"]
        for r in town_rows["balances_per_day"]
        if (r["user_kind"], r["balance_date"]) == ("charity", LAST_DAY)
    ]
    assert sum(map(int, texts(business, "#top_charities .amount"))) == sum(received)
    weeks = business.evaluate("document.querySelector('#encounters_by_zip .plot').data[0].x")
    assert weeks == ["Apr 14"]
    visit(merchant, "period=2025-04-13..2025-04-13")
    assert set(texts(merchant, "#movements td:first-child")) == {"Apr 13, 2025"}


def test_typed_dates_are_a_period(business: Page, town_rows: dict[str, Any]) -> None:
    business.evaluate(
        "(i => { i.value = '2025-04-14'; i.dispatchEvent(new Event('change')); })"
        "(document.querySelector('[data-end=from]'))"
    )
    settle(business)
    met = [r for r in town_rows["encounters"] if r["encounter_date"] == LAST_DAY]
    assert figure(business, "encounters") == len(met)


def test_the_address_keeps_the_choices(
    browser: Browser, town_pages: dict[str, Path], merchant: Page
) -> None:
    choose(merchant, "merchant", "Corner Bakery")
    press(merchant, "[data-preset='7']")
    fragment = merchant.evaluate("location.hash").lstrip("#")
    with browser.open(Path(f"{town_pages['merchant']}#{fragment}")) as again:
        assert texts(again, "#selection") == [f"Apr 8 {TO} Apr 14, 2025, Corner Bakery"]
        assert figure(again, "units_redeemed") == figure(merchant, "units_redeemed")


def test_an_empty_selection_says_so_and_offers_everything(merchant: Page) -> None:
    visit(merchant, "period=2024-01-01..2024-01-31")
    assert f"Jan 1 {TO} Jan 31, 2024" in texts(merchant, "#movements .empty p")[0]
    press(merchant, "#movements .empty button")
    assert texts(merchant, ".is-empty h3") == []


def test_every_chart_has_its_data_as_a_table(business: Page, town_rows: dict[str, Any]) -> None:
    charts = business.evaluate("document.querySelectorAll('.card:not(.kpi)').length")
    assert len(texts(business, ".data-toggle")) == charts
    press(business, "#encounters_per_day .data-toggle")
    rows = texts(business, "#encounters_per_day tbody tr")
    assert len(rows) == 45
    assert texts(business, "#encounters_per_day .plot") == []
    cells = texts(business, "#encounters_per_day tbody tr:first-child td")
    met = [r["method"] for r in town_rows["encounters"] if r["encounter_date"] == LAST_DAY]
    assert cells == ["Apr 14, 2025", str(met.count("proximity")), str(met.count("qr"))]


def test_a_table_sorts_by_the_pressed_column(merchant: Page) -> None:
    header = "#days_of_cover th:nth-child(3) button"
    press(merchant, header)
    down = [int(text) for text in texts(merchant, "#days_of_cover td:nth-child(3)")]
    press(merchant, header)
    up = [int(text) for text in texts(merchant, "#days_of_cover td:nth-child(3)")]
    assert down == sorted(down, reverse=True)
    assert up == sorted(up)
    sort = "document.querySelector('#days_of_cover th:nth-child(3)').ariaSort"
    assert merchant.evaluate(sort) == "ascending"


def test_numbers_in_tables_stand_right_aligned(merchant: Page) -> None:
    aligned = merchant.evaluate(
        "[...new Set([...document.querySelectorAll('td.number')]"
        ".map(c => getComputedStyle(c).textAlign))]"
    )
    assert aligned == ["right"]


def test_a_series_can_be_hidden_from_the_legend(business: Page) -> None:
    press(business, "#encounters_per_day [data-series='QR code']")
    business.wait("document.querySelector('#encounters_per_day [aria-pressed=false]') !== null")
    assert set(drawn(business, "encounters_per_day")) == {"Proximity"}


def test_colors_follow_the_system_until_the_reader_chooses(
    browser: Browser, town_pages: dict[str, Path]
) -> None:
    paint = "getComputedStyle(document.body).backgroundColor"
    with browser.open(town_pages["business"], theme="light") as page:
        light = page.evaluate(paint)
        page.emulate(DESKTOP, "dark")
        settle(page)
        dark = page.evaluate(paint)
        press(page, "#theme")
        assert dark != light
        assert page.evaluate(paint) == light
        page.evaluate("localStorage.clear()")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_series_stand_out_from_what_is_behind_them(
    browser: Browser, town_pages: dict[str, Path], theme: Theme
) -> None:
    """WCAG 2.2: 4.5 to 1 for text (1.4.3), 3 to 1 for parts of graphics (1.4.11)."""
    with browser.open(town_pages["index"], theme=theme) as page:
        paints = {name: paint(page, name) for name in TOKENS}
    for token in ("ink", "muted", "blue", "good", "bad"):
        assert contrast(paints[token], paints["surface"]) >= 4.5, token
        assert contrast(paints[token], paints["page"]) >= 4.5, token
    for number in range(1, 7):
        assert contrast(paints[f"series-{number}"], paints["surface"]) >= 3, number
    assert contrast(paints["on-blue"], paints["blue"]) >= 4.5
    for end in ("heat-low", "heat-high"):
        assert contrast(paints["ink"], paints[end]) >= 4.5, end


TOKENS = ["ink", "muted", "blue", "on-blue", "good", "bad", "surface", "page"]
TOKENS += ["heat-low", "heat-high"]
TOKENS += [f"series-{number}" for number in range(1, 7)]


def paint(page: Page, token: str) -> list[int]:
    text = page.evaluate(
        f"document.body.style.color = 'var(--{token})', getComputedStyle(document.body).color"
    )
    return [int(part) for part in text.removeprefix("rgb(").removesuffix(")").split(",")]


def contrast(one: list[int], other: list[int]) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: list[int]) -> float:
    shares = [part / 255 for part in color]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(w * s for w, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_everything_that_can_be_pressed_has_a_name(merchant: Page, business: Page) -> None:
    for page in (merchant, business):
        nameless = page.evaluate(
            "[...document.querySelectorAll('button, select, input, a, [role=img], [role=region]')]"
            ".filter(n => !(n.ariaLabel || n.textContent.trim() || n.labels?.length))"
            ".map(n => n.outerHTML)"
        )
        assert nameless == []
