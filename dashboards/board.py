"""What a board is: its filters, cards and layout as frozen types.

Nothing here knows how a target draws a card: a spec serves the static pages and any other target.
Reading and checking the files is `dashboards.board_files`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Protocol

import msgspec

from dashboards.relations import find_marts

GRID_COLUMNS = 12

ColumnKind = Literal["day", "number", "text"]
NumberFormat = Literal["integer", "decimal", "percent"]
Key = str


class _Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Common strictness: an unknown or missing key is an error, never a default."""


class DateRangeFilter(_Spec, frozen=True, kw_only=True, tag_field="kind", tag="date_range"):
    """Keeps the rows whose `column` lies in the chosen days, both ends included."""

    key: Key
    label: str
    column: str
    default_days: int | None = None

    def declare(self) -> Iterator[tuple[str, ColumnKind]]:
        yield self.column, "day"


class ChoiceFilter(_Spec, frozen=True, kw_only=True, tag_field="kind", tag="choice"):
    """Keeps the rows whose `column` has the chosen value, shown to people as `name_column`.

    `within` names another choice filter whose value narrows and groups the values on offer, and
    which is set with this one: the same value may stand under two of them. A card that listens
    to this filter has to listen to that one too.
    """

    key: Key
    label: str
    column: str
    name_column: str
    any_label: str
    within: Key | None = None

    def declare(self) -> Iterator[tuple[str, ColumnKind]]:
        yield self.column, "text"
        yield self.name_column, "text"


Filter = DateRangeFilter | ChoiceFilter


class Measure(_Spec, frozen=True, kw_only=True):
    """A number: how rows become one value, in which unit, written in which format.

    `sum` adds rows; `mean` adds them and divides by the days shown; `level` is a standing amount:
    the latest row per `level_of` columns holds until the next one, and the levels are added.
    A percent is stored as a share of 1.
    """

    column: str
    label: str
    unit: str
    format: NumberFormat = "integer"
    aggregate: Literal["sum", "mean", "level"] = "sum"
    level_of: tuple[str, ...] = ()

    def declare(self) -> Iterator[tuple[str, ColumnKind]]:
        yield self.column, "number"
        for column in self.level_of:
            yield column, "text"


class Axis(_Spec, frozen=True, kw_only=True):
    """An axis of days or of categories; categories are ordered by their total, largest first.

    A row of an axis of days stands for `step_days` days, beginning with the one in its column.
    """

    column: str
    label: str
    kind: Literal["day", "category"]
    limit: int | None = None
    step_days: int = 1

    def declare(self) -> Iterator[tuple[str, ColumnKind]]:
        yield self.column, "day" if self.kind == "day" else "text"


class Split(_Spec, frozen=True, kw_only=True):
    """Splits one measure into series by a column; `labels` fixes their order and their names."""

    column: str
    label: str
    labels: dict[str, str]

    def declare(self) -> Iterator[tuple[str, ColumnKind]]:
        yield self.column, "text"


class TableColumn(_Spec, frozen=True, kw_only=True):
    """A column of a table; `bar` draws the number's length behind it."""

    column: str
    label: str
    unit: str = ""
    format: NumberFormat | Literal["date", "text"] = "text"
    bar: bool = False

    def declare(self) -> Iterator[tuple[str, ColumnKind]]:
        kinds: dict[str, ColumnKind] = {"date": "day", "text": "text"}
        yield self.column, kinds.get(self.format, "number")


class Sort(_Spec, frozen=True, kw_only=True):
    """The order a table opens in."""

    column: str
    descending: bool = False


class _Parted(Protocol):
    """What each kind of card adds to the common ones: what it is made of."""

    def parts(self) -> Iterator[Measure | Axis | Split | TableColumn]: ...


