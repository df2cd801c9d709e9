"""Brings the charity catalogue up to a snapshot of EO BMF extracts, one event per change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from ingestion import envelope
from ingestion.envelope import Context, Message
from ingestion.events.catalog_entry_changed import CatalogEntryChanged
from ingestion.producer import Producer
from local.imports import quarantine
from local.imports.errors import RefusedImport
from local.imports.extract import COLUMNS, Organization, ein_of, read_lines
from local.imports.quarantine import BadLine
from local.imports.snapshots import CATALOG, Kept, Snapshots, entry
from local.imports.source import name_of, open_source

CHUNK = 1_000
# A snapshot that removes more than both of these is more likely cut short than true.
REMOVED_SHARE = 0.2
REMOVED_COUNT = 100

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Snapshot:
    """What one or more extracts say together. `states` are those it covers."""

    name: str
    organizations: dict[str, Organization] = field(default_factory=dict)
    bad: list[BadLine] = field(default_factory=list)

    @property
    def states(self) -> set[str]:
        return {organization["STATE"] for organization in self.organizations.values()}


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one organization; for a removal `kept` holds its last known line."""

    change: Literal["added", "changed", "removed"]
    kept: Kept
    changed_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """How many organizations and lines an import found; `withheld` removals await a clean file."""

    snapshot: str
    added: int
    changed: int
    removed: int
    unchanged: int
    withheld: int
    quarantined: int
    quarantine: Path | None


