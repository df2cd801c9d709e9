"""What a delivery stream has taken in and not yet made durable: waiting, ready, failed, dropped."""

from __future__ import annotations

import time
from collections.abc import Sequence

from local.firehose.destinations import Destination
from local.firehose.errors import UnfitRecord
from local.firehose.partitioning import Partition, extracted, partition
from local.firehose.records import FailedRecord, ReadyRecord, SourceRecord
from local.firehose.transformation import PROCESSING_FAILED, Outcome

ACTIVE_PARTITIONS = 500
MEMORY_BYTES = 256 << 20
KPL_MAGIC = b"\xf3\x89\x9a\xc2"


class Buffer:
    """The records between two rounds; `covers` is the [first, last] position of each shard."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self.waiting: list[SourceRecord] = []
        self.ready: dict[Partition, list[ReadyRecord]] = {}
        self.failed: list[FailedRecord] = []
        self.backup: list[SourceRecord] = []
        self.dropped = 0
        self.incoming = 0
        self.covers: dict[str, list[str]] = {}
        self._sizes: dict[Partition, int] = {}
        self._waiting_bytes = 0
        self._taken_bytes = 0
        self._since: float | None = None

    def take(self, page: Sequence[SourceRecord]) -> None:
        """Add records as the source gave them."""
        if not page:
            return
        self._since = self._since or time.monotonic()
        first, last = page[0].position, page[-1].position
        self.covers.setdefault(page[0].shard_id, [first, last])[1] = last
        self.incoming += len(page)
        size = sum(len(record.data) for record in page)
        self._taken_bytes += size
        self._waiting_bytes += size
        if self._destination.backup:
            self.backup += page
        self.waiting += [record for record in page if self._is_plain(record)]

    def _is_plain(self, record: SourceRecord) -> bool:
        """Refuse records that the Kinesis Producer Library aggregated: AWS would take them apart."""
        if not record.data.startswith(KPL_MAGIC):
            return True
        self._fail(
            record, UnfitRecord("Local.AggregatedRecord", "KPL aggregation is not supported")
        )
        return False

    @property
    def transformable(self) -> bool:
        """Whether enough waits for an invocation of the function."""
        function = self._destination.processors.function
        return (
            function is None
            or self._waiting_bytes >= function.size_bytes
            or self._is_old(function.interval_seconds)
        )

    def settle(self, count: int, outcome: Outcome) -> None:
        """The first `count` waiting records have gone through the processors."""
        self._waiting_bytes -= sum(len(record.data) for record in self.waiting[:count])
        del self.waiting[:count]
        self.failed += outcome.failed
        self.dropped += outcome.dropped
        for record in outcome.ready:
            self._add(record)

    def _add(self, record: ReadyRecord) -> None:
        try:
            keyed, place = self._placed(record)
        except UnfitRecord as reason:
            self._fail(record.source, reason)
            return
        self.ready.setdefault(place, []).append(keyed)
        self._sizes[place] = self._sizes.get(place, 0) + len(keyed.data)

    def _placed(self, record: ReadyRecord) -> tuple[ReadyRecord, Partition]:
        if not self._destination.partitioned:
            return record, ()
        keyed = extracted(record, self._destination.processors)
        place = partition(keyed, self._destination)
        if place not in self.ready and len(self.ready) >= ACTIVE_PARTITIONS:
            raise UnfitRecord(
                "DynamicPartitioning.ActivePartitionLimitExceeded",
                f"more than {ACTIVE_PARTITIONS} partitions are active",
            )
        return keyed, place

    def _fail(self, record: SourceRecord, reason: UnfitRecord) -> None:
        ended = round(time.time() * 1000)
        self.failed.append(FailedRecord(record, PROCESSING_FAILED, reason, ended, record.data))

    @property
    def is_due(self) -> bool:
        """Whether a hint of size or interval, of the data or of its backup, is reached."""
        bucket, backup = self._destination.bucket, self._destination.backup
        if max(self._sizes.values(), default=0) >= bucket.size_bytes:
            return True
        if backup and (
            self._taken_bytes >= backup.size_bytes or self._is_old(backup.interval_seconds)
        ):
            return True
        return self._taken_bytes >= MEMORY_BYTES or self._is_old(bucket.interval_seconds)

    def _is_old(self, seconds: float) -> bool:
        return self._since is not None and time.monotonic() - self._since >= seconds
