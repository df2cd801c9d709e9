"""When the lake is turned into boards: every night, and whenever new objects have arrived."""

from __future__ import annotations

import dagster as dg

from ingestion.settings import load
from pipelines.resources import Lake

lake_to_boards = dg.define_asset_job(
    "lake_to_boards",
    selection=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks(),
    description="Raw tables to boards: dbt build on Athena, promises, reconciliation, pages.",
)

nightly = dg.ScheduleDefinition(
    name="nightly",
    job=lake_to_boards,
    cron_schedule="15 0 * * *",
    execution_timezone="UTC",
    description="After the day's last objects have landed.",
)


@dg.sensor(job=lake_to_boards, minimum_interval_seconds=60)
def arrivals(context: dg.SensorEvaluationContext, lake: Lake) -> dg.RunRequest | dg.SkipReason:
    """Run when objects newer than the last seen key have landed below `raw/`.

    The cursor is the newest object's time and key, so a restart repeats nothing.
    """
    newest = _newest_object(lake)
    if newest is None or newest == context.cursor:
        return dg.SkipReason("nothing has arrived since the last run")
    context.update_cursor(newest)
    return dg.RunRequest(run_key=newest)


def _newest_object(lake: Lake) -> str | None:
    pages = lake.client("s3").get_paginator("list_objects_v2")
    stamps = [
        f"{entry['LastModified'].isoformat()} {entry['Key']}"
        for page in pages.paginate(Bucket=load().lake_bucket, Prefix="raw/")
        for entry in page.get("Contents", ())
    ]
    return max(stamps, default=None)
