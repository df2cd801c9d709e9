"""Regular expressions as Trino reads them (Joni with Java's syntax), for Python's engine and for RE2.

A construct is translated when its meaning is certain and refused by name otherwise. `\\d`, `\\w` and
`\\s` know ASCII only, `\\b` all of Unicode; `$` also stands before a line break at the end. RE2 is
offered for patterns that mean the same there. Sources:
https://trino.io/docs/current/functions/regexp.html and what Trino 403 to 436 answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import regex

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.characters import (
    CATEGORIES,
    ascii_listed,
    listed,
    re2_class,
    re2_listed,
)

_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b", "v": "\v"}
_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d{1,3})(,(\d{0,3}))?\})([?+]?)")
_GROUP = re.compile(r"\((\?(?::|=|!|<=|<!|>|<([A-Za-z_]\w*)>))?", re.A)


@dataclass
class Pattern:
    """`unicode` and `ascii` are Python's texts for subjects of that kind; `re2` None where it differs."""

    unicode: str = ""
    ascii: str = ""
    re2: str | None = ""
    ignores_case: bool = False
    _compiled: dict[bool, Any] = field(default_factory=dict)

    def add(self, text: str, plain: str | None = None, re2: str | None = None) -> None:
        self.unicode += text
        self.ascii += text if plain is None else plain
        self.re2 = None if self.re2 is None or re2 is None else self.re2 + re2

    def compiled(self, subject: str) -> Any:
        """For subjects of this kind: a pattern of `regex`, which others need not wait for and a clock ends."""
        simple = subject.isascii()
        if not simple and self.ignores_case and any(map(_folds_otherwise, subject)):
            raise NotSupported("a regular expression without case on letters that fold to several")
        if simple not in self._compiled:
            text = self.ascii if simple else self.unicode
            flags = regex.V0 | (regex.ASCII if simple else regex.UNICODE)
            if self.ignores_case:
                flags |= regex.IGNORECASE
            self._compiled[simple] = regex.compile(text, flags)
        return self._compiled[simple]

    def checked(self) -> re.Pattern[str]:
        """By Python's own reading, which is the stricter one; raises re.error."""
        flags = re.ASCII | (re.IGNORECASE if self.ignores_case else re.NOFLAG)
        return re.compile(self.ascii, flags)


def _folds_otherwise(letter: str) -> bool:
    """Joni lets a sharp s match ss; Python lets the dotless i of Turkish match i."""
    return letter == "\u0131" or len(letter.casefold()) > 1


@lru_cache(512)
def read(text: str) -> Pattern:
    """Raises NotSupported for a construct that is not translated, QueryFailed for none at all."""
    made = _Reader(text).pattern()
    try:
        made.checked()
    except re.error as error:
        if re.search(r"parenthesis|subpattern|nothing to repeat|character set", error.msg):
            raise QueryFailed("INVALID_FUNCTION_ARGUMENT", f"{text}: {error.msg}") from error
        raise NotSupported(f"the regular expression {text}: {error.msg}") from error
    return made


