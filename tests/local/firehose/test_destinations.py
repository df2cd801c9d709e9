"""What AWS refuses of a destination is refused, and what is not supported here by its name."""

from __future__ import annotations

from typing import Any

import pytest

from local.firehose.destinations import Destination, read_destination, with_defaults
from local.firehose.errors import InvalidArgument

from .delivery import conversion, lake, lambda_processor, plain
from .servers import ROLE


def read(config: dict[str, Any]) -> Destination:
    return read_destination(with_defaults(config), "us-east-1")


def lake_with(**changes: Any) -> dict[str, Any]:
    return {**lake("lake"), **changes}


def query(text: str) -> dict[str, Any]:
    parameters = [{"ParameterName": "MetadataExtractionQuery", "ParameterValue": text}]
    return {
        "Enabled": True,
        "Processors": [{"Type": "MetadataExtraction", "Parameters": parameters}],
    }


KEY = "!{partitionKeyFromLambda:event_type}/"
ERRORS = "errors/!{firehose:error-output-type}/"
HINTS = {"SizeInMBs": 64, "IntervalInSeconds": 60}
ORC: dict[str, Any] = {"Serializer": {"OrcSerDe": {}}}
HIVE: dict[str, Any] = {"Deserializer": {"HiveJsonSerDe": {}}}
PAGE_SIZE = {"Serializer": {"ParquetSerDe": {"PageSizeBytes": 65536}}}
REFUSED = {
    "SizeInMBs must be at least 64 when data format conversion": plain(
        "b",
        DataFormatConversionConfiguration=conversion("t"),
        BufferingHints={"SizeInMBs": 63, "IntervalInSeconds": 60},
    ),
    "SizeInMBs must be at least 64 when Dynamic Partitioning": lake_with(
        BufferingHints={"SizeInMBs": 63, "IntervalInSeconds": 60},
        DataFormatConversionConfiguration={"Enabled": False},
    ),
    "at least 60 seconds": lake_with(BufferingHints={"SizeInMBs": 64, "IntervalInSeconds": 59}),
    "must also specify SizeInMBs": plain("b", BufferingHints={"IntervalInSeconds": 60}),
    "must be UNCOMPRESSED": lake_with(CompressionFormat="GZIP"),
    "ErrorOutputPrefix can't be null": lake_with(ErrorOutputPrefix=None),
    "at least one instance of": lake_with(ErrorOutputPrefix="errors/!{timestamp:yyyy}/"),
    "cannot be used in it": lake_with(ErrorOutputPrefix=ERRORS + KEY),
    "Prefix can't contain": plain("b", Prefix=ERRORS, ErrorOutputPrefix=ERRORS),
    "Prefix must use partitionKeyFromLambda": lake_with(Prefix="raw/!{timestamp:yyyy}/"),
    "only be part of a prefix expression when": plain("b", Prefix=KEY, ErrorOutputPrefix=ERRORS),
    "there is no Lambda processor": lake_with(ProcessingConfiguration=query("{a:.a}")),
    "no MetadataExtraction processor extracts 'b'": lake_with(
        Prefix="!{partitionKeyFromQuery:b}/", ProcessingConfiguration=query("{a:.a}")
    ),
    "jq expression": lake_with(ProcessingConfiguration=query("{a:.a|tostring}")),
    "random-string": lake_with(Prefix=KEY + "!{firehose:random-string}/"),
    "CustomTimeZone": plain("b", CustomTimeZone="Europe/Nowhere"),
    "CompressionFormat Snappy is not supported": plain("b", CompressionFormat="Snappy"),
    "CloudWatchLoggingOptions is not supported": plain(
        "b", CloudWatchLoggingOptions={"Enabled": True}
    ),
    "OrcSerDe is not supported": lake_with(
        DataFormatConversionConfiguration={**conversion("t"), "OutputFormatConfiguration": ORC}
    ),
    "HiveJsonSerDe is not supported": lake_with(
        DataFormatConversionConfiguration={**conversion("t"), "InputFormatConfiguration": HIVE}
    ),
    "ParquetSerDe.PageSizeBytes is not supported": lake_with(
        DataFormatConversionConfiguration={
            **conversion("t"),
            "OutputFormatConfiguration": PAGE_SIZE,
        }
    ),
    "needs SchemaConfiguration": lake_with(DataFormatConversionConfiguration={"Enabled": True}),
    "needs TableName": lake_with(
        DataFormatConversionConfiguration={
            **conversion("t"),
            "SchemaConfiguration": {"DatabaseName": "raw", "RoleARN": ROLE},
        }
    ),
    "needs an S3BackupConfiguration": plain("b", S3BackupMode="Enabled"),
    "Processor type Decompression is not supported": plain(
        "b", ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": "Decompression"}]}
    ),
    "does not take parameter Delimiter": plain(
        "b", ProcessingConfiguration=lambda_processor(Delimiter="x")
    ),
    "BufferSizeInMBs 4 must be from 0.2 to 3": plain(
        "b", ProcessingConfiguration=lambda_processor(BufferSizeInMBs="4")
    ),
    "is not the ARN of a function": plain(
        "b", ProcessingConfiguration=lambda_processor(LambdaArn="transform")
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_destination_that_cannot_be_is_refused_with_the_reason(message: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        read(REFUSED[message])
    assert message in refusal.value.message


def test_the_lake_of_the_platform_is_legal() -> None:
    destination = read(lake("lake"))
    assert destination.partitioned
    assert destination.extension == ".parquet"
    assert destination.conversion is not None
    assert destination.conversion.codec == "snappy"
    assert destination.bucket.size_bytes == 64 << 20


def test_buffering_hints_default_to_what_the_configuration_allows() -> None:
    assert with_defaults(plain("b"))["BufferingHints"]["SizeInMBs"] == 5
    columnar = plain("b", DataFormatConversionConfiguration=conversion("t"))
    assert with_defaults(columnar)["BufferingHints"]["SizeInMBs"] == 128
    assert with_defaults(lake("b"))["BufferingHints"] == HINTS


def test_a_prefix_without_a_time_gets_the_hour() -> None:
    assert read(plain("b", Prefix="p/")).bucket.prefix.text == "p/!{timestamp:yyyy/MM/dd/HH/}"
    assert read(plain("b")).error_prefix.text.startswith("!{firehose:error-output-type}/")
    assert read(lake_with(Prefix=KEY)).bucket.prefix.text == KEY


def test_a_disabled_part_is_as_if_it_were_not_there() -> None:
    config = lambda_processor()
    config["Enabled"] = False
    assert read(plain("b", ProcessingConfiguration=config)).processors.function is None
