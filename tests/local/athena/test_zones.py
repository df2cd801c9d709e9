"""Values in time zones: every function knows them or refuses, and calendars change with the clocks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.athena.engine.query import Work
from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions import table
from local.athena.sql import zones
from local.athena.sql.types import Type, parse_type
from tests.local.athena import model
from tests.local.athena.in_memory import answer, engine
from tests.local.athena.test_precision import SHAPES, outcome

Answer = tuple[list[str], list[list[str | None]]] | str
# One instant: in two zones, in UTC, and as the first zone's clock shows it.
EAST, CENTRAL, UTC, CLOCK = (
    f"timestamp '2024-05-06 {time}'"
    for time in (
        "03:08:09.123 America/New_York", "02:08:09.123 America/Chicago", "07:08:09.123 UTC",
        "03:08:09.123",
    )
)  # fmt: skip
_ON_THE_CLOCK_NAMES = """
date date_format date_trunc day day_of_month day_of_week day_of_year dow doy format_datetime hour
last_day_of_month millisecond minute month quarter second week week_of_year year year_of_week yow
"""
ON_THE_CLOCK = frozenset(_ON_THE_CLOCK_NAMES.split())
OF_OFFSETS = {
    "timezone_hour": "-4",
    "timezone_minute": "0",
    "to_iso8601": "2024-05-06T03:08:09.123-04:00",
}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with engine(tmp_path_factory.mktemp("athena")) as made:
        yield made


def asked(work: Work, name: str, shape: str, t: str, u: str) -> Answer:
    return outcome(work, f"select {name}{shape} from (values ({t}, {u})) as v (t, u)")


def in_utc(text: Any) -> str:
    """An answer with the one instant, in whatever zone, as it is in UTC."""
    return re.sub(r"0[23]:08:09\.123 America/(New_York|Chicago)", "07:08:09.123 UTC", str(text))


def on_the_clock(text: Any) -> str:
    """An answer without the zone's name and without the type's."""
    return str(text).replace(" America/New_York", "").replace(" with time zone", "")


@pytest.mark.parametrize("name", sorted(n for n in table.KNOWN if table.status(n) == "faithful"))
def test_a_function_of_timestamps_knows_zones_or_refuses(work: Work, name: str) -> None:
    for shape in SHAPES:
        plain = asked(work, name, shape, UTC, UTC)
        found = plain if isinstance(plain, str) else asked(work, name, shape, EAST, EAST)
        if isinstance(found, str):
            assert found in (plain, "NOT_SUPPORTED"), shape
        elif name in OF_OFFSETS:
            assert found[1] == [[OF_OFFSETS[name]]]
        elif in_utc(found) != str(plain):
            assert name in ON_THE_CLOCK, shape
            clock = asked(work, name, shape, CLOCK, CLOCK)
            assert on_the_clock(found) == on_the_clock(clock), shape
            assert found[0] == plain[0], shape


@pytest.mark.parametrize("name", sorted(n for n in table.KNOWN if table.status(n) == "faithful"))
@pytest.mark.parametrize("other", [CENTRAL, UTC], ids=["another zone", "UTC"])
def test_a_function_of_two_zones_sees_their_instants_or_refuses(
    work: Work, name: str, other: str
) -> None:
    for shape in SHAPES:
        if len(re.findall(r"\bt\b", shape)) < 2:
            continue
        head, tail = re.split(r"(?<=\bt)\b", shape, maxsplit=1)
        mixed = head + re.sub(r"\bt\b", "u", tail)
        plain = asked(work, name, mixed, UTC, UTC)
        for t, u in ((EAST, other), (other, EAST)):
            found = plain if isinstance(plain, str) else asked(work, name, mixed, t, u)
            if isinstance(found, str):
                assert found in (plain, "NOT_SUPPORTED"), mixed
            else:
                assert in_utc(found) == str(plain), mixed


@pytest.mark.parametrize(
    ("written", "key"),
    [("UTC", ""), ("Z", ""), ("Etc/GMT", ""), ("-00:00", ""), ("+14:00", "+14:00"),
     ("America/Argentina/Ushuaia", "America/Argentina/Ushuaia"), ("US/Eastern", "US/Eastern")],
)  # fmt: skip
def test_a_zone_is_named_as_trino_prints_it(written: str, key: str) -> None:
    assert zones.key(written) == key


@pytest.mark.parametrize(
    "written", ["EST", "+5", "GMT+2", "Etc/GMT+5", "america/new_york", "+14:01"]
)
def test_a_zone_that_trino_names_otherwise_is_refused(written: str) -> None:
    with pytest.raises(NotSupported):
        zones.key(written)


@pytest.mark.parametrize("written", ["Atlantis", "America/Atlantis", "", "America/../Berlin"])
def test_a_zone_that_nobody_knows_is_an_error(written: str) -> None:
    with pytest.raises(QueryFailed, match="INVALID_FUNCTION_ARGUMENT"):
        zones.key(written)


@pytest.mark.parametrize("zone", ["America/New_York", "+05:30", "America/Port-au-Prince"])
def test_a_type_keeps_its_zone_through_duckdb(zone: str) -> None:
    kind = Type("timestamp with time zone", zone=zone)
    nested = Type("map", items=(kind, Type("array", items=(kind,))))
    assert parse_type(kind.duckdb()) == kind
    assert parse_type(nested.duckdb()) == nested


# Zones on both sides of Greenwich, of half an hour's change, of changes at midnight, of none.
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana",
         "Asia/Beirut", "Asia/Kolkata", "-03:30"]  # fmt: skip
several = settings(max_examples=150, derandomize=True, database=None, deadline=None)
hours = st.integers(0, 24 * 366 * 4)  # from 2021 on
near_changes = st.builds(
    lambda day, hour: day + hour,
    st.sampled_from([24 * d for d in (72, 86, 92, 276, 303, 310, 1163, 1177, 1386, 1402)]),
    st.integers(-30, 54),
)


def known(zone: str) -> dt.tzinfo:
    if "/" in zone:
        return zones.region(zone)
    return dt.timezone(dt.timedelta(minutes=zones.minutes(zone)))


def at(local: dt.datetime, zone: str, offset: dt.timedelta | None) -> dt.datetime:
    """The instant of a wall time, with that offset where it holds; after a gap for one inside it."""
    found = [local.replace(tzinfo=known(zone), fold=fold).astimezone(dt.UTC) for fold in (0, 1)]
    valid = [f for f in found if f.astimezone(known(zone)).replace(tzinfo=None) == local]
    kept = [f for f in valid if f.astimezone(known(zone)).utcoffset() == offset]
    return (kept or valid or found)[0]


def shown(instant: dt.datetime, zone: str) -> dt.datetime:
    return instant.astimezone(known(zone)).replace(tzinfo=None)


def printed(instant: dt.datetime, zone: str) -> str:
    return f"{shown(instant, zone):%Y-%m-%d %H:%M:%S}.000 {zone}"


@several
@given(
    st.sampled_from(ZONES),
    st.sampled_from(["minute", "hour", "day", "week", "month", "quarter", "year"]),
    st.one_of(hours, near_changes),
    st.integers(-40, 40),
    st.integers(-4000, 4000),
)
def test_calendars_follow_the_clocks(
    work: Work, zone: str, unit: str, hour: int, count: int, apart: int
) -> None:
    instant = dt.datetime(2021, 1, 1, 0, 20, tzinfo=dt.UTC) + dt.timedelta(hours=hour)
    other = instant + dt.timedelta(hours=apart)
    local, offset = shown(instant, zone), instant.astimezone(known(zone)).utcoffset()
    assert offset is not None
    value, second = (
        f"(timestamp '{i:%Y-%m-%d %H:%M:%S}' at time zone '{zone}')" for i in (instant, other)
    )
    query = (
        f"select date_trunc('{unit}', {value}), date_add('{unit}', {count}, {value}), "
        f"date_diff('{unit}', {value}, {second}), {value} + interval '{abs(count)}' month, "
        f"to_unixtime(date_trunc('{unit}', {value})), cast({value} as timestamp), "
        f"{value} - interval '{abs(count)}' day"
    )
    if unit in ("minute", "hour"):
        start = model.date_trunc(unit, local).replace(tzinfo=dt.timezone(offset)).astimezone(dt.UTC)
        moved = model.date_add(unit, count, instant)
        difference = model.date_diff(unit, instant, other)
    else:
        start = at(model.date_trunc(unit, local), zone, offset)
        moved = at(model.date_add(unit, count, local), zone, offset)
        difference = model.date_diff(unit, local, shown(other, zone))
    months = at(model.date_add("month", abs(count), local), zone, offset)
    days = instant - dt.timedelta(days=abs(count))
    _, (row,) = answer(work, query)
    assert row[4] is not None
    assert row[:4] + row[5:] == [
        printed(start, zone), printed(moved, zone), str(difference), printed(months, zone),
        f"{local:%Y-%m-%d %H:%M:%S}.000", printed(days, zone),
    ]  # fmt: skip
    assert float(row[4]) == start.timestamp()


# Days on which the clocks go forward or back, one of each for five zones.
CHANGES = [
    ("America/New_York", "2024-03-10"), ("America/New_York", "2024-11-03"),
    ("America/Havana", "2024-03-10"), ("America/Havana", "2024-11-03"),
    ("Europe/Berlin", "2024-03-31"), ("Europe/Berlin", "2024-10-27"),
    ("Asia/Beirut", "2024-03-31"), ("Asia/Beirut", "2024-10-27"),
    ("Australia/Lord_Howe", "2024-10-06"), ("Australia/Lord_Howe", "2024-04-07"),
]  # fmt: skip


@several
@given(st.sampled_from(CHANGES), st.integers(-16, 48), st.integers(-3, 3), st.booleans())
def test_a_wall_time_that_is_missing_or_double_is_jodas(
    work: Work, change: tuple[str, str], quarter: int, count: int, later: bool
) -> None:
    zone, day = change
    target = dt.datetime.fromisoformat(day) + dt.timedelta(minutes=15 * quarter)
    start = (target - dt.timedelta(days=count)).replace(tzinfo=known(zone), fold=later)
    instant = start.astimezone(dt.UTC)
    local, offset = shown(instant, zone), instant.astimezone(known(zone)).utcoffset()
    assert offset is not None
    moved = at(local + dt.timedelta(days=count), zone, offset)
    # Without an offset to keep Joda takes the first of two in the west, the second in the east.
    both = [target.replace(tzinfo=known(zone), fold=fold) for fold in (0, 1)]
    first, second = (each.utcoffset() or dt.timedelta() for each in both)
    read = both[first > second and offset > dt.timedelta()].astimezone(dt.UTC)
    value = f"(timestamp '{instant:%Y-%m-%d %H:%M:%S}' at time zone '{zone}')"
    query = (
        f"select {value}, to_unixtime({value}), to_unixtime(date_add('day', {count}, {value})), "
        f"to_unixtime(with_timezone(timestamp '{target}', '{zone}')), "
        f"to_unixtime(cast('{target} {zone}' as timestamp with time zone))"
    )
    _, (row,) = answer(work, query)
    cast_ = both[0].astimezone(dt.UTC)
    assert row[0] == printed(instant, zone)
    assert [float(n or 0) for n in row[1:]] == [
        t.timestamp() for t in (instant, moved, read, cast_)
    ]
