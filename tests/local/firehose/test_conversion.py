"""Format conversion of single records by a Glue table."""

from __future__ import annotations

import io
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from local.firehose.conversion import Converter
from local.firehose.destinations import Conversion, SchemaSource
from local.firehose.errors import SchemaUnavailable, UnfitRecord
from local.firehose.records import ReadyRecord, SourceRecord

SOURCE = SourceRecord("id", b"", 0, "", "1")


class Catalog:
    """A Glue catalogue in memory with one table."""

    def __init__(self, **columns: str) -> None:
        self._columns = [{"Name": name, "Type": kind} for name, kind in columns.items()]

    def get_table(self, Name: str, **_: str) -> dict[str, Any]:  # noqa: N803
        if Name != "record":
            raise ClientError({"Error": {"Code": "EntityNotFoundException"}}, "GetTable")
        return {"Table": {"StorageDescriptor": {"Columns": self._columns}}}


def converter(
    *,
    table: str = "record",
    codec: str = "snappy",
    case: bool = True,
    dots: bool = False,
    mappings: dict[str, str] | None = None,
    **columns: str,
) -> Converter:
    schema = SchemaSource("raw", table, "us-east-1", "LATEST", None)
    conversion = Conversion(schema, codec, case, dots, mappings or {})
    return Converter(Catalog(**columns), conversion, "000000000000")


def rows(data: bytes, made: Converter) -> list[list[Any]]:
    return made.rows(ReadyRecord(SOURCE, data))


def test_keys_match_without_case_and_unknown_keys_are_left_out() -> None:
    made = converter(event_id="string", n="int")
    assert rows(b'{"Event_ID":"a","N":1,"other":2}', made) == [["a", 1]]
    assert rows(b'{"event_id":null}', made) == [[None, None]]


def test_case_dots_and_mappings_follow_the_serde_options() -> None:
    assert rows(b'{"N":1}', converter(case=False, n="int")) == [[None]]
    assert rows(b'{"a.b":1}', converter(dots=True, a_b="int")) == [[1]]
    assert rows(b'{"time":5}', converter(mappings={"at": "time"}, at="int")) == [[5]]


def test_a_record_of_several_documents_gives_several_rows() -> None:
    assert rows(b'{"n":1}{"n":2}\n{"n":3}', converter(n="int")) == [[1], [2], [3]]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "ParseError"),
        (b"{", "ParseError"),
        (b'{"n":1}{', "ParseError"),
        (b'[{"n":1}]', "ParseError"),
        (b"\xff", "ParseError"),
        (b'{"n":"x"}', "MalformedData"),
        (b'{"n":1}{"n":[]}', "MalformedData"),
    ],
)
def test_a_record_that_does_not_fit_is_told_with_the_reason(data: bytes, code: str) -> None:
    with pytest.raises(UnfitRecord) as reason:
        rows(data, converter(n="int"))
    assert reason.value.code == f"DataFormatConversion.{code}"


def test_decimals_keep_every_digit() -> None:
    [[price]] = rows(b'{"p":1234567890123456.78}', converter(p="decimal(18,2)"))
    assert str(price) == "1234567890123456.78"


@pytest.mark.parametrize("codec", ["snappy", "gzip", "zstd", "none"])
def test_the_file_has_the_schema_and_the_codec(codec: str) -> None:
    made = converter(codec=codec, event_id="string", at="timestamp", tags="array<string>")
    body = made.parquet(rows(b'{"event_id":"a","at":1486472593000,"tags":["x"]}', made))
    file = pq.ParquetFile(io.BytesIO(body))
    compression = file.metadata.row_group(0).column(0).compression
    assert compression == {"none": "UNCOMPRESSED"}.get(codec, codec.upper())
    assert [str(field.type) for field in file.schema_arrow][:2] == ["string", "timestamp[ms]"]


def test_a_table_that_cannot_be_read_judges_no_record() -> None:
    with pytest.raises(SchemaUnavailable, match=r"raw\.absent"):
        converter(table="absent", n="int")
    with pytest.raises(SchemaUnavailable, match="uniontype"):
        converter(n="uniontype<int,string>")
    with pytest.raises(SchemaUnavailable, match="no columns"):
        converter()
