"""What has lately landed in the lake, found by arrival day so that old days are never listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DAY = "dt="


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The raw objects of one event type's newest days; `newest` is (ISO 8601 time, key)."""

    day: str
    objects: int
    size_bytes: int
    newest: tuple[str, str]


def newest_arrivals(
    client: Any, bucket: str, prefix: str, *, since: str = "", days: int = 1
) -> Arrivals | None:
    """What lies below `prefix` in its last `days` arrival days, none before day `since`.

    Costs one S3 listing of the day folders from `since` on, 1,000 a page, and of those days'
    objects. Returns None when nothing has arrived.
    """
    last = _days(client, bucket, prefix, since)[-days:]
    objects = [entry for day in last for entry in _objects(client, bucket, f"{prefix}{DAY}{day}/")]
    if not objects:
        return None
    return Arrivals(
        day=last[-1],
        objects=len(objects),
        size_bytes=sum(entry["Size"] for entry in objects),
        newest=max((entry["LastModified"].isoformat(), entry["Key"]) for entry in objects),
    )


def _days(client: Any, bucket: str, prefix: str, since: str) -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, Delimiter="/", StartAfter=f"{prefix}{DAY}{since}"
    )
    folders = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]
    return sorted(folder.removeprefix(prefix + DAY).rstrip("/") for folder in folders)


def _objects(client: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        yield from page.get("Contents", ())
