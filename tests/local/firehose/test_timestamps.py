"""Java timestamp patterns."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.firehose.errors import ExpressionError
from local.firehose.timestamps import compile_pattern, format_instant

INSTANT = datetime(2018, 8, 7, 0, 5, 9, 45_000, UTC)
FORMATS = [
    ("yyyy/MM/dd/HH", "2018/08/07/00"),
    ("yy-M-d H:m:s", "18-8-7 0:5:9"),
    ("'year='yyyy'/month='MM", "year=2018/month=08"),
    ("hh a KK kk", "12 AM 00 24"),
    ("EEE EEEE MMM MMMM", "Tue Tuesday Aug August"),
    ("DDD SSS", "219 045"),
    ("yyyy''MM", "2018'08"),
    ("'it''s' HH", "it's 00"),
    ("u[MM]", "201808"),
]


@pytest.mark.parametrize(("pattern", "text"), FORMATS)
def test_a_pattern_formats_as_java_does(pattern: str, text: str) -> None:
    assert format_instant(compile_pattern(pattern), INSTANT) == text


@pytest.mark.parametrize("pattern", ["YYYY", "yyyy-ww", "'open", "", "{yyyy}", "HHH", "z", "b"])
def test_a_pattern_that_is_not_supported_is_refused(pattern: str) -> None:
    with pytest.raises(ExpressionError):
        compile_pattern(pattern)


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)))
def test_digits_of_an_instant_read_back_as_the_instant(moment: datetime) -> None:
    text = format_instant(compile_pattern("yyyy-MM-dd HH:mm:ss.SSSSSS"), moment)
    assert datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f") == moment