def never_empty(pattern: Pattern) -> bool:
    """Whether no match can be empty: engines differ in how they go on after an empty one."""
    flags = pattern.checked().flags
    # The parser of `re`, which alone knows the least width, has no name in typeshed.
    least: int = re._parser.parse(pattern.ascii, flags).getwidth()[0]  # type: ignore[attr-defined]
    return least > 0


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.made = text, 0, Pattern()
        self.named = self.numbered = False

    def pattern(self) -> Pattern:
        self._flags()
        while self.at < len(self.text):
            self._one()
        if self.named and self.numbered:
            raise NotSupported("a regular expression with named and numbered groups")
        return self.made

    def _refuse(self, what: str) -> NotSupported:
        return NotSupported(f"{what} in the regular expression {self.text}")

    def _flags(self) -> None:
        found = re.match(r"\(\?([is]+)\)", self.text)
        if found:
            self.at = found.end()
            self.made.ignores_case = "i" in found.group(1)
            if "s" in found.group(1):
                self.made.add("(?s)", re2="(?s)")
            if self.made.ignores_case:
                self.made.re2 = None

    def _one(self) -> None:
        letter = self.text[self.at]
        handler: Callable[[], bool] | None = {
            "\\": self._escape, "[": self._class, "(": self._group, "^": self._start, "$": self._end,
        }.get(letter)  # fmt: skip
        if handler is None:
            self.at += 1
            if letter in "{}*+?":
                raise self._refuse(f"{letter} after nothing")
            text = letter if letter in ".|)" else re.escape(letter)
            self.made.add(text, re2=text)
            repeats = letter not in "|"
        else:
            repeats = handler()
        if repeats:
            self._quantifier()

    def _quantifier(self) -> None:
        found = _QUANTIFIER.match(self.text, self.at)
        if not found:
            return
        text, suffix = found.group(), found.group(4)
        if found.group(1) and suffix == "?" and not found.group(2):
            raise self._refuse(f"the quantifier {text}")
        self.at = found.end()
        self.made.add(text, re2=None if suffix == "+" else text)
        if _QUANTIFIER.match(self.text, self.at):
            raise self._refuse("a quantifier of a quantifier")

    def _start(self) -> bool:
        self.at += 1
        self.made.add(r"\A", re2="^")
        return self._unquantified("^")

    def _end(self) -> bool:
        self.at += 1
        self.made.add(r"(?=\n?\Z)")
        return self._unquantified("$")

    def _unquantified(self, what: str) -> bool:
        if _QUANTIFIER.match(self.text, self.at):
            raise self._refuse(f"a quantifier after {what}")
        return False

    def _group(self) -> bool:
        found = _GROUP.match(self.text, self.at)
        if not found or (found.group(1) is None and self.text[self.at + 1 : self.at + 2] == "?"):
            raise self._refuse(f"the group {self.text[self.at : self.at + 4]}")
        self.at = found.end()
        kind, name = found.group(1), found.group(2)
        self.named |= bool(name)
        self.numbered |= kind is None
        if name:
            self.made.add(f"(?P<{name}>")
        else:
            text = found.group()
            self.made.add(text, re2=text if kind in (None, "?:") else None)
        return False

    def _escape(self) -> bool:
        letter = self.text[self.at + 1 : self.at + 2]
        if not letter:
            raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "end pattern at escape")
        if letter in "bB":
            self.at += 2
            w = f"[{listed('word')}]"
            edge = rf"(?:(?<={w})(?!{w})|(?<!{w})(?={w}))"
            self.made.add(edge if letter == "b" else f"(?!{edge})", plain=f"\\{letter}")
            return self._unquantified(f"\\{letter}")
        if letter in "AZz":
            self.at += 2
            self.made.add({"A": r"\A", "Z": r"(?=\n?\Z)", "z": r"\Z"}[letter])
            return self._unquantified(f"\\{letter}")
        if letter in "123456789":
            self.at += 2
            if self.text[self.at : self.at + 1].isdigit():
                raise self._refuse("a back reference of two digits")
            self.made.add(f"(?:\\{letter})")
            return True
        if letter == "Q":
            return self._quoted()
        name = self._shorthand()
        if name:
            plain = f"[{ascii_listed(name)}]" if name.startswith("p:") else f"\\{name}"
            self.made.add(f"[{listed(name)}]", plain, re2_class(name))
            return True
        text = re.escape(self._character())
        self.made.add(text, re2=text)
        return True

    def _quoted(self) -> bool:
        end = self.text.find("\\E", self.at)
        inner = self.text[self.at + 2 : end if end >= 0 else None]
        self.at = end + 2 if end >= 0 else len(self.text)
        self.made.add(re.escape(inner), re2=re.escape(inner))
        return self._unquantified(r"\E")

    def _shorthand(self) -> str | None:
        """Reads \\d and the like and \\p{L}; None when another escape follows."""
        letter = self.text[self.at + 1]
        if letter in "dDwWsS":
            self.at += 2
            return letter
        if letter not in "pP":
            return None
        found = re.compile(r"\\p\{(\w+)\}").match(self.text, self.at)
        if not found or found.group(1) not in CATEGORIES:
            raise self._refuse(f"\\{letter}")
        self.at = found.end()
        return f"p:{found.group(1)}"

    def _character(self) -> str:
        """Reads an escaped single character."""
        found = re.compile(r"\\x([0-7][0-9A-Fa-f])|\\u([0-9A-Fa-f]{4})").match(self.text, self.at)
        if found:
            self.at = found.end()
            return chr(int(found.group(1) or found.group(2), 16))
        letter = self.text[self.at + 1]
        self.at += 2
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter.isascii() and letter.isalnum():
            raise self._refuse(f"\\{letter}")
        return letter

    def _class(self) -> bool:
        self.at += 1
        parts, plain, re2 = "", "", ""
        negated = self.text.startswith("^", self.at)
        self.at += negated
        for text, ascii_text, other in self._items():
            parts, plain, re2 = parts + text, plain + ascii_text, re2 + other
        if not parts:
            raise self._refuse("an empty character class")
        head = "[^" if negated else "["
        self.made.add(f"{head}{parts}]", f"{head}{plain}]", f"{head}{re2}]")
        return True

    def _items(self) -> Iterator[tuple[str, str, str]]:
        first = True
        while True:
            letter = self.text[self.at : self.at + 1]
            if not letter:
                raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "premature end of char-class")
            if letter == "]" and not first:
                self.at += 1
                return
            if letter in "[]" or self.text.startswith("&&", self.at):
                raise self._refuse(f"{letter} inside a character class")
            first = False
            name = self._shorthand() if letter == "\\" and self.text[self.at + 1 :] else None
            if name:
                plain = ascii_listed(name) if name.startswith("p:") else f"\\{name}"
                yield listed(name), plain, re2_listed(name)
                continue
            yield (self._range(),) * 3

    def _range(self) -> str:
        low = self._literal()
        if self.text[self.at : self.at + 1] != "-" or self.text[self.at + 1 : self.at + 2] in "]":
            return _in_class(low)
        self.at += 1
        if re.match(r"\[|\\[dDwWsSpP]", self.text[self.at :]):
            raise self._refuse("a range without an end")
        high = self._literal()
        if high < low:
            raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "empty range in char class")
        return f"{_in_class(low)}-{_in_class(high)}"

    def _literal(self) -> str:
        letter = self.text[self.at]
        if letter == "\\" and self.text[self.at + 1 : self.at + 2]:
            if self.text[self.at + 1] == "b":
                raise self._refuse(r"\b inside a character class")
            return self._character()
        self.at += 1
        return letter


def _in_class(letter: str) -> str:
    return f"\\{letter}" if letter in "\\]^-[&~|" else letter
