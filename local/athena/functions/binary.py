"""Trino's functions on varbinary: encodings, hashes, checksums, and numbers as bytes.

Source: https://trino.io/docs/current/functions/binary.html and VarbinaryFunctions of trino-main.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import zlib
from collections.abc import Callable

from local.athena.functions.hashes import murmur3, xxhash64
from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction, fail

_INVALID = "INVALID_FUNCTION_ARGUMENT"
# java.util.Base64: padding may be left out, but what is there must be right.
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?")
_BASE32 = re.compile(rb"(?:[A-Z2-7]{8})*(?:[A-Z2-7]{2}|[A-Z2-7]{4}|[A-Z2-7]{5}|[A-Z2-7]{7})?=*")
_TO_PLAIN = bytes.maketrans(b"-_+/", b"+/!!")


def from_base64(value: bytes) -> bytes:
    if not _BASE64.fullmatch(value):
        fail(_INVALID, "Illegal base64 text")
    value = value.rstrip(b"=")
    return base64.b64decode(value + b"=" * (-len(value) % 4))


def from_base64url(value: bytes) -> bytes:
    return from_base64(value.translate(_TO_PLAIN))


def to_base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode("ascii")


def from_base32(value: bytes) -> bytes:
    if not _BASE32.fullmatch(value):
        fail(_INVALID, "Illegal base32 text")
    value = value.rstrip(b"=")
    return base64.b32decode(value + b"=" * (-len(value) % 8))


def to_base32(value: bytes) -> str:
    return base64.b32encode(value).decode("ascii")


def from_hex(value: bytes) -> bytes:
    if not re.fullmatch(rb"(?:[0-9A-Fa-f]{2})*", value):
        fail(_INVALID, "Illegal hexadecimal text")
    return bytes.fromhex(value.decode("ascii"))


def _keyed(algorithm: str) -> Callable[[bytes, bytes], bytes]:
    def compute(value: bytes, key: bytes) -> bytes:
        if not key:
            fail("GENERIC_INTERNAL_ERROR", "Empty key")
        return hmac.new(key, value, algorithm).digest()

    return compute


def crc32(value: bytes) -> int:
    return zlib.crc32(value)


def sha512(value: bytes) -> bytes:
    return hashlib.sha512(value).digest()


def _packed(layout: str) -> Callable[[float], bytes]:
    return lambda value: struct.pack(layout, value if value == value else float("nan"))


def _unpacked(layout: str, size: int) -> Callable[[bytes], float]:
    def unpack(value: bytes) -> float:
        if len(value) != size:
            fail(_INVALID, f"expected {size}-byte input, but got instead: {len(value)}")
        return struct.unpack(layout, value)[0]  # type: ignore[no-any-return]

    return unpack


def substring(value: bytes, start: int, length: int) -> bytes:
    """From `start`, 1-based, negative from the end; nothing where that is before the beginning."""
    begin = start - 1 if start > 0 else start + len(value)
    return value[begin : begin + max(length, 0)] if start and begin >= 0 else b""


def _filling(value: bytes, length: int, pad: bytes) -> bytes:
    if not 0 <= length < 2**31:
        fail(_INVALID, "Target length must be in the range [0..2147483647]")
    if not pad:
        fail(_INVALID, "Padding bytes must not be empty")
    missing = max(0, length - len(value))
    return (pad * (missing // len(pad) + 1))[:missing]


def left_pad(value: bytes, length: int, pad: bytes) -> bytes:
    return (_filling(value, length, pad) + value)[: max(length, 0)]


def right_pad(value: bytes, length: int, pad: bytes) -> bytes:
    return (value + _filling(value, length, pad))[: max(length, 0)]


def reversed_bytes(value: bytes) -> bytes:
    return value[::-1]


_HMACS = ("md5", "sha1", "sha256", "sha512")
_NUMBERS = {
    "big_endian_32": (">i", 4, "INTEGER", "integer"),
    "big_endian_64": (">q", 8, "BIGINT", "bigint"),
    "ieee754_32": (">f", 4, "FLOAT", "real"),
    "ieee754_64": (">d", 8, "DOUBLE", "double"),
}
FUNCTIONS = [
    PythonFunction("t_base64_decoded", from_base64, ["BLOB"], "BLOB"),
    PythonFunction("t_base64url_decoded", from_base64url, ["BLOB"], "BLOB"),
    PythonFunction("t_base64url_encoded", to_base64url, ["BLOB"], "VARCHAR"),
    PythonFunction("t_base32_decoded", from_base32, ["BLOB"], "BLOB"),
    PythonFunction("t_base32_encoded", to_base32, ["BLOB"], "VARCHAR"),
    PythonFunction("t_hex_decoded", from_hex, ["BLOB"], "BLOB"),
    PythonFunction("t_sha512_of", sha512, ["BLOB"], "BLOB"),
    PythonFunction("t_murmur3_of", murmur3, ["BLOB"], "BLOB"),
    PythonFunction("t_xxhash64_of", xxhash64, ["BLOB"], "BLOB"),
    PythonFunction("t_crc32_of", crc32, ["BLOB"], "BIGINT"),
    PythonFunction("t_bytes_part", substring, ["BLOB", "BIGINT", "BIGINT"], "BLOB"),
    PythonFunction("t_bytes_lpad", left_pad, ["BLOB", "BIGINT", "BLOB"], "BLOB"),
    PythonFunction("t_bytes_rpad", right_pad, ["BLOB", "BIGINT", "BLOB"], "BLOB"),
    PythonFunction("t_bytes_reversed", reversed_bytes, ["BLOB"], "BLOB"),
    *(PythonFunction(f"t_{a}_keyed", _keyed(a), ["BLOB", "BLOB"], "BLOB") for a in _HMACS),
    *(
        PythonFunction(f"t_{name}_packed", _packed(layout), [kind], "BLOB")
        for name, (layout, _, kind, _) in _NUMBERS.items()
    ),
    *(
        PythonFunction(f"t_{name}_unpacked", _unpacked(layout, size), ["BLOB"], kind)
        for name, (layout, size, kind, _) in _NUMBERS.items()
    ),
]


def _decoder(name: str) -> Macro:
    return Macro(f"(s VARCHAR) AS {name}(encode(s)), (b BLOB) AS {name}(b)", "varbinary")


MACROS = {
    "from_base64": _decoder("t_base64_decoded"),
    "from_base64url": _decoder("t_base64url_decoded"),
    "from_base32": _decoder("t_base32_decoded"),
    "from_hex": _decoder("t_hex_decoded"),
    "to_base64": Macro("(b BLOB) AS to_base64(b)", "varchar"),
    "to_base64url": Macro("(b BLOB) AS t_base64url_encoded(b)", "varchar"),
    "to_base32": Macro("(b BLOB) AS t_base32_encoded(b)", "varchar"),
    "to_hex": Macro("(b BLOB) AS hex(b)", "varchar"),
    "md5": Macro("(b BLOB) AS unhex(md5(b))", "varbinary"),
    "sha1": Macro("(b BLOB) AS unhex(sha1(b))", "varbinary"),
    "sha256": Macro("(b BLOB) AS unhex(sha256(b))", "varbinary"),
    "sha512": Macro("(b BLOB) AS t_sha512_of(b)", "varbinary"),
    "murmur3": Macro("(b BLOB) AS t_murmur3_of(b)", "varbinary"),
    "xxhash64": Macro("(b BLOB) AS t_xxhash64_of(b)", "varbinary"),
    "crc32": Macro("(b BLOB) AS t_crc32_of(b)", "bigint"),
    **{
        f"hmac_{name}": Macro(f"(b BLOB, k BLOB) AS t_{name}_keyed(b, k)", "varbinary")
        for name in _HMACS
    },
    **{f"to_{name}": Macro(f"(x) AS t_{name}_packed(x)", "varbinary") for name in _NUMBERS},
    **{
        f"from_{name}": Macro(f"(b) AS t_{name}_unpacked(b)", kind)
        for name, (_, _, _, kind) in _NUMBERS.items()
    },
}
