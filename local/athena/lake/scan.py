"""Relations as DuckDB views over the files of the kept partitions, columns typed as Glue says."""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.lake import hive_json, lines, parquet_types, texts
from local.athena.lake.catalog import Partition, Table, key_row
from local.athena.lake.cost import Footers
from local.athena.lake.hive_json import holds
from local.athena.lake.storage import Listing, Storage, Stored, is_data
from local.athena.sql.casts import convert
from local.athena.sql.nodes import sql
from local.athena.sql.quoting import identifier, literal_glob, quoted
from local.athena.sql.resolve import Relation
from local.athena.sql.types import Type

_LIST_ONE_BY_ONE = 3  # partitions up to which each is listed by itself


@dataclass
class Source:
    """The files behind one relation: `files` by partition (one without values if unpartitioned).

    Of an Iceberg table `data` has the data files and where they lie.
    """

    relation: Relation
    files: list[tuple[Partition, list[Stored], list[Path]]] = field(default_factory=list)
    data: list[tuple[Any, Path]] = field(default_factory=list)


def locate(
    storage: Storage, listing: Listing, relation: Relation, partitions: list[Partition]
) -> Source:
    """List and fetch what the relation reads."""
    table = relation.table
    if table is None:
        return Source(relation)
    wanted = partitions if table.keys else [Partition((), table.location)]
    source = Source(relation)
    for partition, objects in _list(listing, wanted):
        if objects:
            source.files.append((partition, objects, storage.local(objects)))
    return source


def _list(listing: Listing, wanted: list[Partition]) -> list[tuple[Partition, list[Stored]]]:
    """The partitions with their objects, in order; of many only those that have any."""
    letters = os.path.commonprefix([p.location for p in wanted])  # noqa: RUF071 - cut at the slash
    start = letters.rpartition("/")[0]
    if len(wanted) <= _LIST_ONE_BY_ONE or "/" not in start.removeprefix("s3://"):
        return [(p, listing.below(p.location)) for p in wanted]
    locations = {p.location for p in wanted}
    found: dict[str, list[Stored]] = {}
    for stored in listing.under(start):
        holder = _holder(stored.url, locations)
        if holder is not None and is_data(stored, holder):
            found.setdefault(holder, []).append(stored)
    return [(p, found[p.location]) for p in wanted if p.location in found]


def _holder(url: str, locations: Container[str]) -> str | None:
    """The nearest folder above an object that is one of the locations."""
    folder = url.rpartition("/")[0]
    while "/" in folder.removeprefix("s3://"):
        if folder in locations:
            return folder
        folder = folder.rpartition("/")[0]
    return None


def _hive_style(table: Table, partition: Partition, path: Path) -> bool:
    folders = path.parts[:-1]
    pairs = zip(table.keys, partition.values, strict=True)
    return all("%" not in v and f"{k}={v}" in folders for k, v in pairs)


def view(source: Source, used: set[str], storage: Storage, footers: Footers) -> str:
    """The SELECT that gives the relation's columns; who reads one outside `used` fails."""
    relation, table = source.relation, source.relation.table
    assert table is not None
    columns = list(relation.columns)
    if relation.snapshot is not None:
        return str(relation.snapshot.view(source.data, columns, storage, footers))
    keys = [k for k in table.keys if k in used]
    if not source.files:
        nothing = ", ".join(
            f"CAST(NULL AS {relation.columns[c].duckdb()}) AS {identifier(c)}" for c in columns
        )
        return f"SELECT {nothing} WHERE false"
    every = [path for _, _, paths in source.files for path in paths]
    hive = all(_hive_style(table, p, path) for p, _, paths in source.files for path in paths)
    if not keys or (hive and table.format == "parquet"):
        return " UNION ALL ".join(
            _select(source, used, alike, storage, footers, hive_keys=bool(keys))
            for alike in _alike(source, used, every, footers)
        )
    return " UNION ALL ".join(
        _select(
            source,
            used,
            alike,
            storage,
            footers,
            values=dict(zip(table.keys, key_row(p.values), strict=True)),
        )
        for p, _, paths in source.files
        for alike in _alike(source, used, paths, footers)
    )


def _alike(source: Source, used: set[str], paths: list[Path], footers: Footers) -> list[list[Path]]:
    """The files by the types of the columns read: DuckDB would read all with those of the first."""
    table = source.relation.table
    if table is None or table.format != "parquet":
        return [paths]
    names = [name for name in table.columns if name in used]
    found: dict[tuple[str, ...], list[Path]] = {}
    for path in paths:
        layout = footers.layout(path)
        found.setdefault(tuple(layout.get(n, "") for n in names), []).append(path)
    return list(found.values())


def _select(
    source: Source,
    used: set[str],
    paths: list[Path],
    storage: Storage,
    footers: Footers,
    *,
    hive_keys: bool = False,
    values: dict[str, str | None] | None = None,
) -> str:
    table, relation = source.relation.table, source.relation
    assert table is not None
    wanted = {name: kind for name, kind in table.columns.items() if name in used}
    read = _READERS[table.format](table, paths, footers, hive_keys, wanted)
    made = []
    for column in relation.columns:
        kind = relation.columns[column].duckdb()
        if column not in used:
            value = f"t_fail('READ_UNPLANNED', {quoted(column)})"
        elif column == "$path":
            value = storage.url_of_file()
        elif column in table.keys and values:
            key = values[column]
            value = "NULL" if key is None else quoted(key)
        elif column in table.keys:
            value = identifier(column) if hive_keys else "NULL"
        else:
            value = read.column(column, wanted[column])
            if table.format == "parquet":
                value = without_statistics(value, column, paths, footers)
            value = _bounded(column, value, wanted[column])
            if table.format != "parquet" or any(footers.is_finer(p, column) for p in paths):
                value = in_milliseconds(value, relation.columns[column])
        made.append(f"CAST({value} AS {kind}) AS {identifier(column)}")
    return f"SELECT {', '.join(made)} FROM {read.source}"


