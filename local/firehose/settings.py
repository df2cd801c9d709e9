"""What the plane must be told from outside; it reads nothing from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where the other services answer and where this plane keeps its state.

    `poll_seconds` is the pause between two reads of an idle source (AWS reads each shard
    once a second); `retry_seconds` the pause after something it depends on did not answer.
    """

    endpoint_url: str
    region: str
    account_id: str
    state_dir: Path
    poll_seconds: float = 1.0
    retry_seconds: float = 1.0
    access_key_id: str = "test"
    secret_access_key: str = "test"
