"""Compares the conformance cases with a real Trino and prints where it answers otherwise.

Not part of the test suite: it needs Maven and Java 17 (Trino 422 and before) or 21, which fetch 150 MB once.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from tests.local.athena.oracle.trino import Answer, Trino

_CASES = Path(__file__).parent.parent / "conformance"
_FOLDER = Path("build") / "oracle"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.local.athena.oracle", description=__doc__
    )
    parser.add_argument("--trino", default="422", metavar="VERSION")
    parser.add_argument("files", nargs="*", help="names like arrays; all without any")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    with closing(Trino(given.trino, _FOLDER.resolve() / given.trino)) as trino:
        for path in sorted(_CASES.glob("*.yml")):
            if given.files and path.stem not in given.files:
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
                    error = f"{found.error}: {found.message}" if found.error else ""
                    shown = error or (found.types, found.rows)
                    _say(f"{path.stem}: {text}\n    case   {_expected(case)}\n    Trino  {shown}")
    _say(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))


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
