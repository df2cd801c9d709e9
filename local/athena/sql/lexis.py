"""Trino's tokens and how they may follow each other: what sqlglot's parser would let pass.

Source: SqlBase.g4 of trino-parser. The tree cannot tell any more whether a cast was written `x::int`
or whether a comma stood before nothing.
"""

from __future__ import annotations

import re
from typing import Any

from sqlglot.parser import Parser
from sqlglot.tokens import TokenType

from local.athena.errors import QueryFailed

_SYMBOL_TEXTS = "( ) [ ] , . ; + - * / % = <> != < <= > >= || -> => ?"
_SYMBOLS = frozenset(_SYMBOL_TEXTS.split())
_WORD = re.compile(r"[A-Za-z_]\w*(\s+[A-Za-z_]\w*)*", re.ASCII)
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_QUOTED = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.HEX_STRING, TokenType.UNICODE_STRING)
_CONTENTLESS = frozenset(["", "(", ",", "UNION", "ALL", "EXCEPT", "INTERSECT", "AS"])
_RESERVED_WORDS = """
alter and as between by case cast constraint create cross cube current_catalog current_date
current_path current_role current_schema current_time current_timestamp current_user deallocate
delete describe distinct drop else end escape except execute exists extract false for from full
group grouping having in inner insert intersect into is join json_array json_exists json_object
json_query json_table json_value left like listagg localtime localtimestamp natural normalize not
null on or order outer prepare recursive right rollup select skip table then trim true uescape
union unnest using values when where with
"""
RESERVED = frozenset(_RESERVED_WORDS.split())


def unexpected(sql: str, start: int, found: str) -> QueryFailed:
    """The syntax error for the text at an offset."""
    return _invalid(sql, start, f"mismatched input '{found}'.")


def _invalid(sql: str, start: int, what: str) -> QueryFailed:
    return QueryFailed("SYNTAX_ERROR", f"{place(sql, start)}: {what}")


def place(sql: str, start: int) -> str:
    before = sql[:start]
    return f"line {before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def check_tokens(sql: str, tokens: list[Any]) -> None:
    """Raise QueryFailed(SYNTAX_ERROR) for symbols, numbers and sequences that Trino does not know.

    QueryFailed(TYPE_MISMATCH) or (TYPE_NOT_FOUND) for a type that only other dialects have.
    """
    _check_brackets(sql, tokens)
    _check_types(sql, tokens)
    if tokens and _upper(tokens, 0) not in _STARTS:
        raise unexpected(sql, 0, tokens[0].text)
    for at, token in enumerate(tokens):
        if _is_stray(tokens, at):
            raise unexpected(sql, token.start, token.text)
        if token.token_type == TokenType.IDENTIFIER and not token.text:
            raise _invalid(sql, token.start, "Zero-length delimited identifier not allowed")
        if token.token_type in _QUOTED:
            if not _is_alias(tokens, at) and sql[token.start] != "0":
                continue
        elif token.token_type == TokenType.NUMBER:
            if _NUMBER.fullmatch(token.text) and not _is_glued(tokens, at):
                continue
        elif token.text in _SYMBOLS:
            if token.text != "[" or _subscribable(tokens, at):
                continue
        elif _WORD.fullmatch(token.text) and not _misplaced(tokens, at):
            continue
        raise unexpected(sql, token.start, token.text)


def _is_glued(tokens: list[Any], at: int) -> bool:
    """A word right after a number: `1_000`, `0x1F`, `1a`."""
    if at + 1 == len(tokens) or tokens[at + 1].start != tokens[at].end + 1:
        return False
    return _WORD.fullmatch(tokens[at + 1].text) is not None


def _upper(tokens: list[Any], at: int) -> str:
    """The word or symbol at a place; "" outside the text and for strings and quoted names."""
    if not 0 <= at < len(tokens) or tokens[at].token_type in _QUOTED:
        return ""
    return " ".join(tokens[at].text.upper().split())


def _is_alias(tokens: list[Any], at: int) -> bool:
    return tokens[at].token_type == TokenType.STRING and _upper(tokens, at - 1) == "AS"


