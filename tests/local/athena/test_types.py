"""Types in Hive's, Trino's and DuckDB's notation."""

from __future__ import annotations

import pytest

from local.athena.errors import QueryFailed
from local.athena.sql.types import parse_type


@pytest.mark.parametrize(
    ("text", "trino", "duckdb"),
    [
        (
            "array<struct<a:int,b:array<string>>>",
            "array(row(a integer, b array(varchar)))",
            'STRUCT("a" INTEGER, "b" VARCHAR[])[]',
        ),
        ("map<string,decimal(10,2)>", "map(varchar, decimal(10,2))", "MAP(VARCHAR, DECIMAL(10,2))"),
        (
            'STRUCT(a INTEGER, "b c" VARCHAR)[]',
            "array(row(a integer, b c varchar))",
            'STRUCT("a" INTEGER, "b c" VARCHAR)[]',
        ),
        ("timestamp(3) with time zone", "timestamp(3) with time zone", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp(6)", "timestamp(6)", "TIMESTAMP_NS"),
        ("TIMESTAMP_NS[]", "array(timestamp(6))", "TIMESTAMP_NS[]"),
        ("array(timestamp(3))", "array(timestamp(3))", "TIMESTAMP[]"),
        ("timestamp(6) with time zone", "timestamp(6) with time zone", "TIMESTAMPTZ_NS"),
        ("double precision", "double", "DOUBLE"),
        (
            "TUPLE(INTEGER, VARCHAR)",
            "row(integer, varchar)",
            'STRUCT("field0" INTEGER, "field1" VARCHAR)',
        ),
    ],
)
def test_one_type_is_read_from_any_notation(text: str, trino: str, duckdb: str) -> None:
    assert (parse_type(text).trino(), parse_type(text).duckdb()) == (trino, duckdb)


def test_hive_has_no_column_for_a_zone_and_other_precisions_are_refused() -> None:
    with pytest.raises(QueryFailed, match="Unsupported Hive type"):
        parse_type("timestamp with time zone").hive()
    with pytest.raises(QueryFailed, match=r"Unsupported Hive type: timestamp\(6\)"):
        parse_type("array(timestamp(6))").hive()
    for text in ("timestamp(9)", "array(timestamp(0))", "time(6)"):
        with pytest.raises(QueryFailed, match="only precision"):
            parse_type(text)
