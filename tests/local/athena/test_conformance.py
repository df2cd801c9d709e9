"""Every case of conformance/*.yml: what Trino's documentation says an expression or query gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.athena import results
from local.athena.cost import Footers
from local.athena.duck import Duck
from local.athena.errors import QueryFailed
from local.athena.planner import Planner
from local.athena.query import Work
from local.athena.settings import Settings

FOLDER = Path(__file__).parent / "conformance"


def _cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield pytest.param(case, id=f"{path.stem}: {case.get('expr') or case['query']}"[:110])


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    folder = tmp_path_factory.mktemp("athena")
    planner, duck = Planner(), Duck(Settings("http://127.0.0.1:1", folder), [])
    nothing: Any = None
    yield Work(nothing, nothing, planner, duck, Footers(), "default")
    duck.close()
    planner.close()


def _run(work: Work, text: str) -> tuple[list[list[str]], list[list[str | None]]]:
    plan = work.plan(text)
    rows = [row for batch in work.run(plan, text) for row in batch]
    columns = plan.display_columns()
    kinds = [kind for _, kind in columns]
    texts = [[results.text(v, k) for v, k in zip(row, kinds, strict=True)] for row in rows]
    return [[name, kind.trino()] for name, kind in columns], texts


@pytest.mark.parametrize("case", list(_cases()))
def test_the_answer_is_trinos(work: Work, case: dict[str, Any]) -> None:
    text = case.get("query") or f"select {case['expr']}"
    if "error" in case:
        with pytest.raises(QueryFailed) as refused:
            _run(work, text)
        assert refused.value.name == case["error"], refused.value.reason
        return
    columns, rows = _run(work, text)
    if "expr" in case:
        assert (columns[0][1], rows) == (case["type"], [[case["value"]]])
    else:
        assert (columns, rows) == (case["columns"], case["rows"])
