"""The objects that a query leaves in S3: rows, texts, companions, manifests, and where they lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.athena.engine.companion import encoded
from local.athena.engine.results import column_info
from local.athena.sql.types import Type

from .conftest import LAKE, RESULTS, Endpoint, Query

pytestmark = pytest.mark.integration
PREFIX = f"s3://{RESULTS}/files"


@pytest.fixture(scope="module")
def read(endpoint: Endpoint) -> Callable[[str], bytes]:
    s3: Any = endpoint.client("s3")

    def made(url: str) -> bytes:
        bucket, _, key = url.removeprefix("s3://").partition("/")
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    return made


def _done(query: Query, sql: str, place: str = f"{PREFIX}/") -> dict[str, Any]:
    done = query.execution(sql, ResultConfiguration={"OutputLocation": place})
    assert done["Status"]["State"] == "SUCCEEDED", done["Status"]
    return done


def test_a_csv_tells_null_from_nothing_and_keeps_lines_and_letters(
    query: Query, read: Callable[[str], bytes]
) -> None:
    sql = """select * from (values ('a"b', 'x,y'), (null, ''), ('é' || chr(10) || '日本', ' ')) as t(a, "B c")"""
    done = _done(query, sql)
    place = done["ResultConfiguration"]["OutputLocation"]
    assert place == f"{PREFIX}/{done['QueryExecutionId']}.csv"
    text = '"a","B c"\n"a""b","x,y"\n,""\n"é\n日本"," "\n'
    assert read(place).decode() == text
    assert query.rows(sql) == [['a"b', "x,y"], [None, ""], ["é\n日本", " "]]


def test_a_query_that_fails_while_it_runs_leaves_nothing(query: Query, endpoint: Endpoint) -> None:
    place = f"{PREFIX}/failed/"
    failed = query.execution(
        "select 1 / x from unnest(sequence(0, 3)) as t(x)",
        ResultConfiguration={"OutputLocation": place},
    )
    assert failed["Status"]["StateChangeReason"].startswith("DIVISION_BY_ZERO")
    s3: Any = endpoint.client("s3")
    assert s3.list_objects_v2(Bucket=RESULTS, Prefix="files/failed/")["KeyCount"] == 0


def test_a_location_without_a_slash_at_its_end_is_a_folder_too(query: Query) -> None:
    done = _done(query, "select 1", PREFIX)
    assert (
        done["ResultConfiguration"]["OutputLocation"] == f"{PREFIX}/{done['QueryExecutionId']}.csv"
    )


def test_a_text_has_lines_without_header_and_statements_without_rows_are_empty(
    query: Query, read: Callable[[str], bytes]
) -> None:
    done = _done(query, "create database if not exists files")
    place = done["ResultConfiguration"]["OutputLocation"]
    assert place.endswith(f"{done['QueryExecutionId']}.txt")
    assert read(place) == b""
    with pytest.raises(Exception, match="NoSuchKey"):
        read(f"{place}.metadata")
    shown = _done(query, "show databases like 'files'")["ResultConfiguration"]["OutputLocation"]
    assert read(shown) == b"files"
    assert read(f"{shown}.metadata")


def test_what_writes_rows_leaves_a_manifest_of_its_files(
    endpoint: Endpoint, query: Query, read: Callable[[str], bytes]
) -> None:
    query.rows("create database if not exists files")
    made = _done(query, "create table files.made as select 1 as a")
    key = made["QueryExecutionId"]
    assert made["ResultConfiguration"]["OutputLocation"] == f"{PREFIX}/tables/{key}"
    manifest = made["Statistics"]["DataManifestLocation"]
    assert manifest == f"{PREFIX}/tables/{key}-manifest.csv"
    (file,) = read(manifest).decode().split()
    assert file.startswith(f"{PREFIX}/tables/{key}/")
    assert read(file)[:4] == b"PAR1"
    assert b"CREATE TABLE" in read(f"{PREFIX}/tables/{key}.metadata")
    inserted = _done(query, "insert into files.made select 2")
    assert (
        inserted["ResultConfiguration"]["OutputLocation"]
        == f"{PREFIX}/{inserted['QueryExecutionId']}"
    )
    unloaded = _done(
        query, f"unload (select 1 as a) to 's3://{LAKE}/files/u/' with (format='parquet')"
    )
    (file,) = read(unloaded["Statistics"]["DataManifestLocation"]).decode().split()
    assert file.startswith(f"s3://{LAKE}/files/u/")


def test_the_companion_of_an_insert_is_the_one_that_athena_writes() -> None:
    """But for the id, 75 bytes: INSERT, one row, one column `rows` of type bigint."""
    made = encoded(
        "20260920_000000_00000_abcde", [column_info("rows", Type("bigint"))], "INSERT", 1
    )
    assert len(made) == 75
    assert made[29:].hex() == (
        "1206494e534552541801"
        "22220a0468697665"
        "2204726f77732a04726f7773"
        "3206626967696e74"
        "3813400048035000"
    )


@pytest.mark.parametrize(
    ("kind", "tail"),
    [
        (Type("boolean"), "48035000"),
        (Type("date"), "400048035000"),
        (Type("array", items=(Type("integer"),)), "4803"),
        (Type("json"), "4803"),
        (Type("varchar"), "38ffffffff074000" + "48035001"),
    ],
)
def test_a_companion_has_the_fields_that_a_type_has(kind: Type, tail: str) -> None:
    assert encoded("q", [column_info("c", kind)]).hex().endswith(tail)
