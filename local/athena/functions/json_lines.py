"""Lines of JSON as the two SerDes read them: Trino's OpenXJsonDeserializer and JsonDeserializer.

A line becomes a JSON document of the wanted columns whose every value DuckDB converts in one way only.
What the SerDes disagree in is kept in `OpenX` and `Hive`; neither knows files or tables.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from local.athena.functions import line_scalars
from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction, fail, nullable
from local.athena.sql.types import Type, parse_type

_TIMESTAMP = Type("timestamp")


class _Number(str):
    """A JSON number as it was written."""


class _Malformed(ValueError):
    """A line that is not the JSON object that it should be."""


@dataclass(frozen=True)
class Column:
    """One wanted column: its place in the table, the JSON name it is read from, its type."""

    at: int
    name: str
    kind: Type


class _Object(dict[str, Any]):
    """A JSON object; `folded` has the same values under the names that are looked for."""

    folded: dict[str, Any]


class OpenX:
    """org.openx.data.jsonserde.JsonSerDe; every SerDe property that changes values is an argument."""

    def __init__(self, columns: list[Column], *, lower: bool, dots: bool, lenient: bool) -> None:
        self._columns, self._lower, self._dots, self._lenient = columns, lower, dots, lenient
        self._decoder = _decoder(self._object)

    def read(self, line: str) -> list[Any] | None:
        """The columns' values; None for a row of NULLs."""
        if not (text := line.strip()):
            return None
        try:
            if text[0] not in "{[":
                raise _Malformed("A JSONObject text must begin with '{' at character 1")
            document = _decoded(self._decoder, text)
        except _Malformed as error:
            if self._lenient:
                return None
            fail("HIVE_CURSOR_ERROR", f"Row is not a valid JSON Object - JSONException: {error}")
        if isinstance(document, list):
            found = [document[c.at] if c.at < len(document) else None for c in self._columns]
        else:
            found = [self._member(document, c.name) for c in self._columns]
        return [self._value(v, c.kind) for v, c in zip(found, self._columns, strict=True)]

    def _object(self, pairs: list[tuple[str, Any]]) -> _Object:
        """Raises _Malformed when two members have the same name."""
        made = _Object(pairs)
        made.folded = {k.lower(): v for k, v in pairs} if self._lower else made
        if len(made.folded) < len(pairs):
            seen = [name.lower() if self._lower else name for name, _ in pairs]
            again = next(name for at, name in enumerate(seen) if name in seen[:at])
            raise _Malformed(f'Duplicate key "{again}"')
        return made

    def _member(self, members: _Object, wanted: str) -> Any:
        if self._dots and wanted not in members.folded:
            return {k.replace(".", "_"): v for k, v in members.folded.items()}.get(wanted)
        return members.folded.get(wanted)

    def _value(self, value: Any, kind: Type) -> Any:
        if value is None:
            return None
        name = kind.name
        if name == "varchar":
            return value if type(value) is str else _text(value)
        if name in _NESTED:
            return getattr(self, f"_{name}")(value, kind)
        return _truth(value) if name == "boolean" else _scalar(value, kind, _OPEN_X)

    def _array(self, value: Any, kind: Type) -> Any:
        if value == "":
            return None
        return [
            self._value(v, kind.items[0]) for v in (value if isinstance(value, list) else [value])
        ]

    def _map(self, value: Any, kind: Type) -> Any:
        if isinstance(value, str) and not value.strip():
            return None
        return _entries(value, kind, self._value)

    def _row(self, value: Any, kind: Type) -> Any:
        if isinstance(value, str) and not value.strip():
            found = [None] * len(kind.fields)
        elif isinstance(value, list):
            found = [value[at] if at < len(value) else None for at in range(len(kind.fields))]
        elif isinstance(value, _Object):
            found = [self._member(value, name.lower()) for name in kind.fields]
        else:
            _bad(value, kind)
        return _members(found, kind, self._value)


class Hive:
    """org.apache.hive.hcatalog.data.JsonSerDe, which converts less and ignores case in names."""

    def __init__(self, columns: list[Column]) -> None:
        self._columns, self._decoder = columns, _decoder(dict)

    def read(self, line: str) -> list[Any]:
        """The columns' values."""
        try:
            document = _decoded(self._decoder, line.strip())
        except _Malformed as error:
            fail("HIVE_BAD_DATA", f"Invalid JSON: {error}")
        if not isinstance(document, dict):
            fail("HIVE_BAD_DATA", "Invalid JSON: start of object expected")
        given = {k.lower(): v for k, v in document.items()}
        return [self._value(given.get(c.name), c.kind) for c in self._columns]

    def _value(self, value: Any, kind: Type) -> Any:
        if value is None:
            return None
        if kind.name in _NESTED:
            return getattr(self, f"_{kind.name}")(value, kind)
        if isinstance(value, dict | list):
            _bad(value, kind)
        if kind.name in ("varchar", "boolean"):
            return _plain(value) if kind.name == "varchar" else _truth(value)
        if (kind.is_integer or kind.name in ("double", "real")) and not isinstance(value, _Number):
            _bad(value, kind)
        return _scalar(value, kind, _HIVE)

    def _array(self, value: Any, kind: Type) -> Any:
        if not isinstance(value, list):
            _bad(value, kind)
        return [self._value(v, kind.items[0]) for v in value]

    def _map(self, value: Any, kind: Type) -> Any:
        return _entries(value, kind, self._value)

    def _row(self, value: Any, kind: Type) -> Any:
        if not isinstance(value, dict):
            _bad(value, kind)
        given = {k.lower(): v for k, v in value.items()}
        return _members([given.get(name.lower()) for name in kind.fields], kind, self._value)


