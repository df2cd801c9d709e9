"""The two hashes of Trino that Python's library lacks: Murmur3 (x64, 128 bits) and XXH64, both with seed 0."""

from __future__ import annotations

import struct

_MASK = 2**64 - 1


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _MASK


_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F


def _mixed(value: int) -> int:
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & _MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return value ^ value >> 33


def _first(word: int) -> int:
    return _rotated(word * _C1 & _MASK, 31) * _C2 & _MASK


def _second(word: int) -> int:
    return _rotated(word * _C2 & _MASK, 33) * _C1 & _MASK


def murmur3(value: bytes) -> bytes:
    """Its two halves one after the other, each least byte first.

    Source: https://github.com/aappleby/smhasher/wiki/MurmurHash3.
    """
    one, two = 0, 0
    whole = len(value) // 16 * 16
    for low, high in struct.iter_unpack("<2Q", value[:whole]):
        one = _rotated(one ^ _first(low), 27) + two & _MASK
        one = one * 5 + 0x52DCE729 & _MASK
        two = _rotated(two ^ _second(high), 31) + one & _MASK
        two = two * 5 + 0x38495AB5 & _MASK
    rest = value[whole:].ljust(16, b"\0")
    low, high = struct.unpack("<2Q", rest)
    one, two = one ^ _first(low) ^ len(value), two ^ _second(high) ^ len(value)
    one = one + two & _MASK
    two = two + one & _MASK
    one, two = _mixed(one), _mixed(two)
    one = one + two & _MASK
    return struct.pack("<2Q", one, two + one & _MASK)


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
