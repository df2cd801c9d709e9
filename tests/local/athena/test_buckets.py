"""Bucketed tables: Hive's hash, one file a bucket that its name tells, the definition in the catalogue.

Expected hashes are those of TestHiveBucketing in trino-hive.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from botocore.exceptions import ClientError

from local.athena.engine.planner import prepare
from local.athena.functions.bucketing import hashed
from local.athena.sql.types import parse_type

from .conftest import LAKE, Endpoint, Query

FOLDER = f"s3://{LAKE}/buckets"
CHINESE, RARE = "强大的Presto引擎", "\U00020ffc\U00020ffd\U00020ffe\U00020fff"


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    made = duckdb.connect(":memory:")
    prepare(made)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("boolean", True, 1),
        ("tinyint", -128, -128),
        ("smallint", 300, 300),
        ("int", -(2**31), -(2**31)),
        ("bigint", 300_000_000_000, -647710651),
        ("bigint", -(2**63), -(2**31)),
        ("bigint", 2**63 - 1, -(2**31)),
        ("float", 12.34, 1095069860),
        ("float", -math.inf, -8388608),
        ("float", -math.nan, 2143289344),
        ("double", -math.inf, -1048576),
        ("double", -math.nan, 2146959360),
        ("string", "", 0),
        ("string", "test string", -318923937),
        ("string", CHINESE, -120622694),
        ("string", RARE, -1810797254),
        ("string", "Trino rocks", 1132136730),
        ("date", "2015-11-19", 16758),
        ("date", "1950-11-19", -6983),
        ("string", None, None),
        ("array<string>", ["test string", None, "Trino rocks"], None),
        ("map<string,int>", {"test string": 300, "Trino rocks": None}, None),
    ],
)
def test_a_value_has_hives_hash(connection: Any, kind: str, value: Any, expected: Any) -> None:
    found = parse_type(kind)
    query = f"select {hashed(found, f'CAST(? AS {found.duckdb()})')}"
    if kind == "array<string>":
        expected = (-318923937 * 31 * 31 + 1132136730 + 2**31) % 2**32 - 2**31
    if kind == "map<string,int>":
        expected = (-318923937 ^ 300) + 1132136730
    assert connection.execute(query, [value]).fetchone() == (expected,)


def test_the_columns_of_a_row_are_folded_in_their_order(connection: Any) -> None:
    (row,) = connection.execute(
        "select t_hash_bucket([1, NULL, 3], 7), t_hash_bucket([-2], 4)"
    ).fetchall()
    assert row == ((31 * 31 + 3) % 7, (2**31 - 2) % 4)


@pytest.fixture(scope="module")
def bucketed(query: Query) -> Query:
    query.rows("create database if not exists bucketed")
    return query


def _create(query: Query, name: str, properties: str, sql: str) -> None:
    query.rows(
        f"create table bucketed.{name} with (external_location = '{FOLDER}/{name}/', {properties}) as {sql}"
    )


def _files(endpoint: Endpoint, name: str) -> dict[str, list[str]]:
    """Names of files by folder below the table."""
    listed = endpoint.client("s3").list_objects_v2(Bucket=LAKE, Prefix=f"buckets/{name}/")
    found: dict[str, list[str]] = {}
    for stored in listed["Contents"]:
        folder, _, file = stored["Key"].removeprefix(f"buckets/{name}/").rpartition("/")
        found.setdefault(folder, []).append(file)
    return found


@pytest.mark.integration
@pytest.mark.parametrize(
    ("form", "suffix"), [("parquet", ""), ("json", ".gz"), ("textfile", ".gz")]
)
def test_each_bucket_is_a_file_that_its_name_tells(
    bucketed: Query, endpoint: Endpoint, form: str, suffix: str
) -> None:
    name = f"plain_{form}"
    properties = f"format = '{form}', bucketed_by = array['n'], bucket_count = 4"
    _create(bucketed, name, properties, "select n, 'x' as word from unnest(sequence(-40, 40, 2)) as t (n)")  # fmt: skip
    ((folder, files),) = _files(endpoint, name).items()
    pattern = rf"(\d{{6}})_0_[0-9a-f-]{{36}}_\d{{8}}_\d{{6}}_\d{{5}}_\w{{5}}{re.escape(suffix)}"
    numbers = [re.fullmatch(pattern, f) for f in files]
    assert folder == ""
    assert sorted(m[1] for m in numbers if m) == ["000000", "000001", "000002", "000003"]
    rows = bucketed.rows(
        f"select n, regexp_extract(\"$path\", '/(\\d{{6}})_0_', 1) from bucketed.{name} order by n"
    )
    # a negative bigint of 32 bits has the hash of its complement
    assert rows == [[str(n), f"{(n if n >= 0 else ~n) % 4:06d}"] for n in range(-40, 41, 2)]


@pytest.mark.integration
def test_partitions_have_buckets_of_their_own(bucketed: Query, endpoint: Endpoint) -> None:
    properties = "partitioned_by = array['day'], bucketed_by = array['word', 'n'], bucket_count = 2"
    rows = "(1, 'Trino rocks', 'a'), (1, null, 'a'), (null, null, 'b')"
    _create(bucketed, "divided", properties, f"select * from (values {rows}) as t (n, word, day)")
    found = {
        folder: [f[:6] for f in files] for folder, files in _files(endpoint, "divided").items()
    }
    first = (1132136730 * 31 + 1) % 2
    assert found == {"day=a": [f"{n:06d}" for n in sorted({first, 1})], "day=b": ["000000"]}
    assert bucketed.rows("select n, word from bucketed.divided where day = 'a' order by word") == [
        ["1", "Trino rocks"],
        ["1", None],
    ]
    reason = bucketed.reason("insert into bucketed.divided values (1, 'x', 'a')")
    assert reason == "NOT_SUPPORTED: INSERT INTO a bucketed table"


@pytest.mark.integration
def test_the_definition_says_how_rows_are_clustered(bucketed: Query, endpoint: Endpoint) -> None:
    _create(bucketed, "told", "bucketed_by = array['N'], bucket_count = 3", "select 1 as n")
    glue = endpoint.client("glue")
    for name in ("told", "told_again"):
        storage = glue.get_table(DatabaseName="bucketed", Name=name)["Table"]["StorageDescriptor"]
        assert (storage["BucketColumns"], storage["NumberOfBuckets"]) == (["n"], 3)
        text = "\n".join(str(row[0]) for row in bucketed.rows(f"show create table bucketed.{name}"))
        assert "  `n` int)\nCLUSTERED BY ( \n  n) \nINTO 3 BUCKETS\nROW FORMAT SERDE" in text
        assert bucketed.rows(f"select n from bucketed.{name}") == [["1"]]
        if name == "told":
            bucketed.rows(text.replace("bucketed.told", "bucketed.told_again"))


@pytest.mark.integration
@pytest.mark.parametrize(
    ("properties", "sql", "reason"),
    [
        ("bucketed_by = array['n']", "select 1 as n", "INVALID_TABLE_PROPERTY: line 1:1: bucketed_by and bucket_count must be specified together"),
        ("bucket_count = 2", "select 1 as n", "INVALID_TABLE_PROPERTY: line 1:1: bucketed_by and bucket_count must be specified together"),
        ("bucketed_by = array['n', 'm'], bucket_count = 2", "select 1 as n", "INVALID_TABLE_PROPERTY: line 1:1: Bucketing columns [m] not present in schema"),
        ("bucketed_by = array['n'], bucket_count = 2", "select decimal '1' as n", "NOT_SUPPORTED: Cannot create a table bucketed on an unsupported type"),
        ("bucketed_by = array['n'], bucket_count = 2", "select timestamp '2026-01-01' as n", "NOT_SUPPORTED: Cannot create a table bucketed on an unsupported type"),
        ("bucketed_by = array['m'], bucket_count = 2, partitioned_by = array['m']", "select 1 as n, 2 as m", "NOT_SUPPORTED: bucketed_by a column that the table is partitioned by"),
        ("bucketed_by = array['n'], bucket_count = 101", "select n from unnest(sequence(1, 101)) as t (n)", "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions/buckets"),
    ],
)  # fmt: skip
def test_what_cannot_be_bucketed_fails(
    bucketed: Query, properties: str, sql: str, reason: str
) -> None:
    statement = f"create table bucketed.refused with ({properties}) as {sql}"
    assert bucketed.reason(statement) == reason


@pytest.mark.integration
def test_a_clause_of_create_table_names_columns_that_exist(bucketed: Query) -> None:
    statement = "create external table bucketed.wrong (n int) clustered by ({}) into {} buckets location 's3://b/w/'"  # fmt: skip
    assert "Invalid column reference" in bucketed.reason(statement.format("m", 2))
    with pytest.raises(ClientError, match="line 1:68: mismatched input '0'"):
        bucketed.rows(statement.format("n", 0))
