"""Trino's functions with regular expressions: DuckDB's RE2 where it answers alike, else Python.

The loops over matches follow JoniRegexpFunctions of trino-main: after an empty match the search goes
on one letter further.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.macro import Macro
from local.athena.functions.patterns import Pattern, never_empty, read
from local.athena.functions.rewrites import arity
from local.athena.functions.scalars import PythonFunction, fail, nullable
from local.athena.sql.nodes import call, case, fresh, lambda_of, let, raw, variable

_INVALID = "INVALID_FUNCTION_ARGUMENT"
_SECONDS = 0.5


def _compiled(text: str, pattern: str) -> Any:
    try:
        return read(pattern).compiled(text)
    except QueryFailed as error:
        fail(error.name, error.message)


def _search(pattern: Any, text: str, at: int = 0) -> Any:
    """The next match; other threads go on meanwhile, and what never ends is ended."""
    try:
        return pattern.search(text, at, concurrent=True, timeout=_SECONDS)
    except TimeoutError:
        fail("NOT_SUPPORTED", f"the regular expression takes more than {_SECONDS} s for one value")


def _matches(text: str, pattern: Any) -> Iterator[Any]:
    at = 0
    while at <= len(text) and (found := _search(pattern, text, at)):
        yield found
        at = found.end() + (found.end() == found.start())


def _checked(pattern: Any, group: int) -> int:
    if group < 0:
        fail(_INVALID, "Group cannot be negative")
    if group > pattern.groups:
        fail(_INVALID, f"Pattern has {pattern.groups} groups. Cannot access group {group}")
    return group


def like(text: str, pattern: str) -> bool:
    return _search(_compiled(text, pattern), text) is not None


def extract(text: str, pattern: str, group: int) -> str | None:
    compiled = _compiled(text, pattern)
    found = _search(compiled, text)
    group = _checked(compiled, group)
    return found.group(group) if found else None


def extract_all(text: str, pattern: str, group: int) -> list[str | None]:
    compiled = _compiled(text, pattern)
    group = _checked(compiled, group)
    return [found.group(group) for found in _matches(text, compiled)]


def count(text: str, pattern: str) -> int:
    return sum(1 for _ in _matches(text, _compiled(text, pattern)))


def split(text: str, pattern: str) -> list[str]:
    parts, last = [], 0
    for found in _matches(text, _compiled(text, pattern)):
        parts.append(text[last : found.start()])
        last = found.end()
    return [*parts, text[last:]]


def position(text: str, pattern: str, start: int, occurrence: int) -> int:
    """1-based, -1 for none."""
    if start < 1:
        fail(_INVALID, "start position cannot be smaller than 1")
    if occurrence < 1:
        fail(_INVALID, "occurrence cannot be smaller than 1")
    at, compiled = start - 1, _compiled(text, pattern)
    if at >= len(text):
        return -1
    while at <= len(text) and (found := _search(compiled, text, at)):
        occurrence -= 1
        if not occurrence:
            return int(found.start()) + 1
        at = found.end() + (found.end() == found.start())
    return -1


def replace(text: str, pattern: str, replacement: str) -> str:
    compiled = _compiled(text, pattern)
    made, last = [], 0
    for found in _matches(text, compiled):
        made.append(text[last : found.start()] + _replaced(found, replacement))
        last = found.end()
    return "".join(made) + text[last:]


_REFERENCE = re.compile(r"\\(.)|\$\{([^}]*)\}|\$(\d+)|([\\$])", re.S | re.A)


def _replaced(found: Any, replacement: str) -> str:
    """`$1`, `${name}` and `\\$`; of the digits after `$` as many as name a group."""

    def one(reference: re.Match[str]) -> str:
        escaped, name, digits, lone = reference.groups()
        if lone or (name is not None and name not in found.groupdict()):
            fail(_INVALID, f"Illegal replacement sequence: {replacement}")
        if escaped:
            return str(escaped)
        if name is not None:
            return found.group(name) or ""
        size = 1
        if int(digits[0]) > len(found.groups()):
            fail(_INVALID, f"Illegal replacement sequence: unknown group {digits[0]}")
        while size < len(digits) and int(digits[: size + 1]) <= len(found.groups()):
            size += 1
        return (found.group(int(digits[:size])) or "") + digits[size:]

    return _REFERENCE.sub(one, replacement)


def pieces(text: str, pattern: str) -> list[dict[str, Any]]:
    """What stands before each match with the groups of the match; last the rest, without groups."""
    made: list[dict[str, Any]] = []
    last = 0
    for found in _matches(text, _compiled(text, pattern)):
        made.append({"gap": text[last : found.start()], "groups": list(found.groups())})
        last = found.end()
    return [*made, {"gap": text[last:], "groups": None}]


def _known(node: Any, consuming: bool = False) -> str | None:
    """RE2's text of a literal pattern, None when Python must run it."""
    if not (isinstance(node, exp.Literal) and node.is_string):
        return None
    pattern: Pattern = read(str(node.this))
    if consuming and not never_empty(pattern):
        return None
    return pattern.re2 or None


