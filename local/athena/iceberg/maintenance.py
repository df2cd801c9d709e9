"""OPTIMIZE and VACUUM: small files become large ones, old snapshots go with the files that only they need.

Sources: https://docs.aws.amazon.com/athena/latest/ug/optimize-statement.html and
https://docs.aws.amazon.com/athena/latest/ug/vacuum-statement.html.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table as IcebergTable

from local.athena.engine.query import Work, translated
from local.athena.errors import NotSupported
from local.athena.iceberg.snapshots import PATH, Snapshot
from local.athena.iceberg.writing import data_files
from local.athena.lake.catalog import Table
from local.athena.sql.quoting import identifier
from local.athena.statements.kinds import Reader, Statement

# Athena's defaults: bytes, files, seconds, snapshots.
_TARGET, _THRESHOLD, _AGE, _KEPT = 536_870_912, 5, 432_000, 1


def maintain(work: Work, statement: Statement) -> None:
    """Run it to its commit; raises QueryFailed, and then nothing has changed."""
    reader = Reader(statement, 1)
    database, name = reader.qualified(work.database)
    table = work.catalog.table(database, name)
    if not table.is_iceberg:
        raise NotSupported(f"{statement.sub} of {database}.{name}: not an Iceberg table")
    if statement.sub == "VACUUM":
        if not reader.done:
            raise reader.mismatch()
        _vacuum(work, table)
        return
    reader.expect("REWRITE", "DATA", "USING", "BIN_PACK")
    snapshot = work.iceberg.snapshot(table, None)
    files = snapshot.files
    if reader.take_if("WHERE"):
        wanted = _matching(work, table, snapshot, reader.rest())
        files = [f for f in files if f.file_path in wanted]
    elif not reader.done:
        raise reader.mismatch("Expecting: WHERE")
    _pack(work, table, snapshot, files)


def _setting(table: IcebergTable, name: str, default: int) -> int:
    return int(table.metadata.properties.get(name, default))


def _matching(work: Work, table: Table, snapshot: Snapshot, condition: str) -> set[str]:
    """Paths of the files that hold a row for which the condition is true."""
    name = f"{identifier(table.database)}.{identifier(table.name)}"
    text = f"SELECT DISTINCT {identifier(PATH)} FROM {name} WHERE {condition}"
    plan = work.plan(text, (PATH,))
    schema = snapshot.schema
    keys = {schema.find_column_name(f.source_id) for f in snapshot.table.spec().fields}
    used = set().union(*plan.used.values()) - {PATH, *(k.lower() for k in keys if k)}
    if used:
        raise NotSupported(f"OPTIMIZE with a condition on {sorted(used)[0]}, no partition column")
    return {row[0] for batch in work.run(plan, text) for row in batch}


def _pack(work: Work, table: Table, snapshot: Snapshot, files: list[DataFile]) -> None:
    opened = snapshot.table
    target = _setting(opened, "write_target_data_file_size_bytes", _TARGET)
    small = _setting(opened, "optimize_rewrite_min_data_file_size_bytes", target * 3 // 4)
    groups: dict[Any, list[DataFile]] = {}
    for file in files:
        if file.file_size_in_bytes < small:
            groups.setdefault((file.spec_id, tuple(file.partition)), []).append(file)
    packed = [f for group in groups.values() if len(group) > 1 for f in group]
    if len(packed) < _setting(opened, "optimize_rewrite_data_file_threshold", _THRESHOLD):
        return
    data = work.iceberg.located(packed)
    columns = list(snapshot.columns)
    query = snapshot.view(data, columns, work.storage, work.footers)
    work.scanned_bytes += snapshot.scanned(data, set(columns), (), work.footers)
    with (
        work.connection() as connection,
        translated(""),
        data_files(work, connection, query, opened) as made,
        work.iceberg.tables.committing(table.database, table.name),
        opened.transaction() as transaction,
        transaction.update_snapshot().overwrite() as commit,
    ):
        for file in packed:
            commit.delete_data_file(file)
        for file in made:
            commit.append_data_file(file)


def _vacuum(work: Work, table: Table) -> None:
    opened = work.iceberg.open(table)
    before = set(_reachable(opened, opened.snapshots()))
    expired = _expired(opened)
    work.settle()
    if expired:
        with work.iceberg.tables.committing(table.database, table.name):
            opened.maintenance.expire_snapshots().by_ids(expired).commit()
    after = set(_reachable(opened, opened.snapshots()))
    work.storage.remove_all(sorted(before - after))


def _expired(table: IcebergTable) -> list[int]:
    """Snapshots past their age, but the newest ones that are to be kept and those that have a name."""
    oldest = (time.time() - _setting(table, "vacuum_max_snapshot_age_seconds", _AGE)) * 1000
    kept = max(1, _setting(table, "vacuum_min_snapshots_to_keep", _KEPT))
    newest_first = sorted(table.snapshots(), key=lambda s: s.timestamp_ms, reverse=True)
    named = {ref.snapshot_id for ref in table.refs().values()}
    return [
        s.snapshot_id
        for s in newest_first[kept:]
        if s.timestamp_ms < oldest and s.snapshot_id not in named
    ]


def _reachable(table: IcebergTable, snapshots: Iterable[Any]) -> Iterable[str]:
    """The objects that snapshots need: lists, manifests, data files."""
    for snapshot in snapshots:
        yield snapshot.manifest_list
        for manifest in snapshot.manifests(table.io):
            yield manifest.manifest_path
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
                yield entry.data_file.file_path
