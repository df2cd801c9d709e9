"""What the last snapshots said of each organization, line by line, beside the catalogue they made.

The catalogue that services read is `services.catalog_store`; it has no room for all columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from local.imports.errors import ImportFailure
from local.imports.extract import Organization, organization
from services.catalog_store import MAX_WRITES, CatalogStore, Entry

CATALOG = "charities"
ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """An organization as last imported; `revision` counts its changes, removals included."""

    organization: Organization
    revision: int
    is_removed: bool = False


class Snapshots(Protocol):
    """Keeps the last known line of every organization ever imported, and the catalogue in step."""

    def read(self) -> Iterator[Kept]:
        """All, in no order."""

    def write(self, kept: Sequence[Kept], snapshot: str) -> None:
        """Replace what is known of these organizations; may be repeated after a failure."""


class DynamoSnapshots:
    """In the catalogue's own table; `client` is boto3's `dynamodb`."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table
        self._catalog = CatalogStore(client, table)

    def read(self) -> Iterator[Kept]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ConsistentRead=True,
            FilterExpression="begins_with(pk, :extract)",
            ExpressionAttributeValues={":extract": {"S": "extract#"}},
        )
        return (_kept(item) for page in pages for item in page["Items"])

    def write(self, kept: Sequence[Kept], snapshot: str) -> None:
        # The lines last: they alone decide what counts as a change, so a crash repeats the rest.
        self._catalog.put(
            CATALOG, [entry(k.organization) for k in kept if not k.is_removed], snapshot
        )
        self._catalog.remove(CATALOG, [k.organization.ein for k in kept if k.is_removed])
        for start in range(0, len(kept), MAX_WRITES):
            self._write([_put(each) for each in kept[start : start + MAX_WRITES]])

    def _write(self, batch: list[dict[str, Any]]) -> None:
        for _ in range(ATTEMPTS):
            answer = self._client.batch_write_item(RequestItems={self._table: batch})
            batch = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not batch:
                return
        raise ImportFailure(
            f"{self._table} left {len(batch)} lines unwritten {ATTEMPTS} times: run the import again"
        )


class MemorySnapshots:
    """The same promises in memory; `entries` is the catalogue."""

    def __init__(self, kept: Iterable[Kept] = ()) -> None:
        self.kept = {each.organization.ein: each for each in kept}

    @property
    def entries(self) -> dict[str, Entry]:
        return {e: entry(k.organization) for e, k in self.kept.items() if not k.is_removed}

    def read(self) -> Iterator[Kept]:
        return iter(list(self.kept.values()))

    def write(self, kept: Sequence[Kept], snapshot: str) -> None:
        self.kept |= {each.organization.ein: each for each in kept}


def entry(organization: Organization) -> Entry:
    """The organization as the catalogue knows it."""
    return Entry(
        entry_id=organization.ein,
        name=organization["NAME"],
        city=organization["CITY"],
        state=organization["STATE"],
        zip_code=organization["ZIP"],
        subsection=organization["SUBSECTION"],
        status=organization["STATUS"],
        deductibility=organization["DEDUCTIBILITY"],
        ntee_code=organization["NTEE_CD"] or None,
    )


def _put(kept: Kept) -> dict[str, Any]:
    item = {
        "pk": {"S": f"extract#{kept.organization.ein}"},
        "sk": {"S": "line"},
        "line": {"S": kept.organization.text()},
        "revision": {"N": str(kept.revision)},
        "is_removed": {"BOOL": kept.is_removed},
    }
    return {"PutRequest": {"Item": item}}


def _kept(item: dict[str, Any]) -> Kept:
    return Kept(
        organization(item["line"]["S"]), int(item["revision"]["N"]), item["is_removed"]["BOOL"]
    )
