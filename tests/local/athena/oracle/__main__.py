"""Compares the conformance cases, or queries over tables, with a real Trino; prints where it answers otherwise.

Not part of the test suite: it needs Maven and Java 17 (Trino 422 and before) or 21, which fetch 150 MB once.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from tests.local.athena.oracle.comparison import Case, cases, compared, random_cases
from tests.local.athena.oracle.lake import lake
from tests.local.athena.oracle.trino import Answer, Trino

_CASES = Path(__file__).parent.parent / "conformance"
_FOLDER = Path("build") / "oracle"
_SHOWN = 40  # rows


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.local.athena.oracle", description=__doc__
    )
    parser.add_argument("--trino", default="422", metavar="VERSION")
    parser.add_argument(
        "--tables", action="store_true", help="queries/*.yml, not conformance/*.yml"
    )
    parser.add_argument(
        "--random", type=int, metavar="COUNT", help="so many made-up queries over the tables"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("files", nargs="*", help="names like arrays; all without any")
    given = parser.parse_args()
    folder = _FOLDER.resolve() / given.trino
    with closing(Trino(given.trino, folder)) as trino:
        if given.random:
            counts = _over_tables(trino, random_cases(given.seed, given.random), folder)
        elif given.tables:
            counts = _over_tables(trino, cases(given.files), folder)
        else:
            counts = _without_tables(trino, given.files)
    _say(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))


def _over_tables(trino: Trino, chosen: Iterable[tuple[str, Case]], folder: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    with lake(trino, folder / "lake") as local:
        for name, case in chosen:
            verdict, wanted, found = compared(trino, local, case)
            counts[verdict] += 1
            if verdict in ("other", "refused here"):
                _say(
                    f"{name}: {case.here}\n    here   {_shown(found)}\n    Trino  {_shown(wanted)}"
                )
    return counts


def _without_tables(trino: Trino, files: list[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for path in sorted(_CASES.glob("*.yml")):
        if files and path.stem not in files:
            continue
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            text = case.get("query") or f"select {case['expr']}"
            if case.get("error") == "NOT_SUPPORTED":
                counts["refused here"] += 1
                continue
            found = trino.ask(text)
            verdict = _compared(case, found)
            counts[verdict] += 1
            if verdict == "other":
                _say(
                    f"{path.stem}: {text}\n    case   {_expected(case)}\n    Trino  {_shown(found)}"
                )
    return counts


def _shown(answer: Answer) -> str:
    if answer.error:
        return f"{answer.error}: {answer.message}"
    return f"{answer.names} {answer.types} {answer.rows[:_SHOWN]}"


def _say(text: str) -> None:
    """A case holds half of a pair of surrogates, which is no UTF-8."""
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")


def _expected(case: dict[str, Any]) -> Any:
    if "error" in case:
        return case["error"]
    if "expr" in case:
        return [case["type"]], [[case["value"]]]
    return [kind for _, kind in case["columns"]], case["rows"]


def _compared(case: dict[str, Any], found: Answer) -> str:
    if found.error == "FUNCTION_NOT_FOUND" and "not registered" in found.message:
        return "unknown to this Trino"  # of a plugin, or newer
    expected = _expected(case)
    types = [re.sub(r"varchar\(\d+\)", "varchar", kind) for kind in found.types]
    same = found.error == expected if "error" in case else (types, found.rows) == expected
    return "equal" if same else "other"


if __name__ == "__main__":
    main()
