"""Reading board files: what is accepted, and that a refusal names file, card and key."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.board import ChoiceFilter
from dashboards.board_files import BOARDS_FOLDER, load_board, load_boards
from dashboards.errors import SpecError

KPI: dict[str, Any] = {
    "key": "sales",
    "display": "kpi",
    "title": "Sales",
    "question": "How much is sold?",
    "sql": "select day, units, shop, shop_name from marts.sales",
    "empty": "Nothing sold yet.",
    "value": {"column": "units", "label": "Sold", "unit": "units"},
    "day": "day",
    "filters": ["period"],
}
SPEC: dict[str, Any] = {
    "title": "Shop",
    "audience": "Shops",
    "description": "Sales.",
    "filters": [{"key": "period", "kind": "date_range", "label": "Period", "column": "day"}],
    "cards": [KPI],
    "layout": [{"title": "All", "rows": [{"cards": ["sales"]}]}],
}


def chart(**changes: Any) -> dict[str, Any]:
    card = {key: value for key, value in KPI.items() if key not in ("value", "day")}
    card |= {"display": "line", "x": {"column": "day", "label": "Day", "kind": "day"}}
    return card | {"y": [KPI["value"]]} | changes


def write(folder: Path, spec: dict[str, Any]) -> Path:
    file = folder / "shop.yml"
    file.write_text(yaml.safe_dump(spec), encoding="utf-8")
    return file


def refusal(folder: Path, **changes: Any) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load_board(write(folder, copy.deepcopy(SPEC) | changes))
    return caught.value


def test_a_board_is_its_file(tmp_path: Path) -> None:
    board = load_board(write(tmp_path, SPEC))
    assert (board.key, board.title, board.marts) == ("shop", "Shop", ("marts.sales",))
    assert board.columns_of(board.cards[0]) == {"day": "day", "units": "number"}
    assert board.layout[0].rows[0].spans == (12,)


def test_a_new_file_in_the_folder_is_a_new_board(tmp_path: Path) -> None:
    write(tmp_path, SPEC)
    (tmp_path / "another.yml").write_text(yaml.safe_dump(SPEC), encoding="utf-8")
    assert [board.key for board in load_boards(tmp_path)] == ["another", "shop"]


def test_every_committed_board_reads_marts_only() -> None:
    boards = load_boards()
    assert [board.key for board in boards] == sorted(f.stem for f in BOARDS_FOLDER.glob("*.yml"))
    assert {mart.partition(".")[0] for board in boards for mart in board.marts} == {"marts"}


def test_an_unknown_key_of_a_card_is_named_with_card_and_file(tmp_path: Path) -> None:
    error = refusal(tmp_path, cards=[KPI | {"colour": "blue"}])
    assert str(error).startswith("shop.yml, card 'sales': ")
    assert "colour" in str(error)


def test_a_missing_key_of_a_card_is_named(tmp_path: Path) -> None:
    card = {key: value for key, value in KPI.items() if key != "question"}
    assert "`question`" in str(refusal(tmp_path, cards=[card]))


def test_an_unknown_display_is_refused(tmp_path: Path) -> None:
    assert "pie" in str(refusal(tmp_path, cards=[KPI | {"display": "pie"}]))


def test_an_ill_typed_value_names_its_place(tmp_path: Path) -> None:
    card = KPI | {"value": KPI["value"] | {"format": "roman"}}
    assert "$.value.format" in str(refusal(tmp_path, cards=[card]))


def test_a_card_without_a_key_is_named_by_its_position(tmp_path: Path) -> None:
    assert refusal(tmp_path, cards=[KPI, {"display": "kpi"}]).card == "number 2"


def test_an_unknown_key_of_the_board_is_refused(tmp_path: Path) -> None:
    assert "owner" in str(refusal(tmp_path, owner="me"))


def test_sql_over_anything_but_marts_names_the_card(tmp_path: Path) -> None:
    error = refusal(tmp_path, cards=[KPI | {"sql": "select day, units from raw.sales"}])
    assert error.card == "sales"
    assert "'raw.sales'" in str(error)


def test_a_card_listening_to_no_filter_of_the_board_is_refused(tmp_path: Path) -> None:
    assert "'shop'" in str(refusal(tmp_path, cards=[KPI | {"filters": ["shop"]}]))


def test_two_cards_of_one_key_are_refused(tmp_path: Path) -> None:
    assert "twice" in str(refusal(tmp_path, cards=[KPI, KPI]))


def test_a_column_read_as_day_and_as_number_is_refused(tmp_path: Path) -> None:
    assert "'units'" in str(refusal(tmp_path, cards=[KPI | {"day": "units"}]))


def test_a_level_over_categories_is_refused(tmp_path: Path) -> None:
    level = KPI["value"] | {"aggregate": "level"}
    card = chart(x={"column": "shop", "label": "Shop", "kind": "category"}, y=[level])
    assert "`y.aggregate`" in str(refusal(tmp_path, cards=[card]))


def test_a_chart_of_two_units_is_refused(tmp_path: Path) -> None:
    card = chart(y=[KPI["value"], KPI["value"] | {"unit": "points"}])
    assert "one axis has one unit" in str(refusal(tmp_path, cards=[card]))


def test_a_split_of_two_measures_is_refused(tmp_path: Path) -> None:
    split = {"column": "shop", "label": "Shop", "labels": {}}
    card = chart(y=[KPI["value"], KPI["value"]], split=split)
    assert "`split`" in str(refusal(tmp_path, cards=[card]))


def test_a_table_sorted_by_no_column_of_its_own_is_refused(tmp_path: Path) -> None:
    card = {key: value for key, value in KPI.items() if key not in ("value", "day")}
    card |= {"display": "table", "sort": {"column": "price"}}
    card |= {"columns": [{"column": "units", "label": "Units", "format": "integer"}]}
    assert "`sort.column`" in str(refusal(tmp_path, cards=[card]))


def test_a_card_left_out_of_the_layout_is_refused(tmp_path: Path) -> None:
    layout = [{"title": "All", "rows": []}]
    assert refusal(tmp_path, layout=layout).card == "sales"


def test_a_card_placed_twice_is_refused(tmp_path: Path) -> None:
    layout = [{"title": "All", "rows": [{"cards": ["sales", "sales"]}]}]
    assert "twice" in str(refusal(tmp_path, layout=layout))


def test_a_row_that_does_not_fill_the_grid_is_refused(tmp_path: Path) -> None:
    layout = [{"title": "All", "rows": [{"cards": ["sales"], "widths": [5]}]}]
    assert "do not fill 12" in str(refusal(tmp_path, layout=layout))


def test_a_choice_within_a_filter_that_is_not_there_is_refused(tmp_path: Path) -> None:
    choice = {"key": "shop", "kind": "choice", "label": "Shop", "column": "shop"}
    choice |= {"name_column": "shop_name", "any_label": "All", "within": "town"}
    assert "'town'" in str(refusal(tmp_path, filters=[*SPEC["filters"], choice]))


def test_a_file_that_is_not_yaml_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "torn.yml"
    file.write_text("title: [", encoding="utf-8")
    with pytest.raises(SpecError, match=r"torn\.yml"):
        load_board(file)


def test_a_card_that_listens_to_a_good_listens_to_its_merchant() -> None:
    for board in load_boards():
        for card in board.cards:
            chosen = [board.filter(key) for key in card.filters]
            above = {each.within for each in chosen if isinstance(each, ChoiceFilter)}
            assert above - {None} <= set(card.filters)
