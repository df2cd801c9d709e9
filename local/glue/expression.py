"""The filter language of GetPartitions: parsed once, then asked for each partition's values.

The grammar and the types are those of the API reference, "GetPartitions", member Expression
(https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from local.glue.errors import InvalidInputError

Values = Sequence[str]
Predicate = Callable[[Values], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))
      | (?P<operator><\s*>|<=|>=|!=|=|<|>)
      | (?P<mark>[(),])
      | (?P<word>`[^`]+`|[A-Za-z_][\w.]*)
    )""",
    re.VERBOSE,
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_RESERVED = {"and", "or", "not", "in", "between", "like", "is", "null"}


def _timestamp(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "varchar": str,
    "char": str,
    "date": date.fromisoformat,
    "timestamp": _timestamp,
    "int": int,
    "integer": int,
    "bigint": int,
    "long": int,
    "tinyint": int,
    "smallint": int,
    "decimal": Decimal,
}


@dataclass(frozen=True)
class _Literal:
    text: str


@dataclass(frozen=True)
class _Column:
    name: str
    position: int
    read: Callable[[str], Any]

    def value(self, values: Values) -> Any:
        """The typed value, or None when the stored text is not of the key's type."""
        try:
            return self.read(values[self.position])
        except (ValueError, InvalidOperation):
            return None

    def literal(self, literal: _Literal) -> Any:
        try:
            return self.read(literal.text)
        except (ValueError, InvalidOperation) as refused:
            raise InvalidInputError(
                f"Expression compares partition key {self.name} with {literal.text!r},"
                " which is not of the key's type"
            ) from refused


def compile_expression(text: str, keys: Sequence[Mapping[str, Any]]) -> Predicate:
    """A predicate over a partition's values, which stand in the order of `keys` ({Name, Type}).

    A value that is not of its key's type (such as __HIVE_DEFAULT_PARTITION__) satisfies no
    comparison. Raises InvalidInputError for what the language does not have.
    """
    if not text.strip():
        return lambda values: True
    return _Parser(text, keys).parse()


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise InvalidInputError(
                f"Expression {text!r} cannot be read at position {position}: {text[position:][:20]!r}"
            )
        kind = str(match.lastgroup)
        found.append((kind, match.group(kind)))
        position = match.end()
    return found


def _unquote(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


class _Parser:
    def __init__(self, text: str, keys: Sequence[Mapping[str, Any]]) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0
        self._keys = {str(key["Name"]).lower(): (at, key) for at, key in enumerate(keys)}

    def parse(self) -> Predicate:
        found = self._either()
        if self._next < len(self._tokens):
            raise self._refusal(f"unexpected {self._tokens[self._next][1]!r}")
        return found

    def _refusal(self, reason: str) -> InvalidInputError:
        return InvalidInputError(f"Unsupported expression {self._text!r}: {reason}")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "the end")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._next += 1
        return token

    def _accept(self, *wanted: str) -> bool:
        if self._peek()[0] in ("word", "mark") and self._peek()[1].lower() in wanted:
            self._next += 1
            return True
        return False

    def _expect(self, wanted: str) -> None:
        if not self._accept(wanted):
            raise self._refusal(f"expected {wanted.upper()}, found {self._peek()[1]!r}")

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._accept("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda values: any(p(values) for p in parts)

    def _both(self) -> Predicate:
        parts = [self._negated()]
        while self._accept("and"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else lambda values: all(p(values) for p in parts)

    def _negated(self) -> Predicate:
        if self._accept("not"):
            inner = self._negated()
            return lambda values: not inner(values)
        return self._group() if self._peek() == ("mark", "(") else self._comparison()

    def _group(self) -> Predicate:
        self._expect("(")
        inner = self._either()
        self._expect(")")
        return inner

    def _comparison(self) -> Predicate:
        left = self._operand()
        if self._peek()[0] == "operator":
            return self._compare(left, self._take()[1].replace(" ", ""), self._operand())
        negated = self._accept("not")
        found = self._membership(self._as_column(left))
        return (lambda values: not found(values)) if negated else found

    def _membership(self, column: _Column) -> Predicate:
        if self._accept("in"):
            return self._in(column)
        if self._accept("between"):
            return self._between(column)
        if self._accept("like"):
            return self._like(column)
        raise self._refusal(f"no operator after {column.name}, found {self._peek()[1]!r}")

    def _compare(
        self, left: _Column | _Literal, symbol: str, right: _Column | _Literal
    ) -> Predicate:
        if isinstance(left, _Literal):
            left, right, symbol = right, left, _MIRRORED.get(symbol, symbol)
        column, bound = self._as_column(left), self._as_literal(right)
        wanted, holds = column.literal(bound), _COMPARISONS[symbol]

        def predicate(values: Values) -> bool:
            value = column.value(values)
            return value is not None and holds(value, wanted)

        return predicate

    def _in(self, column: _Column) -> Predicate:
        self._expect("(")
        wanted = {column.literal(self._as_literal(self._operand()))}
        while self._accept(","):
            wanted.add(column.literal(self._as_literal(self._operand())))
        self._expect(")")
        return lambda values: column.value(values) in wanted

    def _between(self, column: _Column) -> Predicate:
        low = column.literal(self._as_literal(self._operand()))
        self._expect("and")
        high = column.literal(self._as_literal(self._operand()))

        def predicate(values: Values) -> bool:
            value = column.value(values)
            return value is not None and bool(low <= value <= high)

        return predicate

    def _like(self, column: _Column) -> Predicate:
        if column.read is not str:
            raise self._refusal(f"LIKE needs a string key, {column.name} is none")
        pattern = _like_pattern(self._as_literal(self._operand()).text)
        return lambda values: pattern.fullmatch(values[column.position]) is not None

    def _as_column(self, operand: _Column | _Literal) -> _Column:
        if isinstance(operand, _Literal):
            raise self._refusal(f"{operand.text!r} stands where a partition key must stand")
        return operand

    def _as_literal(self, operand: _Column | _Literal) -> _Literal:
        if isinstance(operand, _Column):
            raise self._refusal(f"{operand.name} stands where a literal must stand")
        return operand

    def _operand(self) -> _Column | _Literal:
        kind, text = self._take()
        if kind == "text":
            return _Literal(_unquote(text))
        if kind == "number":
            return _Literal(text)
        if kind != "word" or text.lower() in _RESERVED:
            raise self._refusal(f"expected a partition key or a literal, found {text!r}")
        if text.lower() in ("date", "timestamp") and self._peek()[0] == "text":
            return _Literal(_unquote(self._take()[1]))
        return self._column(text.strip("`").lower())

    def _column(self, name: str) -> _Column:
        if name not in self._keys:
            raise self._refusal(f"{name} is not a partition key")
        position, key = self._keys[name]
        kind = re.split(r"[(<]", str(key.get("Type", "string")).lower())[0].strip()
        if kind not in _READERS:
            raise self._refusal(f"partition key {name} is of type {kind}, which has no filter")
        return _Column(name, position, _READERS[kind])


def _like_pattern(pattern: str) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(c) or re.escape(c) for c in pattern), re.DOTALL)
