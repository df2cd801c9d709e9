from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.imports.charities import read_snapshot
from local.imports.sample import write_sample_extract
from local.imports.snapshots import CATALOG, DynamoSnapshots, Kept, entry
from services.catalog_store import CatalogStore

if TYPE_CHECKING:
    from tests.conftest import LocalAws

pytestmark = pytest.mark.integration


def test_lines_and_catalogue_are_kept_in_step(
    aws: LocalAws, catalog_table: str, tmp_path: Path
) -> None:
    extract = write_sample_extract(tmp_path / "x.csv", 5, 60)
    kept = [Kept(o, 1) for o in read_snapshot([str(extract)]).organizations.values()]
    snapshots = DynamoSnapshots(aws.client("dynamodb"), catalog_table)
    catalog = CatalogStore(aws.client("dynamodb"), catalog_table)
    snapshots.write(kept, "1")
    first, *others = kept
    gone = Kept(first.organization, 2, is_removed=True)
    for _ in range(2):
        snapshots.write([gone], "2")
    ours = {k.organization.ein: k for k in snapshots.read()}
    assert ours == {k.organization.ein: k for k in [gone, *others]}
    assert catalog.find(CATALOG, first.organization.ein) is None
    assert catalog.find(CATALOG, others[0].organization.ein) == entry(others[0].organization)
    assert len(list(catalog.entries(CATALOG))) == len(others)
    catalog.remove(CATALOG, ours)
    forget(aws, catalog_table, ours)


def forget(aws: LocalAws, table: str, eins: dict[str, Kept]) -> None:
    for ein in eins:
        key = {"pk": {"S": f"extract#{ein}"}, "sk": {"S": "line"}}
        aws.client("dynamodb").delete_item(TableName=table, Key=key)
