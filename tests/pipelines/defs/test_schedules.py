"""The arrivals sensor, against the local S3 and an instance of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from ingestion.lake import raw_prefix
from tests.pipelines.conftest import BUCKET

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


def test_a_later_arrival_runs_it_again(raw_zone: RawZone, instance: dg.DagsterInstance) -> None:
    first = raw_zone.land(f"{FOLDER}dt=2026-03-01/hour=07/", "a")
    _, cursor = evaluate(None, instance)
    written = raw_zone.client.head_object(Bucket=BUCKET, Key=first)["LastModified"]
    key = raw_zone.land(f"{FOLDER}dt={written:%Y-%m-%d}/hour=08/", "b")
    answer, moved = evaluate(cursor, instance)
    assert isinstance(answer, dg.RunRequest)
    assert moved is not None
    assert moved.endswith(key)


def test_an_arrival_day_long_past_waits_for_the_night(
    raw_zone: RawZone, instance: dg.DagsterInstance
) -> None:
    raw_zone.land(f"{FOLDER}dt=2026-03-01/hour=07/", "a")
    _, cursor = evaluate(None, instance)
    raw_zone.land(f"{FOLDER}dt=2026-03-01/hour=08/", "b")
    answer, _ = evaluate(cursor, instance)
    assert isinstance(answer, dg.SkipReason)


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
