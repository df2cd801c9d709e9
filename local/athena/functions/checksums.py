"""checksum: a sum of hashes that does not depend on the order of rows.

Source: ChecksumAggregationFunction of trino-main, and the XX_HASH_64 operators of the types in trino-spi.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

from local.athena.errors import NotSupported
from local.athena.functions.aggregates import after_window, collect
from local.athena.functions.hashes import xxhash64
from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction, nullable
from local.athena.sql.nodes import call, cast, raw
from local.athena.sql.types import INTEGERS, Type

_PRIME = 0x9E3779B185EBCA87


def bytes_hash(value: bytes) -> int:
    return int.from_bytes(xxhash64(value), "big", signed=True)


def long_hash(value: int) -> int:
    return bytes_hash(struct.pack("<q", value))


def double_hash(value: float) -> int:
    """Both zeros are one, and all NaN."""
    return bytes_hash(struct.pack("<d", math.nan if value != value else value + 0.0))


def real_hash(value: float) -> int:
    """Of the 32 bits, which widen to a long with their sign."""
    bits = struct.pack("<f", math.nan if value != value else value + 0.0)
    return long_hash(struct.unpack("<i", bits)[0])


def checksum(hashes: list[int | None]) -> bytes | None:
    """Eight bytes, least first; NULL without rows. A NULL among the rows counts as 1."""
    total = sum(1 if one is None else one for one in hashes) * _PRIME % 2**64
    return total.to_bytes(8, "little")


FUNCTIONS = [
    PythonFunction("t_checksum_bytes", bytes_hash, ["BLOB"], "BIGINT"),
    PythonFunction("t_checksum_long", long_hash, ["BIGINT"], "BIGINT"),
    PythonFunction("t_checksum_double", double_hash, ["DOUBLE"], "BIGINT"),
    PythonFunction("t_checksum_real", real_hash, ["FLOAT"], "BIGINT"),
    PythonFunction("t_checksum", nullable(checksum), ["BIGINT[]"], "BLOB", True),
]
MACROS: dict[str, Macro] = {}


def _hashed(value: Any, kind: Type) -> Any:
    if kind.name in (*INTEGERS, "boolean", "unknown"):
        return call("t_checksum_long", cast(value, "BIGINT"))
    if kind.name == "decimal" and kind.numbers[0] <= 18:
        return call("t_checksum_long", cast(call("t_unscaled", value), "BIGINT"))
    if kind.name == "date":
        return call("t_checksum_long", call("date_diff", raw("day"), cast(raw("1970-01-01"), "DATE"), value))  # fmt: skip
    if kind.name == "timestamp":
        return call("t_checksum_long", call("epoch_us", value))
    if kind.name == "varchar":
        return call("t_checksum_bytes", call("encode", value))
    if kind.name not in ("varbinary", "double", "real"):
        raise NotSupported(f"checksum of {kind.trino()}")
    return call(f"t_checksum_{'bytes' if kind.name == 'varbinary' else kind.name}", value)


def _rewrite(node: Any, types: list[Type]) -> Any:
    hashes = collect(node, "checksum", 1, lambda value: _hashed(value, types[0]))
    return after_window(node, hashes, lambda made: call("t_checksum", made))


TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any], int]] = {
    "checksum": ("array_agg", _rewrite, 1),
}
