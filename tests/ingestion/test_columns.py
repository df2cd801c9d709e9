from __future__ import annotations

import pytest

from ingestion.columns import Column, columns, merge
from ingestion.contract import Event, contract
from ingestion.errors import ContractError
from ingestion.registry import registry

from .teas import Leg, TeaServed, TeaServedAnew, event_with


def find(cls: type[Event], name: str) -> Column:
    return next(column for column in columns(cls) if column.name == name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tea_id", "varchar"),
        ("kind", "varchar"),
        ("cups", "bigint"),
        ("litres", "double"),
        ("is_sweet", "boolean"),
        ("price", "decimal(18, 4)"),
        ("served_at", "timestamp(3)"),
        ("guests", "array(varchar)"),
        ("place_zip_code", "varchar"),
        ("place_floor", "bigint"),
    ],
)
def test_a_field_has_the_column_type_of_its_python_type(name: str, kind: str) -> None:
    assert find(TeaServed, name).type == kind


def test_a_nested_struct_is_flattened_and_read_by_its_path() -> None:
    assert find(TeaServed, "place_zip_code").path == "$.place.zipCode"


def test_a_default_fills_what_a_record_lacks_but_not_inside_an_absent_struct() -> None:
    assert find(TeaServed, "is_sweet").default == "false"
    assert find(TeaServed, "place_floor").default is None


def test_postings_become_an_array_of_rows() -> None:
    donated = registry()["PointsDonated", 1]
    assert find(donated, "postings").type == "array(row(account varchar, points bigint))"


def test_a_narrowed_field_is_refused() -> None:
    with pytest.raises(ContractError, match=r"TeaServed\.cups is double in version 2 and bigint"):
        merge([TeaServedAnew, renumbered(TeaServed, 3)])


def renumbered(cls: type[Event], version: int) -> type[Event]:
    facts = cls.contract
    again = type(cls.__name__, (cls,), {"__doc__": cls.__doc__}, frozen=True, kw_only=True)
    declare = contract(
        stream=facts.stream,
        version=version,
        owner=facts.owner,
        key=facts.key,
        keep_days=facts.keep_days,
        name=facts.name,
    )
    return declare(again)


@pytest.mark.parametrize("name", ["order", "occurred_at", "event_date"])
def test_a_name_that_the_lake_needs_is_refused(name: str) -> None:
    cls = event_with(**{name: str})
    with pytest.raises(ContractError, match=rf"Odd\.{name}: the lake has another use"):
        columns(cls)


@pytest.mark.parametrize("kind", [dict[str, str], int | str, tuple[Leg, ...]])
def test_a_type_without_a_column_type_is_refused(kind: object) -> None:
    with pytest.raises(ContractError, match=r"Odd\.what: \w+ has no column type"):
        columns(event_with(what=kind))
