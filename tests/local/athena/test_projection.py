"""Partition projection: the values and locations that table properties promise."""

from __future__ import annotations

import datetime as dt
from datetime import datetime

import pytest

from local.athena.errors import QueryFailed
from local.athena.lake.catalog import Table
from local.athena.lake.projection import Places, domain, is_injected
from local.athena.sql.types import Type

NOW = datetime(2026, 1, 3, 5, 30)


def _table(**parameters: str) -> Table:
    named = {k.replace("__", "."): v for k, v in parameters.items()}
    return Table("db", "t", {}, {"k": Type("varchar")}, "s3://b/t", "", {}, named, {})


def test_an_enum_lists_its_values() -> None:
    table = _table(projection__k__type="enum", projection__k__values="a,b")
    assert domain(table, "k") == ["a", "b"]


def test_integers_have_digits_and_steps() -> None:
    table = _table(
        projection__k__type="integer",
        projection__k__range="0,10",
        projection__k__interval="5",
        projection__k__digits="2",
    )
    assert domain(table, "k") == ["00", "05", "10"]


def test_dates_run_until_now() -> None:
    table = _table(
        projection__k__type="date",
        projection__k__range="2026-01-01,NOW",
        projection__k__format="yyyy-MM-dd",
    )
    assert domain(table, "k", NOW) == ["2026-01-01", "2026-01-02", "2026-01-03"]


def test_a_range_may_be_relative_to_now_and_in_hours() -> None:
    table = _table(
        projection__k__type="date",
        projection__k__range="NOW-2HOURS,NOW",
        projection__k__format="yyyy/MM/dd/HH",
        projection__k__interval="1",
        projection__k__interval__unit="HOURS",
    )
    assert domain(table, "k", NOW) == ["2026/01/03/03", "2026/01/03/04", "2026/01/03/05"]


def test_months_step_by_months() -> None:
    table = _table(
        projection__k__type="date",
        projection__k__range="2025-11,2026-01",
        projection__k__format="yyyy-MM",
    )
    assert domain(table, "k", NOW) == ["2025-11", "2025-12", "2026-01"]


@pytest.mark.parametrize(
    ("pattern", "span", "values"),
    [
        ("dd-MMM-yyyy", "30-Jan-2024,01-Feb-2024", ["30-Jan-2024", "31-Jan-2024", "01-Feb-2024"]),
        ("yyyyMMdd'T'HH", "20240101T23,20240102T00", ["20240101T23", "20240102T00"]),
        ("'day='d 'of' yyyy", "day=9 of 2024,day=9 of 2024", ["day=9 of 2024"]),
        ("uuuu-M", "2024-12,2025-1", ["2024-12", "2025-1"]),
    ],
)
def test_a_date_has_the_letters_of_java(pattern: str, span: str, values: list[str]) -> None:
    table = _table(
        projection__k__type="date", projection__k__range=span, projection__k__format=pattern
    )
    assert domain(table, "k", NOW) == values


def test_months_end_where_they_end() -> None:
    table = _table(
        projection__k__type="date",
        projection__k__range="2024-01-31,2024-04-30",
        projection__k__format="yyyy-MM-dd",
        projection__k__interval__unit="MONTHS",
    )
    assert domain(table, "k", NOW) == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]
    table.parameters["projection.k.range"] = "NOW-1MONTHS,NOW"
    table.parameters["projection.k.interval.unit"] = "DAYS"
    assert domain(table, "k", dt.datetime(2026, 11, 29))[0] == "2026-10-29"


def test_a_long_range_has_what_a_query_names() -> None:
    table = _table(projection__k__type="integer", projection__k__range=f"1,{2**63 - 1}")
    assert domain(table, "k", wanted=["5", "0", "x"]) == ["5"]
    with pytest.raises(QueryFailed, match="more than 1000000 values"):
        domain(table, "k")