class _Card(_Spec, frozen=True, kw_only=True, tag_field="display"):
    """What every card says: the question it answers, the SQL, the filters it listens to.

    `empty` is shown when the query has no rows: it says what is missing and why.
    """

    key: Key
    title: str
    question: str
    sql: str
    empty: str
    filters: tuple[Key, ...] = ()
    note: str = ""

    display: ClassVar[str]

    @property
    def marts(self) -> tuple[str, ...]:
        return find_marts(self.sql)

    def declare(self: _Parted) -> Iterator[tuple[str, ColumnKind]]:
        """Each column the card reads with its kind; a column may come more than once."""
        for part in self.parts():
            yield from part.declare()


class KpiCard(_Card, frozen=True, kw_only=True, tag="kpi"):
    """One number with its recent change and a sparkline over `day`.

    `better` says which direction is good news, so that a target can colour the change.
    """

    display = "kpi"
    value: Measure
    day: str
    better: Literal["higher", "lower", "neither"] = "neither"

    def parts(self) -> Iterator[Measure | Axis]:
        yield Axis(column=self.day, label="Day", kind="day")
        yield self.value


class _Chart(_Card, frozen=True, kw_only=True):
    x: Axis
    y: tuple[Measure, ...]
    split: Split | None = None

    def parts(self) -> Iterator[Measure | Axis | Split]:
        yield self.x
        yield from self.y
        if self.split:
            yield self.split


class LineCard(_Chart, frozen=True, kw_only=True, tag="line"):
    """One line per measure or series."""

    display = "line"


class AreaCard(_Chart, frozen=True, kw_only=True, tag="area"):
    """Areas stacked on each other: the height is the total."""

    display = "area"


class BarCard(_Chart, frozen=True, kw_only=True, tag="bar"):
    """Bars side by side; over categories they lie flat, so that names can be read."""

    display = "bar"


class StackedBarCard(_Chart, frozen=True, kw_only=True, tag="stacked_bar"):
    """Bars stacked on each other: the height is the total."""

    display = "stacked_bar"


class HeatmapCard(_Card, frozen=True, kw_only=True, tag="heatmap"):
    """A grid of categories by categories or days; a pair without a row stays blank."""

    display = "heatmap"
    x: Axis
    y: Axis
    value: Measure

    def parts(self) -> Iterator[Measure | Axis]:
        yield from (self.x, self.y, self.value)


class TableCard(_Card, frozen=True, kw_only=True, tag="table"):
    """Rows as the SQL gives them, sortable by any column."""

    display = "table"
    columns: tuple[TableColumn, ...]
    sort: Sort

    def parts(self) -> Iterator[TableColumn]:
        yield from self.columns


Card = KpiCard | LineCard | AreaCard | BarCard | StackedBarCard | HeatmapCard | TableCard


class Row(_Spec, frozen=True, kw_only=True):
    """Cards beside each other; widths count twelfths and are equal when left out."""

    cards: tuple[Key, ...]
    widths: tuple[int, ...] = ()

    @property
    def spans(self) -> tuple[int, ...]:
        return self.widths or (GRID_COLUMNS // max(len(self.cards), 1),) * len(self.cards)


class Section(_Spec, frozen=True, kw_only=True):
    """A titled group of rows."""

    title: str
    rows: tuple[Row, ...]


class Board(_Spec, frozen=True, kw_only=True):
    """One dashboard; `key` is the file's name without its ending."""

    key: Key
    title: str
    audience: str
    description: str
    filters: tuple[Filter, ...]
    cards: tuple[Card, ...]
    layout: tuple[Section, ...]

    @property
    def marts(self) -> tuple[str, ...]:
        """Every mart the board reads, sorted."""
        return tuple(sorted({mart for card in self.cards for mart in card.marts}))

    def filter(self, key: Key) -> Filter:
        return next(each for each in self.filters if each.key == key)

    def columns_of(self, card: Card) -> dict[str, ColumnKind]:
        """The columns a card needs from its rows, its filters' columns included.

        Raises ValueError when one column is read as two kinds.
        """
        kinds: dict[str, ColumnKind] = {}
        declared = [card, *(self.filter(key) for key in card.filters)]
        for column, kind in (pair for each in declared for pair in each.declare()):
            if kinds.setdefault(column, kind) != kind:
                raise ValueError(f"column {column!r} is read both as {kinds[column]} and as {kind}")
        return kinds
