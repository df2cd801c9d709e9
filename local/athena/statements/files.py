"""The files that a query writes: DuckDB's COPY into a scratch folder, then uploads to S3."""

from __future__ import annotations

import random
import re
import shutil
import string
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.athena.engine.query import Plan, Work
from local.athena.errors import NotSupported, QueryFailed
from local.athena.lake.catalog import NULL_KEY
from local.athena.sql.quoting import identifier, quoted
from local.athena.sql.types import Type
from local.athena.statements import buckets
from local.athena.statements.buckets import Buckets

# A query that reads more than this writes several files side by side, its rows in no order, as on
# Athena; one that reads less leaves them in one file as they come, so that small tables look the same
# each time they are made.
_ORDERED = 64_000_000  # bytes scanned
_FILE = "32MB"
OPEN_PARTITIONS = 100  # https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html


@dataclass
class Written:
    """`urls` of the new objects, `rows` written, `partitions` with their values."""

    urls: list[str]
    rows: int
    partitions: list[tuple[str, ...]]


def _query_name() -> str:
    """As Athena names queries in the names of files: time, a counter, five letters."""
    letters = "".join(random.choices(string.ascii_lowercase + string.digits, k=5))
    return f"{datetime.now(UTC):%Y%m%d_%H%M%S}_00000_{letters}"


@dataclass(frozen=True)
class Encoding:
    """How files are written: the format, COPY's options for it, what object names end with."""

    format: str
    options: str
    suffix: str = ""

    def require(self, columns: dict[str, Type]) -> None:
        """Raise NotSupported for columns that the format holds in a form of its own."""
        for name, kind in columns.items():
            if self.format == "text" and (kind.items or kind.name == "varbinary"):
                raise NotSupported(f"column {name} of type {kind.trino()} in a text file")
            if self.format == "json" and "varbinary" in kind.trino():
                raise NotSupported(f"column {name} of type {kind.trino()} in a JSON file")


_PARQUET = {
    "": "snappy",
    "none": "uncompressed",
    "snappy": "snappy",
    "gzip": "gzip",
    "zstd": "zstd",
    "lz4": "lz4",
}
# https://docs.aws.amazon.com/athena/latest/ug/compression-formats.html: text is zipped by default,
# and readers tell compressed text by the end of its name.
_TEXT = {"": "gzip", "gzip": "gzip", "zstd": "zstd", "none": "none"}
_SUFFIXES = {"gzip": ".gz", "zstd": ".zst", "none": ""}


def encoding(file_format: str, properties: dict[str, Any]) -> Encoding:
    """For parquet, json or textfile and the properties of WITH; raises NotSupported."""
    asked = ("write_compression", "compression", "parquet_compression")
    compression = next((str(properties[k]).lower() for k in asked if properties.get(k)), "")
    known = (_PARQUET if file_format == "parquet" else _TEXT).get(compression)
    if known is None:
        raise NotSupported(f"compression {compression} for {file_format}")
    level = _level(properties, known)
    if file_format == "parquet":
        return Encoding("parquet", f"FORMAT parquet, COMPRESSION {known}{level}")
    if level:
        raise NotSupported(f"compression_level for {file_format}")
    suffix = _SUFFIXES[known]
    if file_format == "json":
        return Encoding("json", f"FORMAT json, COMPRESSION {known}", suffix)
    delimiter = quoted(str(properties.get("field_delimiter") or "\x01"))
    options = f"FORMAT csv, HEADER false, DELIMITER {delimiter}, QUOTE '', ESCAPE '', NULLSTR '\\N'"
    return Encoding("text", f"{options}, COMPRESSION {known}", suffix)


# https://docs.aws.amazon.com/athena/latest/ug/compression-support-zstd-levels.html
_USUAL_LEVEL, _LEVELS = 3, range(1, 23)


def _level(properties: dict[str, Any], compression: str) -> str:
    """COPY's option for a level of compression, "" for the usual one."""
    asked = str(properties.get("compression_level", _USUAL_LEVEL))
    if "compression_level" in properties and compression != "zstd":
        raise NotSupported(f"compression_level for compression {compression}")
    if not asked.isdigit() or int(asked) not in _LEVELS:
        raise NotSupported(f"compression_level {asked}: not from 1 to 22")
    return "" if int(asked) == _USUAL_LEVEL else f", COMPRESSION_LEVEL {asked}"


