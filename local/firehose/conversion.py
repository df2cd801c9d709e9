"""Format conversion: JSON records to Parquet by the columns of a Glue table."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from local.firehose.destinations import Conversion
from local.firehose.errors import SchemaError, SchemaUnavailable, UnfitRecord
from local.firehose.hive import HiveType, Misfit, read_type
from local.firehose.records import ReadyRecord

CONVERSION_FAILED = "format-conversion-failed"
Row = list[Any]


@dataclass(frozen=True)
class Column:
    """A column and the JSON key that feeds it."""

    name: str
    key: str
    type: HiveType


class Converter:
    """Converts with the schema as it was when the converter was made; make one for each round.

    Raises SchemaUnavailable when the table cannot be read: then no record can be judged.
    """

    def __init__(self, glue: Any, conversion: Conversion, account_id: str) -> None:
        self._conversion = conversion
        self.evidence: dict[str, object] = {
            "dataCatalogTable": {
                "catalogId": conversion.schema.catalog or account_id,
                "databaseName": conversion.schema.database,
                "tableName": conversion.schema.table,
                "region": conversion.schema.region,
                "versionId": conversion.schema.version,
                "catalogArn": None,
            }
        }
        self._columns = [self._column(raw) for raw in _glue_columns(glue, conversion)]
        self._fits = [(column.key, column.type.fit) for column in self._columns]
        self._schema = pa.schema([(column.name, column.type.arrow) for column in self._columns])
        precise = any("decimal" in str(column.type.arrow) for column in self._columns)
        self._decoder = msgspec.json.Decoder(float_hook=Decimal if precise else None)

    def _column(self, raw: Any) -> Column:
        name = raw["Name"].lower()
        key = self._conversion.mappings.get(name, name)
        try:
            return Column(name, self._key(key), read_type(raw["Type"]))
        except SchemaError as error:
            raise SchemaUnavailable(f"column {name!r} of {self._table}: {error}") from error

    @property
    def _table(self) -> str:
        return f"Glue table {self._conversion.schema.database}.{self._conversion.schema.table}"

    def _key(self, key: str) -> str:
        return key.lower() if self._conversion.case_insensitive else key

    def rows(self, record: ReadyRecord) -> list[Row]:
        """The record's documents as rows; raises UnfitRecord when one of them does not fit."""
        return [self._row(document) for document in self._documents(record.data)]

    def parquet(self, rows: Sequence[Row]) -> bytes:
        """One Parquet file of the rows, in their order."""
        arrays = [
            pa.array([row[index] for row in rows], column.type.arrow)
            for index, column in enumerate(self._columns)
        ]
        sink = io.BytesIO()
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        pq.write_table(table, sink, compression=self._conversion.codec)
        return sink.getvalue()

    def _documents(self, data: bytes) -> list[dict[str, Any]]:
        try:
            documents = [self._decoder.decode(data)]
        except (msgspec.MsgspecError, UnicodeDecodeError):
            documents = _concatenated(data)
        for document in documents:
            if not isinstance(document, dict):
                raise self._unfit("ParseError", "the record is not a JSON object")
        return documents

    def _row(self, document: dict[str, Any]) -> Row:
        values = self._values(document)
        row: Row = []
        try:
            for key, fit in self._fits:
                value = values.get(key)
                row.append(None if value is None else fit(value))
        except Misfit as misfit:
            column = self._columns[len(row)].name
            raise self._unfit(
                "MalformedData", f"Data does not match the schema. {column}: {misfit}"
            ) from None
        return row

    def _values(self, document: dict[str, Any]) -> dict[str, Any]:
        if self._conversion.dots_to_underscores:
            document = {key.replace(".", "_"): value for key, value in document.items()}
        if self._conversion.case_insensitive:
            return {key.lower(): value for key, value in document.items()}
        return document

    def _unfit(self, code: str, message: str) -> UnfitRecord:
        return UnfitRecord(f"DataFormatConversion.{code}", message, self.evidence)


def _concatenated(data: bytes) -> list[Any]:
    """Several documents in one record, `{"a":1}{"a":2}`, which Firehose reads as two rows."""
    decoder = json.JSONDecoder()
    documents, rest = [], ""
    try:
        rest = data.decode().strip()
        while rest:
            document, end = decoder.raw_decode(rest)
            documents.append(document)
            rest = rest[end:].lstrip()
    except ValueError as error:
        raise UnfitRecord(
            "DataFormatConversion.ParseError", f"Encountered malformed JSON. {error}"
        ) from None
    if not documents:
        raise UnfitRecord("DataFormatConversion.ParseError", "The record is empty.")
    return documents


def _glue_columns(glue: Any, conversion: Conversion) -> list[Any]:
    source = conversion.schema
    request: dict[str, str] = {"DatabaseName": source.database}
    if source.catalog:
        request["CatalogId"] = source.catalog
    try:
        if source.version == "LATEST":
            table = glue.get_table(Name=source.table, **request)["Table"]
        else:
            table = glue.get_table_version(
                TableName=source.table, VersionId=source.version, **request
            )["TableVersion"]["Table"]
    except ClientError as error:
        raise SchemaUnavailable(
            f"Glue table {source.database}.{source.table} (version {source.version}) cannot be"
            f" read, so nothing can be converted: {error}"
        ) from error
    columns = table.get("StorageDescriptor", {}).get("Columns") or []
    if not columns:
        raise SchemaUnavailable(f"Glue table {source.database}.{source.table} has no columns")
    return list(columns)
