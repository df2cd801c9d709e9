"""Queries over tables, asked of Trino and of a local Athena; `queries/*.yml` hold them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import yaml

from tests.local.athena.oracle.lake import MADE, Lake
from tests.local.athena.oracle.random_queries import Maker
from tests.local.athena.oracle.trino import Answer, Trino

_QUERIES = Path(__file__).parent / "queries"
_WITH = re.compile(r"\s*with(\s+recursive)?\b", re.IGNORECASE)
_ORDERED = re.compile(r"\border\s+by\b[^()]*(\([^()]*\)[^()]*)*$", re.IGNORECASE)
_DOUBLE = re.compile(r"-?\d+\.\d+(E-?\d+)?")
_PARTS = re.compile(r", |[][{}]")
# What ends in them is a valid query, which Trino could not compile or whose subquery it could not decorrelate.
_BROKEN = ("COMPILER_ERROR", "GENERIC_INTERNAL_ERROR", "VerifyException")
_NEAR = 1e-9  # of sums of doubles, whose last digits tell the order of addition

Row = list[str | None]


@dataclass(frozen=True)
class Case:
    """`here` is asked after the statements `given`, which only the local Athena knows."""

    here: str
    trino: str
    given: list[str] = field(default_factory=list)


def cases(names: list[str]) -> Iterator[tuple[str, Case]]:
    """The cases of the named files, of all without any; each with its file's name."""
    for path in sorted(_QUERIES.glob("*.yml")):
        if names and path.stem not in names:
            continue
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield path.stem, Case(entry, entry) if isinstance(entry, str) else Case(**entry)


def random_cases(seed: int, count: int) -> Iterator[tuple[str, Case]]:
    """So many of the endless queries that a seed makes."""
    for query in islice(Maker(seed).queries(), count):
        yield "random", Case(query, query)


def compared(trino: Trino, lake: Lake, case: Case) -> tuple[str, Answer, Answer]:
    """A verdict, Trino's answer and ours."""
    for statement in case.given:
        lake.run(statement)
    wanted, found = trino.ask(with_made(case.trino)), lake.ask(case.here)
    return verdict(wanted, found, bool(_ORDERED.search(case.here))), wanted, found


def with_made(query: str) -> str:
    """The query with a WITH clause for those of its tables that Trino does not have."""
    used = [n for n in MADE if re.search(rf"\b{n}\b", query, re.IGNORECASE)]
    if not used:
        return query
    made = ", ".join(f"{name} as ({MADE[name]})" for name in used)
    opened = _WITH.match(query)
    return f"{opened[0]} {made}, {query[opened.end() :]}" if opened else f"with {made} {query}"


def verdict(wanted: Answer, found: Answer, ordered: bool) -> str:
    """equal, last digits, refused here, not done by Trino, or other."""
    if wanted.error in _BROKEN or "Given correlated subquery" in wanted.message:
        return "not done by Trino"
    if found.error == "NOT_SUPPORTED" and wanted.error != "NOT_SUPPORTED":
        return "refused here"
    if wanted.error or found.error:
        return "equal" if wanted.error == found.error else "other"
    types = [re.sub(r"varchar\(\d+\)", "varchar", kind) for kind in wanted.types]
    if types != found.types or wanted.names != found.names or len(wanted.rows) != len(found.rows):
        return "other"
    maps = [at for at, kind in enumerate(types) if "map(" in kind]
    given = ([_without_order(row, maps) for row in a.rows] for a in (wanted, found))
    one, two = (rows if ordered else sorted(rows, key=_sortable) for rows in given)
    if one == two:
        return "equal"
    rows = zip(one, two, strict=True)
    return "last digits" if all(_near(*each, types) for each in rows) else "other"


def _without_order(row: Row, maps: list[int]) -> Row:
    """The entries of a map come in any order."""
    return [v and str(sorted(_PARTS.split(v))) if at in maps else v for at, v in enumerate(row)]


def _sortable(row: Row) -> list[tuple[bool, str]]:
    """Doubles by what they nearly are."""
    return [(v is None, f"{float(v):.7g}" if v and _DOUBLE.fullmatch(v) else v or "") for v in row]


def _near(one: Row, two: Row, types: list[str]) -> bool:
    return all(
        a == b
        or (
            kind in ("double", "real")
            and a
            and b
            and math.isclose(float(a), float(b), rel_tol=_NEAR)
        )
        for a, b, kind in zip(one, two, types, strict=True)
    )
