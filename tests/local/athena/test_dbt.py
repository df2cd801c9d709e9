"""dbt-athena, unmodified, over the project beside this file; `dbt_story` runs it once for all tests."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from .conftest import LAKE, Endpoint, Query
from .dbt_story import Rows, Story, tell

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def story(endpoint: Endpoint, query: Query, tmp_path_factory: pytest.TempPathFactory) -> Story:
    return tell(tmp_path_factory.mktemp("dbt"), endpoint, query)


@pytest.fixture
def glue(endpoint: Endpoint) -> Any:
    return endpoint.client("glue")


def _table(glue: Any, name: str, database: str = "sample") -> dict[str, Any]:
    return dict(glue.get_table(DatabaseName=database, Name=name)["Table"])


def _types(glue: Any, name: str) -> dict[str, str]:
    found = _table(glue, name)
    columns = [*found["StorageDescriptor"]["Columns"], *found["PartitionKeys"]]
    return {c["Name"]: c["Type"] for c in columns}


def _objects(endpoint: Endpoint, prefix: str) -> list[str]:
    found = endpoint.client("s3").list_objects_v2(Bucket=LAKE, Prefix=prefix)
    return [o["Key"] for o in found.get("Contents", [])]


def _location(glue: Any, name: str, database: str = "sample") -> str:
    location = str(_table(glue, name, database)["StorageDescriptor"]["Location"])
    return location.removeprefix(f"s3://{LAKE}/")


def test_debug_reaches_the_endpoint(story: Story) -> None:
    assert story.steps["debug"].success
    assert "All checks passed!" in story.steps["debug"].printed


@pytest.mark.parametrize("build", ["first", "second"])
def test_a_build_fails_nothing(story: Story, build: str) -> None:
    step = story.steps[build]
    others = {n: s for n, s in step.statuses.items() if s not in ("success", "pass")}
    assert others == {"only_ann": "warn"}, {n: step.messages[n] for n in others}
    assert step.success


def test_a_seed_has_the_types_that_dbt_guesses(story: Story, glue: Any) -> None:
    assert list(_types(glue, "kinds").values()) == [
        "int", "double", "boolean", "date", "timestamp", "string", "int",
    ]  # fmt: skip
    assert story.first["kinds"] == [
        ["1", "10.5", "true", "2026-01-01", "2026-01-01 10:20:30.000", "plain", None],
        ["2", "-0.25", "false", "2026-01-02", "2026-01-02 00:00:00.000", "comma, \"quote\" and 'apostrophe'", None],
        ["3", None, None, None, None, None, None],
        ["4", "1000.0", "true", "2026-12-31", "2026-12-31 23:59:59.000", "zoë ☕", None],
    ]  # fmt: skip


def test_a_seed_takes_the_types_it_is_given(story: Story, glue: Any) -> None:
    assert list(_types(glue, "typed").values()) == ["bigint", "decimal(10,2)", "string", "date"]
    assert story.first["typed"] == [
        ["2", "5.00", "12", None],
        ["3000000000", "19.99", "007", "2026-02-28"],
    ]


@pytest.mark.parametrize("build", ["first", "second"])
def test_seed_by_insert_keeps_every_type(story: Story, build: str) -> None:
    assert getattr(story, build)["inserted"] == [
        ["a", "10.5", "true", "2026-01-01", "2026-01-01 10:20:30.000", None],
        ['it\'s "b", c', "-0.25", "false", "2026-01-02", "2026-01-02 00:00:00.000", None],
        [None, "1000.0", None, None, None, None],
    ]


def test_a_view_feeds_a_table_under_contract(story: Story, glue: Any) -> None:
    assert _table(glue, "payments_view")["TableType"] == "VIRTUAL_VIEW"
    assert _types(glue, "totals")["total"] == "decimal(38,2)"
    assert story.first["totals"] == [["ann", "15.50", "2"], ["bob", "20.25", "1"], ["eve", "7.75", "1"]]  # fmt: skip


def test_append_adds_what_is_new(story: Story) -> None:
    assert story.first["log"] == [["1", "a"], ["2", "b"], ["3", "a"], ["4", "b"]]
    assert story.second["log"] == [*story.first["log"], ["5", "c"]]


@pytest.mark.parametrize("model", ["by_day", "batched", "elsewhere", "microbatched"])
def test_insert_overwrite_replaces_only_the_partitions_it_writes(story: Story, model: str) -> None:
    def amounts(rows: Rows) -> Rows:
        return [[row[0], row[1], row[-1]] for row in rows]

    kept = [["1", "1.50", "2026-01-01"], ["2", "2.50", "2026-01-01"]]
    unchanged = ["4", "4.50", "2026-01-03"]
    assert amounts(story.first[model]) == [*kept, ["3", "3.50", "2026-01-02"], unchanged]
    assert amounts(story.second[model]) == [
        *kept, ["3", "33.50", "2026-01-02"], unchanged, ["5", "5.50", "2026-01-04"],
    ]  # fmt: skip


def test_temporary_tables_of_another_schema_are_gone(story: Story, query: Query) -> None:
    assert query.rows("show tables in sample_tmp") == []
    assert not [name for name in story.first | story.second if "__" in name]


def test_more_than_a_hundred_partitions_are_written_in_batches(story: Story, query: Query) -> None:
    days = "select count(*), count(distinct day), min(n), max(n) from sample.many_days"
    assert len(story.first["many_days"]) == 103
    # Only what is written in one piece knows its number of rows.
    assert story.steps["first"].messages["by_day"] == "OK 4"
    assert [story.steps[s].messages["many_days"] for s in ("first", "failing")] == ["OK 0", "OK 0"]
    assert query.rows(days) == [["103", "103", "1", "103"]]


def test_a_schema_change_is_appended_synced_ignored_or_refused(story: Story) -> None:
    assert story.second["shapes_append_new_columns"] == [
        ["1", "red", "10", None],
        ["2", None, "20", "2026-01-01"],
    ]
    assert story.second["shapes_sync_all_columns"] == [
        ["1", "10", None],
        ["2", "20", "2026-01-01"],
    ]
    assert story.second["shapes_ignore"] == [["1", "10"], ["2", "20"]]
    assert story.steps["failing"].statuses["shapes_refused"] == "error"
    assert "out of sync" in story.steps["failing"].messages["shapes_refused"]


def test_a_snapshot_by_time_closes_changed_and_deleted_rows(story: Story) -> None:
    january, february = "2026-01-01 00:00:00.000", "2026-02-01 00:00:00.000"
    assert [[r[0], r[2], r[6], r[7]] for r in story.first["by_time"]] == [
        [key, f"{mail}@x", january, None] for key, mail in (("1", "a"), ("2", "b"), ("3", "e"))
    ]
    rows = [[r[0], r[2], r[5], r[6]] for r in story.second["by_time"]]
    deleted = rows.pop(3)
    assert rows == [
        ["1", "a@x", january, february],
        ["1", "a@y", february, None],
        ["2", "b@x", january, None],
        ["4", "d@x", february, None],
    ]
    assert deleted[:3] == ["3", "e@x", january]
    assert str(deleted[3]) > february


def test_a_snapshot_by_value_records_changes_and_deletions(story: Story) -> None:
    states = [(r[0], r[2], r[6] is None, r[8]) for r in story.second["by_value"]]
    assert sorted(states) == [
        ("1", "a@x", False, "False"),
        ("1", "a@y", True, "False"),
        ("2", "b@x", True, "False"),
        ("3", "e@x", False, "False"),
        ("3", "e@x", True, "True"),
        ("4", "d@x", True, "False"),
    ]


def test_an_iceberg_table_is_built_again_beside_the_old_one(
    story: Story, endpoint: Endpoint, glue: Any
) -> None:
    assert [r[0] for r in story.first["ice"]] == ["1", "2", "3", "4"]
    assert [r[0] for r in story.second["ice"]] == ["3", "4", "5"]
    assert story.second["ice"][0] == ["3", "a", "33.50", "2026-01-02 00:00:00.000000"]
    assert _table(glue, "ice")["Parameters"]["table_type"] == "ICEBERG"
    place = _location(glue, "ice")
    assert all(key.startswith(f"{place}/") for key in _objects(endpoint, "dbt/sample/ice/"))
    assert _objects(endpoint, f"{place}/data/")


def test_iceberg_tables_are_appended_to_and_change_their_columns(story: Story) -> None:
    assert story.second["ice_log"] == [*story.first["ice_log"], ["5", "c"]]
    for way in ("append_new_columns", "sync_all_columns"):
        assert story.second[f"ice_shapes_{way}"] == story.second[f"shapes_{way}"]


def test_a_merge_updates_inserts_and_deletes(story: Story) -> None:
    first = [["1", "a", "1.50"], ["2", "b", "2.50"], ["3", "a", "3.50"], ["4", "b", "4.50"]]
    assert story.first["ice_merged"] == first
    assert story.second["ice_merged"] == [
        *first[:2], ["3", "a", "33.50"], ["5", "c", "5.50"],
    ]  # fmt: skip
    assert [r[2] for r in story.second["ice_batched"]] == ["1.50", "2.50", "33.50", "4.50", "5.50"]


def test_an_iceberg_snapshot_is_a_merge(story: Story) -> None:
    def states(rows: Rows) -> set[tuple[Any, ...]]:
        return {(r[0], r[2], r[-1] is None) for r in rows}

    assert states(story.second["ice_by_time"]) == states(
        [[*r[:7], r[6]] for r in story.second["by_time"]]
    )
    assert len(story.second["ice_by_time"]) == 5


def test_a_ha_table_is_swapped_and_its_old_data_removed(
    story: Story, endpoint: Endpoint, glue: Any
) -> None:
    assert [r[:2] for r in story.first["ha"]] == [["1", "1.50"], ["2", "2.50"], ["3", "3.50"], ["4", "4.50"]]  # fmt: skip
    assert [r[:2] for r in story.second["ha"]] == [["3", "33.50"], ["4", "4.50"], ["5", "5.50"]]
    versions = glue.get_table_versions(DatabaseName="sample", TableName="ha")["TableVersions"]
    assert len(versions) == 3  # two kept by the swap, one more by setting the classification
    folders = {key.split("/day=")[0] for key in _objects(endpoint, "dbt/ha/")}
    assert folders == {_location(glue, "ha"), _location(glue, "ha", "sample_part")}


WRITTEN = {
    "as_json": r"dbt/[0-9a-f-]{36}/\S+\.gz",
    "as_text": r"dbt/as_text/[^/.]+",
    "as_zipped_text": r"dbt/as_zipped_text/[0-9a-f-]{36}/\S+\.gz",
    "as_partitioned": r"dbt/sample/as_partitioned/day=(2026-01-02/ok=true|1969-12-31/ok=false)/[^/.]+",
    "bucketed": r"dbt/sample/bucketed/[0-9a-f-]{36}/00000[12]_0_[^/.]+",
    "as_parquet": r"dbt/sample/as_parquet/[0-9a-f-]{36}/[^/.]+",
    "outside": r"outside/[^/.]+",
}


@pytest.mark.parametrize("model", WRITTEN)
def test_every_format_and_location_keeps_the_values(
    story: Story, endpoint: Endpoint, glue: Any, model: str
) -> None:
    assert story.first[model] == story.second[model] == [
        ["-2", 'b,"c"', "", "1.0E16", "1969-12-31 23:59:59.999", "-0.05", "1969-12-31", "false"],
        ["1", "a", None, "1.5", "2026-01-02 03:04:05.678", "12.34", "2026-01-02", "true"],
    ]  # fmt: skip
    keys = _objects(endpoint, _location(glue, model) + "/")
    assert keys
    for key in keys:
        assert re.fullmatch(WRITTEN[model], key), key


def test_text_has_the_delimiter_it_was_given(story: Story, endpoint: Endpoint, glue: Any) -> None:
    (key,) = _objects(endpoint, _location(glue, "as_text") + "/")
    body = endpoint.client("s3").get_object(Bucket=LAKE, Key=key)["Body"].read().decode()
    assert sorted(body.splitlines())[1].split("|")[:3] == ["1", "a", "\\N"]
    assert _table(glue, "as_text")["Parameters"]["classification"] == "textfile"


def test_a_view_gives_way_to_a_table_by_native_drop(story: Story, glue: Any) -> None:
    assert story.first["native"] == [["1"]]
    assert _table(glue, "native")["TableType"] == "EXTERNAL_TABLE"


def test_hooks_run_around_a_model_and_before_a_run(story: Story) -> None:
    assert story.first["hooked"] == [["1"], ["2"]]
    assert story.first["audit"] == [["after", "2"], ["before", "hooked"]]
    assert story.second["audit"] == sorted(2 * story.first["audit"])


def test_tests_count_and_keep_their_failures(story: Story) -> None:
    step = story.steps["second"]
    assert {r["name"]: r["failures"] for r in step.results if r["status"] in ("pass", "warn")} == {
        "accepted_values_payments_view_customer__ann__bob__eve": 0,
        "log_takes_only_what_is_new": 0,
        "no_negative_total": 0,
        "not_null_payments_view_payment_id": 0,
        "not_null_totals_customer": 0,
        "only_ann": 2,
        "portable_macros": 0,
        "relationships_totals_customer__customer__ref_payments_view_": 0,
        "totals_add_up_per_customer": 0,
        "unique_payments_view_payment_id": 0,
    }
    assert story.second["only_ann"] == [["bob", "1"], ["eve", "1"]]


def test_macros_that_ask_the_catalogue_build_their_sql(story: Story) -> None:
    assert story.first["spine"] == [["2026-01-30"], ["2026-01-31"], ["2026-02-01"]]
    assert story.first["pivoted"] == [
        ["2026-01-01", "1", "0", "0"],
        ["2026-01-02", "1", "1", "0"],
        ["2026-01-03", "0", "0", "1"],
    ]
    assert [r[:2] for r in story.first["starred"]] == [["2", "bob"], ["3", "ann"], ["4", "eve"]]
    source = '"awsdatacatalog"."sample"."{}"'.format
    assert [r[:5] for r in story.first["unioned"]][3:5] == [
        [source("payments"), "eve", None, None, "4"],
        [source("totals"), "ann", "15.50", "2", None],
    ]


def test_what_is_refused_is_named_at_once(story: Story) -> None:
    step = story.steps["failing"]
    assert (
        "INTEGER         | BIGINT        | data type mismatch" in step.messages["broken_contract"]
    )
    # One back-off of dbt would take longer than all of them.
    assert all(r["seconds"] < 20 for r in step.results)


def test_retry_repeats_what_failed(story: Story) -> None:
    assert story.steps["retry"].statuses == {
        "broken_contract": "error",
        "shapes_refused": "success",
    }
    assert story.end["shapes_refused"] == [["1", "10"], ["1", "10"]]


def test_a_full_refresh_starts_again(story: Story) -> None:
    assert story.end["log"] == [["3", "a"], ["4", "b"], ["5", "c"]]
    assert story.end["shapes_ignore"] == [["2", "20", "2026-01-01"]]


def test_freshness_passes_warns_and_fails(story: Story) -> None:
    assert story.steps["freshness"].statuses == {"fresh": "pass", "late": "warn", "stale": "error"}


def test_descriptions_are_stored_and_documented(story: Story, glue: Any) -> None:
    for name, description in (
        ("totals", "One row per customer."),
        ("payments_view", "Payments with types."),
    ):
        assert _table(glue, name)["Description"] == description
        columns = _table(glue, name)["StorageDescriptor"]["Columns"]
        assert {c["Name"]: c.get("Comment") for c in columns}["customer"] == "Who paid."
    catalog = json.loads((story.folder / "target/catalog.json").read_text())
    found = catalog["nodes"]["model.sample.totals"]
    assert catalog["errors"] is None
    assert (found["metadata"]["type"], found["metadata"]["comment"]) == ("table", "One row per customer.")  # fmt: skip
    assert [(c["name"], c["type"], c["comment"]) for c in found["columns"].values()] == [
        ("customer", "string", "Who paid."),
        ("total", "decimal(38,2)", None),
        ("payments", "bigint", None),
    ]
    assert found["stats"]["has_stats"]["value"] is False
    assert catalog["sources"]["source.sample.world.events"]["columns"]["at"]["type"] == "timestamp"


def test_show_prints_rows_and_an_operation_runs(story: Story) -> None:
    assert "| ann      | 15.50 |        2 |" in story.steps["show"].printed
    assert "noted by hand" in story.steps["operation"].printed


def test_clone_empty_and_sample_run(story: Story, glue: Any) -> None:
    assert _table(glue, "totals", "sample_cloned")["TableType"] == "VIRTUAL_VIEW"
    assert story.end["sample_cloned.log"] == story.end["log"]
    assert story.end["sample_part.totals"] == []
    assert story.end["sample_part.ha"] == [["4", "4.50", "2026-01-03"]]
