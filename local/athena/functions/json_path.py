"""The SQL/JSON path language: accessors, subscripts, wildcards, filters, size() and type().

A path is compiled to functions from an item to a list of items; items are what `json` reads. What
else the language has (arithmetic, variables, like_regex, other methods) is refused by name. Source:
https://trino.io/docs/current/functions/json.html#json-path-language and the visitors in
io.trino.json of trino-main.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from local.athena.errors import NotSupported
from local.athena.functions.json_predicates import (
    COMPARISONS,
    Items,
    Path,
    PathError,
    Predicate,
    both,
    compared,
    either,
    existing,
    negated,
    starting,
    type_name,
    unwrapped,
)

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-z_]\w*)"""
    r"""|(?P<symbol>==|!=|<>|<=|>=|&&|\|\||[$@.*\[\](),?!<>-]))"""
)


class _Compiler:
    """Recursive descent over the tokens of one path; raises NotSupported where it knows no rule."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while path[at:].strip():
            found = _TOKEN.match(path, at)
            if not found:
                raise self.refused()
            self.tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            at = found.end()
        self.at = 0
        mode = self.take()
        if mode not in ("lax", "strict"):
            raise self.refused()
        self.lax = mode == "lax"

    def refused(self) -> NotSupported:
        return NotSupported(f"the JSON path '{self.path}'")

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place][1] if place < len(self.tokens) else ""

    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.peek(-1)

    def take_if(self, text: str) -> bool:
        found = self.peek() == text and self.kind() != "text"
        self.at += found
        return found

    def expect(self, text: str) -> None:
        if not self.take_if(text):
            raise self.refused()

    def whole(self) -> Path:
        made = self.accessors()
        if self.at < len(self.tokens):
            raise self.refused()
        return made

    def accessors(self) -> Path:
        start = self.take()
        if start == "$":
            made: Path = lambda root, current: [root]  # noqa: E731
        elif start == "@":
            made = lambda root, current: [current]  # noqa: E731
        else:
            raise self.refused()
        while self.peek() in (".", "[", "?") and self.kind() == "symbol":
            made = self.accessor(made)
        return made

    def accessor(self, base: Path) -> Path:
        opening = self.take()
        if opening == ".":
            return self.member(base)
        if opening == "[":
            return self.elements(base)
        self.expect("(")
        condition = self.disjunction()
        self.expect(")")
        return self.filtered(base, condition)

    def member(self, base: Path) -> Path:
        kind, name = self.kind(), self.take()
        if kind == "word" and self.peek() == "(":
            return self.method(base, name)
        if kind == "text":
            name = _text(name)
        elif kind != "word" and name != "*":
            raise self.refused()
        every, lax = kind == "symbol", self.lax

        def found(root: Any, current: Any) -> Items:
            items = base(root, current)
            made: Items = []
            for item in unwrapped(items) if lax else items:
                if isinstance(item, dict) and every:
                    made.extend(item.values())
                elif isinstance(item, dict) and name in item:
                    made.append(item[name])
                elif not lax:
                    raise PathError
            return made

        return found

    def method(self, base: Path, name: str) -> Path:
        self.expect("(")
        self.expect(")")
        lax = self.lax
        if name == "type":
            return lambda root, current: [type_name(i) for i in base(root, current)]
        if name != "size":
            raise self.refused()

        def sizes(root: Any, current: Any) -> Items:
            items = base(root, current)
            if not lax and not all(isinstance(i, list) for i in items):
                raise PathError
            return [len(i) if isinstance(i, list) else 1 for i in items]

        return sizes

    def elements(self, base: Path) -> Path:
        subscripts: list[tuple[tuple[int, bool], tuple[int, bool]]] = []
        if not self.take_if("*"):
            subscripts.append(self.subscript())
            while self.take_if(","):
                subscripts.append(self.subscript())
        self.expect("]")
        lax = self.lax

        def found(root: Any, current: Any) -> Items:
            made: Items = []
            for item in base(root, current):
                if not isinstance(item, list) and not lax:
                    raise PathError
                array = item if isinstance(item, list) else [item]
                if not subscripts:
                    made.extend(array)
                for start, end in subscripts:
                    made.extend(_between(array, start, end, lax))
            return made

        return found

    def subscript(self) -> tuple[tuple[int, bool], tuple[int, bool]]:
        start = self.index()
        return (start, self.index()) if self.take_if("to") else (start, start)

    def index(self) -> tuple[int, bool]:
        """A number, and whether it is counted from the last element."""
        if self.take_if("last"):
            return (-self.whole_number() if self.take_if("-") else 0), True
        return self.whole_number(), False

    def whole_number(self) -> int:
        if not self.peek().isdecimal():
            raise self.refused()
        return int(self.take())

    def filtered(self, base: Path, condition: Predicate) -> Path:
        lax = self.lax

        def found(root: Any, current: Any) -> Items:
            items = base(root, current)
            return [i for i in (unwrapped(items) if lax else items) if condition(root, i)]

        return found

    def disjunction(self) -> Predicate:
        made = self.conjunction()
        while self.take_if("||"):
            made = either(made, self.conjunction())
        return made

    def conjunction(self) -> Predicate:
        made = self.predicate()
        while self.take_if("&&"):
            made = both(made, self.predicate())
        return made

    def predicate(self) -> Predicate:
        if self.take_if("!"):
            return negated(self.delimited())
        if self.peek() in ("(", "exists") and self.kind() in ("symbol", "word"):
            return self.delimited()
        return self.comparison()

    def delimited(self) -> Predicate:
        if self.take_if("exists"):
            self.expect("(")
            path = self.accessors()
            self.expect(")")
            return existing(path)
        self.expect("(")
        made = self.disjunction()
        self.expect(")")
        return made

    def comparison(self) -> Predicate:
        left = self.operand()
        if self.take_if("starts"):
            self.expect("with")
            if self.kind() != "text":
                raise self.refused()
            return starting(left, _text(self.take()), self.lax)
        symbol = self.take()
        if symbol not in COMPARISONS:
            raise self.refused()
        return compared(left, self.operand(), symbol, self.lax)

    def operand(self) -> Path:
        if self.peek() in ("$", "@"):
            return self.accessors()
        negative = self.take_if("-")
        kind, text = self.kind(), self.take()
        value: Any
        if kind == "number":
            value = (float(text) if re.search("[.eE]", text) else int(text)) * (
                -1 if negative else 1
            )
        elif kind == "text" and not negative:
            value = _text(text)
        elif text in ("true", "false", "null") and not negative:
            value = {"true": True, "false": False, "null": None}[text]
        else:
            raise self.refused()
        return lambda root, current: [value]


def _text(quoted: str) -> str:
    if "\\" in quoted:
        raise NotSupported(f"an escape in the text {quoted} of a JSON path")
    return quoted[1:-1]


def _between(array: Items, start: tuple[int, bool], end: tuple[int, bool], lax: bool) -> Items:
    if not array:
        if lax:
            return []
        raise PathError
    first, last = (n + len(array) - 1 if counted else n for n, counted in (start, end))
    if not lax and not 0 <= first <= last < len(array):
        raise PathError
    return array[max(first, 0) : last + 1] if last >= 0 else []


@lru_cache(256)
def compiled(path: str) -> Path:
    """The path as a function; raises NotSupported for what it does not know."""
    return _Compiler(path).whole()


def evaluate(path: str, root: Any) -> Items:
    """The items of a path; raises PathError where Trino's evaluation fails."""
    return compiled(path)(root, None)
