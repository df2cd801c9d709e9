"""Hive types: what fits and what does not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from local.firehose.errors import SchemaError
from local.firehose.hive import Misfit, read_type

NOON = 1_486_472_593_000
FITTING: list[tuple[str, Any, Any]] = [
    ("int", 5, 5),
    ("int", "5", 5),
    ("bigint", 2**62, 2**62),
    ("double", "1.5", 1.5),
    ("boolean", "TRUE", True),
    ("string", 7, "7"),
    ("string", {"inner": [1, True]}, '{"inner":[1,true]}'),
    ("varchar(3)", "abc", "abc"),
    ("date", "2017-02-07", date(2017, 2, 7)),
    ("timestamp", "2017-02-07T13:03:13Z", NOON),
    ("timestamp", "2017-02-07T13:03:13.39256Z", NOON + 392),
    ("timestamp", "2017-2-7 13:03:13.1", NOON + 100),
    ("timestamp", NOON // 1000, NOON),
    ("timestamp", NOON, NOON),
    ("timestamp", 1486472593.25, NOON + 250),
    ("timestamp", str(NOON), NOON),
    ("decimal(5,2)", "12.3", Decimal("12.30")),
    ("decimal(5,2)", Decimal("0.125"), Decimal("0.13")),
    ("decimal(3,2)", 0, Decimal("0.00")),
    ("double", Decimal("0.5"), 0.5),
    ("timestamp", Decimal("1486472593.25"), NOON + 250),
    ("array<int>", [1, None, "2"], [1, None, 2]),
    ("map<string,int>", {"a": 1}, [("a", 1)]),
    ("struct<a:int,b:struct<c:string>>", {"A": 1, "b": {"C": "x"}}, {"a": 1, "b": {"c": "x"}}),
]


@pytest.mark.parametrize(("kind", "value", "fitted"), FITTING)
def test_a_value_fits_its_type(kind: str, value: Any, fitted: Any) -> None:
    column = read_type(kind)
    assert column.fit(value) == fitted
    assert pa.array([column.fit(value)], column.arrow).null_count == 0


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", 1.5),
        ("int", True),
        ("tinyint", 128),
        ("smallint", "-32769"),
        ("bigint", 2**63),
        ("int", "1_000"),
        ("int", " 5"),
        ("double", "x"),
        ("double", "1_0"),
        ("decimal(3,2)", "NaN"),
        ("decimal(3,2)", "9.995"),
        ("boolean", 1),
        ("varchar(3)", "abcd"),
        ("date", "07.02.2017"),
        ("timestamp", "2017-02-07"),
        ("timestamp", "2017-13-07T13:03:13Z"),
        ("timestamp", "2017-02-07T13:03:13+01:00"),
        ("timestamp", True),
        ("decimal(3,2)", "10.00"),
        ("array<int>", 1),
        ("array<int>", ["x"]),
        ("map<string,int>", []),
        ("struct<a:int>", {"a": "x"}),
        ("binary", "?"),
    ],
)
def test_a_value_of_another_type_is_a_misfit(kind: str, value: Any) -> None:
    with pytest.raises(Misfit):
        read_type(kind).fit(value)


@pytest.mark.parametrize("kind", ["uniontype<int,string>", "interval", "array", "struct<", ""])
def test_a_type_that_cannot_be_read_is_refused(kind: str) -> None:
    with pytest.raises(SchemaError):
        read_type(kind)
