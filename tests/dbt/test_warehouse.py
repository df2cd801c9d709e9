"""A made-up month in two deliveries, dbt over it, and the marts against a fold over the events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ingestion.events.device_linked import DeviceLinked
from ingestion.events.encounter_recorded import EncounterRecorded

from .folds import balances, stock
from .town import KINDS, SPLIT, Told, Town

if TYPE_CHECKING:
    from tests.dbt.conftest import Lake

pytestmark = pytest.mark.integration

Rows = list[dict[str, str | None]]
DAMAGED = ("points_donated", "user_onboarded")
TABLES = {
    "marts": ["users", "postings", "balances_per_day", "encounters", "goods", "stock_per_day"],
    "staging": ["user_onboarded", "goods_issued", "points_donated", "transaction_reversed"],
}


@dataclass(frozen=True)
class Seen:
    """What a run left in the warehouse."""

    tables: dict[str, Rows]
    printed: str


@dataclass(frozen=True)
class Runs:
    town: Town
    first: Seen
    again: Seen
    second: Seen
    healed: Seen
    afresh: Seen


@pytest.fixture(scope="module")
def runs(lake: Lake) -> Runs:
    """First delivery, nothing new, second delivery with duplicates, repair, some from scratch."""
    town = Town(7)
    early = [each for each in town.told if each.arrived_at < SPLIT]
    lake.land(early)
    first = see(lake, lake.dbt("build"))
    again = see(lake, lake.dbt("run", "--select", "staging"))
    lake.land(each for each in town.told if each.arrived_at >= SPLIT)
    lake.land(early[::5], arrived_at=SPLIT + timedelta(days=30))
    second = see(lake, lake.dbt("run"))
    damage(lake)
    healed = see(lake, lake.dbt("run", "--select", *(f"stg_{name}" for name in DAMAGED)))
    models = (f"stg_{name}" for name in TABLES["staging"])
    afresh = see(lake, lake.dbt("run", "--full-refresh", "--select", *models))
    return Runs(town, first, again, second, healed, afresh)


def see(lake: Lake, printed: str) -> Seen:
    tables = {
        f"{schema}.{table}": sorted(
            lake.query(f"select * from {schema}.{table}"), key=lambda row: str(row.values())
        )
        for schema, names in TABLES.items()
        for table in names
    }
    return Seen(tables, printed)


def damage(lake: Lake) -> None:
    """What a run leaves that dies between deleting a day and writing it, and an older contract."""
    glue = lake.client("glue")
    died, outgrown = DAMAGED
    day = {"DatabaseName": "staging", "TableName": died}
    lost = glue.get_partitions(**day)["Partitions"][3]
    bucket, _, prefix = lost["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
    s3 = lake.client("s3")
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=entry["Key"])
    glue.delete_partition(**day, PartitionValues=lost["Values"])
    lake.query(f"create table staging.{died}__dbt_tmp as select 1 as x")
    table = glue.get_table(DatabaseName="staging", Name=outgrown)["Table"]
    kept = {"Name", "Parameters", "PartitionKeys", "StorageDescriptor", "TableType"}
    older = {name: value for name, value in table.items() if name in kept}
    older["StorageDescriptor"]["Columns"] = [
        column for column in older["StorageDescriptor"]["Columns"] if column["Name"] != "state"
    ]
    glue.update_table(DatabaseName="staging", TableInput=older)


def test_a_rerun_equals_a_run(runs: Runs) -> None:
    assert runs.again.tables == runs.first.tables


def test_incremental_runs_equal_one_from_scratch(runs: Runs) -> None:
    assert runs.second.tables == runs.afresh.tables


def test_a_run_that_died_and_a_contract_that_grew_are_made_good(runs: Runs) -> None:
    assert runs.healed.tables == runs.second.tables


def test_each_event_is_staged_once_as_it_first_arrived(runs: Runs) -> None:
    wanted = {
        each.event_id: f"{each.arrived_at:%Y-%m-%d %H:%M:%S}.000"
        for each in runs.town.told
        if each.event.contract.name == "PointsDonated"
    }
    found = [
        (row["event_id"], row["arrived_at"]) for row in runs.second.tables["staging.points_donated"]
    ]
    assert sorted(map(str, found)) == sorted(map(str, wanted.items()))


def test_typed_columns_keep_their_values(runs: Runs) -> None:
    row = runs.second.tables["staging.goods_issued"][0]
    assert (row["unit_price"], row["currency"], row["invoice_line"]) == ("2.5500", "GBP", "1")
    reversal = runs.second.tables["staging.transaction_reversed"][0]
    assert (reversal["returned_goods_good_id"], reversal["returned_goods_quantity"]) == ("tea", "1")
    assert reversal["recorded_at"] == reversal["occurred_at"]


@pytest.mark.parametrize("delivery", ["first", "second"])
def test_balances_equal_a_fold_over_the_events(runs: Runs, delivery: str) -> None:
    assert found(runs, delivery, "balances_per_day") == balances(told_by(runs, delivery))


@pytest.mark.parametrize("delivery", ["first", "second"])
def test_stock_equals_a_fold_over_the_events(runs: Runs, delivery: str) -> None:
    actual = found(runs, delivery, "stock_per_day")
    wanted = stock(told_by(runs, delivery))
    assert set(actual) == set(wanted)
    for key, figures in wanted.items():
        cover = figures.pop("days_of_cover")
        assert actual[key].pop("days_of_cover") == (pytest.approx(cover) if cover else cover), key
        assert actual[key] == figures, key


def test_users_know_their_devices(runs: Runs) -> None:
    devices = {row["user_id"]: row["has_device"] for row in runs.second.tables["marts.users"]}
    linked = {each.event.user_id for each in runs.town.told if isinstance(each.event, DeviceLinked)}
    assert len(devices) == sum(KINDS.values())
    assert {user for user, has in devices.items() if has == "true"} == linked


def test_an_encounter_falls_on_its_local_day(runs: Runs) -> None:
    days = {r["encounter_id"]: r["encounter_date"] for r in runs.second.tables["marts.encounters"]}
    assert days == {
        each.event_id: each.event.local_date
        for each in runs.town.told
        if isinstance(each.event, EncounterRecorded)
    }


def test_a_good_bears_the_name_of_the_latest_storefront(runs: Runs) -> None:
    names = {row["merchant_id"]: row["merchant_name"] for row in runs.second.tables["marts.goods"]}
    fronted, plain = runs.town.users["merchant"]
    assert names == {fronted: "Shop", plain: "merchant 1 O'Hara"}


def test_every_posting_has_a_row_and_its_owner(runs: Runs) -> None:
    wanted = [
        (f"{each.event_id}/{place}", leg.account, leg.account.partition(":")[2] or None, leg.points)
        for each in runs.town.told
        for place, leg in enumerate(getattr(each.event, "postings", ()), 1)
    ]
    actual = [
        (row["posting_id"], row["account_id"], row["user_id"], int(row["points"] or 0))
        for row in runs.second.tables["marts.postings"]
    ]
    assert sorted(map(str, actual)) == sorted(map(str, wanted))


def told_by(runs: Runs, delivery: str) -> list[Told]:
    return [each for each in runs.town.told if delivery == "second" or each.arrived_at < SPLIT]


def found(runs: Runs, delivery: str, mart: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """Rows of a mart by key, figures as numbers, without what the fold does not know."""
    keys = {
        "balances_per_day": ["account_id", "balance_date"],
        "stock_per_day": ["merchant_id", "good_id", "stock_date"],
    }[mart]
    rows: Rows = getattr(runs, delivery).tables[f"marts.{mart}"]
    return {
        tuple(str(row[key]) for key in keys): {
            name: None if value is None else float(value)
            for name, value in row.items()
            if name not in (*keys, "user_id", "user_kind")
        }
        for row in rows
    }
