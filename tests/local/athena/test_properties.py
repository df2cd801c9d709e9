"""Random expressions and small tables: the engine's answers against a model in plain Python."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from local.athena.engine import output
from local.athena.engine.query import Work
from local.athena.errors import QueryFailed
from local.athena.functions.scalars import cube_root
from tests.local.athena import model
from tests.local.athena.in_memory import answer, engine

several = settings(max_examples=50, derandomize=True, database=None, deadline=None)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with engine(tmp_path_factory.mktemp("athena")) as made:
        yield made


def one(work: Work, expression: str) -> tuple[str, str | None]:
    """Type and text of one expression."""
    kinds, rows = answer(work, f"select {expression}")
    return kinds[0], rows[0][0]


def failure(work: Work, expression: str) -> str:
    """The name of the error that an expression ends with."""
    with pytest.raises(QueryFailed) as failed:
        one(work, expression)
    return failed.value.name


def values(work: Work, query: str) -> list[list[str | None]]:
    return answer(work, query)[1]


def integers() -> st.SearchStrategy[model.Number]:
    def of(kind: str) -> st.SearchStrategy[model.Number]:
        most = 2 ** model.BITS[kind]
        numbers = st.integers(-most, most - 1) | st.integers(-9, 9)
        return numbers.map(lambda n: model.Number(kind, n))

    return st.sampled_from(list(model.DIGITS)).flatmap(of)


@st.composite
def decimals(draw: Any) -> model.Number:
    precision = draw(st.integers(1, 38))
    scale = draw(st.integers(0, precision))
    digits = draw(st.integers(1, precision))
    units = draw(st.integers(-(10**digits) + 1, 10**digits - 1))
    value = Decimal(units).scaleb(-scale) if digits <= 28 else Decimal(f"{units}E-{scale}")
    return model.Number(f"decimal({precision},{scale})", f"{value:f}")


@several
@given(st.integers(20, 38), st.integers(0, 38), st.data())
def test_an_average_of_long_decimals_is_exact_whatever_its_sum(
    work: Work, precision: int, scale: int, data: Any
) -> None:
    scale, most = min(scale, precision), 10**precision - 1
    units = data.draw(
        st.lists(st.integers(-most, most) | st.integers(most // 2, most), min_size=1, max_size=6)
    )
    kind = f"decimal({precision},{scale})"
    rows = [f"select cast('{Decimal(f'{u}E-{scale}'):f}' as {kind}) as x" for u in units]
    for distinct, counted in (("", units), ("distinct ", list(set(units)))):
        total, count = sum(counted), len(counted)
        size = (2 * abs(total) + count) // (2 * count)
        expected = Decimal(f"{size if total > 0 else -size}E-{scale}")
        found = values(work, f"select avg({distinct}x) from ({' union all '.join(rows)})")
        assert found == [[f"{expected if size else abs(expected):f}"]], rows


@several
@given(st.sampled_from(["coalesce", "greatest", "if"]), decimals(), decimals())
def test_a_common_type_of_decimals_cuts_nothing_off(
    work: Work, function: str, a: model.Number, b: model.Number
) -> None:
    first = Decimal(str(a.value))
    expected = max(first, Decimal(str(b.value))) if function == "greatest" else first
    condition = "random() < 2, " if function == "if" else ""
    expression = f"{function}({condition}{a.sql()}, {b.sql()})"
    scale = max(a.numbers[1], b.numbers[1])
    if max(abs(first), abs(Decimal(str(b.value)))).adjusted() + scale >= 38:
        try:
            text = one(work, expression)[1]
        except QueryFailed as failed:
            text = failed.name
        # Of what has no room, the operand that is not taken need not be looked at.
        assert text == "INVALID_CAST_ARGUMENT" or Decimal(str(text)) == expected
    else:
        assert Decimal(str(one(work, expression)[1])) == expected


@given(st.integers(-10_000, 10_000), st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=500, derandomize=True, database=None, deadline=None)
def test_a_cube_root_is_exact_for_cubes_and_near_for_all(whole: int, value: float) -> None:
    assert cube_root(float(whole) ** 3) == whole
    root = cube_root(value)
    ulp = Fraction(math.ulp(root))
    below, above = (Fraction(root) + sign * Fraction(2, 3) * ulp for sign in (-1, 1))
    assert below**3 <= Fraction(value) <= above**3


@several
@given(st.sampled_from("+-*/%"), integers() | decimals(), integers() | decimals())
def test_arithmetic_has_trinos_type_value_and_failure(
    work: Work, operator: str, a: model.Number, b: model.Number
) -> None:
    assume(not (operator == "/" and b.value == -1))
    expression = f"{a.sql()} {operator} {b.sql()}"
    expected = model.calculate(operator, a, b)
    if isinstance(expected, str):
        assert failure(work, expression) == expected, expression
    else:
        text = str(expected.value) if expected.kind in model.DIGITS else f"{expected.value:f}"
        assert one(work, expression) == (expected.kind, text), expression


@several
@given(st.floats() | st.floats(-1e9, 1e9))
def test_a_double_is_printed_as_java_prints_it(work: Work, value: float) -> None:
    given_ = {"nan": "nan()", "inf": "infinity()", "-inf": "-infinity()"}.get(
        str(value), f"{value!r}e0" if "e" not in repr(value) else repr(value)
    )
    assert one(work, given_) == ("double", model.double_text(value))
    cast = one(work, f"cast({given_} as varchar)")
    assert cast == ("varchar", model.double_as_varchar(value))


small = st.none() | st.integers(-2, 2)


def condition(depth: int) -> st.SearchStrategy[tuple[str, Any]]:
    """SQL over x and y beside the function that says what it gives."""

    def compared(operator: str, other: int | None) -> tuple[str, Any]:
        right = "y" if other is None else str(other)
        return f"x {operator} {right}", lambda x, y: model.compare(
            operator, x, y if other is None else other
        )

    leaf = st.builds(
        compared, st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "is distinct from"]), small
    )
    null = st.just(("x is null", lambda x, y: x is None))
    if depth == 0:
        return leaf | null
    inner = condition(depth - 1)

    def joined(word: str, a: Any, b: Any) -> tuple[str, Any]:
        rule = model.both if word == "and" else model.either
        return f"({a[0]} {word} {b[0]})", lambda x, y: rule(a[1](x, y), b[1](x, y))

    negated = inner.map(lambda c: (f"not ({c[0]})", lambda x, y: model.opposite(c[1](x, y))))
    return leaf | null | negated | st.builds(joined, st.sampled_from(["and", "or"]), inner, inner)


def literal(value: Any) -> str:
    return "cast(null as integer)" if value is None else str(value)


@several
@given(condition(3), st.lists(st.tuples(small, small), min_size=1, max_size=6))
def test_conditions_know_three_truth_values(
    work: Work, tested: tuple[str, Any], rows: list[tuple[int | None, int | None]]
) -> None:
    text, rule = tested
    table = ", ".join(f"({at}, {literal(x)}, {literal(y)})" for at, (x, y) in enumerate(rows))
    source = f"from (values {table}) as t(n, x, y)"
    expected = [rule(x, y) for x, y in rows]
    shown = [None if e is None else str(e).lower() for e in expected]
    assert values(work, f"select {text} {source} order by n") == [[s] for s in shown]
    kept = [[str(at)] for at, e in enumerate(expected) if e]
    assert values(work, f"select n {source} where {text} order by n") == kept


moments = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1)).map(
    lambda d: d.replace(microsecond=d.microsecond // 1000 * 1000)
)
units = st.sampled_from(["second", "minute", "hour", "day", "week", "month", "quarter", "year"])


def stamp(value: dt.datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"


@several
@given(units, st.integers(-500, 500), moments)
def test_date_add_counts_calendar_units(
    work: Work, unit: str, count: int, value: dt.datetime
) -> None:
    expected = model.date_add(unit, count, value)
    made = one(work, f"date_add('{unit}', {count}, timestamp '{stamp(value)}')")
    assert made == ("timestamp(3)", stamp(expected))


@several
@given(units, moments, moments | st.none())
def test_date_diff_counts_whole_units(
    work: Work, unit: str, a: dt.datetime, b: dt.datetime | None
) -> None:
    b = b or model.add_months(a, 13)
    expected = model.date_diff(unit, a, b)
    made = one(work, f"date_diff('{unit}', timestamp '{stamp(a)}', timestamp '{stamp(b)}')")
    assert made == ("bigint", str(expected)), (unit, a, b)


@several
@given(units, st.dates(dt.date(1999, 12, 1), dt.date(2000, 4, 30)), st.integers(-70, 70))
def test_date_diff_ends_a_month_on_its_last_day(
    work: Work, unit: str, a: dt.date, days: int
) -> None:
    assume(unit in ("day", "week", "month", "quarter", "year"))
    b = a + dt.timedelta(days=days)
    start, end = (dt.datetime.combine(d, dt.time()) for d in (a, b))
    made = one(work, f"date_diff('{unit}', date '{a}', date '{b}')")
    assert made == ("bigint", str(model.date_diff(unit, start, end))), (unit, a, b)


@several
@given(units, moments)
def test_date_trunc_and_the_parts_of_a_date(work: Work, unit: str, value: dt.datetime) -> None:
    written = f"timestamp '{stamp(value)}'"
    truncated = model.date_trunc(unit, value)
    assert one(work, f"date_trunc('{unit}', {written})") == ("timestamp(3)", stamp(truncated))
    parts = "year month day day_of_week day_of_year week year_of_week quarter hour minute second"
    expressions = ", ".join(f"{p}({written})" for p in parts.split())
    iso = value.isocalendar()
    expected = [
        value.year, value.month, value.day, value.isoweekday(), value.timetuple().tm_yday,
        iso.week, iso.year, (value.month + 2) // 3, value.hour, value.minute, value.second,
    ]  # fmt: skip
    last = model.add_months(value.replace(day=1), 1) - dt.timedelta(days=1)
    rows = values(work, f"select {expressions}, last_day_of_month({written})")
    assert rows == [[*map(str, expected), f"{last:%Y-%m-%d}"]]


texts = st.text("abc -é😀", max_size=8)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@several
@given(texts, st.integers(-10, 10), st.integers(-2, 10))
def test_substr_counts_from_one_and_from_the_end(
    work: Work, text: str, start: int, length: int
) -> None:
    written = quoted(text)
    rows = values(work, f"select substr({written}, {start}), substr({written}, {start}, {length})")
    assert rows == [[model.substr(text, start), model.substr(text, start, length)]]


@several
@given(texts, st.sampled_from(["a", "b", "ab", " ", "é", "-"]), st.integers(0, 4))
def test_split_part_and_strpos_follow_the_delimiter(
    work: Work, text: str, delimiter: str, index: int
) -> None:
    written = f"{quoted(text)}, {quoted(delimiter)}"
    found = text.find(delimiter) + 1
    assert one(work, f"strpos({written})") == ("bigint", str(found))
    assert one(work, f"position({quoted(delimiter)} in {quoted(text)})") == ("bigint", str(found))
    expression = f"split_part({written}, {index})"
    if index == 0:
        assert failure(work, expression) == "INVALID_FUNCTION_ARGUMENT"
    else:
        expected = model.split_part(text, delimiter, index)
        assert one(work, expression) == ("varchar", expected)


@several
@given(texts, st.integers(0, 10), st.text("xyé", min_size=1, max_size=3))
def test_strings_are_padded_trimmed_replaced_and_measured(
    work: Work, text: str, size: int, filling: str
) -> None:
    t, f = quoted(text), quoted(filling)
    rows = values(
        work,
        f"select lpad({t}, {size}, {f}), rpad({t}, {size}, {f}), trim({t}), ltrim({t}), rtrim({t}), "
        f"replace({t}, 'a', {f}), replace({t}, 'ab'), reverse({t}), length({t}), upper({t}), "
        f"{t} || {f}, starts_with({t}, 'a')",
    )
    expected = [
        model.pad(text, size, filling, left=True), model.pad(text, size, filling, left=False),
        text.strip(" "), text.lstrip(" "), text.rstrip(" "), text.replace("a", filling),
        text.replace("ab", ""), text[::-1], str(len(text)), text.upper(), text + filling,
        str(text.startswith("a")).lower(),
    ]  # fmt: skip
    assert rows == [expected]


numbers = st.lists(small, min_size=1, max_size=8)


def source(name: str, listed: list[int | None]) -> str:
    return f"(values {', '.join(literal(v) for v in listed)}) as {name}(x)"


def shown(listed: list[Any]) -> list[list[str | None]]:
    return [[None if v is None else str(v)] for v in listed]


@several
@given(numbers, st.booleans(), st.sampled_from(["", "nulls first", "nulls last"]))
def test_nulls_are_last_unless_told_otherwise(
    work: Work, listed: list[int | None], descending: bool, nulls: str
) -> None:
    query = f"select x from {source('t', listed)} order by x {'desc' if descending else ''} {nulls}"
    assert values(work, query) == shown(model.ordered(listed, descending, nulls == "nulls first"))


@several
@given(
    numbers,
    numbers,
    st.sampled_from(["union", "union all", "intersect", "intersect all", "except", "except all"]),
)
def test_set_operations_count_duplicates_and_nulls(
    work: Work, left: list[int | None], right: list[int | None], operator: str
) -> None:
    made = values(
        work, f"select x from {source('t', left)} {operator} select x from {source('u', right)}"
    )
    expected = shown(model.combined(operator, left, right))
    assert sorted(made, key=str) == sorted(expected, key=str)


groups = st.lists(st.tuples(st.sampled_from([None, "a", "b"]), small), min_size=1, max_size=8)


@several
@given(groups)
def test_groups_are_counted_summed_and_listed(
    work: Work, rows: list[tuple[str | None, int | None]]
) -> None:
    table = ", ".join(
        f"({at}, {'cast(null as varchar)' if g is None else quoted(g)}, {literal(x)})"
        for at, (g, x) in enumerate(rows)
    )
    made = values(
        work,
        "select g, count(*), count(x), count(distinct x), sum(x), min(x), max(x), avg(x), "
        "array_agg(x order by n), count(*) filter (where x > 0), sum(x + 0.5) "
        f"from (values {table}) as t(n, g, x) group by g order by g",
    )
    expected = []
    for group in model.ordered(list({g for g, _ in rows}), False, False):
        mine = [x for g, x in rows if g == group]
        given_ = [x for x in mine if x is not None]
        found: list[Any] = [group, len(mine), len(given_), len(set(given_))]
        found += [f(given_) if given_ else None for f in (sum, min, max)]
        found += [model.double_text(model.mean(given_)) if given_ else None]
        found += ["[" + ", ".join("null" if x is None else str(x) for x in mine) + "]"]
        found += [sum(x > 0 for x in given_)]
        found += [f"{sum(given_) + len(given_) * 0.5:.1f}" if given_ else None]
        expected.append([None if f is None else str(f) for f in found])
    assert made == expected


@several
@given(numbers)
def test_windows_number_rank_and_look_back(work: Work, listed: list[int | None]) -> None:
    table = ", ".join(f"({at}, {literal(x)})" for at, x in enumerate(listed))
    made = values(
        work,
        "select row_number() over (order by n), rank() over (order by x), dense_rank() over (order by x), "
        "lag(x) over (order by n), lag(x) ignore nulls over (order by n), "
        "sum(x) over (order by n rows between 1 preceding and current row), "
        "first_value(x) over (order by n) "
        f"from (values {table}) as t(n, x) order by n",
    )
    places = model.ordered(listed, False, False)
    distinct = model.ordered(list(set(listed)), False, False)
    expected = []
    for at, x in enumerate(listed):
        before = [v for v in listed[:at] if v is not None]
        frame = [v for v in listed[max(0, at - 1) : at + 1] if v is not None]
        found = [
            at + 1, places.index(x) + 1, distinct.index(x) + 1, listed[at - 1] if at else None,
            before[-1] if before else None, sum(frame) if frame else None, listed[0],
        ]  # fmt: skip
        expected.append([None if f is None else str(f) for f in found])
    assert made == expected


@several
@given(decimals(), st.floats(allow_nan=False), moments, texts, st.booleans())
def test_the_result_file_holds_the_same_text(
    work: Work, exact: model.Number, double: float, moment: dt.datetime, text: str, flag: bool
) -> None:
    written = f"{double!r}e0" if "e" not in repr(double) else repr(double)
    written = {"inf": "infinity()", "-inf": "-infinity()"}.get(str(double), written)
    query = (
        f"select {exact.sql()} as a, {written} as b, timestamp '{stamp(moment)}' as c, "
        f"{quoted(text)} as d, {str(flag).lower()} as e, date '{moment:%Y-%m-%d}' as f"
    )
    path = work.duck.scratch / "result.csv"
    output.write(work, work.plan(query), query, path)
    _, rows = answer(work, query)
    assert output.page(path, 0, 9)[0] == [list("abcdef"), *rows]
    shown = f"{Decimal(exact.value):f}"
    assert rows[0][0] == shown
