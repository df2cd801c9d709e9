"""TRY around each function, with an argument that fails: NULL, wherever DuckDB would compute it."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.athena.errors import QueryFailed
from local.athena.functions import table
from local.athena.sql.ordering import AGGREGATES

from .in_memory import answer, engine

_OVER = "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value"
NO_ARGUMENT = {"try", "if", "coalesce", "grouping", "typeof", *_OVER.split(), *AGGREGATES}
RANDOM = {"rand", "random", "uuid", "shuffle"}  # refused by name inside TRY
TEXT, WHOLE, REAL = "json_format(json_parse(x))", "cast(x as bigint)", "cast(x as double)"
DAY, MOMENT = "cast(x as date)", "cast(x as timestamp)"
LIST = "cast(json_parse(x) as array(bigint))"
PAIRS = "cast(json_parse(x) as map(varchar, bigint))"
ARGUMENTS = [
    *([each] for each in (TEXT, REAL, WHOLE, DAY, MOMENT, LIST, PAIRS)),
    [TEXT, "'a'"], [TEXT, "1"], [REAL, "2e0"], [WHOLE, "2"], ["'day'", MOMENT], [LIST, "1"],
    ["'day'", DAY, "date '2020-01-01'"], ["'day'", "1", DAY], [TEXT, "'a'", "'b'"],
    [TEXT, "1", "'x'"], [LIST, "array[1]"], [PAIRS, "'a'"], [MOMENT, "'%Y'"], ["2", WHOLE],
    ["array[1, 2]", WHOLE], [TEXT, "1", "2"], ["'a'", TEXT],
]  # fmt: skip


def test_the_failure_of_an_argument_is_null(tmp_path: Path) -> None:
    asked = 0
    with engine(tmp_path) as work:
        for name in sorted(table.KNOWN - table.REFUSED - NO_ARGUMENT - RANDOM):
            for arguments in ARGUMENTS:
                call = f"{name}({', '.join(arguments)})"
                try:
                    work.plan(f"select {call} from (values 'zz') as t(x)")
                except QueryFailed:
                    continue
                assert answer(work, f"select try({call}) from (values 'zz') as t(x)")[1] == [[None]], call  # fmt: skip
                asked += 1
                break
    assert asked > 150


def test_what_answers_otherwise_each_time_is_refused(tmp_path: Path) -> None:
    with engine(tmp_path) as work, pytest.raises(QueryFailed, match="NOT_SUPPORTED"):
        work.plan("select try(random())")


@pytest.mark.parametrize("call", ["try()", "try(1, 2)"])
def test_it_takes_one_argument(tmp_path: Path, call: str) -> None:
    with engine(tmp_path) as work, pytest.raises(QueryFailed, match="FUNCTION_NOT_FOUND"):
        work.plan(f"select {call}")


def test_a_refusal_ends_with_its_query(tmp_path: Path) -> None:
    with engine(tmp_path) as work:
        with pytest.raises(QueryFailed) as refused:
            answer(work, "select try_cast('2020-02-29 10:11:12 FOO' as timestamp)")
        assert refused.value.name == "NOT_SUPPORTED"
        assert answer(work, "select try(1 / x) from (values 0) as t(x)") == (["integer"], [[None]])
