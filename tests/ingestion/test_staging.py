from __future__ import annotations

import pytest
import yaml

from ingestion.errors import ContractError
from ingestion.fields import Posting
from ingestion.registry import Registry, registry
from ingestion.staging import files, staging_sql, staging_yaml

from .teas import TeaServed, TeaServedAnew, event_with


def expression(sql: str, column: str) -> str:
    """What a generated model selects as `column`, on one line without spaces."""
    body = sql.partition("        lake_object,\n")[2].partition(f"as {column},")[0]
    lines = body.split(",\n        ")
    return "".join(lines[-1].split())


def test_an_instant_is_read_as_utc() -> None:
    assert expression(staging_sql([TeaServed]), "served_at") == (
        "cast(from_iso8601_timestamp(json_extract_scalar(data,'$.servedAt'))"
        "attimezone'UTC'astimestamp(3))"
    )


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


def test_postings_without_a_transaction_are_refused() -> None:
    cls = event_with(postings=tuple[Posting, ...])
    with pytest.raises(ContractError, match="Odd has postings and so needs"):
        files({("Odd", 1): cls})


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
