"""The code location: one graph from raw tables to boards, with its checks, schedule and sensor."""

from __future__ import annotations

from collections import deque
from functools import cache

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from dashboards.board import Board
from dashboards.board_files import load_boards
from ingestion.registry import latest
from quality import marts

TABLES = sorted(cls.contract.table for cls in latest())


@cache
def loaded() -> dg.Definitions:
    from pipelines.definitions import defs

    return defs()


@pytest.fixture
def definitions(environment: dict[str, str]) -> dg.Definitions:
    return loaded()


@pytest.fixture
def graph(definitions: dg.Definitions) -> AssetGraph:
    return definitions.resolve_asset_graph()


def key(name: str) -> dg.AssetKey:
    return dg.AssetKey(name.split("/"))


def parents(graph: AssetGraph, name: str) -> set[str]:
    return {parent.to_user_string() for parent in graph.get(key(name)).parent_keys}


def upstream(graph: AssetGraph, name: str) -> set[str]:
    found: set[str] = set()
    ahead = deque([name])
    while ahead:
        for parent in parents(graph, ahead.popleft()) - found:
            found.add(parent)
            ahead.append(parent)
    return found


def test_everything_loads_and_binds(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


@pytest.mark.parametrize("table", TABLES)
def test_staging_follows_from_the_raw_table_of_its_event_type(
    graph: AssetGraph, table: str
) -> None:
    assert parents(graph, f"staging/{table}") == {f"raw/{table}"}
    assert graph.get(key(f"raw/{table}")).is_materializable


def test_raw_tables_are_the_only_beginnings(graph: AssetGraph) -> None:
    roots = {each.to_user_string() for each in graph.root_materializable_asset_keys}
    assert roots == {f"raw/{table}" for table in TABLES}
    assert not graph.external_asset_keys


def test_all_assets_are_one_connected_graph(graph: AssetGraph) -> None:
    every = graph.get_all_asset_keys()
    reached, ahead = {key("boards/index")}, deque([key("boards/index")])
    while ahead:
        node = graph.get(ahead.popleft())
        for near in (node.parent_keys | node.child_keys) - reached:
            reached.add(near)
            ahead.append(near)
    assert reached == every


@pytest.mark.parametrize("board", load_boards(), ids=lambda board: board.key)
def test_a_board_follows_from_raw_tables_through_its_marts(graph: AssetGraph, board: Board) -> None:
    name = f"boards/{board.key}"
    assert {each.split("/")[0] for each in parents(graph, name)} == {"marts"}
    assert {"raw", "staging", "intermediate"} <= {
        each.split("/")[0] for each in upstream(graph, name)
    }


def test_dbt_tests_promises_and_agreements_are_checks(graph: AssetGraph) -> None:
    checks = {each.to_user_string() for each in graph.asset_check_keys}
    assert {f"{suite.asset}:{suite.name}" for suite in marts.suites()} <= checks
    assert {
        "quality/raw_border:raw_arrivals",
        "quality/raw_border:raw_quarantine",
        "marts/postings:lake_agrees_with_ledger",
        "marts/stock_per_day:stock_agrees_with_ledger",
        "marts/stock_per_day:stock_per_day_adds_up",
        "marts/postings:sums_to_zero_postings_points__transaction_id",
    } <= checks


def test_the_job_makes_every_asset_and_runs_every_check(
    definitions: dg.Definitions, graph: AssetGraph
) -> None:
    layer = definitions.resolve_job_def("lake_to_boards").asset_layer
    assert layer.selected_asset_keys == graph.get_all_asset_keys()
    assert layer.asset_graph.asset_check_keys == graph.asset_check_keys


def test_schedule_and_sensor_start_by_themselves(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("nightly")
    sensor = definitions.resolve_sensor_def("arrivals")
    assert schedule.cron_schedule == "15 0 * * *"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert {schedule.job_name, *(target.job_name for target in sensor.targets)} == {
        "lake_to_boards"
    }
