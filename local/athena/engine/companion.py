"""The `.metadata` object beside a result: the columns in the protocol buffer that JDBC drivers read.

Athena publishes no schema; the numbers of the fields and which types have which are those of
https://github.com/burtcorp/athena-jdbc (AthenaMetaDataParser) and of objects that Athena wrote.
"""

from __future__ import annotations

from typing import Any

_UNKNOWN = 3  # Nullable
_PRECISION, _SCALE, _CASE = "Precision", "Scale", "CaseSensitive"
_NUMBERS = {_PRECISION: 7, _SCALE: 8, _CASE: 10}
# Types that do not have all three; a field that is there is written though it be 0.
_PRESENT: dict[str, tuple[str, ...]] = {
    "boolean": (_CASE,),
    "date": (_SCALE, _CASE),
    **dict.fromkeys(("array", "map", "row", "json", "string", "uuid", "ipaddress"), ()),
}


def encoded(
    key: str, columns: list[dict[str, Any]], update: str = "", count: int | None = None
) -> bytes:
    """For the execution `key` with its ColumnInfo; `update` and `count` of what writes rows."""
    made = _text(1, key)
    if update:
        made += _text(2, update)
    if count is not None:
        made += _number(3, count)
    return made + b"".join(_field(4, _column(c)) for c in columns)


def _column(info: dict[str, Any]) -> bytes:
    made = _text(1, info["CatalogName"]) + _text(4, info["Name"]) + _text(5, info["Label"])
    made += _text(6, info["Type"])
    present = _PRESENT.get(info["Type"], (_PRECISION, _SCALE, _CASE))
    for name in (_PRECISION, _SCALE):
        made += _number(_NUMBERS[name], info[name]) if name in present else b""
    made += _number(9, _UNKNOWN)
    return made + (_number(_NUMBERS[_CASE], info[_CASE]) if _CASE in present else b"")


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(int(value))


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, value: str) -> bytes:
    return _field(field, value.encode())
