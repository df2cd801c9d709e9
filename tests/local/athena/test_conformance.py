"""Every case of conformance/*.yml: what Trino's documentation says an expression or query gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.athena.engine import output
from local.athena.engine.query import Work
from local.athena.engine.results import Row
from local.athena.errors import QueryFailed
from tests.local.athena.in_memory import engine

FOLDER = Path(__file__).parent / "conformance"


def _cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield pytest.param(case, id=f"{path.stem}: {case.get('expr') or case['query']}"[:110])


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with engine(tmp_path_factory.mktemp("athena")) as made:
        yield made


def _run(work: Work, text: str, path: Path) -> tuple[list[list[str]], list[Row]]:
    """Names and types of the columns, and the rows as their result file gives them back."""
    plan = work.plan(text)
    output.write(work, plan, text, path)
    columns = [[name, kind.trino()] for name, kind in plan.display_columns()]
    header, *rows = output.page(path, 0, 10_000)[0]
    assert header == [name for name, _ in columns]
    return columns, rows


@pytest.mark.parametrize("case", list(_cases()))
def test_the_answer_is_trinos(work: Work, tmp_path: Path, case: dict[str, Any]) -> None:
    text = case.get("query") or f"select {case['expr']}"
    if "error" in case:
        with pytest.raises(QueryFailed) as refused:
            _run(work, text, tmp_path / "rows.csv")
        assert refused.value.name == case["error"], refused.value.reason
        return
    columns, rows = _run(work, text, tmp_path / "rows.csv")
    if "expr" in case:
        assert (columns[0][1], rows) == (case["type"], [[case["value"]]])
    else:
        assert (columns, rows) == (case["columns"], case["rows"])
