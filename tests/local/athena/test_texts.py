"""Fields of lines as values of their columns' types, by each SerDe's own rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.athena.engine.duck import Duck
from local.athena.functions.json_lines import read_line
from local.athena.lake import texts
from local.athena.settings import Settings
from local.athena.sql.types import parse_type

OPEN_X: dict[str, Any] = {"serde": "openx", "lower": True, "dots": False, "lenient": False}


def _json(line: str, kind: str, **options: Any) -> Any:
    given = {**OPEN_X, "columns": [[0, "a", kind]], **options}
    return json.loads(read_line(line, json.dumps(given)))["c0"]


@pytest.mark.parametrize(
    ("value", "kind", "read"),
    [
        ("1.7", "integer", 1),
        ("-1.7", "integer", -1),
        ('"0x1F"', "integer", 31),
        ('"010"', "integer", 8),
        ('"1e2"', "bigint", 100),
        ("1", "boolean", False),
        ('"TRUE"', "boolean", True),
        ("{}", "boolean", False),
        ("1.50", "varchar", "1.50"),
        ("12345678901234567890123", "varchar", "12345678901234567890123"),
        ('{"B": [1.0, null, "x"]}', "varchar", '{"B":[1.0,null,"x"]}'),
        ("0.12345678901234567890123456789", "decimal(38,29)", "0.12345678901234567890123456789"),
        ("1.005", "decimal(10,2)", "1.01"),
        ("19000", "date", "2022-01-08"),
        ('"2024-02-30 noon"', "date", "2024-03-01"),
        ("1704164645", "timestamp", "2024-01-02 03:04:05.000000"),
        ("1704164645678", "timestamp", "2024-01-02 03:04:05.678000"),
        ("1704164645.5", "timestamp", "2024-01-02 03:04:05.500000"),
        ('"2024-01-02T03:04:05.25+02:00"', "timestamp", "2024-01-02 01:04:05.25"),
        ('"2024-01-02 03:04:05"', "timestamp", "2024-01-02 03:04:05.0"),
        ('"AP8="', "varbinary", "00ff"),
        ("5", "array(integer)", [5]),
        ('""', "array(integer)", None),
        ('" "', "map(varchar,integer)", None),
        ('{"K": 1, "k2": null}', "map(varchar,integer)", {"K": 1, "k2": None}),
        ('{"X": 1, "other": 2}', "row(x integer, y varchar)", {"x": 1, "y": None}),
        ("[1, 2]", "row(x integer, y varchar)", {"x": 1, "y": "2"}),
        ("null", "row(x integer)", None),
    ],
)
def test_the_open_x_serde_converts(value: str, kind: str, read: Any) -> None:
    assert _json(f'{{"A": {value}}}', kind) == read


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ('"abc"', "integer"),
        ('""', "bigint"),
        ("128", "tinyint"),
        ("[1]", "double"),
        ("100", "decimal(4,2)"),
        ('"2024/01/02"', "date"),
        ('"yesterday"', "timestamp"),
        ("1", "varbinary"),
        ("1", "map(varchar,integer)"),
        ("1", "row(x integer)"),
    ],
)
def test_the_open_x_serde_fails_for_what_a_type_cannot_hold(value: str, kind: str) -> None:
    with pytest.raises(ValueError, match="@HIVE_BAD_DATA:Error parsing field value"):
        _json(f'{{"a": {value}}}', kind)


@pytest.mark.parametrize(
    ("value", "kind", "read"),
    [
        ("1.7", "integer", 1),
        ('"yes"', "boolean", False),
        ("1.50", "varchar", "1.50"),
        ('"1.5"', "decimal(10,2)", "1.50"),
        ('"2024-01-02T03:04:05"', "timestamp", "2024-01-02 03:04:05.0"),
        ('"é"', "varbinary", "c3a9"),
        ('{"X": 1}', "row(x integer)", {"x": 1}),
        ('1, "A": 2', "integer", 2),
    ],
)
def test_the_hive_serde_converts(value: str, kind: str, read: Any) -> None:
    assert _json(f'{{"a": {value}}}', kind, serde="hive") == read


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ('"1"', "integer"),
        ("true", "double"),
        ("{}", "varchar"),
        ("19000", "date"),
        ('"2024-01-02T03:04:05Z"', "timestamp"),
        ("5", "array(integer)"),
        ('""', "map(varchar,integer)"),
    ],
)
def test_the_hive_serde_fails_where_the_other_converts(value: str, kind: str) -> None:
    with pytest.raises(ValueError, match="@HIVE_BAD_DATA:"):
        _json(f'{{"a": {value}}}', kind, serde="hive")


@pytest.mark.parametrize(
    "line", ['{"a": 1, "A": 2}', "not json", '{"a": ', '{"b": {"c": 1, "C": 1}}']
)
def test_a_malformed_line_fails_or_is_a_row_of_nulls(line: str) -> None:
    with pytest.raises(ValueError, match="@HIVE_CURSOR_ERROR:Row is not a valid JSON Object"):
        _json(line, "integer")
    assert _json(line, "integer", lenient=True) is None


def test_an_empty_line_is_a_row_of_nulls() -> None:
    assert _json("  ", "integer") is None


def test_names_keep_their_case_and_dots_when_told_so() -> None:
    line = '{"a.b": 1, "Time": 2, "time": 3}'
    columns = [[0, "a_b", "integer"], [1, "Time", "integer"], [2, "time", "integer"]]
    given = {**OPEN_X, "columns": columns, "lower": False, "dots": True}
    assert json.loads(read_line(line, json.dumps(given))) == {"c0": 1, "c1": 2, "c2": 3}


def test_a_line_that_is_an_array_gives_columns_by_their_place() -> None:
    assert _json('[7, "x"] and what follows', "integer") == 7


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Any]:
    made = Duck(Settings("http://127.0.0.1:1", tmp_path), [tmp_path / "objects"])
    yield made.connection()
    made.close()


def _value(duck: Any, expression: str, text: str) -> Any:
    return duck.execute(f"SELECT CAST({expression} AS VARCHAR) FROM (SELECT ? AS f)", [text])


LAZY = [
    ("7", "integer", "7"),
    ("1.0", "integer", None),
    ("128", "tinyint", None),
    ("1_000", "double", None),
    (" 1.5f ", "double", "1.5"),
    ("-Infinity", "double", "-inf"),
    ("inf", "double", None),
    ("1.555", "decimal(5,2)", "1.56"),
    ("1_0", "decimal(5,2)", None),
    ("True", "boolean", "true"),
    ("1", "boolean", None),
    ("2024-01-02", "date", "2024-01-02"),
    ("2024-1-2", "date", "2024-01-02"),
    ("2024-02-30", "date", "2024-03-01"),
    ("2024/01/02", "date", None),
    ("2024-01-02 03:04:05.25", "timestamp", "2024-01-02 03:04:05.25"),
    ("2024-01-02T03:04:05", "timestamp", "2024-01-02 03:04:05"),
    ("2024-01-02T03:04:05Z", "timestamp", None),
    ("2024-01-02 25:00:00", "timestamp", "2024-01-03 01:00:00"),
]


@pytest.mark.parametrize(("text", "kind", "read"), LAZY)
def test_the_lazy_serde_gives_null_for_what_does_not_parse(
    duck: Any, text: str, kind: str, read: str | None
) -> None:
    found = _value(duck, texts.lazy("f", parse_type(kind)), text)
    assert found.fetchall() == [(read,)]


CSV = [
    ("7", "integer", "7"),
    ("18276", "date", "2020-01-15"),
    ("1579059880000", "timestamp", "2020-01-15 03:44:40"),
    ("-1", "timestamp", "1969-12-31 23:59:59.999"),
    ("FALSE", "boolean", "false"),
    ("", "varchar", ""),
]


@pytest.mark.parametrize(("text", "kind", "read"), CSV)
def test_the_csv_serde_counts_dates_and_timestamps(
    duck: Any, text: str, kind: str, read: str
) -> None:
    made = texts.open_csv("f", parse_type(kind), lenient=False)
    assert _value(duck, made, text).fetchall() == [(read,)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "integer"),
        ("1.0", "integer"),
        ("2020-01-15", "date"),
        ("2020-01-15 03:44:40", "timestamp"),
        ("1", "boolean"),
    ],
)
def test_the_csv_serde_fails_or_is_told_to_give_null(duck: Any, text: str, kind: str) -> None:
    strict, lenient = (
        texts.open_csv("f", parse_type(kind), lenient=each) for each in (False, True)
    )
    with pytest.raises(Exception, match=f"@HIVE_BAD_DATA:Error parsing field value '{text}': it"):
        _value(duck, strict, text).fetchall()
    assert _value(duck, lenient, text).fetchall() == [(None,)]
