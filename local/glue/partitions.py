"""Partitions of the Data Catalog: single and batch operations, filters, pages and segments.

Public methods are the operations of the API under their snake-case names.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from typing import Any

from local.glue.errors import AlreadyExistsError, EntityNotFoundError, GlueError, InvalidInputError
from local.glue.expression import compile_expression
from local.glue.requests import at_most, detail, folded, with_token
from local.glue.store import Record, Store, decode, encode, page_size, position_of, take_page
from local.glue.tables import Tables


class Partitions:
    """Partition operations; a partition's key is its list of values, in the order of the keys."""

    def __init__(self, store: Store, tables: Tables, account: str) -> None:
        self._store = store
        self._tables = tables
        self._account = account

    def create_partition(self, request: Record) -> Record:
        self._create(self._table(request), request["PartitionInput"])
        return {}

    def batch_create_partition(self, request: Record) -> Record:
        at_most("partitionInputList", request["PartitionInputList"], 100)
        table = self._table(request)
        errors = []
        for given in request["PartitionInputList"]:
            try:
                self._create(table, given)
            except GlueError as refused:
                errors.append(_error(given["Values"], refused))
        return {"Errors": errors}

    def update_partition(self, request: Record) -> Record:
        self._update(self._table(request), request["PartitionValueList"], request["PartitionInput"])
        return {}

    def batch_update_partition(self, request: Record) -> Record:
        at_most("entries", request["Entries"], 100)
        table = self._table(request)
        errors = []
        for entry in request["Entries"]:
            try:
                self._update(table, entry["PartitionValueList"], entry["PartitionInput"])
            except GlueError as refused:
                errors.append(
                    {
                        "PartitionValueList": entry["PartitionValueList"],
                        "ErrorDetail": detail(refused),
                    }
                )
        return {"Errors": errors}

    def delete_partition(self, request: Record) -> Record:
        self._delete(self._table(request), request["PartitionValues"])
        return {}

    def batch_delete_partition(self, request: Record) -> Record:
        at_most("partitionsToDelete", request["PartitionsToDelete"], 25)
        table = self._table(request)
        errors = []
        for given in request["PartitionsToDelete"]:
            try:
                self._delete(table, given["Values"])
            except GlueError as refused:
                errors.append(_error(given["Values"], refused))
        return {"Errors": errors}

    def get_partition(self, request: Record) -> Record:
        table = self._table(request)
        found = self._find(table, request["PartitionValues"])
        if found is None:
            raise _missing(table, request["PartitionValues"])
        return {"Partition": found}

    def batch_get_partition(self, request: Record) -> Record:
        at_most("partitionsToGet", request["PartitionsToGet"], 1000)
        table = self._table(request)
        found, missing = [], []
        for given in request["PartitionsToGet"]:
            partition = self._find(table, given["Values"])
            if partition is None:
                missing.append({"Values": given["Values"]})
            else:
                found.append(partition)
        return {"Partitions": found, "UnprocessedKeys": missing}

    def get_partitions(self, request: Record) -> Record:
        """Partitions in the order of their values, filtered by Expression and Segment."""
        table = self._table(request)
        found = self._matching(table, request)
        if request.get("ExcludeColumnSchema"):
            found = ((key, _without_columns(partition)) for key, partition in found)
        page, token = take_page(found, page_size(request, 1000, 1000))
        return with_token({"Partitions": page}, token)

    def _matching(self, table: Record, request: Record) -> Iterator[tuple[str, Record]]:
        holds = compile_expression(request.get("Expression") or "", table.get("PartitionKeys", []))
        segment = _checked_segment(request.get("Segment"))
        after = position_of(request.get("NextToken"), "")
        for key, body in self._store.rows(
            "select key, body from partitions"
            " where database = ? and name = ? and key > ? order by key",
            table["DatabaseName"],
            table["Name"],
            after,
        ):
            if _in_segment(key, segment) and holds(decode(key)):
                yield key, decode(body)

    def _table(self, request: Record) -> Record:
        return self._tables.table(request["DatabaseName"], request["TableName"])

    def _find(self, table: Record, values: list[str]) -> Record | None:
        found = self._store.row(
            "select body from partitions where database = ? and name = ? and key = ?",
            table["DatabaseName"],
            table["Name"],
            encode(values),
        )
        return None if found is None else decode(found[0])

    def _create(self, table: Record, given: Record) -> None:
        _check_values(table, given.get("Values") or [])
        if self._find(table, given["Values"]) is not None:
            raise AlreadyExistsError(f"Partition {given['Values']} already exists")
        self._store.write(
            "insert into partitions values (?, ?, ?, ?)",
            table["DatabaseName"],
            table["Name"],
            encode(given["Values"]),
            encode(self._body(table, given, time.time())),
        )

    def _update(self, table: Record, values: list[str], given: Record) -> None:
        current = self._find(table, values)
        if current is None:
            raise _missing(table, values)
        moved = given.get("Values") or values
        _check_values(table, moved)
        if moved != values and self._find(table, moved) is not None:
            raise AlreadyExistsError(f"Partition {moved} already exists")
        body = self._body(table, {**given, "Values": moved}, current["CreationTime"])
        self._store.write(
            "update partitions set key = ?, body = ? where database = ? and name = ? and key = ?",
            encode(moved),
            encode(body),
            table["DatabaseName"],
            table["Name"],
            encode(values),
        )

    def _delete(self, table: Record, values: list[str]) -> None:
        gone = self._store.write(
            "delete from partitions where database = ? and name = ? and key = ?",
            table["DatabaseName"],
            table["Name"],
            encode(values),
        )
        if not gone:
            raise _missing(table, values)

    def _body(self, table: Record, given: Record, created: float) -> Record:
        return {
            **given,
            "DatabaseName": folded(table["DatabaseName"]),
            "TableName": table["Name"],
            "CreationTime": created,
            "CatalogId": self._account,
        }


def _missing(table: Record, values: list[str]) -> EntityNotFoundError:
    return EntityNotFoundError(
        f"Partition {values} not found in {table['DatabaseName']}.{table['Name']}"
    )


def _error(values: list[str], refused: GlueError) -> Record:
    return {"PartitionValues": values, "ErrorDetail": detail(refused)}


def _check_values(table: Record, values: list[str]) -> None:
    keys = table.get("PartitionKeys", [])
    if len(values) != len(keys):
        raise InvalidInputError(
            f"The number of partition keys do not match the number of partition values:"
            f" {table['DatabaseName']}.{table['Name']} has {len(keys)}, given are {len(values)}"
        )


def _without_columns(partition: Record) -> Record:
    storage = {k: v for k, v in partition.get("StorageDescriptor", {}).items() if k != "Columns"}
    return {**partition, "StorageDescriptor": storage}


def _checked_segment(segment: Any) -> tuple[int, int]:
    if not segment:
        return 0, 1
    number, total = int(segment["SegmentNumber"]), int(segment["TotalSegments"])
    if not (1 <= total <= 10 and 0 <= number < total):
        raise InvalidInputError(
            f"Segment {number} of {total}: allowed are 1 to 10 segments, from 0"
        )
    return number, total


def _in_segment(key: str, segment: tuple[int, int]) -> bool:
    number, total = segment
    return total == 1 or zlib.crc32(key.encode()) % total == number
