from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ingestion.producer import Producer
from ingestion.streams.memory import MemoryStream
from local.imports.charities import import_charities
from local.imports.snapshots import MemorySnapshots

from .reading import ids


def test_from_march_to_april_156_are_added_75_removed_and_974_changed(
    shared_data: Path, tmp_path: Path, producer: Producer, stream: MemoryStream
) -> None:
    snapshots = MemorySnapshots()
    march, april = (
        import_charities(
            [str(shared_data / "irs" / f"eo_dc_{month}.csv.gz")],
            snapshots,
            producer,
            now=datetime(2026, 6, 1, tzinfo=UTC),
            quarantine_dir=tmp_path,
        )
        for month in ("2026-03", "2026-04")
    )
    assert (march.added, march.quarantined) == (14_040, 0)
    assert (april.added, april.removed, april.changed) == (156, 75, 974)
    assert (april.unchanged, april.quarantined) == (14_040 - 75 - 974, 0)
    assert len(set(ids(stream))) == len(ids(stream)) == 14_040 + 156 + 75 + 974
