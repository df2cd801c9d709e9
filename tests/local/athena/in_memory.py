"""The engine without servers, catalogue or objects: SQL that reads no table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.athena.engine import results
from local.athena.engine.duck import Duck
from local.athena.engine.planner import Planner
from local.athena.engine.query import Work
from local.athena.lake.cost import Footers
from local.athena.settings import Settings

Answer = tuple[list[str], list[list[str | None]]]


@contextmanager
def engine(folder: Path) -> Iterator[Work]:
    planner, duck = Planner(), Duck(Settings("http://127.0.0.1:1", folder), [])
    nothing: Any = None
    yield Work(nothing, nothing, planner, duck, Footers(), "default")
    duck.close()
    planner.close()


def answer(work: Work, text: str) -> Answer:
    """Trino's types of the columns and the rows as Athena prints them."""
    plan = work.plan(text)
    rows = [row for batch in work.run(plan, text) for row in batch]
    kinds = [kind for _, kind in plan.display_columns()]
    texts = [[results.text(v, k) for v, k in zip(row, kinds, strict=True)] for row in rows]
    return [k.trino() for k in kinds], texts
