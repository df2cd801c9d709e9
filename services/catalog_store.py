"""The catalogues of charities and of families in need, as kept now in one DynamoDB table.

Deciding what changed between two snapshots belongs to the catalogs service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ingestion.settings import load
from services.clients import client
from services.errors import Busy

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
MAX_WRITES = 25
ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a catalogue; the codes are those of the IRS extract, None for families."""

    entry_id: str
    name: str
    city: str
    state: str
    zip_code: str
    subsection: str | None = None
    status: str | None = None
    deductibility: str | None = None
    ntee_code: str | None = None


FIELDS = tuple(name for name in Entry.__dataclass_fields__ if name != "entry_id")


class CatalogStore:
    """`client` is boto3's `dynamodb`; items are (`<catalog>#<entry id>`, `entry`)."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def find(self, catalog: str, entry_id: str) -> Entry | None:
        """One entry, read consistently."""
        answer = self._client.get_item(
            TableName=self._table, Key=_key(catalog, entry_id), ConsistentRead=True
        )
        return _entry(answer["Item"]) if "Item" in answer else None

    def entries(self, catalog: str) -> Iterator[Entry]:
        """All entries of a catalogue, in no order."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ConsistentRead=True,
            FilterExpression="begins_with(pk, :catalog)",
            ExpressionAttributeValues={":catalog": {"S": f"{catalog}#"}},
        )
        return (_entry(item) for page in pages for item in page["Items"])

    def put(self, catalog: str, entries: Iterable[Entry], snapshot: str) -> None:
        """Write entries whole; `snapshot` names where they were read. Raises Busy."""
        self._write([{"PutRequest": {"Item": _item(catalog, e, snapshot)}} for e in entries])

    def remove(self, catalog: str, entry_ids: Iterable[str]) -> None:
        """Delete entries. Raises Busy."""
        self._write([{"DeleteRequest": {"Key": _key(catalog, name)}} for name in entry_ids])

    def _write(self, requests: list[Mapping[str, Any]]) -> None:
        for start in range(0, len(requests), MAX_WRITES):
            self._write_batch(requests[start : start + MAX_WRITES])

    def _write_batch(self, batch: list[Mapping[str, Any]]) -> None:
        for _ in range(ATTEMPTS):
            answer = self._client.batch_write_item(RequestItems={self._table: batch})
            batch = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not batch:
                return
        raise Busy("catalog", f"{self._table} left {len(batch)} entries unwritten")


@cache
def catalog_store() -> CatalogStore:
    """The one store of a process, over the table that the settings name."""
    return CatalogStore(client("dynamodb"), load().catalog_table)


def _key(catalog: str, entry_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"{catalog}#{entry_id}"}, "sk": {"S": "entry"}}


def _item(catalog: str, entry: Entry, snapshot: str) -> dict[str, Any]:
    values = {"catalog": catalog, "entry_id": entry.entry_id, "snapshot": snapshot}
    values |= {name: getattr(entry, name) for name in FIELDS}
    attributes = {name: {"S": value} for name, value in values.items() if value is not None}
    return {**_key(catalog, entry.entry_id), **attributes}


def _entry(item: Mapping[str, Any]) -> Entry:
    return Entry(
        entry_id=item["entry_id"]["S"],
        **{name: item[name]["S"] for name in FIELDS if name in item},
    )
