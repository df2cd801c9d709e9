from __future__ import annotations

from typing import Literal

import pytest
import yaml
from msgspec import Struct

from ingestion.contract import Event, contract
from ingestion.errors import ContractError
from ingestion.fields import Instant, Posting, Price, Uuid
from ingestion.registry import Registry, registry
from ingestion.staging import Column, columns, files, staging_sql, staging_yaml


class Place(Struct, frozen=True, rename="camel"):
    """Where."""

    zip_code: str
    floor: int = 0


class Leg(Struct, frozen=True, rename="camel"):
    """A struct whose names differ on the wire."""

    account_id: str


@contract(stream="users", version=1, owner="kiosk", key="tea_id", keep_days=1)
class TeaServed(Event, frozen=True, kw_only=True):
    """A cup
    of tea."""

    tea_id: Uuid
    kind: Literal["green", "black"]
    cups: int
    litres: float
    is_sweet: bool = False
    price: Price | None = None
    served_at: Instant
    guests: tuple[str, ...] = ()
    place: Place | None = None


@contract(stream="users", version=2, owner="kiosk", key="tea_id", keep_days=1, name="TeaServed")
class TeaServedAnew(Event, frozen=True, kw_only=True):
    """A cup of tea, measured."""

    tea_id: Uuid
    cups: float
    is_hot: bool = True


def expression(sql: str, column: str) -> str:
    """What a generated model selects as `column`, on one line without spaces."""
    body = sql.partition("        lake_object,\n")[2].partition(f"as {column},")[0]
    lines = body.split(",\n        ")
    return "".join(lines[-1].split())


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


def test_an_instant_is_read_as_utc() -> None:
    assert expression(staging_sql([TeaServed]), "served_at") == (
        "cast(from_iso8601_timestamp(json_extract_scalar(data,'$.servedAt'))"
        "attimezone'UTC'astimestamp(3))"
    )


def test_postings_become_an_array_of_rows() -> None:
    donated = registry()["PointsDonated", 1]
    assert find(donated, "postings").type == "array(row(account varchar, points bigint))"


def test_versions_are_one_model_and_a_widened_field_takes_the_wider_type() -> None:
    assert expression(staging_sql([TeaServed, TeaServedAnew]), "cups") == (
        "caseevent_version"
        "when1thencast(cast(json_extract_scalar(data,'$.cups')asbigint)asdouble)"
        "when2thencast(json_extract_scalar(data,'$.cups')asdouble)end"
    )


def test_a_version_without_a_field_leaves_it_null_even_where_another_has_a_default() -> None:
    sql = staging_sql([TeaServed, TeaServedAnew])
    assert expression(sql, "is_hot").startswith("caseevent_versionwhen2thencoalesce(")
    assert "when" not in expression(sql, "kind")


def test_a_narrowed_field_is_refused() -> None:
    with pytest.raises(ContractError, match=r"TeaServed\.cups is double in version 2 and bigint"):
        staging_sql([TeaServedAnew, renumbered(TeaServed, 3)])


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


def test_postings_without_a_transaction_are_refused() -> None:
    cls = event_with(postings=tuple[Posting, ...])
    with pytest.raises(ContractError, match="Odd has postings and so needs"):
        files({("Odd", 1): cls})


def event_with(**fields: object) -> type[Event]:
    body = {"__doc__": "Odd.", "__annotations__": {"key": str, **fields}}
    cls = type("Odd", (Event,), body, frozen=True, kw_only=True)
    return contract(stream="users", version=1, owner="kiosk", key="key", keep_days=1)(cls)


def test_yaml_describes_every_column_and_tests_the_key() -> None:
    (model,) = yaml.safe_load(staging_yaml([TeaServed]))["models"]
    assert model["description"] == "One row per TeaServed event. A cup of tea."
    by_name = {column["name"]: column for column in model["columns"]}
    assert by_name["event_id"]["data_tests"] == ["is_key"]
    assert by_name["kind"]["description"] == "One of black, green. `data` $.kind."
    assert all(column["description"] and column["data_type"] for column in model["columns"])


def test_a_column_of_some_versions_says_so() -> None:
    (model,) = yaml.safe_load(staging_yaml([TeaServed, TeaServedAnew]))["models"]
    notes = {column["name"]: column["description"] for column in model["columns"]}
    assert notes["kind"].endswith("In version 1 only.")
    assert notes["is_hot"].endswith("In version 2 only.")
    assert "only" not in notes["cups"]


def test_all_event_types_of_the_platform_have_a_model_its_yaml_and_a_source() -> None:
    texts = files(registry())
    (source,) = yaml.safe_load(texts["_sources.yml"])["sources"]
    for cls in registry().values():
        table = cls.contract.table
        assert {f"stg_{table}.sql", f"stg_{table}.yml"} <= set(texts)
        assert table in [entry["name"] for entry in source["tables"]]


def test_every_type_with_postings_is_among_the_posted_transactions() -> None:
    union = files(registry())["stg_posted_transactions.sql"]
    posted = [c.contract.table for c in registry().values() if "postings" in c.__struct_fields__]
    assert posted
    assert all(f"ref('stg_{table}')" in union for table in posted)


def test_generated_sql_keeps_to_eighty_columns() -> None:
    versions: Registry = {("TeaServed", 1): TeaServed, ("TeaServed", 2): TeaServedAnew}
    for name, text in [*files(registry()).items(), *files(versions).items()]:
        if name.endswith(".sql"):
            assert max(map(len, text.splitlines())) <= 80, name
