"""The typed columns that an event has in the lake: their Trino types, paths in `data` and defaults.

How a model selects them is `ingestion.staging`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import NODEFAULT, inspect

from ingestion.contract import Event
from ingestion.errors import ContractError
from ingestion.lake import COMMENTS

ENVELOPE: Mapping[str, tuple[str, str]] = {
    "event_id": ("varchar", COMMENTS["event_id"]),
    "occurred_at": ("timestamp(3)", COMMENTS["occurred_at"]),
    "source": ("varchar", COMMENTS["source"]),
    "correlation_id": ("varchar", COMMENTS["correlation_id"]),
    "causation_id": ("varchar", COMMENTS["causation_id"]),
    "arrived_at": ("timestamp(3)", COMMENTS["arrived_at"]),
    "lake_object": ("varchar", "The raw object that holds the first arrival."),
}
# https://trino.io/docs/current/language/reserved.html
RESERVED = re.compile(
    "alter|and|as|between|by|case|cast|constraint|create|cross|cube|current_catalog|current_date|"
    "current_path|current_role|current_schema|current_time|current_timestamp|current_user|"
    "deallocate|delete|describe|distinct|drop|else|end|escape|except|execute|exists|extract|false|"
    "for|from|full|group|grouping|having|in|inner|insert|intersect|into|is|join|json_array|"
    "json_exists|json_object|json_query|json_table|json_value|left|like|listagg|localtime|"
    "localtimestamp|natural|normalize|not|null|on|or|order|outer|prepare|recursive|right|rollup|"
    "select|skip|table|then|trim|true|uescape|union|unnest|using|values|when|where|with"
)
_SCALARS: Mapping[type[inspect.Type], str] = {
    inspect.StrType: "varchar",
    inspect.IntType: "bigint",
    inspect.FloatType: "double",
    inspect.BoolType: "boolean",
    inspect.DateTimeType: "timestamp(3)",
    inspect.DateType: "date",
    inspect.LiteralType: "varchar",
    inspect.EnumType: "varchar",
    inspect.UUIDType: "varchar",
}
# A later version may widen a column, as casts of these pairs lose nothing.
_WIDENS = {("bigint", "double"), ("bigint", "decimal(18, 4)")}


@dataclass(frozen=True, slots=True)
class Column:
    """One typed field of an event in the lake.

    Attributes:
        name: snake_case. `path`: JSON path in `data`. `type`: the Trino type.
        default: SQL literal for records that lack the field, None for null.
        note: what a reader should know.
    """

    name: str
    path: str
    type: str
    note: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """A column over the versions that have it; `is_everywhere` when all of them do."""

    versions: Mapping[int, Column]
    is_everywhere: bool

    @property
    def newest(self) -> Column:
        return self.versions[max(self.versions)]

    @property
    def is_read_alike(self) -> bool:
        """Whether one expression serves all versions; where the field lacks it gives null."""
        readings = {(each.path, each.type, each.default) for each in self.versions.values()}
        return len(readings) == 1 and (self.is_everywhere or self.newest.default is None)

    @property
    def note(self) -> str:
        if self.is_everywhere:
            return self.newest.note
        return f"{self.newest.note} In version {', '.join(map(str, sorted(self.versions)))} only."


def columns(cls: type[Event]) -> list[Column]:
    """The typed columns of one version, nested structs flattened, in order of the fields.

    Raises ContractError for a type that has no column type.
    """
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    found = list(_flatten(cls, info, "", "$", optional=False))
    _check_names(cls, [column.name for column in found])
    return found


def merge(classes: Sequence[type[Event]]) -> list[Merged]:
    """The columns of all versions, in order of first appearance. Raises ContractError."""
    found: dict[str, dict[int, Column]] = {}
    for cls in classes:
        for column in columns(cls):
            found.setdefault(column.name, {})[cls.contract.version] = column
    for name, versions in found.items():
        newest = versions[max(versions)]
        for version, column in versions.items():
            if column.type != newest.type and (column.type, newest.type) not in _WIDENS:
                raise ContractError(
                    f"{classes[-1].contract.name}.{name} is {column.type} in version {version} "
                    f"and {newest.type} later; give the new field another name"
                )
    return [Merged(versions, len(versions) == len(classes)) for versions in found.values()]


def _flatten(
    cls: type[Event], struct: inspect.StructType, prefix: str, path: str, *, optional: bool
) -> Iterator[Column]:
    for field in struct.fields:
        kind, extra, nullable = _unwrap(field.type)
        name, place = prefix + field.name, f"{path}.{field.encode_name}"
        if isinstance(kind, inspect.StructType):
            yield from _flatten(cls, kind, f"{name}_", place, optional=optional or nullable)
            continue
        column = Column(name, place, _sql_type(cls, name, field.type), _meaning(kind, place, extra))
        if prefix + field.name in cls.contract.personal:
            column = replace(column, note=f"{column.note} Personal data.")
        yield replace(column, default=None if optional else _literal(field.default))


def _unwrap(kind: inspect.Type) -> tuple[inspect.Type, str, bool]:
    """(the type itself, its description, whether null is allowed)."""
    note, nullable = "", False
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        if isinstance(kind, inspect.Metadata):
            note = (kind.extra_json_schema or {}).get("description", note)
            kind = kind.type
            continue
        members = [t for t in kind.types if not isinstance(t, inspect.NoneType)]
        if len(members) > 1:
            return kind, note, True
        kind, nullable = members[0], True
    return kind, note, nullable


def _stated(kind: inspect.Type) -> str | None:
    """The column type that a field's Meta states, where it says more than its Python type."""
    if isinstance(kind, inspect.UnionType):
        return next((found for each in kind.types if (found := _stated(each))), None)
    if isinstance(kind, inspect.Metadata):
        return (kind.extra or {}).get("lake_type") or _stated(kind.type)
    return None


def _sql_type(cls: type[Event], name: str, kind: inspect.Type) -> str:
    if stated := _stated(kind):
        return stated
    kind, _, _ = _unwrap(kind)
    if type(kind) in _SCALARS:
        return _SCALARS[type(kind)]
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return f"array({_sql_type(cls, name, kind.item_type)})"
    if isinstance(kind, inspect.StructType) and all(f.name == f.encode_name for f in kind.fields):
        # Only where both names agree: Trino's cast matches JSON keys by name.
        inner = ", ".join(f"{f.name} {_sql_type(cls, name, f.type)}" for f in kind.fields)
        return f"row({inner})"
    raise ContractError(
        f"{cls.__name__}.{name}: {type(kind).__name__} has no column type in the lake; "
        "use text, numbers, booleans, times, a struct, or a tuple of those"
    )


def _check_names(cls: type[Event], names: Sequence[str]) -> None:
    taken = {*ENVELOPE, "event_date", "event_version", "data", "dt", "hour"}
    for name in names:
        if name in taken or names.count(name) > 1 or RESERVED.fullmatch(name):
            raise ContractError(f"{cls.__name__}.{name}: the lake has another use for this name")


def _literal(default: Any) -> str | None:
    if default is NODEFAULT or isinstance(default, msgspec.UnsetType):
        return None
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, int | float):
        return str(default)
    return "'{}'".format(default.replace("'", "''")) if isinstance(default, str) else None


def _meaning(kind: inspect.Type, path: str, note: str) -> str:
    words = [note] if note else []
    if isinstance(kind, inspect.LiteralType):
        words.append(f"One of {', '.join(map(str, kind.values))}.")
    return " ".join([*words, f"`data` {path}."])
