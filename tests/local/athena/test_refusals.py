"""A refusal ends the query that met it, TRY or not, and no other."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import pytest

from local.athena.engine.query import Work
from local.athena.errors import NotSupported
from local.athena.functions.library import PYTHON_FUNCTIONS
from local.athena.functions.scalars import PythonFunction, fail

from .in_memory import answer, engine

REFUSED = "select try(bitwise_left_shift(n, -1)) from (values 1, 2) as t(n)"
FAILED = "select try(1 / n) from (values 0, 1) as t(n)"


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Works of one engine, as queries that run side by side have them."""
    with engine(tmp_path_factory.mktemp("engine")) as made:
        yield lambda: Work(
            made.catalog, made.storage, made.planner, made.duck, made.footers, made.database
        )


def test_try_hides_failures_and_no_refusal(works: Any) -> None:
    assert answer(works(), FAILED)[1] == [[None], ["1"]]
    for _ in range(2):
        with pytest.raises(NotSupported):
            answer(works(), REFUSED)


def test_a_refusal_of_another_query_is_none_of_this_one(works: Any) -> None:
    work, other = works(), works()
    plan, refused = work.plan(FAILED), other.plan(REFUSED)
    running = work.run(plan, FAILED)
    first = next(running)
    with pytest.raises(NotSupported):
        list(other.run(refused, REFUSED))
    assert [*first, *(row for batch in running for row in batch)] == [(None,), (1,)]


def _reached(found: Any, seen: set[int]) -> Iterator[types.CodeType]:
    """The code of a function and of all of this project that it names, however far away."""
    if id(found) in seen:
        return
    seen.add(id(found))
    if isinstance(found, dict | list | tuple):
        parts = list(found.values() if isinstance(found, dict) else found)
    elif isinstance(found, type):
        parts = list(vars(found).values())
    elif isinstance(found, types.FunctionType):
        parts = [cell.cell_contents for cell in found.__closure__ or ()]
        for code in _codes(found.__code__):
            yield code
            parts += _named(code, found.__globals__)
    else:
        parts = [getattr(found, name, None) for name in ("__wrapped__", "__func__", "fget")]
    for part in parts:
        if not isinstance(part, type) or part.__module__.startswith("local."):
            yield from _reached(part, seen)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _codes(inner)


def _named(code: types.CodeType, known: dict[str, Any]) -> list[Any]:
    """What a piece of code names: of its module, and of modules of this project that it names."""
    found = [known[name] for name in code.co_names if name in known]
    modules = [m for m in found if getattr(m, "__name__", "").startswith("local.")]
    inside = [vars(m)[n] for m in modules for n in code.co_names if n in getattr(m, "__dict__", {})]
    return [f for f in [*found, *inside] if not isinstance(f, types.ModuleType)]


@pytest.mark.parametrize("made", PYTHON_FUNCTIONS, ids=lambda made: made.name)
def test_a_function_that_may_refuse_is_told_who_calls_it(made: PythonFunction) -> None:
    reached = _reached(made.function, {id(fail)})
    assert made.refuses or not any("NOT_SUPPORTED" in code.co_consts for code in reached)
