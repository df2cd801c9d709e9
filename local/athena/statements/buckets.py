"""Tables whose rows lie in files by a hash: the properties of CREATE TABLE AS, and names of the files.

Sources: https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html#ctas-table-properties,
HiveTableProperties and HiveWriterFactory of trino-hive.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions.bucketing import hashed
from local.athena.sql.quoting import identifier
from local.athena.sql.types import Type

COLUMN = "t__bucket"  # while a query writes, its last folder


@dataclass(frozen=True)
class Buckets:
    """`count` buckets by the hash of `columns`, in this order."""

    columns: tuple[str, ...]
    count: int

    def number(self, types: dict[str, Type]) -> str:
        """The expression of a row's bucket, counted from 0, for columns of these types."""
        hashes = ", ".join(hashed(types[name], identifier(name)) for name in self.columns)
        return f"t_hash_bucket([{hashes}], {self.count})"


def asked(properties: dict[str, Any], columns: dict[str, Type], keys: list[str]) -> Buckets | None:
    """What `bucketed_by` and `bucket_count` say; raises QueryFailed as Trino does."""
    names = tuple(str(name).lower() for name in properties.get("bucketed_by", []))
    count = _count(properties.get("bucket_count", "0"))
    if not names and not count:
        return None
    if not names or not count:
        raise _invalid("bucketed_by and bucket_count must be specified together")
    if unknown := [name for name in names if name not in columns]:
        raise _invalid(f"Bucketing columns [{', '.join(unknown)}] not present in schema")
    if set(names) & set(keys):
        raise NotSupported("bucketed_by a column that the table is partitioned by")
    made = Buckets(names, count)
    made.number(columns)
    return made


def _count(value: Any) -> int:
    if not str(value).isdigit():
        raise _invalid(
            f"Invalid value for catalog 'awsdatacatalog' property 'bucket_count': {value}"
        )
    return int(value)


def _invalid(message: str) -> QueryFailed:
    return QueryFailed("INVALID_TABLE_PROPERTY", f"line 1:1: {message}")


def file_name(bucket: int, query: str) -> str:
    """Readers find the bucket at the start of a file's name."""
    return f"{bucket:06d}_0_{uuid.uuid4()}_{query}"