@pytest.mark.parametrize(
    "properties",
    [
        {"type": "enum"},
        {"type": "integer", "range": "0,1", "interval": "0"},
        {"type": "integer", "range": "0,1", "interval": "x"},
        {"type": "date", "format": "yyyy-MM-ddTHH", "range": "NOW,NOW"},
        {"type": "date", "format": "yyyy-MM-dd G", "range": "NOW,NOW"},
        {"type": "date", "range": "NOW,NOW"},
        {"type": "date", "format": "yyyy", "range": "NOW,NOW", "interval.unit": "FORTNIGHTS"},
    ],
)
def test_bad_properties_are_refused_by_name(properties: dict[str, str]) -> None:
    table = _table(**{f"projection__k__{k.replace('.', '__')}": v for k, v in properties.items()})
    with pytest.raises(QueryFailed, match="INVALID_TABLE_PROPERTY: projection of partition col"):
        domain(table, "k", NOW)


def test_blanks_belong_to_the_values_of_an_enum() -> None:
    table = _table(projection__k__type="enum", projection__k__values="a, b")
    assert domain(table, "k") == ["a", " b"]


def test_a_location_follows_the_template_or_hives_layout() -> None:
    templated = _table(storage__location__template="s3://b/t/${k}/data/")
    assert Places(templated).of(("x",)) == "s3://b/t/x/data"
    assert Places(_table()).of(("x",)) == "s3://b/t/k=x"


def test_an_injected_column_is_known_as_such_and_bad_types_are_refused() -> None:
    assert is_injected(_table(projection__k__type="injected"), "k")
    with pytest.raises(QueryFailed, match="INVALID_TABLE_PROPERTY"):
        domain(_table(projection__k__type="magic"), "k")


def test_a_template_may_name_keys_in_any_order_case_and_more_than_once() -> None:
    keys = {"dt": Type("varchar"), "hour": Type("varchar")}
    template = {"storage.location.template": "s3://b/100%/${HOUR}/${dt}/${other}/${hour}/"}
    table = Table("db", "t", {}, keys, "s3://b/t", "", {}, template, {})
    assert Places(table).of(("2026-01-01", "07")) == "s3://b/100%/07/2026-01-01/${other}/07"


DAYS = ["2026/01/01", "2026/01/02"]


def _two_keys(template: str) -> Places:
    keys = {"day": Type("varchar"), "hour": Type("varchar")}
    return Places(
        Table("db", "t", {}, keys, "s3://b/t", "", {}, {"storage.location.template": template}, {})
    )


def test_a_folder_tells_the_values_of_its_partition_however_deep_it_lies() -> None:
    places = _two_keys("s3://b/${day}/h${hour}/data")
    reader = places.reader([DAYS, ["00", "01"]])
    assert reader is not None
    found = reader.fullmatch("s3://b/2026/01/02/h01/data/more")
    assert found is not None
    assert (found["k0"], found["k1"]) == ("2026/01/02", "01")
    assert reader.fullmatch("s3://b/2026/01/02/h01") is None


def test_a_folder_whose_name_does_not_tell_the_values_is_not_read() -> None:
    assert _two_keys("s3://b/${day}-${hour}/").reader([DAYS, ["00", "01"]]) is None
    assert _two_keys("s3://b/${day}/${hour}/").reader([["a", "a/b"], ["00"]]) is None


def test_a_template_without_a_key_is_refused() -> None:
    with pytest.raises(QueryFailed, match="partition column hour of db"):
        _two_keys("s3://b/${day}/")


def test_a_listing_starts_at_the_deepest_folder_above_all_wanted_partitions() -> None:
    places = _two_keys("s3://b/t/d=${day}/h=${hour}/")
    assert places.start([DAYS, ["00"]]) == "s3://b/t"
    assert places.start([DAYS[:1], ["00", "01"]]) == "s3://b/t/d=2026/01/01"
    assert places.start([DAYS[:1], ["00"]]) == "s3://b/t/d=2026/01/01/h=00"