def _subscribable(tokens: list[Any], at: int) -> bool:
    """`[` comes after ARRAY or a value, it makes no array of its own."""
    before = _upper(tokens, at - 1)
    if before in ("", ")", "]"):
        return at > 0
    return bool(_WORD.fullmatch(before)) and before.lower() not in RESERVED - {"end"}


def _misplaced(tokens: list[Any], at: int) -> bool:
    word = _upper(tokens, at)
    if word == "FROM":
        return at == 0 or _upper(tokens, at - 1) in _CONTENTLESS - {""}
    if word == "OFFSET":
        return _upper(tokens, at - 2) == "LIMIT"
    if word == "INTERVAL":
        return _is_foreign_interval(tokens, at + 1)
    if word == "IS":
        following = _upper(tokens, at + 1), _upper(tokens, at + 2)
        return following[following[0] == "NOT"] not in ("NULL", "DISTINCT")
    return word in ("ISNULL", "NOTNULL", "SAFE_CAST")


def _is_foreign_interval(tokens: list[Any], at: int) -> bool:
    """`INTERVAL 1 DAY` and `INTERVAL '1 day'`: Trino's has a string and behind it a unit."""
    if at < len(tokens) and tokens[at].token_type == TokenType.NUMBER:
        return True
    at += _upper(tokens, at) in ("+", "-")
    if at >= len(tokens) or tokens[at].token_type != TokenType.STRING:
        return False
    return _upper(tokens, at + 1) not in ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")


_STARTS = ("SELECT", "WITH", "VALUES", "TABLE", "(")
_CLOSING = {")": "(", "]": "["}
_NO_OPERAND_WORDS = """
SELECT VALUES BY DISTINCT FROM WHERE HAVING ON WHEN THEN ELSE AND OR NOT LIKE BETWEEN USING IN LIMIT
"""
_NO_OPERAND = frozenset(
    [*_NO_OPERAND_WORDS.split(), "(", "[", ",", "GROUP BY", "ORDER BY", "PARTITION BY"]
)
_NO_EXPRESSION_WORDS = """
FROM WHERE HAVING UNION EXCEPT INTERSECT AS ON THEN WHEN ELSE END AND OR JOIN CROSS LEFT RIGHT FULL
"""
_NO_EXPRESSION = frozenset([*_NO_EXPRESSION_WORDS.split(), ")", "]", ",", "GROUP BY", "ORDER BY"])
_LITERALS = (TokenType.STRING, TokenType.NUMBER, TokenType.UNICODE_STRING, TokenType.HEX_STRING)
# Words before a string that sqlglot does not hold for types; others before it would be its type.
_BEFORE_STRINGS = frozenset(
    ["BOTH", "LEADING", "TRAILING", "UESCAPE", "ESCAPE", "TRUNCATE", "ZONE", "PLACING", "DEFAULT"]
)
_SIZED_TYPES = frozenset(["VARCHAR", "CHAR", "DECIMAL", "ARRAY", "ROW", "TIMESTAMP", "TIME"])


def _check_brackets(sql: str, tokens: list[Any]) -> None:
    opened = []
    for token in tokens:
        if token.token_type in _QUOTED:
            continue
        if token.text in _CLOSING.values():
            opened.append(token.text)
        elif token.text in _CLOSING and (not opened or opened.pop() != _CLOSING[token.text]):
            raise unexpected(sql, token.start, token.text)
    if opened:
        raise unexpected(sql, len(sql), "<EOF>")


_TYPE_NAMES = """
boolean tinyint smallint integer int bigint real double decimal varchar char varbinary json date
time timestamp array map row interval uuid ipaddress hyperloglog p4hyperloglog qdigest tdigest
setdigest unknown geometry sphericalgeography bingtile color
"""
_TYPES = frozenset(_TYPE_NAMES.upper().split())
_INSIDE_TYPES = frozenset(
    ["PRECISION", "WITH", "WITHOUT", "ZONE", "YEAR", "MONTH", "DAY", "SECOND", "TO"]
)

_BEFORE_TYPES = ("AS", "(", ",", "<")