_NESTED = ("array", "map", "row")
_Value = Callable[[Any, Type], Any]


def _decoder(members: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=members, parse_float=_Number, parse_int=_Number, parse_constant=_Number
    )


def _decoded(decoder: json.JSONDecoder, text: str) -> Any:
    """The document at the start of a text; what follows it is nobody's, as in both SerDes."""
    try:
        return decoder.raw_decode(text)[0]
    except json.JSONDecodeError as error:
        raise _Malformed(f"{error.msg} at character {error.pos + 1}") from error


def _bad(value: Any, kind: Type) -> NoReturn:
    shown = _text(value)[:100]
    fail("HIVE_BAD_DATA", f"Error parsing field value '{shown}': it is no {kind.trino()}")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _text(value: Any) -> str:
    """Any value as a varchar: JSON without spaces for what is nested."""
    if not isinstance(value, dict | list):
        return _canonical(value) if isinstance(value, _Number) else _plain(value)
    if isinstance(value, list):
        return f"[{','.join(map(_inside, value))}]"
    return f"{{{','.join(f'{_quoted(k)}:{_inside(v)}' for k, v in value.items())}}}"


def _inside(value: Any) -> str:
    if value is None:
        return "null"
    is_text = isinstance(value, str) and not isinstance(value, _Number)
    return _quoted(value) if is_text else _text(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _canonical(number: _Number) -> str:
    if "e" in number.lower():
        fail("NOT_SUPPORTED", f"the number {number} of JSON in a varchar column")
    return str(number)


def _truth(value: Any) -> bool:
    return not isinstance(value, dict | list) and _plain(value).lower() == "true"


def _entries(value: Any, kind: Type, convert: _Value) -> Any:
    """A map as a list of entries is not what from_json reads: its keys are texts."""
    if not isinstance(value, dict):
        _bad(value, kind)
    made = {}
    for name, item in value.items():
        key = convert(name, kind.items[0]) if kind.items[0].name != "varchar" else name
        if key is not None:
            made[_plain(key)] = convert(item, kind.items[1])
    return made


def _members(values: list[Any], kind: Type, convert: _Value) -> Any:
    pairs = zip(kind.fields, values, kind.items, strict=True)
    return {name: convert(value, item) for name, value, item in pairs}


@dataclass(frozen=True)
class _Rules:
    """Where the SerDes read a scalar's text differently."""

    octal: bool
    days: bool
    moments: Callable[[str], str | None]
    octets: Callable[[Any], bytes | None]


def _scalar(value: Any, kind: Type, rules: _Rules) -> Any:
    """A value in the form that DuckDB converts exactly; fails for what the type cannot hold."""
    if isinstance(value, dict | list):
        _bad(value, kind)
    if kind.name == "varbinary":
        made: Any = rules.octets(value)
        made = None if made is None else made.hex()
    else:
        made = _read(_plain(value), kind, rules)
    if made is None:
        _bad(value, kind)
    return made


def _read(text: str, kind: Type, rules: _Rules) -> Any:
    name = kind.name
    if name in line_scalars.BITS:
        return line_scalars.integer(text, kind, rules.octal)
    if name in ("double", "real"):
        known = text in ("NaN", "Infinity", "+Infinity", "-Infinity")
        return text if known or line_scalars.NUMBER.fullmatch(text) else None
    if name == "decimal":
        return line_scalars.decimal(text, *kind.numbers)
    if name == "date":
        return line_scalars.date(text) or (line_scalars.day(text) if rules.days else None)
    if kind != _TIMESTAMP:
        fail("NOT_SUPPORTED", f"a column of {kind.trino()} in a table of JSON")
    return rules.moments(text)


def _encoded(value: Any) -> bytes | None:
    """base64 in quotes."""
    if not isinstance(value, str) or isinstance(value, _Number):
        return None
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        return None


_OPEN_X = _Rules(octal=True, days=True, moments=line_scalars.open_x_moment, octets=_encoded)
_HIVE = _Rules(
    octal=False,
    days=False,
    moments=line_scalars.hive_moment,
    octets=lambda value: _plain(value).encode(),
)


@lru_cache(256)
def _reader(specification: str) -> tuple[OpenX | Hive, list[Column]]:
    given = json.loads(specification)
    columns = [Column(at, name, parse_type(kind)) for at, name, kind in given["columns"]]
    if given["serde"] == "hive":
        return Hive(columns), columns
    options = {name: given[name] for name in ("lower", "dots", "lenient")}
    return OpenX(columns, **options), columns


def read_line(line: str, specification: str) -> str:
    """One line as a JSON document with a member `c<place>` for each column of `lake.hive_json`."""
    reader, columns = _reader(specification)
    values = reader.read(line)
    if values is None:
        values = [None] * len(columns)
    return json.dumps({f"c{c.at}": value for c, value in zip(columns, values, strict=True)})


MACROS: dict[str, Macro] = {}
FUNCTIONS = [
    PythonFunction("t_json_line", read_line, ["VARCHAR", "VARCHAR"], "VARCHAR", refuses=True),
    PythonFunction(
        "t_hive_date", nullable(line_scalars.date), ["VARCHAR"], "VARCHAR", nulls=True, refuses=True
    ),
    PythonFunction(
        "t_hive_moment",
        nullable(line_scalars.hive_moment),
        ["VARCHAR"],
        "VARCHAR",
        nulls=True,
        refuses=True,
    ),
]
