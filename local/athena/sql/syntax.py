"""Trino SQL text to a syntax tree. Function calls stay plain calls: their meaning is not sqlglot's."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser
from sqlglot.tokens import Token, TokenType

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.json_clauses import plain_calls
from local.athena.functions.table import KNOWN
from local.athena.sql.grammar import check_joins, check_tree
from local.athena.sql.lexis import check_tokens, place
from local.athena.statements.kinds import lex

PREFIX = "trino__"


class _Dialect(Trino):  # type: ignore[misc]  # mypy takes Trino for Any
    INDEX_OFFSET = 0  # keep subscripts as written


# These have a syntax of their own, or are words of the grammar; the parser must see them.
_GRAMMAR_NAMES = """
cast try_cast extract trim position listagg if array map row unnest exists any all some in
values and or not as on using over filter_where within grouping_sets cube rollup interval
decimal varchar char timestamp time double real integer bigint smallint tinyint varbinary json
boolean select from where with join lateral table tablesample bernoulli system like between case
when then else union except intersect distinct having by limit offset fetch set normalize
substring
"""
_GRAMMAR = frozenset(_GRAMMAR_NAMES.split())
_NESTED = 12
_EXPONENT = re.compile(r"[\d.]+[eE]\d+")
_PARSED = frozenset([*Parser.FUNCTIONS, *Parser.FUNCTION_PARSERS])  # as sqlglot's own functions
_NOT_CALLED_AFTER = frozenset(["as", "into", "with", "recursive", "table"])


def _spaced(sql: str) -> str:
    """`1e0+2` with a blank after its first number, which sqlglot would read on; bytes without blanks.

    Raises QueryFailed(SYNTAX_ERROR) for bytes that are none.
    """
    lexemes = lex(sql)
    for before, x in reversed(list(zip([None, *lexemes], lexemes, strict=False))):
        if (
            x.kind == "number"
            and _EXPONENT.fullmatch(x.text)
            and sql[x.end : x.end + 1] in ("+", "-")
        ):
            sql = f"{sql[: x.end]} {sql[x.end :]}"
        elif x.kind == "string" and before and before.upper == "X" and before.end == x.start:
            sql = f"{sql[: x.start]}{_hexadecimal(sql, before.start, x.text)}{sql[x.end :]}"
    return sql


def _hexadecimal(sql: str, start: int, literal: str) -> str:
    """The digits of a literal in as many characters as it had."""
    digits = re.sub(r"\s", "", literal)
    if len(digits) % 2 or not re.fullmatch("'[0-9a-fA-F]*'", digits):
        what = (
            "only contain hexadecimal digits"
            if len(digits) % 2 == 0
            else "contain an even number of digits"
        )
        raise QueryFailed("SYNTAX_ERROR", f"{place(sql, start)}: Binary literal must {what}")
    return digits.ljust(len(literal))


def tokenize(sql: str) -> list[Any]:
    """Tokens of `sql`; raises QueryFailed(SYNTAX_ERROR) for text that has none."""
    try:
        return list(_Dialect().tokenize(sql))
    except SqlglotError as error:
        raise QueryFailed("SYNTAX_ERROR", f"line 1:1: {str(error).splitlines()[0]}") from error


def _is_call(tokens: list[Any], at: int) -> bool:
    name = tokens[at].text.lower()
    if name == "substring":
        return _is_plain_substring(tokens, at)
    if name in _GRAMMAR or not re.fullmatch(r"[a-z_]\w*", name):
        return False
    if tokens[at].token_type in (TokenType.STRING, TokenType.NUMBER, TokenType.IDENTIFIER):
        return False
    if at and tokens[at - 1].text.lower() in _NOT_CALLED_AFTER:
        return False
    if name not in KNOWN and name.upper() not in _PARSED:
        return False
    following = tokens[at + 2].text.lower() if at + 2 < len(tokens) else ""
    if name == "filter" and following == "where":
        return False
    return bool(tokens[at + 1].token_type == TokenType.L_PAREN)


def _is_plain_substring(tokens: list[Any], at: int) -> bool:
    """`substring(x, 1)`: a function of texts, whereas `substring(x FROM 1)` takes bytes too."""
    if tokens[at + 1].token_type != TokenType.L_PAREN:
        return False
    depth = 0
    for token in tokens[at + 1 :]:
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth == 0 or (depth == 1 and token.token_type == TokenType.FROM):
            return bool(depth == 0)
    return False


def _says_nothing(tokens: list[Any], at: int) -> bool:
    """ALL or DISTINCT before what is grouped by; DuckDB's GROUP BY ALL is another.

    Raises NotSupported for DISTINCT where there are several sets, which it makes fewer.
    """
    word = tokens[at].text.lower()
    if word not in ("all", "distinct") or at + 1 == len(tokens):
        return False
    depth = 0
    for token in tokens[at + 1 :] if word == "distinct" else []:
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth < 0 or token.token_type in _AFTER_GROUP_BY:
            break
        if depth == 0 and token.token_type in _SETS:
            raise NotSupported("GROUP BY DISTINCT of several sets")
    following = tokens[at + 1].token_type
    return following != TokenType.R_PAREN and following not in _AFTER_GROUP_BY


_SETS = (TokenType.ROLLUP, TokenType.CUBE, TokenType.GROUPING_SETS)
_AFTER_GROUP_BY = (
    TokenType.HAVING, TokenType.ORDER_BY, TokenType.LIMIT, TokenType.OFFSET, TokenType.FETCH,
    TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT, TokenType.WINDOW,
)  # fmt: skip
_DECIMAL = re.compile(r"[+-]?(\d(_?\d)*(\.(\d(_?\d)*)?)?|\.\d(_?\d)*)", re.ASCII)


def _mark_calls(tokens: list[Any]) -> list[Any]:
    marked: list[Any] = []
    for at, token in enumerate(tokens):
        if token.text.lower() == "all" and at and tokens[at - 1].token_type == TokenType.LIMIT:
            marked.pop()  # LIMIT ALL is none, and the parser does not know it
        elif at and tokens[at - 1].token_type == TokenType.GROUP_BY and _says_nothing(tokens, at):
            continue
        elif (
            token.token_type == TokenType.STRING and at and tokens[at - 1].text.lower() == "decimal"
        ):
            marked[-1] = _decimal(tokens[at - 1], token)
        elif at + 1 < len(tokens) and _is_call(tokens, at):
            text = PREFIX + token.text.lower()
            marked.append(Token(TokenType.VAR, text, token.line, token.col, token.start, token.end))
        else:
            marked.append(token)
    return marked


def _decimal(word: Any, token: Any) -> Any:
    """DECIMAL '1.50' is a number with that scale; as a cast its scale would be lost."""
    if not _DECIMAL.fullmatch(token.text):
        raise QueryFailed(
            "INVALID_LITERAL",
            f"line {word.line}:{word.col - len(word.text) + 1}: "
            f"'{token.text}' is not a valid DECIMAL literal",
        )
    digits = token.text.replace("_", "")
    text = digits if "." in digits else f"{digits}."
    return Token(TokenType.NUMBER, text, token.line, token.col, token.start, token.end)


def position_of(sql: str, name: str) -> str:
    """`line L:C` of the first call of a function, 1-based as Trino counts."""
    found = re.search(rf"(?i)(?<![\w\"]){re.escape(name)}\s*\(", sql)
    before = sql[: found.start()] if found else ""
    return f"line {before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}"


def _syntax_error(error: Any, parser: Any, sql: str) -> QueryFailed:
    """At the word that the parser could not take; sqlglot names the one before when there is none."""
    if getattr(parser, "_index", 0) >= len(getattr(parser, "_tokens", [None])):
        lines = sql.rstrip().split("\n")
        found = f"line {len(lines)}:{len(lines[-1]) + 1}: mismatched input '<EOF>'."
        return QueryFailed("SYNTAX_ERROR", found)
    details = (getattr(error, "errors", None) or [{}])[0]
    line, highlight = details.get("line") or 1, (details.get("highlight") or "").strip()
    column = max(1, (details.get("col") or 1) - len(highlight) + 1)
    found = f"'{highlight}'" if highlight else "input"
    return QueryFailed("SYNTAX_ERROR", f"line {line}:{column}: mismatched input {found}.")


def parse(sql: str, tokens: list[Any] | None = None) -> Any:
    """One query as a tree whose functions are `Anonymous` nodes named PREFIX + Trino's name."""
    if tokens is None:
        sql = _spaced(sql)
        tokens = tokenize(sql)
    if any(t.text.lower() == "match_recognize" for t in tokens):
        raise NotSupported("MATCH_RECOGNIZE")
    _require_shallow(tokens)
    tokens = plain_calls(tokens)
    check_tokens(sql, tokens)
    tokens = _mark_calls(tokens)
    parser = _Dialect().parser()
    try:
        trees = parser.parse(tokens, sql)
    except SqlglotError as error:
        raise _syntax_error(error, parser, sql) from error
    except RecursionError as error:
        raise QueryFailed("STACK_OVERFLOW", "the statement is nested too deeply") from error
    trees = [_regular(_lighter(t)) for t in trees if t is not None]
    if len(trees) != 1:
        raise QueryFailed("SYNTAX_ERROR", f"Only one sql statement is allowed. Got: {sql.rstrip()}")
    check_tree(sql, trees[0])
    check_joins(sql, tokens, trees[0])
    if isinstance(trees[0], exp.Values):
        return _selected(trees[0])
    if not isinstance(trees[0], exp.Query):
        raise QueryFailed("SYNTAX_ERROR", f"line 1:1: mismatched input '{tokens[0].text}'.")
    return trees[0]


