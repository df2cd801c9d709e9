"""Sets of characters as character classes for Python's `re` and for RE2.

Names: d, w and s as in a regular expression, with a capital letter for the rest, `p:` and one of
Unicode's general categories, or `word`: what has no word boundary inside.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache

Ranges = list[tuple[int, int]]
_LAST = sys.maxunicode
_PLAIN: dict[str, Ranges] = {
    "d": [(0x30, 0x39)],
    "w": [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)],
    "s": [(0x9, 0xD), (0x20, 0x20)],
}
# Circled and squared letters are alphabetic though their category is So.
_ENCLOSED: Ranges = [(0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)]
_CATEGORY_NAMES = """
C Cc Cf Cn Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs
"""
CATEGORIES = frozenset(_CATEGORY_NAMES.split())


@lru_cache(1)
def _by_category() -> dict[str, Ranges]:
    found: dict[str, Ranges] = {}
    start, current = 0, unicodedata.category("\0")
    for code in range(1, _LAST + 2):
        name = unicodedata.category(chr(code)) if code <= _LAST else ""
        if name != current:
            for key in (current, current[0]):
                found.setdefault(key, []).append((start, code - 1))
            start, current = code, name
    return found


def _complement(ranges: Ranges) -> Ranges:
    made, at = [], 0
    for low, high in sorted(ranges):
        if at < low:
            made.append((at, low - 1))
        at = max(at, high + 1)
    return [*made, (at, _LAST)] if at <= _LAST else made


@lru_cache(256)
def members(name: str) -> tuple[tuple[int, int], ...]:
    """The code points that a name stands for; a capital D, W or S is the rest."""
    if name in "DWS":
        return tuple(_complement(list(members(name.lower()))))
    if name in _PLAIN:
        return tuple(_PLAIN[name])
    by_category = _by_category()
    names = ["L", "M", "Nd", "Nl", "Pc"] if name == "word" else [name.removeprefix("p:")]
    ranges = [r for n in names for r in by_category.get(n, [])]
    return tuple(sorted(ranges + (_ENCLOSED if name == "word" else [])))


def listed(name: str) -> str:
    return "".join(
        f"\\U{low:08x}" + (f"-\\U{high:08x}" if high > low else "") for low, high in members(name)
    )


_RE2_MEMBERS = {"d": "0-9", "w": "0-9A-Z_a-z", "s": r"\x{9}-\x{D} "}


def ascii_listed(name: str) -> str:
    """The members below 128; where there are none, one that no ASCII subject holds."""
    within = [(low, min(high, 127)) for low, high in members(name) if low < 128]
    return "".join(f"\\x{low:02x}-\\x{high:02x}" for low, high in within) or "\\x80"


def re2_listed(name: str) -> str:
    if name.startswith("p:"):
        return f"\\p{{{name[2:]}}}"
    if name in "DWS":
        ranges = members(name)
        return "".join(f"\\x{{{low:X}}}-\\x{{{high:X}}}" for low, high in ranges)
    return _RE2_MEMBERS[name]


def re2_class(name: str) -> str:
    if name in "DWS":
        return f"[^{_RE2_MEMBERS[name.lower()]}]"
    return f"[{re2_listed(name)}]"
