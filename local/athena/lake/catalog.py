"""The Glue Data Catalog as Athena sees it: databases, tables, views and their partitions."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from local.athena.errors import QueryFailed
from local.athena.sql.types import Type, parse_type

CATALOG = "awsdatacatalog"
_VIEW_MARK = "/* Presto View: "
_BATCH = 100  # BatchCreatePartition's limit; BatchDeletePartition takes 25
_IS_CURRENT = "iceberg.field.current"
NULL_KEY = "__HIVE_DEFAULT_PARTITION__"  # what Hive stores for a partition key that is NULL


class Partition(NamedTuple):
    """`values` in the order of the table's partition keys, `location` without a trailing slash."""

    values: tuple[str, ...]
    location: str


def key_row(values: tuple[str, ...]) -> tuple[str | None, ...]:
    """A partition's values as queries see them."""
    return tuple(None if v == NULL_KEY else v for v in values)


_read = lru_cache(4096)(parse_type)


class Columns(Mapping[str, Type]):
    """Types by name, read from Hive's notation when asked for: what names none is still a table."""

    def __init__(self, written: dict[str, str]) -> None:
        self._written = written

    def __getitem__(self, name: str) -> Type:
        return _read(self._written[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)


@dataclass(frozen=True)
class Table:
    """A Glue table; `columns` without the partition keys, both in order and lower case."""

    database: str
    name: str
    columns: Mapping[str, Type]
    keys: Mapping[str, Type]
    location: str
    serde: str
    serde_parameters: dict[str, str]
    parameters: dict[str, str]
    definition: dict[str, Any] = field(repr=False)

    @property
    def is_view(self) -> bool:
        return bool(self.definition.get("TableType") == "VIRTUAL_VIEW")

    @property
    def is_iceberg(self) -> bool:
        return self.parameters.get("table_type", "").lower() == "iceberg"

    @property
    def is_projected(self) -> bool:
        return self.parameters.get("projection.enabled", "").lower() == "true"

    @property
    def buckets(self) -> tuple[list[str], int]:
        """The columns by whose hash rows lie in files, and how many buckets there are."""
        storage = self.definition.get("StorageDescriptor") or {}
        return storage.get("BucketColumns") or [], storage.get("NumberOfBuckets") or 0

    @property
    def all_columns(self) -> dict[str, Type]:
        return {**self.columns, **self.keys}

    @property
    def format(self) -> str:
        """parquet, json, csv (OpenCSV), text (LazySimple); raises QueryFailed for another SerDe."""
        library = self.serde.lower()
        for mark, name in _FORMATS:
            if mark in library:
                return name
        if not self.serde and not self.location:
            return "none"
        raise QueryFailed("NOT_SUPPORTED", f"SerDe {self.serde} of {self.database}.{self.name}")

    @property
    def delimiter(self) -> str:
        """LazySimpleSerDe's: the first letter of the property, or the byte that has its number."""
        given = self.serde_parameters
        text = given.get("field.delim") or given.get("serialization.format") or "1"
        return chr(int(text)) if text.isdecimal() and int(text) < 128 else text[0]

    def view(self) -> dict[str, Any]:
        """The Presto view document: originalSql, catalog, schema, columns."""
        text = self.definition.get("ViewOriginalText", "")
        if not text.startswith(_VIEW_MARK):
            raise QueryFailed("NOT_SUPPORTED", f"Hive view {self.database}.{self.name}")
        return dict(json.loads(base64.b64decode(text.removeprefix(_VIEW_MARK).removesuffix(" */"))))


_FORMATS = (("parquet", "parquet"), ("json", "json"), ("opencsv", "csv"), ("lazysimple", "text"))


def view_text(document: dict[str, Any]) -> str:
    return f"{_VIEW_MARK}{base64.b64encode(json.dumps(document).encode()).decode()} */"


def current(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those that an Iceberg table once had, which Glue keeps too."""
    return [c for c in listed if (c.get("Parameters") or {}).get(_IS_CURRENT) != "false"]


def _columns(listed: list[dict[str, Any]]) -> Columns:
    return Columns({c["Name"].lower(): c.get("Type") or "string" for c in current(listed)})


def read_table(definition: dict[str, Any]) -> Table:
    storage = definition.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    view = definition.get("TableType") == "VIRTUAL_VIEW"
    return Table(
        database=definition["DatabaseName"].lower(),
        name=definition["Name"].lower(),
        columns=_columns([] if view else storage.get("Columns") or []),
        keys=_columns(definition.get("PartitionKeys") or []),
        location=(storage.get("Location") or "").rstrip("/"),
        serde=serde.get("SerializationLibrary") or "",
        serde_parameters=serde.get("Parameters") or {},
        parameters=definition.get("Parameters") or {},
        definition=definition,
    )


class Changed(QueryFailed):
    """A table that another has changed between its reading and its writing."""

    def __init__(self, table: Table) -> None:
        full = f"{table.database}.{table.name}"
        super().__init__(
            "HIVE_METASTORE_ERROR", f"{full} was changed at the same time: try again", user=False
        )


class Catalog:
    """Glue with a memory for one query; writing forgets what it touches."""

    def __init__(self, glue: Any) -> None:
        self.glue = glue
        self._tables: dict[tuple[str, str], Table | None] = {}

    def find(self, database: str, name: str) -> Table | None:
        key = (database.lower(), name.lower())
        if key not in self._tables:
            self._tables[key] = self._fetch(*key)
        return self._tables[key]

    def _fetch(self, database: str, name: str) -> Table | None:
        try:
            return read_table(self.glue.get_table(DatabaseName=database, Name=name)["Table"])
        except self.glue.exceptions.EntityNotFoundException:
            return None

    def table(self, database: str, name: str, where: str = "line 1:1") -> Table:
        """Raises QueryFailed, SCHEMA_NOT_FOUND or TABLE_NOT_FOUND as Trino does."""
        if found := self.find(database, name):
            return found
        if not self.database(database):
            raise QueryFailed("SCHEMA_NOT_FOUND", f"{where}: Schema '{database}' does not exist")
        full = f"{CATALOG}.{database}.{name}".lower()
        raise QueryFailed("TABLE_NOT_FOUND", f"{where}: Table '{full}' does not exist")

    def database(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(self.glue.get_database(Name=name.lower())["Database"])
        except self.glue.exceptions.EntityNotFoundException:
            return None

    def databases(self) -> list[dict[str, Any]]:
        return list(self._pages("get_databases", "DatabaseList"))

    def tables(self, database: str) -> list[Table]:
        found = self._pages("get_tables", "TableList", DatabaseName=database.lower())
        return sorted((read_table(t) for t in found), key=lambda t: t.name)

    def partitions(self, table: Table, expression: str | None = None) -> list[Partition]:
        """Registered partitions in the order of their values."""
        extra = {"Expression": expression} if expression else {}
        found = self._pages(
            "get_partitions",
            "Partitions",
            DatabaseName=table.database,
            TableName=table.name,
            **extra,
        )
        made = (
            Partition(
                tuple(p["Values"]),
                (p.get("StorageDescriptor") or {}).get("Location", "").rstrip("/"),
            )
            for p in found
        )
        return sorted(made, key=lambda p: p.values)

    def _pages(self, operation: str, key: str, **arguments: Any) -> Iterable[dict[str, Any]]:
        call = getattr(self.glue, operation)
        while True:
            page = call(**arguments)
            yield from page.get(key, [])
            if not page.get("NextToken"):
                return
            arguments["NextToken"] = page["NextToken"]

    def create_database(self, name: str, definition: dict[str, Any]) -> None:
        self.glue.create_database(DatabaseInput={"Name": name.lower(), **definition})

    def drop_database(self, name: str) -> None:
        self.glue.delete_database(Name=name.lower())

    def create_table(self, database: str, definition: dict[str, Any]) -> None:
        """Raises QueryFailed, TABLE_ALREADY_EXISTS, even if another has made it a moment ago."""
        name = definition["Name"]
        self._tables.pop((database.lower(), name), None)
        try:
            self.glue.create_table(DatabaseName=database.lower(), TableInput=definition)
        except self.glue.exceptions.AlreadyExistsException as error:
            full = f"{CATALOG}.{database}.{name}".lower()
            raise QueryFailed(
                "TABLE_ALREADY_EXISTS", f"line 1:1: Table '{full}' already exists"
            ) from error

    def update_table(self, database: str, definition: dict[str, Any]) -> None:
        self._tables.pop((database.lower(), definition["Name"]), None)
        self.glue.update_table(DatabaseName=database.lower(), TableInput=definition)

    def change_table(self, table: Table, definition: dict[str, Any]) -> None:
        """Update what was made of `table`; raises Changed when another has changed it since."""
        self._tables.pop((table.database, table.name), None)
        try:
            self.glue.update_table(
                DatabaseName=table.database,
                TableInput=definition,
                VersionId=table.definition["VersionId"],
            )
        except self.glue.exceptions.ConcurrentModificationException as error:
            raise Changed(table) from error

    def drop_table(self, database: str, name: str) -> bool:
        """False when there is none."""
        self._tables.pop((database.lower(), name.lower()), None)
        try:
            self.glue.delete_table(DatabaseName=database.lower(), Name=name.lower())
        except self.glue.exceptions.EntityNotFoundException:
            return False
        return True

    def add_partitions(self, table: Table, partitions: list[Partition]) -> None:
        """Register what is new; what exists already is left as it is."""
        storage = table.definition["StorageDescriptor"]
        for at in range(0, len(partitions), _BATCH):
            inputs = [
                {
                    "Values": list(p.values),
                    "StorageDescriptor": {**storage, "Location": p.location},
                    "Parameters": {},  # dbt-athena copies partitions and expects the member
                }
                for p in partitions[at : at + _BATCH]
            ]
            answer = self.glue.batch_create_partition(
                DatabaseName=table.database, TableName=table.name, PartitionInputList=inputs
            )
            for problem in answer.get("Errors", []):
                if problem["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException":
                    raise QueryFailed(
                        "HIVE_METASTORE_ERROR", str(problem["ErrorDetail"]), user=False
                    )

    def drop_partition(self, table: Table, values: tuple[str, ...]) -> bool:
        try:
            self.glue.delete_partition(
                DatabaseName=table.database, TableName=table.name, PartitionValues=list(values)
            )
        except self.glue.exceptions.EntityNotFoundException:
            return False
        return True


# What GetTable answers but UpdateTable and CreateTable refuse.
_READ_ONLY = frozenset(
    [
        "DatabaseName",
        "CreateTime",
        "UpdateTime",
        "CreatedBy",
        "IsRegisteredWithLakeFormation",
        "CatalogId",
        "VersionId",
        "FederatedTable",
        "IsMultiDialectView",
        "Status",
        "IsMaterializedView",
    ]
)


def table_input(definition: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in definition.items() if k not in _READ_ONLY and v not in ("", None)}


def glue_failure(error: ClientError) -> QueryFailed:
    detail = error.response.get("Error", {})
    return QueryFailed(
        "HIVE_METASTORE_ERROR", f"{detail.get('Message')} ({detail.get('Code')})", user=False
    )
