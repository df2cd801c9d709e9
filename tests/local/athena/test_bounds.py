"""Row groups left out by their statistics: never one that holds a wanted row, and those that cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.athena.engine.planner import Planner, Session
from local.athena.lake.bounds import Bound, can_hold
from local.athena.lake.cost import Footers
from local.athena.sql.types import parse_type

TYPES = {
    "id": "bigint",
    "name": "varchar",
    "day": "date",
    "seen": "timestamp",
    "price": "decimal(18,4)",
    "share": "double",
    "absent": "integer",
}
GROUP_ROWS = 50


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    planner = Planner()
    made = planner.session()
    made.stand_in("t", {name: parse_type(kind) for name, kind in TYPES.items()})
    yield made
    made.close()
    planner.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six row groups; `absent` is NULL in all but the third."""
    rows = """
        select i as id, chr((97 + i // 60)::integer) || i as name,
          date '2026-01-01' + (i // 30)::integer as day,
          timestamp '2026-01-01 00:00:00' + to_hours(i) as seen, (i / 4)::decimal(18, 4) as price,
          (i * 1.5 - 100)::double as share, case when i // 50 = 2 then i::integer end as absent
        from range(300) made(i)"""
    table = duckdb.sql(rows).to_arrow_table()
    target = tmp_path_factory.mktemp("bounds") / "groups.parquet"
    pq.write_table(pa.table(table), target, row_group_size=GROUP_ROWS)
    return target


def _filters(session: Session, condition: str) -> tuple[str, ...]:
    [scan] = session.scans(f"select count(*) from t where {condition}")["t"]
    return tuple(scan.filters)


def _bytes(path: Path, session: Session, condition: str) -> int:
    return Footers().scanned(path, {"id"}, _filters(session, condition))


def _group_bytes(path: Path) -> list[int]:
    with pq.ParquetFile(path) as file:
        found = file.metadata
        return [
            found.row_group(at).column(0).total_compressed_size
            for at in range(found.num_row_groups)
        ]


@pytest.mark.parametrize(
    ("condition", "groups"),
    [
        ("id between 110 and 120", [2]),
        ("id in (3, 260)", [0, 5]),
        ("id < 50 or id >= 250", [0, 5]),
        ("name = 'a1'", [0]),
        ("name like 'e2%'", [4, 5]),
        ("day = date '2026-01-02'", [0, 1]),
        ("seen < timestamp '2026-01-02 00:00:00'", [0]),
        ("price > 74.5", [5]),
        ("share < -50", [0]),
        ("absent is not null and absent = 120", [2]),
        ("id > 1000", []),
        ("id is null", []),
        ("lower(name) = 'x'", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_only_row_groups_that_can_match_are_counted(
    path: Path, session: Session, condition: str, groups: list[int]
) -> None:
    sizes = _group_bytes(path)
    assert _bytes(path, session, condition) == sum(sizes[at] for at in groups)


_VALUES = {
    "id": st.integers(-10, 310).map(str),
    "name": st.text("abcdef0123", max_size=3).map(lambda t: f"'{t}'"),
    "day": st.dates().filter(lambda d: d.year == 2026).map(lambda d: f"date '{d}'"),
    "price": st.decimals(-1, 80, places=4).map(str),
    "share": st.integers(-120, 400).map(lambda n: f"{n / 2}e0"),
    "absent": st.integers(90, 160).map(str),
}
_PLAIN = st.sampled_from(sorted(set(_VALUES) - {"day"})).flatmap(
    lambda c: st.tuples(st.just(c), st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), _VALUES[c])
)
_CONDITIONS = st.recursive(
    _PLAIN.map(" ".join),
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
        lambda parts: "(" + " ".join(parts) + ")"
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(condition=_CONDITIONS)
def test_no_row_group_with_a_wanted_row_is_left_out(
    path: Path, session: Session, condition: str
) -> None:
    wanted = duckdb.sql(
        f"select distinct id // {GROUP_ROWS} from read_parquet('{path}') where {condition}"
    ).fetchall()
    sizes = _group_bytes(path)
    try:
        counted = _bytes(path, session, condition)
    except KeyError:  # a condition that can never hold has no scan
        assert wanted == []
        return
    assert counted >= sum(sizes[at] for (at,) in wanted)


def test_a_column_without_statistics_keeps_the_row_group() -> None:
    assert can_hold(("(other = 3)",), {"id": Bound(1, 2, False)})
    assert not can_hold(("(id = 3)",), {"id": Bound(1, 2, False)})
