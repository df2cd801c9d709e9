"""Large objects in the local S3: right and whole, and nothing is left beside them."""

from __future__ import annotations

import hashlib
import io
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def s3(aws: Any) -> Any:
    return aws.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"large-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    return name


def _left(aws: Any) -> list[Path]:
    folders = (Path(aws.state) / "incoming", Path(aws.state) / "athena" / "scratch")
    return [p for folder in folders for p in folder.rglob("*") if p.is_file()]


def _read(s3: Any, bucket: str, key: str) -> bytes:
    return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def test_large_objects_written_at_once_are_whole(aws: Any, s3: Any, bucket: str) -> None:
    bodies = {f"folder/{at}": os.urandom(1_000_000 + at) for at in range(8)}

    def put(key: str) -> str:
        return str(s3.put_object(Bucket=bucket, Key=key, Body=bodies[key])["ETag"])

    with ThreadPoolExecutor(8) as pool:
        etags = dict(zip(bodies, pool.map(put, bodies), strict=True))
    for key, body in bodies.items():
        assert etags[key] == f'"{hashlib.md5(body).hexdigest()}"'
        assert _read(s3, bucket, key) == body
    assert not _left(aws)


def test_an_object_is_replaced_by_a_large_one_and_the_other_way(s3: Any, bucket: str) -> None:
    for body in (b"small", os.urandom(500_000), os.urandom(600_000), b"small again"):
        s3.put_object(Bucket=bucket, Key="one", Body=body)
        assert _read(s3, bucket, "one") == body


def test_versions_of_a_large_object_are_kept(aws: Any, s3: Any, bucket: str) -> None:
    enabled = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
    bodies = [os.urandom(500_000) for _ in range(3)]
    put = [s3.put_object(Bucket=bucket, Key="one", Body=body)["VersionId"] for body in bodies]
    for version, body in zip(put, bodies, strict=True):
        found = s3.get_object(Bucket=bucket, Key="one", VersionId=version)["Body"].read()
        assert found == body
    assert not _left(aws)


def test_a_refused_large_object_leaves_nothing(aws: Any, s3: Any, bucket: str) -> None:
    body = os.urandom(500_000)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.put_object(Bucket=f"{bucket}-missing", Key="one", Body=body)
    with pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(Bucket=bucket, Key="one", Body=body, ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert not _left(aws)


def test_an_object_in_parts_is_whole(aws: Any, s3: Any, bucket: str) -> None:
    body = os.urandom(20_000_000)
    s3.upload_fileobj(io.BytesIO(body), bucket, "parts")
    assert _read(s3, bucket, "parts") == body
    assert not _left(aws)


class Athena:
    """Queries of the Athena that lives in the process of the local S3."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._results = {"OutputLocation": f"s3://{bucket}/results/"}

    def run(self, sql: str) -> dict[str, Any]:
        started = self._client.start_query_execution(
            QueryString=sql, ResultConfiguration=self._results
        )
        key, state = started["QueryExecutionId"], "RUNNING"
        while state in ("QUEUED", "RUNNING"):
            found = self._client.get_query_execution(QueryExecutionId=key)["QueryExecution"]
            state = found["Status"]["State"]
        assert state == "SUCCEEDED", found["Status"]
        return dict(found)

    def pages(self, key: str) -> list[str]:
        """The first column of all rows, without the header."""
        paginator = self._client.get_paginator("get_query_results")
        found = [
            str(row["Data"][0]["VarCharValue"])
            for page in paginator.paginate(QueryExecutionId=key)
            for row in page["ResultSet"]["Rows"]
        ]
        return found[1:]


@pytest.fixture
def athena(aws: Any, bucket: str) -> Athena:
    return Athena(aws.client("athena"), bucket)


HUNDRED_THOUSAND = "unnest(sequence(1, 1000)) as a(x) cross join unnest(sequence(0, 99)) as b(y)"


def test_a_large_result_is_in_s3_and_still_in_pages(
    aws: Any, s3: Any, bucket: str, athena: Athena
) -> None:
    done = athena.run(f"select x * 100 + y as n from {HUNDRED_THOUSAND} order by 1")
    key = done["ResultConfiguration"]["OutputLocation"].removeprefix(f"s3://{bucket}/")
    body = _read(s3, bucket, key)
    assert len(body) > 256 * 1024  # which makes it large
    assert body.decode().split() == ['"n"', *(f'"{n}"' for n in range(100, 100_100))]
    s3.put_object(Bucket=bucket, Key=key, Body=b"another")
    pages = athena.pages(done["QueryExecutionId"])
    assert pages == [str(n) for n in range(100, 100_100)]
    assert not _left(aws)


def test_large_files_of_a_table_are_in_s3_and_nowhere_else(
    aws: Any, s3: Any, bucket: str, athena: Athena
) -> None:
    name = f"d_{uuid.uuid4().hex}"
    athena.run(f"create database {name}")
    properties = f"external_location = 's3://{bucket}/made/', write_compression = 'NONE'"
    query = f"select x * 100 + y as n, cast(rand() as varchar) as noise from {HUNDRED_THOUSAND}"
    athena.run(f"create table {name}.made with ({properties}) as {query}")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="made/")["Contents"]
    assert sum(each["Size"] for each in listed) > 256 * 1024
    read = [pq.read_table(io.BytesIO(_read(s3, bucket, each["Key"]))) for each in listed]
    assert sum(table.num_rows for table in read) == 100_000
    for each in listed:
        digest = hashlib.md5(_read(s3, bucket, each["Key"])).hexdigest()
        assert each["ETag"] == f'"{digest}"'
    assert not _left(aws)
