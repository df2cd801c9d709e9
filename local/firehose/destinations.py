"""The S3 destination of a delivery stream: the declared document read into typed settings.

Everything AWS would refuse is refused here, and so is, by name, everything this plane does
not do. Sources: the Firehose API reference, its developer guide, and the AWS CDK's checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local.firehose.errors import ExpressionError, InvalidArgument
from local.firehose.expressions import (
    DEFAULT_TIME,
    ERROR_OUTPUT_TYPE,
    LAMBDA,
    QUERY,
    RANDOM_STRING,
    Prefix,
    read_prefix,
)
from local.firehose.processors import Processors, read_processors

MEBIBYTE = 1 << 20
LEAST_COLUMNAR_MIB = 64
LEAST_PARTITIONED_SECONDS = 60
EXTENSIONS = {"UNCOMPRESSED": "", "GZIP": ".gz"}
Document = Mapping[str, Any]


@dataclass(frozen=True)
class SchemaSource:
    """The Glue table that gives a conversion its columns; `version` is LATEST or a number."""

    database: str
    table: str
    region: str
    version: str
    catalog: str | None


@dataclass(frozen=True)
class Conversion:
    """JSON to Parquet; `codec` as pyarrow names it, `mappings` from column to JSON key."""

    schema: SchemaSource
    codec: str
    case_insensitive: bool
    dots_to_underscores: bool
    mappings: Mapping[str, str]


@dataclass(frozen=True)
class Bucket:
    """Where objects of one kind go and how they are written."""

    name: str
    prefix: Prefix
    compression: str
    kms_key: str | None
    size_bytes: int
    interval_seconds: int


@dataclass(frozen=True)
class Destination:
    """All that delivery needs to know."""

    bucket: Bucket
    error_prefix: Prefix
    zone: ZoneInfo
    extension: str
    partitioned: bool
    processors: Processors
    conversion: Conversion | None
    backup: Bucket | None


def with_defaults(config: Document) -> dict[str, Any]:
    """The document as DescribeDeliveryStream shows it: the declared one and AWS's defaults."""
    columnar = _enabled(config, "DataFormatConversionConfiguration")
    large = columnar or _enabled(config, "DynamicPartitioningConfiguration")
    defaults: dict[str, Any] = {
        "BufferingHints": {"SizeInMBs": 128 if large else 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
        "S3BackupMode": "Disabled",
    }
    full = {**defaults, **{name: value for name, value in config.items() if value is not None}}
    backup = full.pop("S3BackupConfiguration", None)
    if backup is not None:
        full["S3BackupDescription"] = {**_backup_defaults(), **backup}
    return full


def _backup_defaults() -> dict[str, Any]:
    return {
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
    }


def read_destination(document: Document, region: str) -> Destination:
    """Read a described document (see `with_defaults`); raises InvalidArgument."""
    _refuse_logging(document, "CloudWatchLoggingOptions")
    processors = read_processors(document.get("ProcessingConfiguration") or {})
    conversion = _conversion(document, region)
    partitioned = _enabled(document, "DynamicPartitioningConfiguration")
    prefix, error_prefix = _prefixes(document)
    if partitioned:
        _check_partitioning(document, prefix, processors)
    elif prefix.keys:
        raise InvalidArgument(
            "Dynamic Partitioning Namespaces can only be part of a prefix expression when"
            " Dynamic Partitioning is enabled."
        )
    bucket = _bucket(document, _completed(prefix, partitioned))
    return Destination(
        bucket=bucket,
        error_prefix=error_prefix,
        zone=_zone(document.get("CustomTimeZone") or "UTC"),
        extension=_extension(document, conversion),
        partitioned=partitioned,
        processors=processors,
        conversion=conversion,
        backup=_backup(document),
    )


def _enabled(document: Document, name: str) -> bool:
    """Whether an optional part is there and on; AWS takes a part without Enabled as on."""
    part = document.get(name)
    if part is None:
        return False
    default = name == "DataFormatConversionConfiguration"
    return bool(part.get("Enabled", default))


def _refuse_logging(document: Document, name: str) -> None:
    if (document.get(name) or {}).get("Enabled"):
        raise InvalidArgument(
            f"{name} is not supported here: failed records are written to the error prefix only;"
            " leave it out or set Enabled to false"
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidArgument(f"CustomTimeZone {name!r} is not a time zone") from None


def _extension(document: Document, conversion: Conversion | None) -> str:
    declared: str | None = document.get("FileExtension")
    if declared:
        return declared
    return ".parquet" if conversion else EXTENSIONS[document["CompressionFormat"]]


def _read(text: str, member: str) -> Prefix:
    try:
        return read_prefix(text)
    except ExpressionError as error:
        raise InvalidArgument(f"{member}: {error}") from None


def _prefixes(document: Document) -> tuple[Prefix, Prefix]:
    prefix = _read(document.get("Prefix") or "", "Prefix")
    if prefix.uses("firehose", ERROR_OUTPUT_TYPE):
        raise InvalidArgument("Prefix can't contain !{firehose:error-output-type}")
    declared = document.get("ErrorOutputPrefix")
    if declared:
        return prefix, _error_prefix(declared)
    if prefix.has_expressions:
        raise InvalidArgument("ErrorOutputPrefix can't be null when Prefix contains expressions")
    return prefix, read_prefix(f"{prefix.text}!{{firehose:{ERROR_OUTPUT_TYPE}}}/{DEFAULT_TIME}")


def _error_prefix(text: str) -> Prefix:
    prefix = _read(text, "ErrorOutputPrefix")
    if prefix.keys:
        raise InvalidArgument(
            f"ErrorOutputPrefix {text!r}: {LAMBDA} and {QUERY} cannot be used in it"
        )
    if not prefix.uses("firehose", ERROR_OUTPUT_TYPE):
        raise InvalidArgument(
            f"ErrorOutputPrefix {text!r} must include at least one instance of"
            " !{firehose:error-output-type}"
        )
    return prefix


def _completed(prefix: Prefix, partitioned: bool) -> Prefix:
    """AWS appends the hour to a prefix without a timestamp, unless partition keys take its place."""
    if partitioned or prefix.uses("timestamp"):
        return prefix
    return read_prefix(prefix.text + DEFAULT_TIME)


def _check_partitioning(document: Document, prefix: Prefix, processors: Processors) -> None:
    if not prefix.keys:
        raise InvalidArgument(
            f"Prefix must use {LAMBDA} or {QUERY} when Dynamic Partitioning is enabled"
        )
    if prefix.uses("firehose", RANDOM_STRING):
        raise InvalidArgument(
            "!{firehose:random-string} with Dynamic Partitioning is not supported here: what"
            " AWS groups by it is not documented"
        )
    _check_keys(prefix, processors)
    hints = _hints(document)
    if hints["SizeInMBs"] < LEAST_COLUMNAR_MIB:
        raise InvalidArgument(
            "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled."
        )
    if hints["IntervalInSeconds"] < LEAST_PARTITIONED_SECONDS:
        raise InvalidArgument(
            "BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic"
            " Partitioning is enabled."
        )


def _check_keys(prefix: Prefix, processors: Processors) -> None:
    for namespace, name in prefix.keys:
        if namespace == LAMBDA and processors.function is None:
            raise InvalidArgument(f"Prefix uses {LAMBDA}:{name} but there is no Lambda processor")
        if namespace == QUERY and name not in processors.query:
            raise InvalidArgument(
                f"Prefix uses {QUERY}:{name} but no MetadataExtraction processor extracts {name!r}"
            )


def _hints(document: Document) -> dict[str, int]:
    hints = document["BufferingHints"]
    for name, other in (("SizeInMBs", "IntervalInSeconds"), ("IntervalInSeconds", "SizeInMBs")):
        if name not in hints:
            raise InvalidArgument(f"BufferingHints with {other} must also specify {name}")
    return dict(hints)


def _bucket(document: Document, prefix: Prefix) -> Bucket:
    hints = _hints(document)
    if document["CompressionFormat"] not in EXTENSIONS:
        raise InvalidArgument(
            f"CompressionFormat {document['CompressionFormat']} is not supported here;"
            f" supported are {' and '.join(EXTENSIONS)}"
        )
    encryption = document["EncryptionConfiguration"].get("KMSEncryptionConfig") or {}
    return Bucket(
        name=document["BucketARN"].rpartition(":::")[2],
        prefix=prefix,
        compression=document["CompressionFormat"],
        kms_key=encryption.get("AWSKMSKeyARN"),
        size_bytes=hints["SizeInMBs"] * MEBIBYTE,
        interval_seconds=hints["IntervalInSeconds"],
    )


def _backup(document: Document) -> Bucket | None:
    if document["S3BackupMode"] == "Disabled":
        return None
    backup = document.get("S3BackupDescription")
    if backup is None:
        raise InvalidArgument("S3BackupMode Enabled needs an S3BackupConfiguration")
    _refuse_logging(backup, "CloudWatchLoggingOptions")
    prefix = _read(backup.get("Prefix") or "", "S3BackupConfiguration.Prefix")
    if prefix.keys or prefix.uses("firehose", ERROR_OUTPUT_TYPE):
        raise InvalidArgument("S3BackupConfiguration.Prefix takes timestamp and random-string only")
    return _bucket(backup, _completed(prefix, partitioned=False))


def _conversion(document: Document, region: str) -> Conversion | None:
    if not _enabled(document, "DataFormatConversionConfiguration"):
        return None
    part = document["DataFormatConversionConfiguration"]
    if document["CompressionFormat"] != "UNCOMPRESSED":
        raise InvalidArgument(
            "CompressionFormat must be UNCOMPRESSED when data format conversion is enabled"
        )
    if _hints(document)["SizeInMBs"] < LEAST_COLUMNAR_MIB:
        raise InvalidArgument(
            "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled"
        )
    for name in ("SchemaConfiguration", "InputFormatConfiguration", "OutputFormatConfiguration"):
        if not part.get(name):
            raise InvalidArgument(f"DataFormatConversionConfiguration needs {name} when enabled")
    reader = _open_x(part["InputFormatConfiguration"])
    return Conversion(
        schema=_schema_source(part["SchemaConfiguration"], region),
        codec=_codec(part["OutputFormatConfiguration"]),
        case_insensitive=reader.get("CaseInsensitive", True),
        dots_to_underscores=reader.get("ConvertDotsInJsonKeysToUnderscores", False),
        mappings=reader.get("ColumnToJsonKeyMappings") or {},
    )


def _open_x(part: Document) -> Document:
    deserializer = part.get("Deserializer") or {}
    if deserializer.get("HiveJsonSerDe") is not None:
        raise InvalidArgument("HiveJsonSerDe is not supported here; use OpenXJsonSerDe")
    reader: Document | None = deserializer.get("OpenXJsonSerDe")
    if reader is None:
        raise InvalidArgument("InputFormatConfiguration.Deserializer needs OpenXJsonSerDe")
    return reader


def _codec(part: Document) -> str:
    serializer = part.get("Serializer") or {}
    if serializer.get("OrcSerDe") is not None:
        raise InvalidArgument("OrcSerDe is not supported here; use ParquetSerDe")
    parquet: dict[str, Any] | None = serializer.get("ParquetSerDe")
    if parquet is None:
        raise InvalidArgument("OutputFormatConfiguration.Serializer needs ParquetSerDe")
    for name in sorted(set(parquet) - {"Compression"}):
        raise InvalidArgument(f"ParquetSerDe.{name} is not supported here; leave it out")
    codec = parquet.get("Compression", "SNAPPY")
    return "none" if codec == "UNCOMPRESSED" else str(codec).lower()


def _schema_source(part: Document, region: str) -> SchemaSource:
    for name in ("DatabaseName", "TableName", "RoleARN"):
        if not part.get(name):
            raise InvalidArgument(f"SchemaConfiguration needs {name} when conversion is enabled")
    return SchemaSource(
        database=part["DatabaseName"],
        table=part["TableName"],
        region=part.get("Region") or region,
        version=part.get("VersionId") or "LATEST",
        catalog=part.get("CatalogId"),
    )