@contextmanager
def files(
    work: Work,
    plan: Plan,
    text: str,
    columns: dict[str, Type],
    keys: list[str],
    form: Encoding,
    clusters: Buckets | None = None,
) -> Iterator[tuple[Path, list[Path], int]]:
    """Run the plan into files below a scratch folder that lives as long as the block.

    Gives the folder, the files and the number of rows in them. A bucket is the last folder.
    """
    form.require({name: kind for name, kind in columns.items() if name not in keys})
    folder = work.duck.scratch / uuid.uuid4().hex
    listed = ", ".join(
        f"CAST(#{at} AS {kind.duckdb()}) AS {identifier(name)}"
        for at, (name, kind) in enumerate(columns.items(), 1)
    )
    divided = [*keys, buckets.COLUMN] if clusters else keys
    several = form.format == "parquet" and plan.scanned_bytes > _ORDERED
    target, partition = folder, ", FILENAME_PATTERN 'part_{i}'"
    if divided:
        partition += f", PARTITION_BY ({', '.join(map(identifier, divided))})"
    elif several:
        partition += f", FILE_SIZE_BYTES '{_FILE}'"
    else:
        target, partition = folder / "part_0", ""
    folder.mkdir(parents=True)
    try:
        with work.running(plan, text) as (connection, query):
            written = f"SELECT {listed} FROM ({query}) AS written"
            if clusters:
                number = f"{clusters.number(columns)} AS {identifier(buckets.COLUMN)}"
                written = f"SELECT *, {number} FROM ({written}) AS clustered"
            copied = connection.execute(
                f"COPY ({written}) TO {quoted(str(target))} ({form.options}{partition})"
            )
            rows = int(copied.fetchone()[0])
        made = sorted(p for p in folder.rglob("*") if p.is_file())
        if divided and len({p.parent for p in made}) > OPEN_PARTITIONS:
            raise QueryFailed(
                "HIVE_TOO_MANY_OPEN_PARTITIONS",
                f"Exceeded limit of {OPEN_PARTITIONS} open writers for partitions/buckets",
            )
        yield folder, made if rows else [], rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _values(folder: Path, path: Path) -> tuple[str, ...]:
    parts = path.relative_to(folder).parts[:-1]
    return tuple(
        urllib.parse.unquote(p.partition("=")[2]) or NULL_KEY
        for p in parts
        if not p.startswith(_BUCKET)
    )


_BUCKET = f"{buckets.COLUMN}="


def _file_name(path: Path, query: str) -> str:
    """As Athena names files: the query and a UUID, with the bucket if there is one."""
    folder = path.parent.name
    if folder.startswith(_BUCKET):
        return buckets.file_name(int(folder.removeprefix(_BUCKET)), query)
    return f"{query}_{uuid.uuid4()}"


def upload(
    work: Work,
    files_: AbstractContextManager[tuple[Path, list[Path], int]],
    suffix: str,
    place: Callable[[tuple[str, ...]], str],
) -> Written:
    """Store the files in the folders that `place` names for the values of their partitions."""
    with files_ as (folder, paths, rows):
        values = [_values(folder, path) for path in paths]
        query = _query_name()
        names = [_file_name(path, query) for path in paths]
        urls = [f"{place(v)}/{n}{suffix}" for v, n in zip(values, names, strict=True)]
        work.settle()
        work.storage.put_all(list(zip(urls, paths, strict=True)), work.check)
    return Written(urls, rows, [v for v in dict.fromkeys(values) if v])


# Hive's FileUtils.escapePathName leaves everything else as it stands.
_ESCAPED = re.compile("[\x00-\x1f\x7f\"#%'*/:=?\\\\{\\[\\]^]")


def folders(keys: list[str], values: tuple[str, ...]) -> list[str]:
    """Hive's folder names of a partition."""
    escaped = [_ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", v) for v in values]
    return [f"{k}={v}" for k, v in zip(keys, escaped, strict=True)]
