"""The planner's tables: kept for all queries up to a number, afterwards the query's own."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from local.athena.engine import planner
from local.athena.sql.types import parse_type

NUMBER = {"n": parse_type("bigint")}
TEXT = {"s": parse_type("varchar")}


@pytest.fixture
def made() -> Iterator[planner.Planner]:
    opened = planner.Planner()
    yield opened
    opened.close()


def _described(session: planner.Session, table: str) -> list[str]:
    return [f"{name} {kind.trino()}" for name, kind in session.describe(f"select * from {table}")]


def test_a_table_is_made_once_for_all_queries(made: planner.Planner) -> None:
    first, second = made.session(), made.session()
    first.stand_in("a", NUMBER)
    assert _described(second, "a") == ["n bigint"]


def test_a_query_makes_its_own_when_enough_are_kept(
    made: planner.Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "_STANDING", 1)
    first, second = made.session(), made.session()
    first.stand_in("a", NUMBER)
    first.stand_in("b", TEXT)
    assert _described(first, "b") == ["s varchar"]
    with pytest.raises(duckdb.CatalogException):
        _described(second, "b")


def test_other_columns_under_a_kept_name_are_the_querys_own(made: planner.Planner) -> None:
    first, second = made.session(), made.session()
    first.stand_in("a", NUMBER)
    second.stand_in("a", TEXT)
    assert (_described(first, "a"), _described(second, "a")) == (["n bigint"], ["s varchar"])


def test_the_columns_of_a_query_are_told_with_the_definitions_it_sees(
    made: planner.Planner,
) -> None:
    session = made.session()
    told = session.column_types(
        "SELECT x, x + y, NULL FROM t", 3, ["WITH t AS (SELECT 1 x, 2e0 y)"]
    )
    assert told is not None
    assert [kind.trino() for kind in told] == ["integer", "double", "unknown"]
