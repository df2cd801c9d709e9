"""Column types in the three notations that meet here: Hive's (Glue), Trino's (clients), DuckDB's."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from local.athena.errors import QueryFailed
from local.athena.sql.quoting import identifier

_TOKEN = re.compile(
    r'\s*("(?:[^"]|"")*"|`[^`]*`|[A-Za-z_$][\w$ ]*?(?=\s*(?:[(<>),:\[]|$)|\s)|\d+|\S)'
)

_TRINO_NAMES = {
    "int": "integer",
    "int32": "integer",
    "int64": "bigint",
    "long": "bigint",
    "hugeint": "bigint",
    "float": "real",
    "string": "varchar",
    "text": "varchar",
    "binary": "varbinary",
    "blob": "varbinary",
    "bool": "boolean",
    "struct": "row",
    "tuple": "row",
    "list": "array",
    "timestamptz": "timestamp with time zone",
    "timestamp_ms": "timestamp",
    "integer_literal": "integer",
    "string_literal": "varchar",
    "ubigint": "bigint",
    "utinyint": "smallint",
    "usmallint": "integer",
    "uinteger": "bigint",
    "null": "unknown",
    "sqlnull": "unknown",
}
_DUCKDB_NAMES = {
    "real": "FLOAT",
    "varbinary": "BLOB",
    "string": "VARCHAR",
    "char": "VARCHAR",
    "varchar": "VARCHAR",
    "unknown": "INTEGER",
}
_HIVE_NAMES = {"integer": "int", "real": "float", "varbinary": "binary", "unknown": "string"}
# Each is a row of one value in DuckDB: milliseconds, months, well-known binary.
DAY_TO_SECOND, YEAR_TO_MONTH = "interval day to second", "interval year to month"
GEOMETRIES = {"geometry": "Geometry", "sphericalgeography": "SphericalGeography"}
_CARRIED = {DAY_TO_SECOND: "BIGINT", YEAR_TO_MONTH: "INTEGER", **dict.fromkeys(GEOMETRIES, "BLOB")}
# DuckDB's nanoseconds carry Trino's microseconds: so the planner tells timestamp(6) from timestamp(3).
_MICROSECONDS = {
    "timestamp_ns": "timestamp",
    "timestamptz_ns": "timestamp with time zone",
}
INTEGERS = ("tinyint", "smallint", "integer", "bigint")
# An instant in a zone is a row of one instant, named like the type and the zone.
_ZONED = "timestamp with time zone"
SEVERAL = "several zones"  # of a common type that no value can have


@dataclass(frozen=True)
class Type:
    """`name` is Trino's; `numbers` are precision, scale or length; `fields` name a row's parts.

    `zone` is that of a timestamp with time zone, "" for UTC.
    """

    name: str
    numbers: tuple[int, ...] = ()
    items: tuple[Type, ...] = ()
    fields: tuple[str, ...] = ()
    zone: str = ""

    @property
    def is_integer(self) -> bool:
        return self.name in INTEGERS

    @property
    def is_number(self) -> bool:
        return self.is_integer or self.name in ("decimal", "double", "real")

    @property
    def is_time(self) -> bool:
        return self.name.startswith(("date", "timestamp"))

    @property
    def has_microseconds(self) -> bool:
        """Whether it is timestamp(6), with or without a zone, or holds one."""
        own = self.name.startswith("timestamp") and self.numbers == (6,)
        return own or any(i.has_microseconds for i in self.items)

    @property
    def holds_zone(self) -> bool:
        """Whether it is, or holds, a timestamp in a zone other than UTC."""
        return bool(self.zone) or any(i.holds_zone for i in self.items)

    def holds(self, name: str) -> bool:
        """Whether it is or holds a type of that name."""
        return self.name == name or any(i.holds(name) for i in self.items)

    def in_microseconds(self) -> Type:
        """The type with timestamp(6) for every timestamp(3) that it is or holds."""
        if self == Type("timestamp"):
            return Type("timestamp", (6,))
        return replace(self, items=tuple(i.in_microseconds() for i in self.items))

    @property
    def kind(self) -> str:
        """What it can be compared with: number, time, text, boolean, or only its own name."""
        if self.is_number or self.is_time:
            return "number" if self.is_number else "time"
        return "text" if self.name in ("varchar", "char") else self.name

    def trino(self) -> str:
        if self.name == "row":
            parts = (
                f"{n} {t.trino()}".strip() for n, t in zip(self.fields, self.items, strict=True)
            )
            return f"row({', '.join(parts)})"
        if self.items:
            return f"{self.name}({', '.join(t.trino() for t in self.items)})"
        if self.name.startswith("time"):
            word, _, zone = self.name.partition(" ")
            return f"{word}({self.numbers[0] if self.numbers else 3}) {zone}".strip()
        if self.numbers:
            return f"{self.name}({','.join(map(str, self.numbers))})"
        return GEOMETRIES.get(self.name, self.name)

    def duckdb(self) -> str:
        if self.name == "array":
            return f"{self.items[0].duckdb()}[]"
        if self.name == "map":
            return f"MAP({self.items[0].duckdb()}, {self.items[1].duckdb()})"
        if self.name == "row":
            names = (n or f"field{i}" for i, n in enumerate(self.fields))
            parts = (
                f"{identifier(n)} {t.duckdb()}" for n, t in zip(names, self.items, strict=True)
            )
            return f"STRUCT({', '.join(parts)})"
        if self.name in _CARRIED:
            return f'STRUCT("{self.name}" {_CARRIED[self.name]})'
        if self.zone:
            return f"STRUCT({identifier(f'{_ZONED} {self.zone}')} TIMESTAMPTZ)"
        if self.name == "decimal":
            precision, scale = (*self.numbers, 0, 0)[:2] if self.numbers else (38, 0)
            return f"DECIMAL({precision},{scale})"
        if self.has_microseconds:
            return next(k.upper() for k, name in _MICROSECONDS.items() if name == self.name)
        return _DUCKDB_NAMES.get(self.name, self.name.upper())

    def hive(self) -> str:
        """Glue's notation; raises QueryFailed for a type that Hive has no column for."""
        if (
            self.name in ("json", "time", "uuid", "timestamp with time zone", *GEOMETRIES)
            or "interval" in self.name
            or (self.name == "timestamp" and self.has_microseconds)
        ):
            raise QueryFailed("NOT_SUPPORTED", f"Unsupported Hive type: {self.trino()}")
        if self.name == "row":
            parts = (f"{n}:{t.hive()}" for n, t in zip(self.fields, self.items, strict=True))
            return f"struct<{','.join(parts)}>"
        if self.items:
            return f"{self.name}<{','.join(t.hive() for t in self.items)}>"
        if self.numbers:
            return f"{self.name}({','.join(map(str, self.numbers))})"
        return "string" if self.name == "varchar" else _HIVE_NAMES.get(self.name, self.name)


