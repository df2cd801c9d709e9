"""When the lake is turned into boards: every night, and whenever new objects have arrived."""

from __future__ import annotations

from datetime import datetime, timedelta

import dagster as dg

from ingestion.lake import raw_prefix
from ingestion.registry import latest
from pipelines.arrivals import newest_arrivals
from pipelines.resources import Lake

JOB = "lake_to_boards"
UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

lake_to_boards = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks(),
    description="Raw tables to boards: dbt build on Athena, promises, reconciliation, pages.",
)

nightly = dg.ScheduleDefinition(
    name="nightly",
    job=lake_to_boards,
    cron_schedule="15 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="After the day's last objects have landed.",
)


@dg.sensor(
    job=lake_to_boards,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def arrivals(context: dg.SensorEvaluationContext, lake: Lake) -> dg.RunRequest | dg.SkipReason:
    """Run when a raw object is newer than the newest seen; the cursor is its time and key.

    Looks at arrival days from the day before that time on. What is delivered still later than
    that waits for the nightly run.
    """
    # Two dbt builds of the same tables would overwrite each other.
    if context.instance.get_runs_count(dg.RunsFilter(job_name=JOB, statuses=UNDER_WAY)):
        return dg.SkipReason("a run is under way")
    newest = _newest(lake, context.cursor or "")
    if newest <= (context.cursor or ""):
        return dg.SkipReason("nothing has arrived since the last run")
    context.update_cursor(newest)
    return dg.RunRequest(run_key=newest)


def defs() -> dg.Definitions:
    return dg.Definitions(jobs=[lake_to_boards], schedules=[nightly], sensors=[arrivals])


def _newest(lake: Lake, seen: str) -> str:
    """Time and key of the newest object of any type; empty when there is none."""
    since = _day_before(seen.partition(" ")[0]) if seen else ""
    prefixes = [raw_prefix(cls.contract.stream, cls.contract.name) for cls in latest()]
    bucket = lake.settings.lake_bucket
    found = [newest_arrivals(lake.s3, bucket, each, since=since, days=2) for each in prefixes]
    return max((" ".join(each.newest) for each in found if each), default="")


def _day_before(moment: str) -> str:
    return (datetime.fromisoformat(moment) - timedelta(days=1)).date().isoformat()
