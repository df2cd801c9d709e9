"""Which relations a card's SQL reads, by a rule simple enough to hold in the head.

Every name after FROM or JOIN (or after a comma in a FROM list) is `marts.<name>`, the name of a
WITH query of the same statement, a parenthesis, or UNNEST. This is no SQL parser: a construct it
cannot follow is refused, so `is distinct from` and `extract(… from …)` have to be written another
way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | (?P<literal>'(?:[^']|'')*')
    | (?P<word>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*) | (?P<other>[^\s\w]|\d[\w.]*)""",
    re.VERBOSE | re.DOTALL,
)
_MART = re.compile(r"marts\.\w+")
_ENDS_FROM = {
    "where",
    "group",
    "order",
    "having",
    "limit",
    "union",
    "intersect",
    "except",
    "select",
}
_ENDS_FROM |= {"window", "on", "using", "offset", "fetch"}


class RelationError(ValueError):
    """The SQL reads something other than marts; the message names it."""


def find_marts(sql: str) -> tuple[str, ...]:
    """The marts the statement reads, as `marts.<name>`, sorted; raises RelationError."""
    tokens = _tokenize(sql)
    _refuse_other_statements(tokens)
    named = _find_with_names(tokens)
    marts = {name for name in _find_relations(tokens) if not _is_local(name, named)}
    if strays := sorted(name for name in marts if not _MART.fullmatch(name)):
        raise RelationError(
            f"reads {strays[0]!r}; a board reads marts only, written as marts.<name> unquoted"
        )
    if not marts:
        raise RelationError("reads no mart; name at least one as marts.<name> after FROM")
    return tuple(sorted(marts))


def _tokenize(sql: str) -> list[str]:
    found = (match for match in _TOKEN.finditer(sql) if match.lastgroup)
    return [re.sub(r"\s*\.\s*", ".", match[0]).lower() for match in found]


def _refuse_other_statements(tokens: list[str]) -> None:
    if ";" in tokens:
        raise RelationError("holds a semicolon; a card is one statement without one")
    if not tokens or tokens[0] not in ("select", "with"):
        raise RelationError("has to start with SELECT or WITH")


def _find_with_names(tokens: list[str]) -> set[str]:
    if tokens[0] != "with":
        return set()
    return {
        name
        for before, name, word, bracket in zip(
            tokens, tokens[1:], tokens[2:], tokens[3:], strict=False
        )
        if before in ("with", ",") and word == "as" and bracket == "("
    }


def _find_relations(tokens: list[str]) -> Iterator[str]:
    """What follows FROM, JOIN, or a comma at the depth of an open FROM list."""
    open_lists: list[bool] = [False]
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        if token == "(":
            open_lists.append(False)
        elif token == ")" and len(open_lists) > 1:
            open_lists.pop()
        elif token in _ENDS_FROM:
            # ON closes the list only until the next JOIN or comma of the same FROM.
            open_lists[-1] = token in ("on", "using") and open_lists[-1]
        elif token in ("from", "join") or (token == "," and open_lists[-1]):
            open_lists[-1] = True
            yield following


def _is_local(name: str, named: set[str]) -> bool:
    return name in named or name in ("(", "unnest", "lateral")
