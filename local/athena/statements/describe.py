"""DESCRIBE and SHOW COLUMNS: each of Hive's tables, of Iceberg's and of views has lines of its own.

The widths and headings are those that Athena answered; Hive's MetaDataFormatUtils has the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.athena.engine.query import Work
from local.athena.engine.results import Row
from local.athena.errors import NotSupported, QueryFailed
from local.athena.lake.catalog import Partition, Table
from local.athena.lake.information import listed_columns
from local.athena.sql.types import Type
from local.athena.statements import ddl
from local.athena.statements.kinds import Reader, Statement

Lines = tuple[list[tuple[str, Type]], list[Row]]
TEXT, ENGINE_TEXT = Type("string"), Type("varchar", (0,))  # Hive's, and Trino's of no length
_BLANK = "\t \t "
_HEADING = f"# {'col_name':<20}\t{'data_type':<20}\t{'comment':<20}"


def describe(work: Work, statement: Statement, table: Table, reader: Reader) -> Lines:
    """The rest of `DESCRIBE [FORMATTED] table [PARTITION (…)] [column]`; the reader is behind the name."""
    formatted = any(x.upper == "FORMATTED" for x in statement.lexemes[1:2])
    if reader.peek() == "PARTITION":
        _require_partition(work, table, reader)
    column = "" if reader.done else reader.name()
    if reader.peek() == ".":
        raise NotSupported("DESCRIBE of what is inside a column")
    reader.end()
    if formatted and (table.is_view or column):
        raise NotSupported(f"DESCRIBE FORMATTED of a {'column' if column else 'view'}")
    if column:
        return _heads(), [[_column(table, column)]]
    if table.is_view:
        return of_view(table)
    if table.is_iceberg:
        return _heads(), [[line] for line in work.iceberg.described(table, formatted=formatted)]
    return _heads(), [[line] for line in (_formatted(table) if formatted else _plain(table))]


def _require_partition(work: Work, table: Table, reader: Reader) -> None:
    spec = ddl.partition_spec(reader)
    known: list[Partition] = work.catalog.partitions(table) if table.keys else []
    if tuple(spec.get(k) for k in table.keys) not in {p.values for p in known}:
        listed = ", ".join(f"{k}={v}" for k, v in spec.items())
        raise QueryFailed(
            "", f"FAILED: SemanticException [Error 10006]: Partition not found {{{listed}}}"
        )


def _heads() -> list[tuple[str, Type]]:
    return [(name, TEXT) for name in ("col_name", "data_type", "comment")]


def of_view(table: Table) -> Lines:
    """A view is described by the engine: names and Trino's types, in no columns."""
    columns = table.view()["columns"]
    rows: list[Row] = [[f"{c['name']}\t{c['type']}"] for c in columns]
    return [("column", ENGINE_TEXT), ("type", ENGINE_TEXT)], rows


def columns(table: Table) -> Lines:
    """SHOW COLUMNS."""
    if table.is_view:
        return of_view(table)
    names = [c for c, _, _, _ in listed_columns(table)]
    return [("field", TEXT)], [[n if table.is_iceberg else f"{n:<20}"] for n in names]


def _line(name: str, kind: str, comment: str | None) -> str:
    return f"{name:<20}\t{kind:<20}\t" + f"{comment or '':<20}".split("\t")[0]


def _column(table: Table, name: str) -> str:
    kinds = {n.lower(): kind for n, kind, _, _ in listed_columns(table)}
    if name not in kinds:
        raise QueryFailed(
            "", f"FAILED: SemanticException [Error 10002]: Invalid column reference {name}"
        )
    return _line(name, hive(kinds[name]), "from deserializer")


def _keys(table: Table) -> list[str]:
    keys = [_line(n, hive(k), c) for n, k, c, extra in listed_columns(table) if extra]
    return [_BLANK, f"# Partition Information{_BLANK}", _HEADING, _BLANK, *keys] if keys else []


def _plain(table: Table) -> list[str]:
    stored = [_line(n, hive(k), c) for n, k, c, _ in listed_columns(table)]
    return stored + _keys(table)


def _formatted(table: Table) -> list[str]:
    stored = [_line(n, hive(k), c) for n, k, c, extra in listed_columns(table) if not extra]
    found, storage = table.definition, table.definition["StorageDescriptor"]
    return [
        *[_HEADING, _BLANK, *stored, *_keys(table)],
        *[_BLANK, f"# Detailed Table Information{_BLANK}"],
        _fact("Database:", table.database),
        _fact("Owner:", found.get("Owner") or "hadoop"),
        _fact("CreateTime:", _java(found.get("CreateTime"))),
        _fact("LastAccessTime:", "UNKNOWN"),
        _fact("Protect Mode:", "None"),
        _fact("Retention:", found.get("Retention") or 0),
        _fact("Location:", table.location),
        _fact("Table Type:", found.get("TableType") or "EXTERNAL_TABLE"),
        f"Table Parameters:{_BLANK}",
        *[_pair(*pair) for pair in sorted(table.parameters.items())],
        *[_BLANK, f"# Storage Information{_BLANK}"],
        _fact("SerDe Library:", table.serde),
        _fact("InputFormat:", storage.get("InputFormat", "")),
        _fact("OutputFormat:", storage.get("OutputFormat", "")),
        _fact("Compressed:", "Yes" if storage.get("Compressed") else "No"),
        _fact("Num Buckets:", table.buckets[1] if table.buckets[0] else -1),
        _fact("Bucket Columns:", f"[{', '.join(table.buckets[0])}]"),
        _fact("Sort Columns:", "[]"),
        f"Storage Desc Params:{_BLANK}",
        *[_pair(*pair) for pair in sorted(table.serde_parameters.items())],
    ]


def _fact(name: str, value: Any) -> str:
    return f"{name:<20}\t{value!s:<20}\t "


def _pair(name: str, value: str) -> str:
    return f"\t{name:<20}\t{value:<20}"


def _java(moment: Any) -> str:
    """A date as Java prints it."""
    if isinstance(moment, int | float):
        moment = datetime.fromtimestamp(moment, UTC)
    return f"{moment.astimezone(UTC):%a %b %d %H:%M:%S UTC %Y}" if moment else "UNKNOWN"


def hive(kind: Type) -> str:
    return kind.trino() if "zone" in kind.name or kind.has_microseconds else kind.hive()
