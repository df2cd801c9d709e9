"""What a scan needs of its relation, by the columns and filters that the planner shows of it."""

from __future__ import annotations

import re

from local.athena.engine.planner import Scan
from local.athena.sql.resolve import Relation

_WORD = re.compile(r"\w+")


def used(scan_: Scan, relation: Relation) -> set[str]:
    """Columns that a scan outputs, whole or a field of them, or names in a filter; lower case."""
    filters = _unquoted(" ".join(scan_.filters))
    words = set(re.findall(r"\w+", filters))
    read = [f"{_unquoted(c)}." for c in scan_.columns]

    def is_used(column: str) -> bool:
        if column in words or any(each.startswith(f"{column}.") for each in read):
            return True
        return not _WORD.fullmatch(column) and column in filters

    return {c for c in relation.columns if is_used(_unquoted(c))}


def needed(scan_: Scan, relation: Relation) -> set[str]:
    """What of the used columns a scan reads: of a row the fields, `r.x`, where it is not read whole."""
    filters = _unquoted(" ".join(scan_.filters))
    read = set(map(_unquoted, scan_.columns))
    paths: set[str] = set()
    for column in used(scan_, relation):
        name = _unquoted(column)
        compared = re.findall(rf"(?<![\w.]){re.escape(name)}((?:\.\w+)*)", filters)
        if relation.columns[column].name != "row" or name in read or "" in compared:
            paths.add(column)
            continue
        paths |= {path for path in read if path.startswith(f"{name}.")}
        paths |= {f"{name}{field}" for field in compared}
    return paths


def _unquoted(text: str) -> str:
    return text.lower().replace('"', "")
