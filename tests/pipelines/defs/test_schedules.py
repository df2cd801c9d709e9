"""The arrivals sensor, against the local S3 and an instance of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from ingestion.lake import raw_prefix

if TYPE_CHECKING:
    from tests.pipelines.conftest import RawZone

pytestmark = pytest.mark.integration

FOLDER = raw_prefix("users", "UserOnboarded")


def evaluate(cursor: str | None, instance: dg.DagsterInstance) -> tuple[object, str | None]:
    """What the sensor answers, and its cursor afterwards."""
    from pipelines.defs.schedules import arrivals
    from pipelines.resources import Lake

    context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"lake": Lake()})
    return arrivals(context), context.cursor


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def test_an_empty_lake_runs_nothing(raw_zone: RawZone, instance: dg.DagsterInstance) -> None:
    answer, cursor = evaluate(None, instance)
    assert isinstance(answer, dg.SkipReason)
    assert cursor is None


def test_an_arrival_runs_the_job_once(raw_zone: RawZone, instance: dg.DagsterInstance) -> None:
    key = raw_zone.land(f"{FOLDER}dt=2026-03-01/hour=07/", "a")
    answer, cursor = evaluate(None, instance)
    assert isinstance(answer, dg.RunRequest)
    assert answer.run_key == cursor
    assert cursor is not None
    assert cursor.endswith(key)
    again, unmoved = evaluate(cursor, instance)
    assert isinstance(again, dg.SkipReason)
    assert unmoved == cursor


def test_a_later_arrival_of_another_type_runs_it_again(
    raw_zone: RawZone, instance: dg.DagsterInstance
) -> None:
    day = raw_zone.client.head_object(
        Bucket="heyblue-lake-tests", Key=raw_zone.land(f"{FOLDER}dt=2026-03-01/hour=07/", "a")
    )["LastModified"]
    _, cursor = evaluate(None, instance)
    other = raw_prefix("users", "DeviceLinked")
    # Sorted after the first, as LastModified may be of the same second.
    raw_zone.land(f"{raw_prefix('products', 'StockReceived')}dt=2026-03-01/hour=07/", "old day")
    key = raw_zone.land(f"{FOLDER}dt={day:%Y-%m-%d}/hour=08/", "b")
    raw_zone.land(f"{other}dt={day:%Y-%m-%d}/hour=08/", "b")
    answer, moved = evaluate(cursor, instance)
    assert isinstance(answer, dg.RunRequest)
    assert moved is not None
    assert moved.endswith((key, f"{other}dt={day:%Y-%m-%d}/hour=08/b.parquet"))


def test_nothing_is_asked_for_while_a_run_is_under_way(
    raw_zone: RawZone, instance: dg.DagsterInstance
) -> None:
    from pipelines.defs.schedules import JOB

    raw_zone.land(f"{FOLDER}dt=2026-03-01/hour=07/", "a")

    @dg.job(name=JOB)
    def running() -> None:
        pass

    instance.create_run_for_job(running, status=dg.DagsterRunStatus.STARTED)
    answer, cursor = evaluate(None, instance)
    assert isinstance(answer, dg.SkipReason)
    assert cursor is None
