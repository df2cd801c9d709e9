"""What the endpoint needs to know of its surroundings; read once at the start, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """`endpoint_url` answers S3 and Glue (it may be the very server this app is mounted in).

    `s3_data_dir` is where an emulator keeps objects as plain files, `<dir>/<account>/<bucket>/<key>`;
    without it objects are copied once into a cache keyed by ETag. `memory_limit` and
    `spill_limit` (on disk) are in DuckDB's text form (`2GB`), `threads` counts DuckDB's threads,
    `workers` the queries that run at once.
    """

    endpoint_url: str
    state_dir: Path
    region: str = "us-east-1"
    account_id: str = "000000000000"
    access_key: str = "test"
    secret_key: str = "test"
    s3_data_dir: Path | None = None
    memory_limit: str = "2GB"
    spill_limit: str = "10GB"
    threads: int = 2
    workers: int = 4

    @property
    def scratch(self) -> Path:
        """What a query needs while it runs; emptied at the start."""
        return self.state_dir / "scratch"
