"""Hashes that Python's library lacks: XXH64, and those by which Iceberg fills buckets."""

from __future__ import annotations

import struct

import mmh3

from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction

_MASK = 2**64 - 1


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _MASK


def murmur3(value: bytes) -> bytes:
    """Murmur3 (x64, 128 bits, seed 0): its two halves one after the other, each least byte first."""
    return mmh3.hash_bytes(value, 0, True)


_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def _round(lane: int, word: int) -> int:
    return _rotated((lane + word * _P2) & _MASK, 31) * _P1 & _MASK


def xxhash64(value: bytes) -> bytes:
    """XXH64 with seed 0, most significant byte first.

    Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
    """
    at, result = 0, _P5
    if len(value) >= 32:
        lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
        while at + 32 <= len(value):
            words = struct.unpack_from("<4Q", value, at)
            lanes = [_round(lane, word) for lane, word in zip(lanes, words, strict=True)]
            at += 32
        result = sum(map(_rotated, lanes, (1, 7, 12, 18))) & _MASK
        for lane in lanes:
            result = ((result ^ _round(0, lane)) * _P1 + _P4) & _MASK
    result = (result + len(value)) & _MASK
    while at + 8 <= len(value):
        word = _round(0, struct.unpack_from("<Q", value, at)[0])
        result = (_rotated(result ^ word, 27) * _P1 + _P4) & _MASK
        at += 8
    if at + 4 <= len(value):
        word = struct.unpack_from("<I", value, at)[0] * _P1 & _MASK
        result = (_rotated(result ^ word, 23) * _P2 + _P3) & _MASK
        at += 4
    for byte in value[at:]:
        result = _rotated(result ^ byte * _P5 & _MASK, 11) * _P1 & _MASK
    result = (result ^ result >> 33) * _P2 & _MASK
    result = (result ^ result >> 29) * _P3 & _MASK
    return (result ^ result >> 32).to_bytes(8, "big")


def _integer(value: int) -> int:
    return mmh3.hash(struct.pack("<q", value))


def _decimal(unscaled: str) -> int:
    """Of the shortest two's complement of a decimal's digits."""
    number = int(unscaled)
    size = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return mmh3.hash(number.to_bytes(size, "big", signed=True))


MACROS: dict[str, Macro] = {}
# https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements
FUNCTIONS = [
    PythonFunction("t_iceberg_hash_integer", _integer, ["BIGINT"], "INTEGER"),
    PythonFunction("t_iceberg_hash_decimal", _decimal, ["VARCHAR"], "INTEGER"),
    PythonFunction("t_iceberg_hash_bytes", lambda value: mmh3.hash(value), ["BLOB"], "INTEGER"),
]