# What comes after a field's type where it has no name, or still belongs to the type.
_AFTER_TYPES = (",", ")", "(", "[", ">", "with", "precision")


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [t.strip() for t in _TOKEN.findall(text) if t.strip()]
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def take_if(self, *wanted: str) -> bool:
        if self.peek().lower() in wanted:
            self.at += 1
            return True
        return False

    def type(self) -> Type:
        found = self._unsuffixed()
        while self.take_if("["):
            while self.take() != "]":
                pass
            found = Type("array", items=(found,))
        return found

    def _unsuffixed(self) -> Type:
        name = self.take().strip('"`').lower()
        if not re.match(r"\w", name):
            raise QueryFailed("TYPE_NOT_FOUND", f"line 1:1: Unknown type: {self.text}")
        if name == "double":
            self.take_if("precision")
        if name in _MICROSECONDS:
            return Type(_MICROSECONDS[name], (6,))
        name = _TRINO_NAMES.get(name, name)
        found = self._arguments(name) if self.take_if("(", "<") else Type(name)
        if len(found.items) != {"array": 1, "map": 2}.get(name, len(found.items)):
            raise QueryFailed("TYPE_NOT_FOUND", f"line 1:1: Unknown type: {self.text}")
        return self._with_zone(found)

    def _with_zone(self, found: Type) -> Type:
        if found.name in ("timestamp", "time") and self.take_if("with"):
            self.at += 2
            found = Type(f"{found.name} with time zone", found.numbers)
        return _bare_timestamp(found)

    def _arguments(self, name: str) -> Type:
        if name == "row":
            return self._row()
        numbers: list[int] = []
        items: list[Type] = []
        while True:
            if self.peek().isdigit():
                numbers.append(int(self.take()))
            else:
                items.append(self.type())
            if not self.take_if(","):
                self.take()
                return Type(name, tuple(numbers), tuple(items))

    def _row(self) -> Type:
        names: list[str] = []
        items: list[Type] = []
        while True:
            following = self.tokens[self.at + 1 : self.at + 2]
            anonymous = not following or following[0].lower() in _AFTER_TYPES
            names.append("" if anonymous else self.take().strip('"`'))
            self.take_if(":")
            items.append(self.type())
            if not self.take_if(","):
                self.take()
                if names[0] in _CARRIED:
                    return Type(names[0])
                if any(name.startswith(f"{_ZONED} ") for name in names):
                    return _in_zone(names)
                if names == [f"_{at}" for at in range(len(names))]:
                    names = [""] * len(names)  # DuckDB's names for what has none
                return Type("row", items=tuple(items), fields=tuple(names))


def _in_zone(names: list[str]) -> Type:
    """Raises QueryFailed where DuckDB put values of two zones together."""
    if len(names) > 1:
        raise QueryFailed("NOT_SUPPORTED", "values in several time zones together")
    return Type(_ZONED, zone=names[0].removeprefix(f"{_ZONED} "))


def parse_type(text: str) -> Type:
    """Read a type in Hive's, Trino's or DuckDB's notation; raises QueryFailed when it is none."""
    if text.lower() in _CARRIED:
        return Type(text.lower())
    reader = _Reader(text)
    found = reader.type()
    if reader.peek():
        raise QueryFailed("TYPE_NOT_FOUND", f"line 1:1: Unknown type: {text}")
    return found


def _bare_timestamp(found: Type) -> Type:
    """Precision 3 is not written; raises QueryFailed for one that has no carrier in DuckDB."""
    if not found.name.startswith("time") or not found.numbers:
        return found
    if found.numbers == (3,):
        return Type(found.name)
    if found.numbers == (6,) and found.name.startswith("timestamp"):
        return found
    known = "precisions 3 and 6" if found.name.startswith("timestamp") else "precision 3"
    raise QueryFailed("NOT_SUPPORTED", f"{found.trino()}: only {known}")
