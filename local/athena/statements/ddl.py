"""Hive's CREATE EXTERNAL TABLE and its clauses as a Glue table definition."""

from __future__ import annotations

import time
from typing import Any

from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql.types import parse_type
from local.athena.statements.kinds import Reader, Statement

# Hive's words for what a statement could not do.
DDL_TASK = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
_SERDES = {
    "parquet": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    "json": "org.openx.data.jsonserde.JsonSerDe",
    "textfile": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
}
_INPUTS = {
    "parquet": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "textfile": "org.apache.hadoop.mapred.TextInputFormat",
    "json": "org.apache.hadoop.mapred.TextInputFormat",
}
_OUTPUTS = {
    "parquet": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "textfile": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "json": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
}
_DELIMITED = {
    ("FIELDS", "TERMINATED"): "field.delim",
    ("LINES", "TERMINATED"): "line.delim",
    ("ESCAPED",): "escape.delim",
    ("COLLECTION", "ITEMS", "TERMINATED"): "collection.delim",
    ("MAP", "KEYS", "TERMINATED"): "mapkey.delim",
}


def storage(file_format: str, location: str, columns: list[dict[str, Any]]) -> dict[str, Any]:
    """A Glue StorageDescriptor for parquet, json or textfile."""
    kind = file_format.lower()
    if kind not in _SERDES:
        raise NotSupported(f"format {file_format}")
    return {
        "Columns": columns,
        "Location": location,
        "InputFormat": _INPUTS[kind],
        "OutputFormat": _OUTPUTS[kind],
        "Compressed": False,
        "NumberOfBuckets": -1,
        "SerdeInfo": {
            "SerializationLibrary": _SERDES[kind],
            "Parameters": {"serialization.format": "1"},
        },
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": {},
        "StoredAsSubDirectories": False,
    }


def properties(reader: Reader) -> dict[str, str]:
    """`('a' = 'b', …)`."""
    reader.expect("(")
    found: dict[str, str] = {}
    while not reader.take_if(")"):
        key = reader.string()
        reader.expect("=")
        found[key] = reader.string()
        reader.take_if(",")
    return found


def columns(reader: Reader) -> list[dict[str, Any]]:
    """`(name type [COMMENT 'text'], …)` as Glue columns."""
    reader.expect("(")
    found = [column(reader)]
    while reader.take_if(","):
        found.append(column(reader))
    reader.expect(")")
    return found


def column(reader: Reader) -> dict[str, Any]:
    """`name type [COMMENT 'text']` as a Glue column."""
    made: dict[str, Any] = {"Name": reader.name(), "Type": _type(reader)}
    if reader.take_if("COMMENT"):
        made["Comment"] = reader.string()
    return made


def _type(reader: Reader) -> str:
    start, depth = reader.lexemes[reader.at].start if not reader.done else 0, 0
    while not reader.done:
        if depth == 0 and reader.peek() in (",", ")", "COMMENT", "FIRST", "AFTER"):
            break
        lexeme = reader.take()
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(lexeme.text, 0)
    text = reader.statement.text[start : reader.lexemes[reader.at - 1].end]
    return _readable(parse_type(text).hive())


def _readable(text: str) -> str:
    """A type whose notation can be read again: Hive has no quotes for the names of fields."""
    parse_type(text)
    return text


def is_iceberg(statement: Statement) -> bool:
    """Whether a CREATE TABLE says 'table_type' = 'ICEBERG'."""
    texts = [x.value.lower() for x in statement.lexemes]
    return any(texts[at : at + 3] == ["table_type", "=", "iceberg"] for at in range(len(texts)))


def create_external(statement: Statement, database: str) -> tuple[str, bool, dict[str, Any]]:
    """Database, IF NOT EXISTS and Glue TableInput of a CREATE [EXTERNAL] TABLE without AS."""
    reader = Reader(statement, 1)
    external = reader.take_if("EXTERNAL")
    reader.expect("TABLE")
    quiet = reader.take_if("IF", "NOT", "EXISTS")
    schema, name = reader.qualified(database)
    definition: dict[str, Any] = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": external_parameters(),
    }
    descriptor = storage("textfile", "", columns(reader))
    keys: list[dict[str, Any]] = []
    while not reader.done:
        keys = _clause(reader, definition, descriptor) or keys
    if not descriptor["Location"]:
        raise QueryFailed(
            "SYNTAX_ERROR", "No location was specified for table. An S3 location must be specified"
        )
    if not external:
        raise QueryFailed("SYNTAX_ERROR", "External keyword required for table type HIVE")
    named = {column["Name"] for column in descriptor["Columns"]}
    if not named.issuperset(descriptor["BucketColumns"]):
        raise QueryFailed("", "FAILED: SemanticException [Error 10002]: Invalid column reference")
    definition.update(StorageDescriptor=descriptor, PartitionKeys=keys)
    return schema, quiet, definition