def import_charities(
    locations: Sequence[str],
    snapshots: Snapshots,
    producer: Producer,
    *,
    now: datetime,
    quarantine_dir: Path,
    name: str | None = None,
    is_forced: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> Summary:
    """Import the extracts at `locations` as one snapshot; `on_progress` gets (done, total) changes.

    Events go out before the store learns of them, under ids that a rerun repeats: a crash loses
    nothing and doubles nothing. Raises UnreadableSource, NotSent, and RefusedImport when suspiciously
    many organizations are gone and `is_forced` is false; in all but NotSent nothing was sent.
    """
    snapshot = read_snapshot(locations, name)
    kept = {each.organization.ein: each for each in snapshots.read()}
    changes, withheld = diff(kept, snapshot)
    if not is_forced:
        _check_removals(changes, kept, snapshot)
    path = quarantine_dir / f"charities-{re.sub(r'[^A-Za-z0-9.-]', '_', snapshot.name)}.jsonl"
    quarantine.keep(path, snapshot.bad)
    _apply(changes, snapshot.name, snapshots, producer, now, on_progress)
    count = [change.change for change in changes].count
    return Summary(
        snapshot=snapshot.name,
        added=count("added"),
        changed=count("changed"),
        removed=count("removed"),
        unchanged=len(snapshot.organizations) - count("added") - count("changed"),
        withheld=withheld,
        quarantined=len(snapshot.bad),
        quarantine=path if snapshot.bad else None,
    )


def read_snapshot(locations: Sequence[str], name: str | None = None) -> Snapshot:
    """All extracts together; an EIN met again is a bad line. Raises UnreadableSource.

    Without a `name` it is the month in all file names, else a digest of the organizations.
    """
    snapshot = Snapshot(name or "")
    for location in locations:
        with open_source(location) as lines:
            _add(snapshot, lines, name_of(location))
    snapshot.name = name or _month(locations) or _digest(snapshot.organizations.values())
    return snapshot


def diff(kept: Mapping[str, Kept], snapshot: Snapshot) -> tuple[list[Change], int]:
    """What the snapshot changes, by EIN, and how many removals are withheld.

    Only organizations of the states it covers can be removed by it, and none whose line it holds
    but cannot be read. Where a bad line does not even tell its EIN, no removal is certain.
    """
    present = snapshot.organizations
    changes = [_changed(kept.get(ein), organization) for ein, organization in present.items()]
    unread = {ein_of(bad.raw) for bad in snapshot.bad}
    states = snapshot.states
    gone = [
        each
        for ein, each in kept.items()
        if not each.is_removed
        and ein not in present
        and ein not in unread
        and each.organization["STATE"] in states
    ]
    withheld = len(gone) if None in unread else 0
    removals = [] if withheld else [_removed(each) for each in gone]
    found = [change for change in changes if change is not None]
    return sorted([*found, *removals], key=lambda c: c.kept.organization.ein), withheld


def message(change: Change, snapshot: str, now: datetime) -> Message:
    """The event of a change; the same change of the same snapshot has the same id."""
    kept = change.kept
    listed = entry(kept.organization)
    event = CatalogEntryChanged(
        catalog="charities",
        entry_id=listed.entry_id,
        change=change.change,
        name=listed.name,
        city=listed.city,
        state=listed.state,
        zip_code=listed.zip_code,
        subsection=listed.subsection,
        status=listed.status,
        deductibility=listed.deductibility,
        ntee_code=listed.ntee_code,
        changed_fields=change.changed_columns,
        snapshot=snapshot,
    )
    source = event.contract.owner
    digest = _digest([kept.organization])
    key = f"import/{CATALOG}/{snapshot}/{listed.entry_id}/{kept.revision}/{change.change}/{digest}"
    context = Context(source, now, envelope.event_id(source, f"import/{CATALOG}/{snapshot}"))
    return envelope.build(event, context, event_id=envelope.event_id(source, key), occurred_at=now)


def _add(snapshot: Snapshot, lines: Iterable[bytes], file: str) -> None:
    for number, raw, found in read_lines(lines, file):
        if isinstance(found, str):
            snapshot.bad.append(BadLine(file, number, found, raw))
        elif found.ein in snapshot.organizations:
            reason = f"EIN {found.ein} stands on an earlier line of this snapshot"
            snapshot.bad.append(BadLine(file, number, reason, raw))
        else:
            snapshot.organizations[found.ein] = found


def _changed(kept: Kept | None, now: Organization) -> Change | None:
    if kept is None:
        return Change("added", Kept(now, 1))
    if kept.is_removed:
        return Change("added", Kept(now, kept.revision + 1))
    if kept.organization == now:
        return None
    pairs = zip(COLUMNS, kept.organization.values, now.values, strict=True)
    columns = tuple(column for column, before, after in pairs if before != after)
    return Change("changed", Kept(now, kept.revision + 1), columns)


def _removed(kept: Kept) -> Change:
    return Change("removed", Kept(kept.organization, kept.revision + 1, is_removed=True))


def _check_removals(
    changes: Sequence[Change], kept: Mapping[str, Kept], snapshot: Snapshot
) -> None:
    removed = sum(change.change == "removed" for change in changes)
    states = snapshot.states
    known = sum(not k.is_removed and k.organization["STATE"] in states for k in kept.values())
    if removed > max(REMOVED_COUNT, REMOVED_SHARE * known):
        raise RefusedImport(
            f"snapshot {snapshot.name} lacks {removed} of the {known} organizations known in "
            f"{', '.join(sorted(states))}: check that it is whole, then import it with --force"
        )


def _apply(
    changes: Sequence[Change],
    snapshot: str,
    snapshots: Snapshots,
    producer: Producer,
    now: datetime,
    on_progress: Progress,
) -> None:
    for start in range(0, len(changes), CHUNK):
        chunk = changes[start : start + CHUNK]
        producer.put([message(change, snapshot, now) for change in chunk])
        snapshots.write([change.kept for change in chunk], snapshot)
        on_progress(start + len(chunk), len(changes))


def _month(locations: Sequence[str]) -> str | None:
    found = {tuple(re.findall(r"(?<!\d)20\d{2}-\d{2}(?!\d)", name_of(each))) for each in locations}
    months = found.pop() if len(found) == 1 else ()
    return months[0] if len(months) == 1 else None


def _digest(organizations: Iterable[Organization]) -> str:
    total = hashlib.sha256()
    for organization in organizations:
        total.update(organization.text().encode() + b"\n")
    return total.hexdigest()[:16]
