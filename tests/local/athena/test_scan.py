"""Values as files hold them and as Athena reads them, where the two differ."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import LAKE, Endpoint, Query

pytestmark = pytest.mark.integration
MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, 678501)
ROUNDED = "2026-01-02 03:04:05.679"
NAN = float("nan")
FLOATS = pa.schema(
    [("d", pa.float64()), ("f", pa.float32()), ("r", pa.struct([("d", pa.float64())]))]
)
COLUMNS = "at timestamp, many array<timestamp>, held struct<at:timestamp>"


@pytest.fixture(scope="module")
def scanned(query: Query) -> Query:
    query.rows("create database if not exists scanned")
    return query


def _parquet() -> bytes:
    row: dict[str, Any] = {"at": MOMENT, "many": [MOMENT, None], "held": {"at": MOMENT}}
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row]), body)
    return body.getvalue()


def _json() -> bytes:
    return (
        b'{"at": "2026-01-02 03:04:05.678501", "many": ["2026-01-02 03:04:05.678501", null], '
        b'"held": {"at": "2026-01-02 03:04:05.678501"}}\n'
    )


@pytest.mark.parametrize(
    ("name", "body", "clauses"),
    [
        ("parquet", _parquet(), "stored as parquet"),
        ("json", _json(), "row format serde 'org.openx.data.jsonserde.JsonSerDe'"),
    ],
)
def test_timestamps_are_rounded_to_milliseconds(
    scanned: Query, endpoint: Endpoint, name: str, body: bytes, clauses: str
) -> None:
    endpoint.client("s3").put_object(Bucket=LAKE, Key=f"scanned/{name}/one", Body=body)
    where = f"location 's3://{LAKE}/scanned/{name}/'"
    scanned.rows(f"create external table scanned.{name} ({COLUMNS}) {clauses} {where}")
    table = f"scanned.{name}"
    assert scanned.rows(f"select * from {table}") == [
        [ROUNDED, f"[{ROUNDED}, null]", f"{{at={ROUNDED}}}"]
    ]
    equal = f"select count(*) from {table} where at = timestamp '{ROUNDED}' and many[1] = held.at"
    assert scanned.rows(equal) == [["1"]]
    text = f"select cast(cast(at as timestamp(6)) as varchar), to_unixtime(at) from {table}"
    assert scanned.rows(text) == [[f"{ROUNDED}000", "1.767323045679E9"]]


def test_text_is_rounded_too(scanned: Query, endpoint: Endpoint) -> None:
    lines = b"2026-01-02 03:04:05.678501\n"
    endpoint.client("s3").put_object(Bucket=LAKE, Key="scanned/text/one", Body=lines)
    scanned.rows(f"create external table scanned.text (at timestamp) location 's3://{LAKE}/scanned/text/'")  # fmt: skip
    equal = f"select at, at = timestamp '{ROUNDED}' from scanned.text"
    assert scanned.rows(equal) == [[ROUNDED, "true"]]


def test_statistics_without_nan_hide_no_row(scanned: Query, endpoint: Endpoint) -> None:
    """A writer names 1 as the greatest of 1 and NaN, as the specification of Parquet asks."""
    body = io.BytesIO()
    fine, odd = {"d": 1.0, "f": 1.0, "r": {"d": 1.0}}, {"d": NAN, "f": NAN, "r": {"d": NAN}}
    pq.write_table(pa.Table.from_pylist([fine, odd], FLOATS), body)
    endpoint.client("s3").put_object(Bucket=LAKE, Key="scanned/nan/one", Body=body.getvalue())
    where = f"stored as parquet location 's3://{LAKE}/scanned/nan/'"
    scanned.rows(
        f"create external table scanned.nan (d double, f float, r struct<d:double>) {where}"
    )
    for column in ("d", "f", "r.d"):
        for condition in ("{} <> 1", "not ({} < 5)", "is_nan({})", "{} not in (1, 2)"):
            found = f"select count(*) from scanned.nan where {condition.format(column)}"
            assert scanned.rows(found) == [["1"]], found
        truth = f"select {column} <> 1, is_nan({column}) from scanned.nan order by 1"
        assert scanned.rows(truth) == [["false", "false"], ["true", "true"]]
