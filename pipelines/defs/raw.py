"""The raw tables as assets: Firehose fills them, so making one is looking at what has arrived."""

# Dagster refuses a context whose annotation is text: no `from __future__ import annotations`.

from collections.abc import Iterator
from typing import Any

import dagster as dg

from ingestion.contract import Contract
from ingestion.lake import raw_prefix
from ingestion.registry import latest
from pipelines.arrivals import newest_arrivals
from pipelines.resources import Lake


def key(facts: Contract) -> dg.AssetKey:
    """The asset of an event type's raw table; dbt's source of that table has the same."""
    return dg.AssetKey(["raw", facts.table])


def defs() -> dg.Definitions:
    types = {key(cls.contract): cls for cls in latest()}

    @dg.multi_asset(
        name="raw",
        specs=[
            dg.AssetSpec(
                each,
                group_name="raw",
                description=cls.__doc__,
                owners=[f"team:{cls.contract.owner}"],
                kinds={"firehose", "parquet"},
            )
            for each, cls in types.items()
        ],
        can_subset=True,
    )
    def raw(context: dg.AssetExecutionContext, lake: Lake) -> Iterator[Any]:
        """Say what arrived on each table's newest day."""
        for each in sorted(context.selected_asset_keys):
            yield dg.MaterializeResult(
                asset_key=each, metadata=_metadata(lake, types[each].contract)
            )

    return dg.Definitions(assets=[raw])


def _metadata(lake: Lake, facts: Contract) -> dict[str, Any]:
    prefix = raw_prefix(facts.stream, facts.name)
    found = newest_arrivals(lake.s3, lake.settings.lake_bucket, prefix)
    if found is None:
        return {"newest_day": "nothing has arrived"}
    return {
        "newest_day": found.day,
        "newest_object_at": found.newest[0],
        "objects_that_day": found.objects,
        "size_bytes_that_day": found.size_bytes,
    }
