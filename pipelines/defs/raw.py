"""The raw tables as assets: an observation says how many objects a type has and when the last came."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from ingestion.contract import Contract
from ingestion.lake import raw_prefix
from ingestion.registry import latest
from pipelines.resources import Lake


def _raw_asset(facts: Contract, description: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=["raw", facts.table],
        group_name="raw",
        description=description,
        owners=[f"team:{facts.owner}"],
        kinds={"firehose", "parquet"},
    )
    def arrived(lake: Lake) -> dg.MaterializeResult[None]:
        objects = list(_objects(lake, raw_prefix(facts.stream, facts.name)))
        newest = max((stamp for _, stamp in objects), default="")
        return dg.MaterializeResult(
            metadata={
                "objects": len(objects),
                "bytes": sum(size for size, _ in objects),
                "newest_object_at": newest,
            }
        )

    return arrived


def _objects(lake: Lake, prefix: str) -> Iterator[tuple[int, str]]:
    pages = lake.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=lake.settings.lake_bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            yield entry["Size"], entry["LastModified"].isoformat()


raw_assets = [_raw_asset(cls.contract, cls.__doc__ or "") for cls in latest()]
