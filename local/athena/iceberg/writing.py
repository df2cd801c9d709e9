"""Data files of an Iceberg table: DuckDB writes them, their footers give the statistics for the metadata."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.typedef import Record

from local.athena.engine.query import Work
from local.athena.errors import NotSupported, QueryFailed
from local.athena.iceberg import partitioning, schemas
from local.athena.sql.quoting import identifier, quoted
from local.athena.statements.files import OPEN_PARTITIONS

CODEC = "write.parquet.compression-codec"
_CODECS = {"zstd": "zstd", "gzip": "gzip", "snappy": "snappy", "lz4": "lz4_raw", "none": "uncompressed",
           "uncompressed": "uncompressed"}  # fmt: skip


def compression(metadata: TableMetadata) -> str:
    """COPY's name of the table's codec, which is zstd unless it says otherwise."""
    asked = str(metadata.properties.get(CODEC, "zstd")).lower()
    if asked not in _CODECS:
        raise NotSupported(f"compression {asked} of an Iceberg table")
    return _CODECS[asked]


@contextmanager
def data_files(
    work: Work, connection: Any, query: str, table: IcebergTable
) -> Iterator[list[DataFile]]:
    """Write the rows of a DuckDB query, whose columns are the table's in order, and store the files.

    When the block that commits them is refused, they are removed again; after any other failure the
    commit may have happened, so they stay, for VACUUM if nobody needs them.
    """
    folder = work.duck.scratch / uuid.uuid4().hex
    folder.mkdir(parents=True)
    stored: list[DataFile] = []
    try:
        _copy(connection, query, table, folder)
        made = sorted(p for p in folder.rglob("*") if p.is_file())
        _require_few(table.spec(), made)
        described = [_described(table, folder, path) for path in made]
        work.settle()
        stored = [file for file in described if file.record_count]
        pairs = [(f.file_path, p) for f, p in zip(described, made, strict=True) if f.record_count]
        work.storage.put_all(list(pairs))
        yield stored
    except QueryFailed:
        for file in stored:
            work.storage.remove(file.file_path)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(connection: Any, query: str, table: IcebergTable, folder: Path) -> None:
    schema, spec = table.schema(), table.spec()
    columns = schemas.columns(schema)
    keys = partitioning.keys(spec, schema)
    listed = ", ".join(
        f"CAST(#{at} AS {schemas.in_file(kind)}) AS {identifier(field.name)}"
        for at, (field, kind) in enumerate(zip(schema.fields, columns.values(), strict=True), 1)
    )
    values = "".join(f", {value} AS {identifier(name)}" for name, value in keys.items())
    options = f"FORMAT parquet, COMPRESSION {compression(table.metadata)}, FIELD_IDS {schemas.field_ids(schema)}"
    target = folder
    if keys:
        options += (
            f", PARTITION_BY ({', '.join(map(identifier, keys))}), FILENAME_PATTERN 'part_{{i}}'"
        )
    else:
        target = folder / "part_0"
    rows = f"SELECT *{values} FROM (SELECT {listed} FROM ({query}) AS made) AS written"
    connection.execute(f"COPY ({rows}) TO {quoted(str(target))} ({options})")


def _require_few(spec: PartitionSpec, made: list[Path]) -> None:
    if spec.fields and len({p.parent for p in made}) > OPEN_PARTITIONS:
        raise QueryFailed(
            "ICEBERG_TOO_MANY_OPEN_PARTITIONS",
            f"Exceeded limit of {OPEN_PARTITIONS} open writers for partitions",
        )


def _described(table: IcebergTable, folder: Path, path: Path) -> DataFile:
    schema, spec = table.schema(), table.spec()
    values = partitioning.record(spec, schema, folder, path) if spec.fields else Record()
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=pq.read_metadata(path),
        stats_columns=compute_statistics_plan(schema, table.metadata.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    for field in schema.fields:
        if field.required and statistics.null_value_counts.get(field.field_id):
            raise QueryFailed(
                "CONSTRAINT_VIOLATION",
                f"NULL value not allowed for NOT NULL column: {field.name}",
            )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=_location(table, spec, schema, values),
        file_format=FileFormat.PARQUET,
        partition=values,
        file_size_in_bytes=path.stat().st_size,
        sort_order_id=None,
        spec_id=table.metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


def _location(table: IcebergTable, spec: PartitionSpec, schema: Schema, values: Record) -> str:
    folder = f"{spec.partition_to_path(values, schema)}/" if spec.fields else ""
    return f"{table.location().rstrip('/')}/data/{folder}{uuid.uuid4()}.parquet"
