from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.errors import NotSent
from ingestion.events.catalog_entry_changed import CatalogEntryChanged
from ingestion.producer import Producer
from ingestion.streams.memory import MemoryStream
from local.imports import charities, quarantine
from local.imports.charities import Summary
from local.imports.errors import RefusedImport
from local.imports.sample import write_sample_extract
from local.imports.snapshots import Kept, MemorySnapshots

from .reading import ids, sent

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    return write_sample_extract(tmp_path / "eo_made_up.csv", 1)


@pytest.fixture
def snapshots() -> MemorySnapshots:
    return MemorySnapshots()


def run(
    path: Path | Sequence[Path],
    snapshots: MemorySnapshots,
    producer: Producer,
    name: str | None = None,
    is_forced: bool = False,
) -> Summary:
    paths = [path] if isinstance(path, Path) else path
    return charities.import_charities(
        [str(each) for each in paths],
        snapshots,
        producer,
        now=NOW,
        quarantine_dir=paths[0].parent / "quarantine",
        name=name,
        is_forced=is_forced,
    )


def counts(summary: Summary) -> tuple[int, int, int, int]:
    return summary.added, summary.changed, summary.removed, summary.unchanged


def edit(path: Path, old: bytes, new: bytes) -> None:
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, 1))


def drop(path: Path, start: bytes) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not line.startswith(start)))


def test_the_same_seed_writes_the_same_sample(tmp_path: Path) -> None:
    one, two, other = (
        write_sample_extract(tmp_path / str(seed_at), seed).read_bytes()
        for seed_at, seed in enumerate((1, 1, 2))
    )
    assert one == two != other
    assert one.count(b"MADE-UP") == 40


def test_each_new_organization_is_one_event(
    extract: Path, snapshots: MemorySnapshots, producer: Producer, stream: MemoryStream
) -> None:
    assert counts(run(extract, snapshots, producer)) == (40, 0, 0, 0)
    (_, first), *_ = sent(stream)
    assert isinstance(first, CatalogEntryChanged)
    assert (first.entry_id, first.change) == ("000000001", "added")
    assert len(set(ids(stream))) == len(snapshots.entries) == 40


def test_the_same_snapshot_again_changes_nothing(
    extract: Path, snapshots: MemorySnapshots, producer: Producer, stream: MemoryStream
) -> None:
    run(extract, snapshots, producer)
    assert counts(run(extract, snapshots, producer)) == (0, 0, 0, 40)
    assert len(ids(stream)) == 40


def test_a_change_names_its_columns_and_a_removal_its_last_values(
    extract: Path, snapshots: MemorySnapshots, producer: Producer, stream: MemoryStream
) -> None:
    run(extract, snapshots, producer, "1")
    edit(extract, b"EXAMPLE ST", b"OTHER ST")
    gone = snapshots.entries["000000002"]
    drop(extract, b"000000002,")
    assert counts(run(extract, snapshots, producer, "2")) == (0, 1, 1, 38)
    changed, removed = (event for _, event in sent(stream)[40:])
    assert isinstance(changed, CatalogEntryChanged)
    assert isinstance(removed, CatalogEntryChanged)
    assert changed.changed_fields == ("STREET",)
    assert (removed.change, removed.name) == ("removed", gone.name)
    assert "000000002" not in snapshots.entries


def test_going_back_and_forth_makes_events_of_their_own(
    extract: Path, snapshots: MemorySnapshots, producer: Producer, stream: MemoryStream
) -> None:
    first = extract.read_bytes()
    drop(extract, b"000000002,")
    second = extract.read_bytes()
    for content in (first, second, first, second):
        extract.write_bytes(content)
        run(extract, snapshots, producer, "same name")
    assert len(set(ids(stream))) == len(ids(stream)) == 40 + 3
    assert snapshots.kept["000000002"].revision == 4


