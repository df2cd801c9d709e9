"""Tables and table versions of the Data Catalog. Partitions have their own module.

Public methods that take one request are the operations of the API under their snake-case names.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from local.glue.databases import Databases
from local.glue.errors import (
    AlreadyExistsError,
    ConcurrentModificationError,
    EntityNotFoundError,
    InvalidInputError,
)
from local.glue.requests import at_most, detail, folded, with_token
from local.glue.store import Record, Store, decode, encode, page_size, position_of, take_page


class Tables:
    """Table operations; names are folded to lower case as Glue does."""

    def __init__(self, store: Store, databases: Databases, account: str) -> None:
        self._store = store
        self._databases = databases
        self._account = account

    def create_table(self, request: Record) -> Record:
        database = self._databases.database(folded(request["DatabaseName"]))["Name"]
        name = folded(_table_input(request)["Name"])
        if self._store.row("select 1 from tables where database = ? and name = ?", database, name):
            raise AlreadyExistsError(f"Table {database}.{name} already exists")
        now = time.time()
        body = self._table_body(database, request["TableInput"], now, now)
        self._store.write("insert into tables values (?, ?, 0, ?)", database, name, encode(body))
        return {}

    def get_table(self, request: Record) -> Record:
        return {"Table": self.table(request["DatabaseName"], request["Name"])}

    def get_tables(self, request: Record) -> Record:
        database = self._databases.database(folded(request["DatabaseName"]))["Name"]
        after = position_of(request.get("NextToken"), "")
        matching = _name_matcher(request.get("Expression"))
        found = (
            (name, _listed(table, request.get("AttributesToGet")))
            for name, table in self._tables_after(database, after)
            if matching.fullmatch(name)
        )
        page, token = take_page(found, page_size(request, 100, 100))
        return with_token({"TableList": page}, token)

    def search_tables(self, request: Record) -> Record:
        """Tables whose name, description or columns hold SearchText; filters by Key and Value.

        Sorting is not offered: a request with SortCriteria is refused.
        """
        if request.get("SortCriteria"):
            raise InvalidInputError("SortCriteria is not supported here: leave it out")
        after = position_of(request.get("NextToken"), ["", ""])
        found = (
            ([database, name], _numbered(decode(body), version))
            for database, name, version, body in self._store.rows(
                "select database, name, version, body from tables"
                " where (database, name) > (?, ?) order by database, name",
                *after,
            )
            if _is_searched(decode(body), request)
        )
        page, token = take_page(found, page_size(request, 100, 1000))
        return with_token({"TableList": page}, token)

    def update_table(self, request: Record) -> Record:
        name = request.get("Name") or _table_input(request)["Name"]
        current = self.table(request["DatabaseName"], name)
        self._check_version(current, request.get("VersionId"))
        if not request.get("SkipArchive"):
            self._archive(current)
        body = self._table_body(
            current["DatabaseName"], request["TableInput"], current["CreateTime"], time.time()
        )
        self._store.write(
            "update tables set version = version + 1, body = ? where database = ? and name = ?",
            encode({**body, "Name": current["Name"]}),
            current["DatabaseName"],
            current["Name"],
        )
        return {}

    def delete_table(self, request: Record) -> Record:
        table = self.table(request["DatabaseName"], request["Name"])
        for stored in ("tables", "table_versions", "partitions"):
            self._store.write(
                f"delete from {stored} where database = ? and name = ?",
                table["DatabaseName"],
                table["Name"],
            )
        return {}

    def batch_delete_table(self, request: Record) -> Record:
        at_most("TablesToDelete", request["TablesToDelete"], 100)
        database = self._databases.database(folded(request["DatabaseName"]))["Name"]
        errors = []
        for name in request["TablesToDelete"]:
            try:
                self.delete_table({"DatabaseName": database, "Name": name})
            except EntityNotFoundError as missing:
                errors.append({"TableName": name, "ErrorDetail": detail(missing)})
        return {"Errors": errors}

    def get_table_version(self, request: Record) -> Record:
        versions = self._versions(request["DatabaseName"], request["TableName"])
        wanted = request.get("VersionId")
        for table in versions:
            if wanted in (None, "", table["VersionId"]):
                return {"TableVersion": {"Table": table, "VersionId": table["VersionId"]}}
        raise EntityNotFoundError(
            f"Table {request['DatabaseName']}.{request['TableName']} has no version {wanted}"
        )

    def get_table_versions(self, request: Record) -> Record:
        """Newest first, the current version included."""
        skipped = position_of(request.get("NextToken"), 0)
        versions = self._versions(request["DatabaseName"], request["TableName"])[skipped:]
        found = (
            (skipped + at, {"Table": table, "VersionId": table["VersionId"]})
            for at, table in enumerate(versions, start=1)
        )
        page, token = take_page(found, page_size(request, 100, 100))
        return with_token({"TableVersions": page}, token)

    def delete_table_version(self, request: Record) -> Record:
        current = self.table(request["DatabaseName"], request["TableName"])
        version = request["VersionId"]
        if version == current["VersionId"]:
            raise InvalidInputError(
                f"Version {version} is the current one: delete the table instead"
            )
        gone = self._store.write(
            "delete from table_versions where database = ? and name = ? and version = ?",
            current["DatabaseName"],
            current["Name"],
            int(version) if version.isdigit() else -1,
        )
        if not gone:
            raise EntityNotFoundError(
                f"Table {current['DatabaseName']}.{current['Name']} has no version {version}"
            )
        return {}

    def batch_delete_table_version(self, request: Record) -> Record:
        at_most("VersionIds", request["VersionIds"], 100)
        errors = []
        for version in request["VersionIds"]:
            try:
                self.delete_table_version({**request, "VersionId": version})
            except (EntityNotFoundError, InvalidInputError) as refused:
                errors.append(
                    {
                        "TableName": request["TableName"],
                        "VersionId": version,
                        "ErrorDetail": detail(refused),
                    }
                )
        return {"Errors": errors}

    def get_partition_indexes(self, request: Record) -> Record:
        self.table(request["DatabaseName"], request["TableName"])
        return {"PartitionIndexDescriptorList": []}

    def _tables_after(self, database: str, after: str) -> Iterator[tuple[str, Record]]:
        for name, version, body in self._store.rows(
            "select name, version, body from tables where database = ? and name > ? order by name",
            database,
            after,
        ):
            yield name, _numbered(decode(body), version)

    def table(self, database: str, name: str) -> Record:
        """The stored table in the shape of the API. Raises EntityNotFoundError."""
        found = self._store.row(
            "select version, body from tables where database = ? and name = ?",
            folded(database),
            folded(name),
        )
        if found is None:
            self._databases.database(folded(database))
            raise EntityNotFoundError(f"Table {folded(name)} not found in {folded(database)}")
        return _numbered(decode(found[1]), found[0])

    def _table_body(self, database: str, given: Record, created: float, updated: float) -> Record:
        return {
            "Retention": 0,
            **given,
            "Name": folded(given["Name"]),
            "DatabaseName": database,
            "CreateTime": created,
            "UpdateTime": updated,
            "IsRegisteredWithLakeFormation": False,
            "CatalogId": self._account,
        }

    def _check_version(self, current: Record, wanted: str | None) -> None:
        if wanted and wanted != current["VersionId"]:
            raise ConcurrentModificationError(
                f"Table {current['DatabaseName']}.{current['Name']} is at version"
                f" {current['VersionId']}, not {wanted}: read it again"
            )

    def _archive(self, current: Record) -> None:
        version = current.pop("VersionId")
        self._store.write(
            "insert or replace into table_versions values (?, ?, ?, ?)",
            current["DatabaseName"],
            current["Name"],
            int(version),
            encode(current),
        )

    def _versions(self, database: str, name: str) -> list[Record]:
        current = self.table(database, name)
        archived = self._store.rows(
            "select version, body from table_versions where database = ? and name = ?"
            " order by version desc",
            current["DatabaseName"],
            current["Name"],
        )
        return [current, *(_numbered(decode(body), version) for version, body in archived)]


def _table_input(request: Record) -> Record:
    if request.get("OpenTableFormatInput"):
        raise InvalidInputError("OpenTableFormatInput is not supported: create it through Athena")
    if "TableInput" not in request:
        raise InvalidInputError("TableInput is missing")
    given: Record = request["TableInput"]
    return given


def _numbered(body: Record, version: int) -> Record:
    return {**body, "VersionId": str(version)}


def _listed(table: Record, attributes: list[str] | None) -> Record:
    return {"Name": table["Name"]} if attributes == ["NAME"] else table


def _name_matcher(expression: str | None) -> re.Pattern[str]:
    try:
        return re.compile(expression or ".*", re.IGNORECASE)
    except re.error as refused:
        raise InvalidInputError(f"Expression {expression!r} is no pattern: {refused}") from refused


def _is_searched(table: Record, request: Record) -> bool:
    text = (request.get("SearchText") or "").lower().strip('"')
    columns = table.get("StorageDescriptor", {}).get("Columns", [])
    words = [table["Name"], table.get("Description", ""), *(c["Name"] for c in columns)]
    return any(text in word.lower() for word in words) and all(
        _passes(table, wanted) for wanted in request.get("Filters") or []
    )


def _passes(table: Record, wanted: Record) -> bool:
    if wanted.get("Comparator", "EQUALS") != "EQUALS":
        raise InvalidInputError(f"Comparator {wanted['Comparator']} is not supported: use EQUALS")
    key = wanted["Key"][:1].upper() + wanted["Key"][1:]
    value = table.get(key, table.get("Parameters", {}).get(wanted["Key"]))
    return bool(value == wanted["Value"])
