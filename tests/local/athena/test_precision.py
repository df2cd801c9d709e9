"""timestamp(6) where timestamp(3) is known to work: every function answers alike or refuses by name."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from local.athena.engine.query import Work
from local.athena.errors import QueryFailed
from local.athena.functions import table
from tests.local.athena import model
from tests.local.athena.in_memory import answer, engine

CONFORMANCE = Path(__file__).parent / "conformance"
LITERAL = re.compile(r"timestamp '(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d)(:\d\d)?(?:\.(\d{1,3}))?)?'")
COARSE, FINE = "timestamp '2024-05-06 07:08:09.123'", "timestamp '2024-05-06 07:08:09.123000'"
MAP = "map(array[t], array[t])"
# Arguments with which a function may take a timestamp; those that it does not take are passed over.
SHAPES = [
    "(t)", "(t, t)", "(t, 2)", "(t, 'UTC')", "(t, '%Y %f')", "('day', t)", "('day', t, t)",
    "('day', 1, t)", "('%s', t)", "(t, t, interval '1' day)", "(t, 1, t) over (order by t)",
    "(t) over (order by t)", "(t, 1) over (order by t)", "(array[t])", "(array[t], t)",
    "(array[t], 1)", "(array[t], 1, 1)", "(array[t], ',')", "(array[t], array[t])",
    "(array[row(t, t)])", "(array[array[t]])", f"({MAP})", f"({MAP}, t)", f"({MAP}, {MAP})",
    "(array[t], x -> x)", "(array[t], x -> true)", "(array[t], (x, y) -> 0)",
    "(array[t], array[t], (x, y) -> x)", "(array[t], t, (s, x) -> x, s -> s)",
    f"({MAP}, (k, v) -> v)", f"({MAP}, (k, v) -> true)", f"({MAP}, {MAP}, (k, a, b) -> b)",
    "(true, t, t)", "(t, 2, 2)", "(t, 'x', 'y')",
]  # fmt: skip


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with engine(tmp_path_factory.mktemp("athena")) as made:
        yield made


def outcome(work: Work, query: str) -> tuple[list[str], list[list[str | None]]] | str:
    """The answer, or the name of the error."""
    try:
        return answer(work, query)
    except QueryFailed as failed:
        return failed.name


def shortened(text: Any) -> str:
    """Types and values with microseconds as they would be without."""
    return re.sub(r"(\d\.\d{3})000\b", r"\1", str(text)).replace("timestamp(6)", "timestamp(3)")


def refined(query: str) -> str:
    """The same moments, written with microseconds."""

    def longer(found: re.Match[str]) -> str:
        day, minute, second, fraction = found.groups(default="")
        return f"timestamp '{day} {minute or '00:00'}{second or ':00'}.{fraction:0<6}'"

    return LITERAL.sub(longer, query)


@pytest.mark.parametrize("name", sorted(n for n in table.KNOWN if table.status(n) == "faithful"))
def test_a_function_of_timestamps_knows_both_precisions_or_refuses(work: Work, name: str) -> None:
    for shape in SHAPES:
        query = f"select {name}{shape} from (values {{}}) as v (t)"
        coarse = outcome(work, query.format(COARSE))
        fine = coarse if isinstance(coarse, str) else outcome(work, query.format(FINE))
        if isinstance(fine, str):
            assert fine in (coarse, "NOT_SUPPORTED"), shape
            continue
        assert shortened(fine) == shortened(coarse), shape
        assert "timestamp(3)" not in str(fine[0]), shape
        if "timestamp(6)" in str(fine[0]):
            whole = outcome(work, query.format(FINE.replace("123000", "123456")))
            assert str(whole) == str(fine).replace(".123000", ".123456"), shape


def _cases() -> Iterator[Any]:
    for path in sorted(CONFORMANCE.glob("*.yml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            query = case.get("query") or f"select {case['expr']}"
            if LITERAL.search(query):
                yield pytest.param(query, id=f"{path.stem}: {query}"[:110])


@pytest.mark.parametrize("query", list(_cases()))
def test_a_case_with_microseconds_that_are_zero_has_the_same_answer(work: Work, query: str) -> None:
    coarse, fine = outcome(work, query), outcome(work, refined(query))
    assert "NOT_SUPPORTED" in (coarse, fine) or shortened(fine) == shortened(coarse)


several = settings(max_examples=50, derandomize=True, database=None, deadline=None)
moments = st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2200, 1, 1))
units = st.sampled_from(["second", "minute", "hour", "day", "week", "month", "quarter", "year"])


def fine(value: dt.datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S.%f}"


def whole(value: dt.datetime) -> dt.datetime:
    """Without what is less than a millisecond."""
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


@several
@given(moments)
def test_casts_round_half_a_millisecond_up(work: Work, value: dt.datetime) -> None:
    rounded = whole(value + dt.timedelta(microseconds=500))
    coarse = fine(rounded)[:-3]
    written = f"timestamp '{fine(value)}'"
    recent = f"timestamp '{fine(value.replace(year=2004))}'"  # before 1970 it is refused
    query = (
        f"select {written}, cast({written} as timestamp), cast({written} as timestamp(6)), "
        f"cast('{fine(value)}' as timestamp(6)), cast({written} as varchar), cast({recent} as time), "
        f"cast({written} as date), cast({written} as timestamp with time zone)"
    )
    expected = [fine(value), coarse, fine(value), fine(value), fine(value), coarse[11:]]
    assert answer(work, query)[1] == [[*expected, f"{value:%Y-%m-%d}", f"{coarse} UTC"]]


@several
@given(units, st.integers(-500, 500), moments, moments)
def test_calendar_arithmetic_keeps_what_is_below_a_millisecond(
    work: Work, unit: str, count: int, a: dt.datetime, b: dt.datetime
) -> None:
    query = (
        f"select date_add('{unit}', {count % 50}, timestamp '{fine(a)}'), "
        f"date_trunc('{unit}', timestamp '{fine(a)}'), "
        f"date_diff('{unit}', timestamp '{fine(a)}', timestamp '{fine(b)}'), "
        f"to_milliseconds(timestamp '{fine(a)}' - timestamp '{fine(b)}')"
    )
    passed = ((a - b) // dt.timedelta(microseconds=1) + 500) // 1000
    assert answer(work, query)[1] == [
        [
            fine(model.date_add(unit, count % 50, a)),
            fine(model.date_trunc(unit, a)),
            str(model.date_diff(unit, whole(a), whole(b))),
            str(passed),
        ]
    ]