def test_a_rerun_after_a_crash_repeats_the_ids_it_sent(
    extract: Path, producer: Producer, stream: MemoryStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crashing(MemorySnapshots):
        def write(self, kept: Sequence[Kept], snapshot: str) -> None:
            if self.kept:
                raise KeyboardInterrupt
            super().write(kept, snapshot)

    monkeypatch.setattr(charities, "CHUNK", 15)
    broken = Crashing()
    with pytest.raises(KeyboardInterrupt):
        run(extract, broken, producer, "1")
    assert (len(ids(stream)), len(broken.kept)) == (30, 15)
    whole = MemorySnapshots(broken.kept.values())
    assert run(extract, whole, producer, "1").added == 25
    assert len(ids(stream)) == 55
    assert len(set(ids(stream))) == len(whole.entries) == 40


def test_nothing_is_stored_that_the_stream_refused(
    extract: Path, snapshots: MemorySnapshots
) -> None:
    refusing = MemoryStream(refuse=[3])
    with pytest.raises(NotSent):
        run(extract, snapshots, Producer(lambda dataset: refusing))
    assert not snapshots.kept


def test_a_bad_line_is_quarantined_with_its_bytes_and_removes_nobody(
    extract: Path, snapshots: MemorySnapshots, producer: Producer
) -> None:
    run(extract, snapshots, producer, "1")
    edit(extract, b"\n000000002,MADE-UP", b"\n000000002,\x93MADE-UP")
    summary = run(extract, snapshots, producer, "2")
    assert counts(summary) == (0, 0, 0, 39)
    assert summary.quarantine is not None
    (bad,) = quarantine.kept(summary.quarantine)
    assert (bad.file, bad.number) == ("eo_made_up.csv", 3)
    assert bad.raw.startswith(b"000000002,\x93MADE-UP")
    assert "000000002" in snapshots.entries


def test_removals_wait_while_a_line_does_not_tell_whose_it_is(
    extract: Path, snapshots: MemorySnapshots, producer: Producer
) -> None:
    run(extract, snapshots, producer, "1")
    edit(extract, b"\n000000002,", b"\n??,")
    drop(extract, b"000000003,")
    summary = run(extract, snapshots, producer, "2")
    assert (summary.removed, summary.withheld, summary.quarantined) == (0, 2, 1)
    assert len(snapshots.entries) == 40


def test_an_ein_met_again_is_a_bad_line(
    extract: Path, snapshots: MemorySnapshots, producer: Producer
) -> None:
    summary = run([extract, extract], snapshots, producer)
    assert (summary.added, summary.quarantined) == (40, 40)


def test_a_snapshot_removes_nobody_in_states_it_does_not_cover(
    extract: Path, snapshots: MemorySnapshots, producer: Producer
) -> None:
    run(extract, snapshots, producer, "1")
    lines = extract.read_bytes().splitlines(keepends=True)
    extract.write_bytes(b"".join([lines[0], *(line for line in lines if b",DC," in line)]))
    in_dc = sum(entry.state == "DC" for entry in snapshots.entries.values())
    assert 0 < in_dc < 40
    assert counts(run(extract, snapshots, producer, "2")) == (0, 0, 0, in_dc)


def test_a_snapshot_that_lacks_most_of_what_is_known_is_refused(
    tmp_path: Path, snapshots: MemorySnapshots, producer: Producer, stream: MemoryStream
) -> None:
    whole = write_sample_extract(tmp_path / "whole.csv", 1, 400)
    run(whole, snapshots, producer, "1")
    part = write_sample_extract(tmp_path / "part.csv", 1, 100)
    with pytest.raises(RefusedImport, match="300 of the 400"):
        run(part, snapshots, producer, "2")
    assert len(ids(stream)) == 400
    assert run(part, snapshots, producer, "2", is_forced=True).removed == 300


def test_the_month_in_the_file_names_names_the_snapshot(tmp_path: Path) -> None:
    paths = [
        str(write_sample_extract(tmp_path / name, 1, 2))
        for name in ("eo_dc_2026-03.csv", "eo_wy_2026-03.csv", "eo_dc.csv")
    ]
    assert charities.read_snapshot(paths[:2]).name == "2026-03"
    assert len(charities.read_snapshot(paths).name) == 16
    assert charities.read_snapshot(paths, "mine").name == "mine"
