"""The rows behind a board: each distinct SQL asked once, checked against what its cards declare.

Only declared columns go on, so a page never carries a column that no card shows or filters by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboards.board import Board, Card, ColumnKind
from dashboards.errors import CardDataError, QueryError

Query = Callable[[str], pd.DataFrame]

# JavaScript numbers are exact up to here; beyond it a page would show another number.
LARGEST_EXACT = 2**53 - 1
_EPOCH = pd.Timestamp("1970-01-01")


@dataclass(frozen=True)
class Dataset:
    """The answer to one SQL text, shared by the cards that ask it.

    `columns` maps a name to its kind and values: days as days since 1970-01-01, numbers, or text;
    a missing value is None.
    """

    sql: str
    columns: dict[str, tuple[ColumnKind, list[Any]]]
    length: int

    @property
    def last_day(self) -> int | None:
        """The latest day in any column, in days since 1970-01-01."""
        days = [
            value
            for kind, values in self.columns.values()
            if kind == "day"
            for value in values
            if value is not None
        ]
        return max(days, default=None)


def fetch_datasets(board: Board, query: Query) -> tuple[Dataset, ...]:
    """Asks each distinct SQL of the board once, in the order of its cards.

    Raises CardDataError naming the card when the query fails or the rows do not fit the card.
    """
    asked = dict.fromkeys(card.sql for card in board.cards)
    return tuple(_fetch(board, sql, query) for sql in asked)


def _fetch(board: Board, sql: str, query: Query) -> Dataset:
    cards = [card for card in board.cards if card.sql == sql]
    try:
        frame = query(sql)
    except QueryError as error:
        raise CardDataError(board.key, cards[0].key, f"its query failed: {error}") from error
    columns = {
        name: (kind, _read_column(board, card, frame, name, kind))
        for card, name, kind in _declared(board, cards)
    }
    return Dataset(sql, _sort_rows(columns), len(frame))


def _sort_rows(
    columns: dict[str, tuple[ColumnKind, list[Any]]],
) -> dict[str, tuple[ColumnKind, list[Any]]]:
    """Days first, since an engine promises no order and equal data should give an equal page."""
    by_kind = sorted(columns.values(), key=lambda column: column[0] != "day")
    keys = list(zip(*([(v is None, v) for v in values] for _, values in by_kind), strict=True))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return {name: (kind, [values[i] for i in order]) for name, (kind, values) in columns.items()}


def _declared(board: Board, cards: list[Card]) -> Iterator[tuple[Card, str, ColumnKind]]:
    seen: dict[str, ColumnKind] = {}
    for card in cards:
        for name, kind in board.columns_of(card).items():
            if seen.setdefault(name, kind) != kind:
                raise CardDataError(
                    board.key, card.key, f"column {name!r} is {seen[name]} on another card"
                )
            yield card, name, kind


def _read_column(
    board: Board, card: Card, frame: pd.DataFrame, name: str, kind: ColumnKind
) -> list[Any]:
    if name not in frame.columns:
        have = ", ".join(map(str, frame.columns)) or "none"
        raise CardDataError(
            board.key, card.key, f"its rows have no column {name!r}; they have: {have}"
        )
    try:
        return _READERS[kind](frame[name])
    except (ValueError, TypeError, OverflowError) as error:
        raise CardDataError(
            board.key, card.key, f"column {name!r} does not hold a {kind}: {error}"
        ) from error


def _read_days(values: Any) -> list[int | None]:
    moments = pd.to_datetime(values, errors="raise")
    return [None if pd.isna(each) else (each - _EPOCH).days for each in moments]


def _read_numbers(values: Any) -> list[float | int | None]:
    return [_read_number(each) for each in pd.to_numeric(values, errors="raise")]


def _read_number(value: Any) -> float | int | None:
    if pd.isna(value):
        return None
    number = float(value)
    if abs(number) > LARGEST_EXACT:
        raise ValueError(f"{value} is beyond {LARGEST_EXACT}, where a page's numbers stop")
    return int(number) if number.is_integer() else number


def _read_texts(values: Any) -> list[str | None]:
    return [None if pd.isna(each) else str(each) for each in values]


_READERS: dict[ColumnKind, Callable[[Any], list[Any]]] = {
    "day": _read_days,
    "number": _read_numbers,
    "text": _read_texts,
}
