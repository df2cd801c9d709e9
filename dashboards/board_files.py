"""Boards as `boards/*.yml` hold them: reading a file, and what has to hold between its parts.

What msgspec checks by the types alone is not repeated here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from dashboards.board import (
    GRID_COLUMNS,
    AreaCard,
    BarCard,
    Board,
    Card,
    ChoiceFilter,
    HeatmapCard,
    KpiCard,
    LineCard,
    Measure,
    StackedBarCard,
    TableCard,
)
from dashboards.errors import SpecError
from dashboards.relations import RelationError, find_marts

BOARDS_FOLDER = Path(__file__).with_name("boards")


def load_boards(folder: Path = BOARDS_FOLDER) -> tuple[Board, ...]:
    """Every `*.yml` of the folder, by file name; raises SpecError on the first that is wrong."""
    return tuple(load_board(file) for file in sorted(folder.glob("*.yml")))


def load_board(file: Path) -> Board:
    """One board file; raises SpecError naming the file, the card and the key."""
    spec = _read_yaml(file)
    # Cards are converted one by one, so that an error names the card and not its position.
    cards = [_convert_card(file, position, raw) for position, raw in enumerate(_raw_cards(spec))]
    try:
        board = msgspec.convert({**spec, "key": file.stem, "cards": []}, Board, strict=True)
    except msgspec.ValidationError as error:
        raise SpecError(file, str(error)) from error
    board = msgspec.structs.replace(board, cards=tuple(cards))
    _check_keys(file, board)
    for card in board.cards:
        _check_card(file, board, card)
    _check_layout(file, board)
    return board


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        spec = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SpecError(file, f"is not YAML: {error}") from error
    if not isinstance(spec, dict):
        raise SpecError(file, "has to be a mapping with title, audience, filters, cards, layout")
    if "key" in spec:
        raise SpecError(file, "has a `key`; the file's name is the board's key")
    return spec


def _raw_cards(spec: dict[str, Any]) -> list[Any]:
    cards = spec.get("cards")
    return cards if isinstance(cards, list) else []


def _convert_card(file: Path, position: int, raw: Any) -> Card:
    name = str(raw.get("key", "")) if isinstance(raw, dict) else ""
    try:
        card: Card = msgspec.convert(raw, Card, strict=True)
    except msgspec.ValidationError as error:
        raise SpecError(file, str(error), name or f"number {position + 1}") from error
    return card


def _check_keys(file: Path, board: Board) -> None:
    if not board.cards:
        raise SpecError(file, "`cards` is empty; a board has at least one card")
    for kind, keys in (
        ("card", [card.key for card in board.cards]),
        ("filter", [each.key for each in board.filters]),
    ):
        if twice := _repeated(keys):
            raise SpecError(file, f"{kind} key {twice[0]!r} is used twice")
    choices = {each.key for each in board.filters if isinstance(each, ChoiceFilter)}
    for each in board.filters:
        if isinstance(each, ChoiceFilter) and each.within and each.within not in choices:
            raise SpecError(file, f"filter {each.key!r}: `within` {each.within!r} is no choice")


def _check_card(file: Path, board: Board, card: Card) -> None:
    known = {each.key for each in board.filters}
    if unknown := [key for key in card.filters if key not in known]:
        raise SpecError(file, f"`filters` names {unknown[0]!r}, which is no filter here", card.key)
    for each in (board.filter(key) for key in card.filters):
        if isinstance(each, ChoiceFilter) and each.within and each.within not in card.filters:
            raise SpecError(file, f"`filters` has {each.key!r} without {each.within!r}", card.key)
    try:
        find_marts(card.sql)
    except RelationError as error:
        raise SpecError(file, f"`sql` {error}", card.key) from error
    try:
        board.columns_of(card)
    except ValueError as error:
        raise SpecError(file, str(error), card.key) from error
    for problem in _find_problems(card):
        raise SpecError(file, problem, card.key)


def _find_problems(card: Card) -> Iterator[str]:
    if isinstance(card, KpiCard | HeatmapCard):
        yield from _find_measure_problems("value", card.value)
    elif isinstance(card, TableCard):
        if card.sort.column not in {column.column for column in card.columns}:
            yield f"`sort.column` {card.sort.column!r} is none of the table's columns"
    else:
        yield from _find_chart_problems(card)


def _find_chart_problems(card: LineCard | AreaCard | BarCard | StackedBarCard) -> Iterator[str]:
    for measure in card.y:
        yield from _find_measure_problems("y", measure)
        if card.x.kind == "category" and measure.aggregate != "sum":
            yield f"`y.aggregate` {measure.aggregate!r} needs days on `x`"
    if not card.y:
        yield "`y` is empty; a chart draws at least one measure"
    if card.split and len(card.y) != 1:
        yield "`split` goes with exactly one measure in `y`"
    if len({measure.unit for measure in card.y}) > 1:
        yield "`y` mixes units; one axis has one unit"


def _find_measure_problems(key: str, measure: Measure) -> Iterator[str]:
    if measure.level_of and measure.aggregate != "level":
        yield f"`{key}.level_of` goes with aggregate level only"


def _check_layout(file: Path, board: Board) -> None:
    rows = [row for section in board.layout for row in section.rows]
    placed = [key for row in rows for key in row.cards]
    known = [card.key for card in board.cards]
    if unknown := [key for key in placed if key not in known]:
        raise SpecError(file, f"`layout` places {unknown[0]!r}, which is no card")
    if missing := [key for key in known if key not in placed]:
        raise SpecError(file, "`layout` leaves it out; place every card once", missing[0])
    if twice := _repeated(placed):
        raise SpecError(file, "`layout` places it twice", twice[0])
    for row in rows:
        if sum(row.spans) != GRID_COLUMNS or len(row.spans) != len(row.cards):
            raise SpecError(
                file, f"`layout` row {list(row.cards)}: widths {list(row.spans)} do not fill 12"
            )


def _repeated(keys: Iterable[str]) -> list[str]:
    return [key for key, count in Counter(keys).items() if count > 1]
