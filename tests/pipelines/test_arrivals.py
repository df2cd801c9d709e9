"""What has landed, against the local S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pipelines.arrivals import newest_arrivals
from tests.pipelines.conftest import BUCKET

if TYPE_CHECKING:
    from tests.pipelines.conftest import RawZone

pytestmark = pytest.mark.integration

PREFIX = "raw/users/event_type=user_onboarded/"


class Recorder:
    """Passes listings on and keeps the keys and folders that came back."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.listed: list[str] = []

    def get_paginator(self, operation: str) -> Recorder:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, **arguments: Any) -> Any:
        for page in self._client.get_paginator("list_objects_v2").paginate(**arguments):
            self.listed += [entry["Key"] for entry in page.get("Contents", ())]
            self.listed += [entry["Prefix"] for entry in page.get("CommonPrefixes", ())]
            yield page


def test_only_the_newest_days_objects_are_counted(raw_zone: RawZone) -> None:
    for day in ("2026-02-27", "2026-02-28", "2026-03-01"):
        raw_zone.land(f"{PREFIX}dt={day}/hour=07/", "a")
    last = raw_zone.land(f"{PREFIX}dt=2026-03-01/hour=08/", "b", b"xyz")
    raw_zone.land("raw/users/event_type=user_onboarded_twice/dt=2027-01-01/hour=00/", "c")
    one = newest_arrivals(raw_zone.client, BUCKET, PREFIX)
    assert one is not None
    assert (one.day, one.objects, one.size_bytes, one.newest[1]) == ("2026-03-01", 2, 4, last)
    two = newest_arrivals(raw_zone.client, BUCKET, PREFIX, days=2)
    assert two is not None
    assert two.objects == 3


def test_days_before_since_are_not_listed(raw_zone: RawZone) -> None:
    for day in range(1, 10):
        raw_zone.land(f"{PREFIX}dt=2026-03-0{day}/hour=07/", "a")
    client = Recorder(raw_zone.client)
    found = newest_arrivals(client, BUCKET, PREFIX, since="2026-03-08", days=2)
    assert found is not None
    assert found.objects == 2
    assert client.listed == [
        f"{PREFIX}dt=2026-03-08/",
        f"{PREFIX}dt=2026-03-09/",
        f"{PREFIX}dt=2026-03-08/hour=07/a.parquet",
        f"{PREFIX}dt=2026-03-09/hour=07/a.parquet",
    ]


def test_an_event_type_that_never_came_has_no_arrivals(raw_zone: RawZone) -> None:
    assert newest_arrivals(raw_zone.client, BUCKET, PREFIX) is None
    raw_zone.land(f"{PREFIX}dt=2026-03-01/hour=07/", "a")
    assert newest_arrivals(raw_zone.client, BUCKET, PREFIX, since="2026-03-02") is None
