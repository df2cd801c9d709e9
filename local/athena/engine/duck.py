"""The DuckDB that reads data: locked, without network, confined to the object folders."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import duckdb

from local.athena.engine.planner import prepare
from local.athena.settings import Settings

# Rows that a thread collects before it hands them to the writers of their partitions. A quarter of
# DuckDB's own number writes partitions a tenth faster (they stay in the processor's caches) and makes
# hardly more row groups.
_HELD_ROWS = 131_072


class Duck:
    """Thread-safe source of connections that share settings and macros, never temporary tables."""

    def __init__(self, settings: Settings, roots: list[Path]) -> None:
        self.scratch = settings.scratch
        shutil.rmtree(self.scratch, ignore_errors=True)  # what a killed endpoint left behind
        for folder in (self.scratch, *roots):
            folder.mkdir(parents=True, exist_ok=True)
        self._database = duckdb.connect(
            ":memory:",
            config={
                "default_null_order": "nulls_last",
                "memory_limit": settings.memory_limit,
                "threads": settings.threads,
                "temp_directory": str(self.scratch / "spill"),
                "python_enable_replacements": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        prepare(self._database)
        # Given with the rest, this one is not heeded.
        self._database.execute(f"SET max_temp_directory_size = '{settings.spill_limit}'")
        self._database.execute("SET GLOBAL parquet_metadata_cache = true")
        self._database.execute("SET disabled_optimizers = 'type_pushdown'")
        self._database.execute("SET GLOBAL integer_division = false")
        self._database.execute(f"SET GLOBAL partitioned_write_flush_threshold = {_HELD_ROWS}")
        allowed = ", ".join("'" + str(p).replace("'", "''") + "'" for p in (self.scratch, *roots))
        self._database.execute(f"SET allowed_directories = [{allowed}]")
        self._database.execute("SET enable_external_access = false")
        self._database.execute("SET lock_configuration = true")
        self._lock = threading.Lock()

    def connection(self) -> Any:
        with self._lock:
            return self._database.cursor()

    def close(self) -> None:
        self._database.close()
