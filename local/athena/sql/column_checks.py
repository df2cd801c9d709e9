"""Checks of whole columns: of DISTINCT, set operations, the rows of VALUES and JOIN USING.

Source: StatementAnalyzer of trino-main.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, mismatch
from local.athena.functions.signatures import require_groupable
from local.athena.sql import floats, precision
from local.athena.sql.checks import require_distinct
from local.athena.sql.coercion import common, common_of, require_fit
from local.athena.sql.nodes import cast
from local.athena.sql.types import Type


def distinct(types: list[Type]) -> None:
    """SELECT DISTINCT."""
    require_distinct(types, "SELECT DISTINCT with a column")


def united(node: Any, left: list[Type | None] | None, right: list[Type | None] | None) -> None:
    """The columns of UNION, INTERSECT and EXCEPT must have common types."""
    kind = node.key.upper()
    if left is None or right is None:
        raise NotSupported(f"{kind} of columns whose types only a query around it tells: cast them")
    for at, (a, b) in enumerate(zip(left, right, strict=True)):
        if a is None or b is None:
            raise NotSupported(
                f"{kind} where the type of column {at + 1} is told by a query around it: cast it"
            )
        wanted = common(a, b)
        if wanted is None:
            raise mismatch(
                f"column {at + 1} in {kind} query has incompatible types: {a.trino()}, {b.trino()}"
            )
        precision.require_value(wanted)
        require_fit([a, b], wanted)
        if not (isinstance(node, exp.Union) and not node.args.get("distinct")):
            require_groupable(wanted, f"{kind} of a column")


def rows(cells: list[list[Any]], types: list[list[Type]]) -> None:
    """The rows of VALUES must have common types, column by column.

    Where there is one column, a value that is a row gives Trino its fields as the columns. Whole
    numbers are cast: DuckDB takes a literal for as small as it is.
    """
    if any(len(row) == 1 and row[0].name == "row" for row in types):
        raise NotSupported("VALUES of a row: write its fields as the columns")
    for at, column in enumerate(map(list, zip(*types, strict=True))):
        wanted = common_of(column)
        if wanted is None:
            kinds = " vs ".join(t.trino() for t in column)
            raise mismatch(f"Values rows have mismatched types: {kinds}")
        precision.require_value(wanted)
        require_fit(column, wanted)
        if wanted.is_integer and any(t.name not in (wanted.name, "unknown") for t in column):
            for row in cells:
                cell = row[at]
                place = exp.Placeholder()
                cell.replace(place)
                place.replace(cast(cell, wanted.duckdb()))


def merged(name: str, join: Any, left: Type | None, right: Type | None) -> None:
    """A column of JOIN USING, which Trino gives the common type and DuckDB that of one side."""
    if left is not None and right is not None and common(left, right) is None:
        raise mismatch(
            f"Column types of join criteria do not match for {name}: {left.trino()}, {right.trino()}"
        )
    if left is not None and right is not None:
        if left != right and not _is_widened(name, join, left, right):
            raise NotSupported(
                f"JOIN USING of {left.trino()} and {right.trino()}: cast one of them"
            )
        if left.name in floats.NAMES:  # NaN joins NaN in DuckDB, and 0 is not -0 afterwards
            raise NotSupported(f"JOIN USING a column of type {left.trino()}: join ON a comparison")
        precision.require_value(left)
        require_groupable(left, "JOIN USING a column")


def _is_widened(name: str, join: Any, left: Type, right: Type) -> bool:
    """Whether the side whose type DuckDB takes has the common type of whole numbers, or could be cast."""
    wanted = common(left, right)
    if wanted is None or not wanted.is_integer:
        return False
    taken = right if join.side == "RIGHT" else left
    if join.side == "FULL" or taken == wanted:
        return True
    select = join.parent
    source = join.this if join.side == "RIGHT" else select.args["from_"].this
    if source.args.get("joins") or (join.side != "RIGHT" and select.args["joins"][0] is not join):
        return False
    _widen(source, name, wanted)
    return True


def _widen(source: Any, name: str, wanted: Type) -> None:
    """A source with another type of one column; after USING nothing else can name that column."""
    alias, place = source.alias_or_name, exp.Placeholder()
    source.replace(place)
    widened = cast(exp.column(name, table=alias, quoted=True), wanted.duckdb())
    star = exp.Star(replace=[exp.alias_(widened, name, quoted=True)])
    query = exp.Select(expressions=[star]).from_(source)
    place.replace(exp.alias_(exp.Subquery(this=query), alias, table=True, quoted=True))
