"""Partition projection: the values and locations that table properties promise."""

from __future__ import annotations

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
    assert _two_keys("s3://b/${day}/").reader([DAYS, ["00", "01"]]) is None


def test_a_listing_starts_at_the_deepest_folder_above_all_wanted_partitions() -> None:
    places = _two_keys("s3://b/t/d=${day}/h=${hour}/")
    assert places.start([DAYS, ["00"]]) == "s3://b/t"
    assert places.start([DAYS[:1], ["00", "01"]]) == "s3://b/t/d=2026/01/01"
    assert places.start([DAYS[:1], ["00"]]) == "s3://b/t/d=2026/01/01/h=00"
