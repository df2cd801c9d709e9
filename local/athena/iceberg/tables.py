"""Iceberg tables in the Glue catalogue: opened, created, committed; conflicts in Athena's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchTableError,
    TableAlreadyExistsError,
    ValidationException,
)
from pyiceberg.io import FileIO
from pyiceberg.table import Table as IcebergTable
from pyiceberg.typedef import EMPTY_DICT, Properties

from local.athena.errors import QueryFailed
from local.athena.iceberg.objects import Objects
from local.athena.lake.catalog import CATALOG, Table
from local.athena.lake.storage import Storage


class _Glue(GlueCatalog):  # type: ignore[misc]
    """Glue as pyiceberg sees it; files go through the endpoint's storage."""

    def __init__(self, glue: Any, storage: Storage) -> None:
        super().__init__(CATALOG, client=glue)
        self._objects = Objects(storage)

    def _load_file_io(
        self, properties: Properties = EMPTY_DICT, location: str | None = None
    ) -> FileIO:
        return self._objects

    def _is_s3tables_database(self, database_name: str) -> bool:
        return False


class Tables:
    """What the catalogue's Iceberg tables are and become."""

    def __init__(self, glue: Any, storage: Storage) -> None:
        self.catalog = _Glue(glue, storage)

    def open(self, table: Table) -> IcebergTable:
        """The table at the metadata that Glue names; raises QueryFailed when that is not there."""
        where = table.parameters.get("metadata_location", "")
        try:
            return self.catalog._convert_glue_to_iceberg(table.definition)
        except ClientError as error:
            raise QueryFailed(
                "ICEBERG_MISSING_METADATA",
                f"Metadata not found in metadata location for table {table.database}.{table.name}: {where}",
            ) from error
        except (ValueError, KeyError) as error:
            raise QueryFailed(
                "ICEBERG_INVALID_METADATA",
                f"Invalid metadata file for table {table.database}.{table.name}: {where}",
            ) from error

    @contextmanager
    def committing(self, database: str, name: str) -> Iterator[None]:
        """Raises QueryFailed, ICEBERG_COMMIT_ERROR when another writer was faster, with nothing changed."""
        try:
            yield
        except (CommitFailedException, ValidationException) as error:
            message = f"Failed to commit the transaction during write: {error}"
            raise QueryFailed("ICEBERG_COMMIT_ERROR", message, user=False) from error
        except TableAlreadyExistsError as error:
            raise QueryFailed(
                "TABLE_ALREADY_EXISTS",
                f"line 1:1: Table '{CATALOG}.{database}.{name}' already exists",
            ) from error
        except NoSuchTableError as error:
            raise QueryFailed(
                "TABLE_NOT_FOUND",
                f"line 1:1: Table '{CATALOG}.{database}.{name}' does not exist",
            ) from error
