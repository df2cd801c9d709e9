"""The hash by which Hive puts rows into buckets (its bucketing version 1), as SQL by a column's type.

Source: HiveBucketingV1 of trino-hive. Every hash is a Java int; NULL has 0.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable

from local.athena.errors import NotSupported
from local.athena.functions.macro import Macro, private
from local.athena.functions.scalars import PythonFunction
from local.athena.sql.types import Type

_BASE = 31


def as_int(value: int) -> int:
    """The lowest 32 bits as Java's int."""
    return (value + 2**31) % 2**32 - 2**31


def folded(hashes: Iterable[int | None]) -> int:
    """Of a list, and of the columns of a row."""
    made = 0
    for one in hashes:
        made = as_int(made * _BASE + (one or 0))
    return made


def summed(hashes: Iterable[int | None]) -> int:
    """Of the entries of a map."""
    return as_int(sum(one or 0 for one in hashes))


def text_hash(text: str) -> int:
    """Bytes count as signed."""
    made = 0
    for byte in text.encode():
        made = made * _BASE + (byte if byte < 128 else byte - 256) & 0xFFFFFFFF
    return as_int(made)


def long_hash(value: int) -> int:
    return as_int(value ^ value >> 32)


def double_hash(value: float) -> int:
    """All NaN are one."""
    bits: int = struct.unpack("<q", struct.pack("<d", math.nan if value != value else value))[0]
    return long_hash(bits)


def real_hash(value: float) -> int:
    bits: int = struct.unpack("<i", struct.pack("<f", math.nan if value != value else value))[0]
    return bits


FUNCTIONS = [
    PythonFunction("t_hash_folded", folded, ["INTEGER[]"], "INTEGER"),
    PythonFunction("t_hash_summed", summed, ["INTEGER[]"], "INTEGER"),
    PythonFunction("t_hash_text", text_hash, ["VARCHAR"], "INTEGER"),
    PythonFunction("t_hash_long", long_hash, ["BIGINT"], "INTEGER"),
    PythonFunction("t_hash_double", double_hash, ["DOUBLE"], "INTEGER"),
    PythonFunction("t_hash_real", real_hash, ["FLOAT"], "INTEGER"),
]
MACROS: dict[str, Macro] = {
    "hash_bucket": private("(l, n) AS (t_hash_folded(l) & 2147483647) % n"),
}
_HASHES = {
    **dict.fromkeys(("boolean", "tinyint", "smallint", "integer"), "CAST({} AS INTEGER)"),
    "bigint": "t_hash_long({})",
    "double": "t_hash_double({})",
    "real": "t_hash_real({})",
    "varchar": "t_hash_text({})",
    "date": "CAST({} - DATE '1970-01-01' AS INTEGER)",
}


def hashed(kind: Type, value: str) -> str:
    """The hash of an expression; raises NotSupported for types that Hive's function does not know."""
    if kind.name == "array":
        item = hashed(kind.items[0], "t_e")
        return f"t_hash_folded(list_transform({value}, lambda t_e: {item}))"
    if kind.name == "map":
        key, item = (hashed(k, f"t_e.{part}") for k, part in zip(kind.items, _PARTS, strict=True))
        entry = f"xor({key}, coalesce({item}, 0))"
        return f"t_hash_summed(list_transform(map_entries({value}), lambda t_e: {entry}))"
    if kind.name not in _HASHES or kind.numbers:
        raise NotSupported("Cannot create a table bucketed on an unsupported type")
    return _HASHES[kind.name].format(value)


_PARTS = ("key", "value")