def _require_shallow(tokens: list[Any]) -> None:
    """The parser's time grows threefold with each ARRAY or ROW inside another."""
    opened: list[bool] = []
    for at, token in enumerate(tokens):
        if token.text in ("(", "["):
            opened.append(at > 0 and tokens[at - 1].text.lower() in ("array", "row", "map"))
            if sum(opened) > _NESTED:
                raise NotSupported(f"more than {_NESTED} arrays or rows inside one another")
        elif token.text in (")", "]") and opened:
            opened.pop()


def _lighter(tree: Any) -> Any:
    """Without the positions that sqlglot notes: nobody asks for them, and each copy would copy them."""
    for node in tree.walk():
        for name in ("line", "col", "start", "end") if node._meta else ():
            node._meta.pop(name, None)
        if not node._meta:
            node._meta = None
    return tree


_QUANTIFIERS = {"any": exp.Any, "some": exp.Any, "all": exp.All}


def _regular(tree: Any) -> Any:
    """NOT LIKE as NOT of LIKE, like other predicates; rows of VALUES as tuples; VALUES where sqlglot
    expects SELECT: after a quantifier and IN.
    """
    for like in list(tree.find_all(exp.Like)):
        if like.args.get("negate"):
            _negate(like)
    for values in list(tree.find_all(exp.Values)):
        around = values.parent
        for row in list(values.expressions):
            if isinstance(row, exp.Tuple) and len(row.expressions) == 1:
                _spread(row)
        rows = _selected(values.copy())
        if isinstance(around, exp.Anonymous) and str(around.this).lower() in _QUANTIFIERS:
            quantifier = _QUANTIFIERS[str(around.this).lower()]
            around.replace(quantifier(this=exp.Subquery(this=rows)))
        elif isinstance(around, exp.In):
            around.set("query", exp.Subquery(this=rows))
            around.set("expressions", [])
    return tree


def _selected(values: Any) -> Any:
    """VALUES as a SELECT, which takes its ORDER BY, OFFSET and LIMIT."""
    made = exp.select("*").from_(values)
    for key in ("order", "offset", "limit"):
        made.set(key, values.args.get(key))
        values.set(key, None)
    return made


def _negate(like: Any) -> None:
    like.set("negate", None)
    outer = like.parent if isinstance(like.parent, exp.Escape) else like
    place = exp.Placeholder()
    outer.replace(place)
    place.replace(exp.Not(this=outer))


def _spread(row: Any) -> None:
    """`(ROW(1, 2))` is the same row of VALUES as `(1, 2)`; sqlglot drops the ROW before parentheses."""
    inner = row.expressions[0]
    if isinstance(inner, exp.Struct):
        row.set("expressions", inner.expressions)
    if len(row.expressions) == 1 and isinstance(row.expressions[0], (exp.Struct, exp.Tuple)):
        raise NotSupported("VALUES of rows in parentheses inside one another")


def function_name(node: Any) -> str:
    """Trino's lower-case name of a call node."""
    return str(node.name).removeprefix(PREFIX).lower()