def _clause(
    reader: Reader, definition: dict[str, Any], descriptor: dict[str, Any]
) -> list[dict[str, Any]]:
    if reader.take_if("PARTITIONED", "BY"):
        return columns(reader)
    if reader.take_if("COMMENT"):
        definition["Description"] = reader.string()
    elif reader.take_if("ROW", "FORMAT", "SERDE"):
        descriptor["SerdeInfo"] = {"SerializationLibrary": reader.string(), "Parameters": {}}
    elif reader.take_if("ROW", "FORMAT", "DELIMITED"):
        descriptor["SerdeInfo"]["Parameters"].update(_delimited(reader))
    elif reader.take_if("WITH", "SERDEPROPERTIES"):
        descriptor["SerdeInfo"]["Parameters"].update(properties(reader))
    elif reader.take_if("STORED", "AS", "INPUTFORMAT"):
        descriptor["InputFormat"] = reader.string()
        reader.expect("OUTPUTFORMAT")
        descriptor["OutputFormat"] = reader.string()
    elif reader.take_if("STORED", "AS"):
        _stored_as(reader.name(), descriptor)
    elif reader.take_if("LOCATION"):
        descriptor["Location"] = reader.string()
    elif reader.take_if("TBLPROPERTIES"):
        definition["Parameters"].update(properties(reader))
    elif reader.take_if("CLUSTERED", "BY"):
        descriptor["BucketColumns"] = _names(reader)
        reader.expect("INTO")
        descriptor["NumberOfBuckets"] = _number(reader)
        reader.expect("BUCKETS")
    else:
        raise reader.mismatch("Expecting: a table clause")
    return []


def _names(reader: Reader) -> list[str]:
    """`(name, …)`."""
    reader.expect("(")
    found = [reader.name()]
    while reader.take_if(","):
        found.append(reader.name())
    reader.expect(")")
    return found


def _number(reader: Reader) -> int:
    lexeme = reader.take()
    if not lexeme.text.isdigit() or int(lexeme.text) == 0:
        reader.at -= 1
        raise reader.mismatch("Expecting: a number")
    return int(lexeme.text)


def _stored_as(kind: str, descriptor: dict[str, Any]) -> None:
    made = storage(kind, "", [])
    own_serde = descriptor["SerdeInfo"]["SerializationLibrary"] != _SERDES["textfile"]
    for key in ("InputFormat", "OutputFormat", *(() if own_serde else ("SerdeInfo",))):
        made_value = made[key]
        if key == "SerdeInfo" and kind == "textfile":
            continue
        descriptor[key] = made_value


def _delimited(reader: Reader) -> dict[str, str]:
    found: dict[str, str] = {}
    while True:
        for words, name in _DELIMITED.items():
            if reader.take_if(*words, "BY"):
                found[name] = reader.string()
                break
        else:
            if reader.take_if("NULL", "DEFINED", "AS"):
                found["serialization.null.format"] = reader.string()
                continue
            if found.get("line.delim", "\n") not in ("\n", "\\n"):
                raise NotSupported("LINES TERMINATED BY anything but '\\n'")
            if "field.delim" in found:
                found.setdefault("serialization.format", found["field.delim"])
            return found


def partition_spec(reader: Reader) -> dict[str, str]:
    """`PARTITION (a = 'x', b = 2)` by column."""
    reader.expect("PARTITION")
    reader.expect("(")
    found: dict[str, str] = {}
    while not reader.take_if(")"):
        name = reader.name()
        reader.expect("=")
        found[name] = reader.take().value
        reader.take_if(",")
    return found


def table_exists(name: str) -> QueryFailed:
    """Athena's message lacks the last letter."""
    return QueryFailed("", f"{DDL_TASK} AlreadyExistsException(message:Table {name} already exist)")


def external_parameters() -> dict[str, str]:
    """What Hive notes of a table that it creates."""
    return {"EXTERNAL": "TRUE", "transient_lastDdlTime": str(int(time.time()))}