def _check_types(sql: str, tokens: list[Any]) -> None:
    """sqlglot reads the types of other dialects, such as STRING, FLOAT and INT8."""
    for at, token in enumerate(tokens):
        if _upper(tokens, at) in ("CAST", "TRY_CAST") and _upper(tokens, at + 1) == "(":
            inside = _type_of_cast(tokens, at + 2)
            wrong = next((i for i in inside if _is_foreign(tokens, i)), None)
            if wrong is not None:
                raise _unknown_type("TYPE_MISMATCH", sql, tokens[wrong])
            dialect = next((i for i in inside if _upper(tokens, i) == "["), None)
            if dialect is not None and _upper(tokens, dialect - 1) != "ARRAY":
                raise unexpected(sql, tokens[dialect].start, "[")
        if token.token_type == TokenType.STRING and at and _is_other_type(tokens, at - 1):
            raise _unknown_type("TYPE_NOT_FOUND", sql, tokens[at - 1])


def _unknown_type(name: str, sql: str, token: Any) -> QueryFailed:
    return QueryFailed(name, f"{place(sql, token.start)}: Unknown type: {token.text.lower()}")


def _type_of_cast(tokens: list[Any], start: int) -> range:
    """The places after the AS of a cast whose operand begins at `start`."""
    depth, since = 0, start
    for at in range(start, len(tokens)):
        word = _upper(tokens, at)
        if word in _CLOSING and depth == 0:
            return range(since, at)
        depth += (word in _CLOSING.values()) - (word in _CLOSING)
        if word == "AS" and depth == 0:
            since = at + 1
    return range(0)


def _is_foreign(tokens: list[Any], at: int) -> bool:
    """A word that is no type where a type stands: behind AS, in parentheses, behind a field's name."""
    words = _upper(tokens, at).split()
    if not words or not _WORD.fullmatch(words[0]) or set(words) <= _TYPES | _INSIDE_TYPES:
        return False
    before, following = _upper(tokens, at - 1), _upper(tokens, at + 1)
    if before in _BEFORE_TYPES:
        is_field = before != "AS" and bool(_WORD.fullmatch(following))
        return not is_field or following in _INSIDE_TYPES
    return before not in _TYPES and _upper(tokens, at - 2) in _BEFORE_TYPES


def _is_other_type(tokens: list[Any], at: int) -> bool:
    word = _upper(tokens, at)
    return tokens[at].token_type in Parser.TYPE_TOKENS and bool(word) and word not in _TYPES


def _ends_value(tokens: list[Any], at: int) -> bool:
    kinds = (*_QUOTED, TokenType.NUMBER, TokenType.VAR)
    return tokens[at].token_type in kinds or _upper(tokens, at) in (")", "]")


def _is_stray(tokens: list[Any], at: int) -> bool:
    """A comma without neighbours, two literals side by side, a type without its size."""
    token, word = tokens[at], _upper(tokens, at)
    if word == ",":
        ends = at == 0 or at + 1 == len(tokens)
        return (
            ends
            or _upper(tokens, at - 1) in _NO_OPERAND
            or _upper(tokens, at + 1) in _NO_EXPRESSION
        )
    if word == "AS":
        return at + 1 == len(tokens) or tokens[at + 1].text in _SYMBOLS - {"("}
    if word == "." and at + 1 < len(tokens) and tokens[at + 1].token_type == TokenType.NUMBER:
        return at > 0 and _ends_value(tokens, at - 1)
    if word == ")" and at > 1 and _upper(tokens, at - 1) == "(":
        return _upper(tokens, at - 2) in _SIZED_TYPES
    if at == 0 or token.token_type not in _LITERALS:
        return False
    before = tokens[at - 1]
    if before.token_type in _LITERALS or _upper(tokens, at - 1) in (")", "]"):
        return True
    if (_upper(tokens, at - 2), _upper(tokens, at - 1)) == ("AS", "OF"):
        return False
    is_name = before.token_type in (TokenType.VAR, TokenType.IDENTIFIER)
    if token.token_type == TokenType.NUMBER and _upper(tokens, at - 1) == "GROUPS":
        return False
    return is_name and _upper(tokens, at - 1) not in _BEFORE_STRINGS
