from __future__ import annotations

import pytest

from local.glue.errors import InvalidInputError
from local.glue.expression import compile_expression

KEYS = [
    {"Name": "dt", "Type": "date"},
    {"Name": "hour", "Type": "int"},
    {"Name": "kind", "Type": "string"},
    {"Name": "share", "Type": "decimal(10,2)"},
    {"Name": "at", "Type": "timestamp"},
]
ROW = ["2026-01-09", "9", "points_given", "1.50", "2026-01-09 10:00:00"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dt = '2026-01-09'",
        "dt = DATE '2026-01-09'",
        "dt > '2026-01-08' AND dt < '2026-01-10'",
        "dt <> '2026-01-08'",
        "dt < > '2026-01-08'",
        "dt != '2026-01-08'",
        "hour < 10",
        "hour <= 9 and hour >= '9'",
        "10 > hour",
        "hour in (8, 9)",
        "hour not in (1, 2)",
        "hour between 9 and 11",
        "hour not between 10 and 11",
        "NOT hour = 8",
        "not (hour = 8 or hour = 7)",
        "hour = 1 OR kind = 'points_given' AND hour = 9",
        "(hour = 1 OR kind = 'points_given') AND hour = 9",
        "kind LIKE 'points%'",
        "kind like 'points_given'",
        "kind like '%given'",
        "kind not like 'x%'",
        'kind = "points_given"',
        "`kind` = 'points_given'",
        "KIND = 'points_given'",
        "share = 1.5",
        "share > '1.49'",
        "at = '2026-01-09T10:00:00'",
        "at > timestamp '2026-01-09 09:59:59'",
    ],
)
def test_a_true_expression_keeps_the_partition(text: str) -> None:
    assert compile_expression(text, KEYS)(ROW)


@pytest.mark.parametrize(
    "text",
    [
        "dt = '2026-01-10'",
        "hour > 10",
        "hour in (1, 2)",
        "hour between 10 and 11",
        "not hour = 9",
        "kind like 'points'",
        "kind like 'pointsXgiven_'",
        "kind = 'POINTS_GIVEN'",
        "(hour = 9 or hour = 1) and kind = 'x'",
        "share <> 1.50",
    ],
)
def test_a_false_expression_drops_the_partition(text: str) -> None:
    assert not compile_expression(text, KEYS)(ROW)


def test_integers_compare_as_numbers_and_strings_as_text() -> None:
    row = ["2026-01-09", "10", "10", "0", ""]
    assert compile_expression("hour > 9", KEYS)(row)
    assert not compile_expression("kind > '9'", KEYS)(row)


@pytest.mark.parametrize("text", ["hour = 9", "hour <> 9", "hour between 0 and 99"])
def test_a_value_that_is_not_of_the_keys_type_satisfies_nothing(text: str) -> None:
    row = ["2026-01-09", "__HIVE_DEFAULT_PARTITION__", "", "", ""]
    assert not compile_expression(text, KEYS)(row)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("year = 2026", "year is not a partition key"),
        ("hour = 'nine'", "'nine'"),
        ("dt = 'yesterday'", "'yesterday'"),
        ("hour like '1%'", "LIKE needs a string key"),
        ("hour =", "the end"),
        ("hour", "no operator after hour"),
        ("hour = 9 extra", "unexpected 'extra'"),
        ("(hour = 9", "expected )"),
        ("hour = dt", "dt stands where a literal must stand"),
        ("1 = 1", "where a partition key must stand"),
        ("hour ~ 9", "position 4"),
        ("kind is null", "no operator after kind"),
    ],
)
def test_what_the_language_does_not_have_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match="xpression") as refused:
        compile_expression(text, KEYS)
    assert reason in str(refused.value)


def test_a_key_of_a_type_without_filters_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="array"):
        compile_expression("tags = 'x'", [{"Name": "tags", "Type": "array<string>"}])
