"""The clauses of the SQL standard's JSON functions, turned into plain arguments on tokens.

JSON_VALUE(x, 'lax $.a' RETURNING bigint NULL ON ERROR) and its kin become calls whose last arguments
are a text with what the clauses say and the defaults. PASSING, ENCODING and FORMAT JSON of a value
are refused. Source: SqlBase.g4 of trino-parser.
"""

from __future__ import annotations

import json
from typing import Any

from sqlglot.tokens import Token, TokenType

from local.athena.errors import NotSupported, QueryFailed

ON_PATH = ("json_exists", "json_value", "json_query")
MAKING = ("json_object", "json_array")
_BEHAVIOURS = ("ERROR", "NULL", "EMPTY", "TRUE", "FALSE", "UNKNOWN")


def _word(token: Any) -> str:
    quoted = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER)
    return "" if quoted else str(token.text).upper()


def _like(token: Any, kind: Any, text: str) -> Any:
    return Token(kind, text, token.line, token.col, token.start, token.end)


def plain_calls(tokens: list[Any]) -> list[Any]:
    """The tokens with every call of these functions in plain form; raises QueryFailed."""
    if not any(t.text.lower() in (*ON_PATH, *MAKING, "json_table") for t in tokens):
        return tokens
    made: list[Any] = []
    at = 0
    while at < len(tokens):
        name = _word(tokens[at]).lower()
        made.append(tokens[at])
        at += 1
        if name == "json_table" and at < len(tokens) and tokens[at].text == "(":
            raise NotSupported("function json_table")
        if name not in (*ON_PATH, *MAKING) or at == len(tokens) or tokens[at].text != "(":
            continue
        end = _closing(tokens, at)
        inner = plain_calls(tokens[at + 1 : end])
        made.append(tokens[at])
        made.extend((_on_path if name in ON_PATH else _making)(name, inner, tokens[at]))
        made.append(tokens[end])
        at = end + 1
    return made


def _closing(tokens: list[Any], opening: int) -> int:
    depth = 0
    for at in range(opening, len(tokens)):
        depth += (_word(tokens[at]) in ("(", "[")) - (_word(tokens[at]) in (")", "]"))
        if depth == 0:
            return at
    raise QueryFailed("SYNTAX_ERROR", "line 1:1: mismatched input '<EOF>'. Expecting: ')'")


def _split(tokens: list[Any]) -> list[list[Any]]:
    """At the commas that stand in no inner parentheses."""
    parts: list[list[Any]] = [[]]
    depth = 0
    for token in tokens:
        depth += (_word(token) in ("(", "[")) - (_word(token) in (")", "]"))
        if depth == 0 and _word(token) == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts if tokens else []


class _Clauses:
    """The words after a path or after the last value."""

    def __init__(self, tokens: list[Any]) -> None:
        self.tokens = tokens
        self.at = 0

    def words(self, count: int) -> list[str]:
        return [_word(t) for t in self.tokens[self.at : self.at + count]]

    def take_if(self, *words: str) -> bool:
        found = self.words(len(words)) == list(words)
        self.at += len(words) if found else 0
        return found

    def until(self, *stops: tuple[str, ...]) -> list[Any]:
        """Tokens up to the first of these sequences outside parentheses."""
        start, depth = self.at, 0
        while self.at < len(self.tokens):
            if depth == 0 and any(self.words(len(s)) == list(s) for s in stops):
                break
            word = self.words(1)[0]
            depth += (word in ("(", "[")) - (word in (")", "]"))
            self.at += 1
        return self.tokens[start : self.at]

    def behaviour(self) -> tuple[str, str, list[Any]]:
        """`<what> ON EMPTY|ERROR`: what, the occasion, and the tokens of a DEFAULT."""
        default: list[Any] = []
        if self.take_if("DEFAULT"):
            what, default = "DEFAULT", self.until(("ON", "EMPTY"), ("ON", "ERROR"))
        elif self.words(1)[0] in _BEHAVIOURS:
            what = self.words(1)[0]
            self.at += 1
            if what == "EMPTY":
                what = "{}" if self.take_if("OBJECT") else "[]"
                self.take_if("ARRAY")
        else:
            raise self.unexpected()
        for occasion in ("EMPTY", "ERROR"):
            if self.take_if("ON", occasion):
                return what, occasion.lower(), default
        raise self.unexpected()

    def unexpected(self) -> QueryFailed:
        found = self.words(1)
        return QueryFailed("SYNTAX_ERROR", f"line 1:1: mismatched input '{''.join(found)}'.")


_TYPE_ENDS = (("FORMAT",), ("WITHOUT",), ("KEEP",), ("OMIT",), ("DEFAULT",), ("WITH", "CONDITIONAL"),
              ("WITH", "UNCONDITIONAL"), ("WITH", "ARRAY"), ("WITH", "WRAPPER"), ("WITH", "UNIQUE"),
              *((b,) for b in _BEHAVIOURS))  # fmt: skip


def _returning(clauses: _Clauses) -> str:
    text = " ".join(t.text for t in clauses.until(*_TYPE_ENDS))
    if clauses.take_if("FORMAT", "JSON") and clauses.take_if("ENCODING"):
        raise NotSupported("ENCODING of JSON")
    return text