def without_statistics(value: str, column: str, paths: list[Path], footers: Footers) -> str:
    """SQL through which DuckDB sees no statistics where they leave NaN out: it would take
    `x <> 1` for false in a row group that holds 1 and NaN.
    """
    return f"try({value})" if any(footers.may_hide_nan(p, column) for p in paths) else value


def _bounded(column: str, value: str, kind: Type) -> str:
    """Text cut to the length of its type. Raises NotSupported for char, whose spaces are not kept,
    and for a length inside another type.
    """
    if holds("char", kind) or (kind.items and "varchar(" in kind.trino()):
        raise NotSupported(f"column {column} of {kind.trino()}: declare it as varchar")
    return f"left({value}, {kind.numbers[0]})" if kind.name == "varchar" and kind.numbers else value


def in_milliseconds(value: str, kind: Type) -> str:
    """SQL whose timestamps are rounded to timestamp(3), as Trino's readers round what files hold."""
    if kind == Type("timestamp"):
        return f"t_round_ms({value})"
    finer = kind.in_microseconds()
    if finer == kind:
        return value
    stored = exp.Var(this=f"CAST({value} AS {finer.duckdb()})")
    return sql(convert(stored, finer, kind))


@dataclass
class _Reader:
    source: str
    column: Any


def _paths(paths: list[Path]) -> str:
    return "[" + ", ".join(quoted(literal_glob(str(p))) for p in paths) + "]"


def _parquet(
    table: Table, paths: list[Path], footers: Footers, hive_keys: bool, wanted: dict[str, Type]
) -> _Reader:
    schemas = [footers.columns(p) for p in paths]
    same = all(s.keys() == schemas[0].keys() for s in schemas)
    options = ["union_by_name=true"] if not same else []
    if hive_keys:
        types = ", ".join(f"{identifier(k)}: VARCHAR" for k in table.keys)
        options += [
            "hive_partitioning=true",
            f"hive_types={{{types}}}",
            "hive_types_autocast=false",
        ]
    else:
        options.append("hive_partitioning=false")

    def column(name: str, kind: Type) -> str:
        found = [(s[name], p) for s, p in zip(schemas, paths, strict=True) if name in s]
        for physical, path in found:
            parquet_types.check(table, name, kind, physical, path)
        return parquet_types.converted(identifier(name), kind, found[0][0]) if found else "NULL"

    return _Reader(f"read_parquet({_paths(paths)}, {', '.join(options)})", column)


def _json(
    table: Table, paths: list[Path], footers: Footers, hive_keys: bool, wanted: dict[str, Type]
) -> _Reader:
    source = hive_json.source(table, paths, _headers(table), wanted)
    return _Reader(source, lambda name, kind: hive_json.field(table, name))


def _csv(
    table: Table, paths: list[Path], footers: Footers, hive_keys: bool, wanted: dict[str, Type]
) -> _Reader:
    fields = {name: f"fields[{at}]" for at, name in enumerate(table.columns, 1)}
    source = lines.open_csv(paths, _headers(table), table.serde_parameters, len(fields))
    lenient = table.parameters.get("use.null.for.invalid.data", "").lower() == "true"
    return _Reader(source, lambda name, kind: texts.open_csv(fields[name], kind, lenient=lenient))


def _headers(table: Table) -> int:
    if _counted(table, "skip.footer.line.count"):
        raise NotSupported(f"skip.footer.line.count of {table.database}.{table.name}")
    _require_known(table)
    return _counted(table, "skip.header.line.count")


def _counted(table: Table, name: str) -> int:
    text = table.parameters.get(name, "0")
    if not (text.isascii() and text.isdecimal()):
        raise QueryFailed("INVALID_TABLE_PROPERTY", f"{name} '{text}'")
    return int(text)


def _require_known(table: Table) -> None:
    """Raises NotSupported for what would give other values of lines."""
    given = {**table.parameters, **table.serde_parameters}
    if given.get("serialization.encoding", "UTF-8").upper() not in ("UTF-8", "UTF8"):
        raise NotSupported(f"serialization.encoding of {table.database}.{table.name}")
    if given.get("timestamp.formats") and any(
        holds("timestamp", t) for t in table.columns.values()
    ):
        raise NotSupported(f"timestamp.formats of {table.database}.{table.name}")


def _text(
    table: Table, paths: list[Path], footers: Footers, hive_keys: bool, wanted: dict[str, Type]
) -> _Reader:
    parameters = table.serde_parameters
    nothing = quoted(parameters.get("serialization.null.format", "\\N"))
    fields = {n: f"nullif(fields[{at}], {nothing})" for at, n in enumerate(table.columns, 1)}
    escape = parameters.get("escape.delim", "")
    source = lines.delimited(paths, _headers(table), table.delimiter, escape)
    return _Reader(source, lambda name, kind: _lazy(table, name, fields[name], kind))


def _lazy(table: Table, name: str, text: str, kind: Type) -> str:
    """LazySimpleSerDe: what does not parse is NULL."""
    if kind.items or kind.name == "varbinary":
        raise NotSupported(f"column {name} {kind.trino()} of text table {table.name}")
    return texts.lazy(text, kind)


_READERS = {"parquet": _parquet, "json": _json, "csv": _csv, "text": _text}
