"""The files that a query writes: DuckDB's COPY into a scratch folder, then uploads to S3."""

from __future__ import annotations

import random
import shutil
import string
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from local.athena.errors import NotSupported, QueryFailed
from local.athena.failures import explain
from local.athena.query import Plan, Work
from local.athena.scan import identifier, quoted
from local.athena.types import Type

_OPEN_PARTITIONS = 100  # https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html


@dataclass
class Written:
    """`urls` of the new objects, `rows` written, `partitions` with their values."""

    urls: list[str]
    rows: int
    partitions: list[tuple[str, ...]]


def _file_name() -> str:
    """As Athena names files: time, a counter, five letters, a UUID, no extension."""
    letters = "".join(random.choices(string.ascii_lowercase + string.digits, k=5))
    return f"{datetime.now(UTC):%Y%m%d_%H%M%S}_00000_{letters}_{uuid.uuid4()}"


def copy_options(file_format: str, properties: dict[str, Any]) -> str:
    compression = str(
        properties.get("write_compression")
        or properties.get("compression")
        or properties.get("parquet_compression")
        or ""
    ).lower()
    if file_format == "parquet":
        known = {
            "": "snappy",
            "none": "uncompressed",
            "snappy": "snappy",
            "gzip": "gzip",
            "zstd": "zstd",
            "lz4": "lz4",
        }
        if compression not in known:
            raise NotSupported(f"compression {compression}")
        return f"FORMAT parquet, COMPRESSION {known[compression]}"
    zipped = {"": "none", "none": "none", "gzip": "gzip", "zstd": "zstd"}.get(compression)
    if zipped is None:
        raise NotSupported(f"compression {compression} for {file_format}")
    if file_format == "json":
        return f"FORMAT json, COMPRESSION {zipped}"
    delimiter = quoted(str(properties.get("field_delimiter") or "\x01"))
    return f"FORMAT csv, HEADER false, DELIMITER {delimiter}, QUOTE '', ESCAPE '', NULLSTR '\\N', COMPRESSION {zipped}"


def files(
    work: Work,
    plan: Plan,
    text: str,
    columns: dict[str, Type],
    keys: list[str],
    options: str,
    limit: bool,
) -> Iterator[tuple[Path, Path, int]]:
    """Run the plan into files below a scratch folder; yields (folder, file, rows of the query)."""
    folder = work.duck.scratch / uuid.uuid4().hex
    listed = ", ".join(
        f"CAST(#{at} AS {kind.duckdb()}) AS {identifier(name)}"
        for at, (name, kind) in enumerate(columns.items(), 1)
    )
    partition = (
        f", PARTITION_BY ({', '.join(map(identifier, keys))}), FILENAME_PATTERN 'part_{{i}}'"
        if keys
        else ""
    )
    folder.mkdir(parents=True)
    target = folder if keys else folder / "part_0"
    try:
        with work.connection() as connection:
            work.prepare(connection, plan)
            query = f"SELECT {listed} FROM ({plan.sql}) AS written"
            copied = connection.execute(
                f"COPY ({query}) TO {quoted(str(target))} ({options}{partition})"
            )
            rows = int(copied.fetchone()[0])
        made = sorted(p for p in folder.rglob("*") if p.is_file())
        if limit and keys and len({p.parent for p in made}) > _OPEN_PARTITIONS:
            raise QueryFailed(
                "HIVE_TOO_MANY_OPEN_PARTITIONS",
                f"Exceeded limit of {_OPEN_PARTITIONS} open writers for partitions/buckets",
            )
        for path in made if rows else []:
            yield folder, path, rows
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise explain(error, text) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _values(folder: Path, path: Path) -> tuple[str, ...]:
    parts = path.relative_to(folder).parts[:-1]
    return tuple(urllib.parse.unquote(p.partition("=")[2]) for p in parts)


def upload(
    work: Work, made: Iterator[tuple[Path, Path, int]], place: Callable[[tuple[str, ...]], str]
) -> Written:
    written = Written([], 0, [])
    for folder, path, rows in made:
        values = _values(folder, path)
        url = f"{place(values)}/{_file_name()}"
        work.storage.upload(path, url)
        written.urls.append(url)
        written.rows = rows
        if values and values not in written.partitions:
            written.partitions.append(values)
    return written


def folders(keys: list[str], values: tuple[str, ...]) -> list[str]:
    return [
        f"{k}={urllib.parse.quote(v, safe=' -_.:+')}" for k, v in zip(keys, values, strict=True)
    ]