def _on_path(name: str, tokens: list[Any], origin: Any) -> list[Any]:
    parts = _split(tokens)
    if len(parts) < 2 or not parts[1] or parts[1][0].token_type != TokenType.STRING:
        raise QueryFailed("SYNTAX_ERROR", f"line 1:1: {name} needs an input and a path literal")
    value, after = (
        parts[0],
        [t for p in parts[1:] for t in (*p, _like(origin, TokenType.COMMA, ","))],
    )
    path, clauses = after[0], _Clauses(after[1:-1])
    if [_word(t) for t in value[-2:]] == ["FORMAT", "JSON"]:
        value = value[:-2]
    if any(_word(t) == "ENCODING" for t in value):
        raise NotSupported("ENCODING of JSON")
    spec: dict[str, Any] = {"empty": "NULL", "error": "FALSE" if name == "json_exists" else "NULL"}
    defaults: dict[str, list[Any]] = {}
    while clauses.at < len(clauses.tokens):
        _clause(name, clauses, spec, defaults)
    comma = _like(origin, TokenType.COMMA, ",")
    made = [*value, comma, path, comma, _like(origin, TokenType.STRING, json.dumps(spec))]
    for occasion in ("empty", "error"):
        made += [comma, *(defaults.get(occasion) or [_like(origin, TokenType.NULL, "NULL")])]
    return made


def _clause(name: str, clauses: _Clauses, spec: dict[str, Any], defaults: dict[str, Any]) -> None:
    if clauses.take_if("PASSING"):
        raise NotSupported(f"PASSING in {name}")
    if name != "json_exists" and clauses.take_if("RETURNING"):
        spec["returning"] = _returning(clauses)
    elif name == "json_query" and clauses.words(1)[0] in ("WITH", "WITHOUT"):
        with_ = clauses.take_if("WITH") or not clauses.take_if("WITHOUT")
        conditional = clauses.take_if("CONDITIONAL")
        clauses.take_if("UNCONDITIONAL")
        clauses.take_if("ARRAY")
        if not clauses.take_if("WRAPPER"):
            raise clauses.unexpected()
        spec["wrapper"] = ("conditional" if conditional else "always") if with_ else "never"
    elif name == "json_query" and clauses.words(1)[0] in ("KEEP", "OMIT"):
        spec["quotes"] = clauses.take_if("KEEP", "QUOTES") or not clauses.take_if("OMIT", "QUOTES")
        clauses.take_if("ON", "SCALAR", "STRING")
    else:
        what, occasion, default = clauses.behaviour()
        if occasion in defaults or "error" in defaults:
            raise QueryFailed("SYNTAX_ERROR", f"line 1:1: mismatched input '{what}'.")
        spec[occasion] = what
        defaults[occasion] = default


def _making(name: str, tokens: list[Any], origin: Any) -> list[Any]:
    parts = _split(tokens)
    spec: dict[str, Any] = {"null": name == "json_object", "nested": []}
    if parts:
        parts[-1] = _tail(parts[-1], spec)
    comma = _like(origin, TokenType.COMMA, ",")
    made: list[Any] = []
    for part in parts if parts != [[]] else []:
        values = _pair(part) if name == "json_object" else [part]
        spec["nested"].append(_is_json(values[-1]))
        for value in values:
            made += [*value, comma]
    return [*made, _like(origin, TokenType.STRING, json.dumps(spec))]


def _tail(part: list[Any], spec: dict[str, Any]) -> list[Any]:
    """The last value without the clauses that follow it."""
    clauses = _Clauses(part)
    ends = [("NULL", "ON", "NULL"), ("ABSENT", "ON", "NULL"), ("WITH", "UNIQUE"),
            ("WITHOUT", "UNIQUE"), ("RETURNING",)]  # fmt: skip
    value = clauses.until(*ends)
    while clauses.at < len(part):
        if clauses.take_if("NULL", "ON", "NULL"):
            spec["null"] = True
        elif clauses.take_if("ABSENT", "ON", "NULL"):
            spec["null"] = False
        elif clauses.take_if("WITH", "UNIQUE") or clauses.take_if("WITHOUT", "UNIQUE"):
            spec["unique"] = _word(part[clauses.at - 2]) == "WITH"
            clauses.take_if("KEYS")
        elif clauses.take_if("RETURNING"):
            spec["returning"] = _returning(clauses)
        else:
            raise clauses.unexpected()
    return value


def _pair(part: list[Any]) -> list[list[Any]]:
    clauses = _Clauses(part)
    clauses.take_if("KEY")
    key = clauses.until((":",), ("VALUE",))
    value = part[clauses.at + 1 :]
    if not key or not value:
        raise clauses.unexpected()
    return [key, value]


def _is_json(value: list[Any]) -> bool:
    """Whether the value is the outcome of another of these functions, which stays JSON."""
    if [_word(t) for t in value[-2:]] == ["FORMAT", "JSON"]:
        raise NotSupported("FORMAT JSON of a value")
    if not value or _word(value[0]).lower() not in ("json_query", *MAKING):
        return False
    if any(_word(t) == "OMIT" for t in value):
        raise NotSupported("OMIT QUOTES inside JSON_OBJECT or JSON_ARRAY")
    return len(value) > 1 and _closing(value, 1) == len(value) - 1