def _like(node: Any) -> Any:
    text, pattern = arity(node, "regexp_like", 2)
    known = _known(pattern)
    return call("regexp_matches", text, known) if known else call("t_re_like", text, pattern)


def _extract(node: Any) -> Any:
    args = arity(node, "regexp_extract", 2, 3)
    text, pattern, known = args[0], args[1], _known(args[1])
    if known and len(args) == 2:
        matched = call("regexp_matches", text, known)
        return case((matched, call("regexp_extract", text.copy(), known)))
    return call("t_re_extract", text, pattern, args[2] if len(args) == 3 else 0)


def _extract_all(node: Any) -> Any:
    args = arity(node, "regexp_extract_all", 2, 3)
    known = _known(args[1], consuming=True)
    if known and len(args) == 2:
        return call("regexp_extract_all", args[0], known)
    return call("t_re_extract_all", args[0], args[1], args[2] if len(args) == 3 else 0)


def _count(node: Any) -> Any:
    return call("t_re_count", *arity(node, "regexp_count", 2))


def _split(node: Any) -> Any:
    return call("t_re_split", *arity(node, "regexp_split", 2))


def _position(node: Any) -> Any:
    args = arity(node, "regexp_position", 2, 3, 4)
    return call("t_re_position", *args, *([1] * (4 - len(args))))


def _replace(node: Any) -> Any:
    args = arity(node, "regexp_replace", 2, 3)
    replacement = args[2] if len(args) == 3 else raw("")
    if isinstance(replacement, exp.Lambda):
        return _replace_by(args[0], args[1], replacement)
    known = _known(args[1], consuming=True)
    if known and isinstance(replacement, exp.Literal) and replacement.is_string:
        plain = str(replacement.this)
        if "$" not in plain and "\\" not in plain:
            return call("regexp_replace", args[0], known, plain, "g")
    return call("t_re_replace", args[0], args[1], replacement)


def _replace_by(text: Any, pattern: Any, function: Any) -> Any:
    """Every match replaced by what the lambda makes of its groups; NULL when that is NULL once."""
    if len(function.expressions) != 1:
        raise NotSupported("regexp_replace with a lambda of several parameters")
    name = fresh("piece")
    gap, groups = (call("struct_extract", variable(name), part) for part in ("gap", "groups"))
    replaced = let(groups.copy(), function.expressions[0].name, function.this)
    matched = exp.Is(this=groups, expression=exp.Null())
    one = case(
        (matched, gap),
        default=exp.Paren(this=exp.DPipe(this=gap.copy(), expression=replaced)),
    )
    return call(
        "t_all_joined",
        call("list_transform", call("t_re_pieces", text, pattern), lambda_of(one, name)),
    )


REWRITES: dict[str, Callable[[Any], Any]] = {
    "regexp_like": _like,
    "regexp_extract": _extract,
    "regexp_extract_all": _extract_all,
    "regexp_count": _count,
    "regexp_split": _split,
    "regexp_position": _position,
    "regexp_replace": _replace,
}
FUNCTIONS = [
    PythonFunction("t_re_like", like, ["VARCHAR", "VARCHAR"], "BOOLEAN", refuses=True),
    PythonFunction(
        "t_re_extract",
        nullable(extract),
        ["VARCHAR", "VARCHAR", "BIGINT"],
        "VARCHAR",
        True,
        refuses=True,
    ),
    PythonFunction(
        "t_re_extract_all", extract_all, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR[]", refuses=True
    ),
    PythonFunction("t_re_count", count, ["VARCHAR", "VARCHAR"], "BIGINT", refuses=True),
    PythonFunction("t_re_split", split, ["VARCHAR", "VARCHAR"], "VARCHAR[]", refuses=True),
    PythonFunction(
        "t_re_position",
        position,
        ["VARCHAR", "VARCHAR", "INTEGER", "INTEGER"],
        "INTEGER",
        refuses=True,
    ),
    PythonFunction(
        "t_re_replace", replace, ["VARCHAR", "VARCHAR", "VARCHAR"], "VARCHAR", refuses=True
    ),
    PythonFunction(
        "t_re_pieces",
        pieces,
        ["VARCHAR", "VARCHAR"],
        "STRUCT(gap VARCHAR, groups VARCHAR[])[]",
        refuses=True,
    ),
]
MACROS = {
    "all_joined": Macro(
        "(l) AS CASE WHEN list_count(l) = len(l) THEN array_to_string(l, '') END", public=False
    )
}
