"""Tables of JSON lines: each line is read by `functions.json_lines`, told what to read by this module."""

from __future__ import annotations

import json
from pathlib import Path

from local.athena.errors import NotSupported
from local.athena.lake.catalog import Table
from local.athena.lake.lines import whole
from local.athena.sql.quoting import quoted
from local.athena.sql.types import Type


def source(table: Table, paths: list[Path], skip: int, columns: dict[str, Type]) -> str:
    """A relation with `fields`, a row with a member for each of the columns that are read."""
    if not columns:
        return whole(paths, skip)
    at = {name: place for place, name in enumerate(table.columns)}
    shape = json.dumps({_member(at[name]): _shape(kind) for name, kind in columns.items()})
    wanted = [[at[n], _name(table, n), kind.trino()] for n, kind in columns.items()]
    specification = json.dumps({"columns": wanted, **_options(table, columns)})
    read = f"t_json_line(line, {quoted(specification)})"
    return (
        f"(SELECT from_json({read}, {quoted(shape)}) AS fields, filename FROM {whole(paths, skip)})"
    )


def field(table: Table, column: str) -> str:
    """SQL for one column of `source`."""
    member = f"fields.{_member(list(table.columns).index(column))}"
    return f"unhex({member})" if table.columns[column].name == "varbinary" else member


def _member(place: int) -> str:
    return f"c{place}"


def _is_on(table: Table, name: str, otherwise: str = "false") -> bool:
    given = {**table.parameters, **table.serde_parameters}
    return given.get(name, otherwise).lower() == "true"


def _name(table: Table, column: str) -> str:
    """The name of the member that a column is read from."""
    mapped = table.serde_parameters.get(f"mapping.{column}", column)
    return mapped.lower() if _is_on(table, "case.insensitive", "true") else mapped


def _options(table: Table, columns: dict[str, Type]) -> dict[str, object]:
    if any(holds("varbinary", item) for kind in columns.values() for item in kind.items):
        raise NotSupported(f"binary inside a column of {table.database}.{table.name}")
    if "openx" not in table.serde.lower():
        return {"serde": "hive"}
    return {
        "serde": "openx",
        "lower": _is_on(table, "case.insensitive", "true"),
        "dots": _is_on(table, "dots.in.keys"),
        "lenient": _is_on(table, "ignore.malformed.json"),
    }


def holds(name: str, kind: Type) -> bool:
    """Whether a type is or holds one of that name."""
    return kind.name == name or any(holds(name, item) for item in kind.items)


def _shape(kind: Type) -> object:
    """DuckDB's from_json structure."""
    if kind.name == "array":
        return [_shape(kind.items[0])]
    if kind.name == "row":
        return {n: _shape(t) for n, t in zip(kind.fields, kind.items, strict=True)}
    return "VARCHAR" if kind.name == "varbinary" else kind.duckdb()
