"""The Amazon Athena API on one machine; stands alone, imports nothing of the rest of the project."""

import os

# DuckDB's allocator keeps the address space of what was freed, which counts against the limit of the
# process (`server.limit_process`) for good. It reads this when the library is loaded.
os.environ.setdefault("DUCKDB_JE_MALLOC_CONF", "retain:false")
