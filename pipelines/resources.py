"""What assets reach the world through; each is configured from the environment when first used."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pandas as pd
from dagster_dbt import DbtCliResource
from packaging.version import Version

from dashboards.query import athena_query
from ingestion.settings import Settings, load, require
from pipelines import dbt_process, manifest

BOARDS_FOLDER = "HEYBLUE_BOARDS"


class Lake(dg.ConfigurableResource[Any]):
    """The lake of the environment's stack: its settings, its clients, its Athena."""

    @cached_property
    def settings(self) -> Settings:
        return load()

    @cached_property
    def query(self) -> Callable[[str], pd.DataFrame]:
        """Answers SQL through Athena, in the stack's workgroup."""
        return athena_query(self.settings.workgroup, "marts")

    @cached_property
    def s3(self) -> Any:
        session: Any = boto3.Session()
        return session.client("s3")

    def ledger(self) -> Any:
        """The ledger's boto3 DynamoDB Table."""
        session: Any = boto3.Session()
        return session.resource("dynamodb").Table(self.settings.ledger_table)

    def boards_folder(self) -> Path:
        """Where pages go, as HEYBLUE_BOARDS says. Raises MissingSetting."""
        return Path(require(BOARDS_FOLDER))


class Dbt(DbtCliResource):
    """dbt's command line, without two preparations that cost seconds before every build."""

    @cached_property
    def _cli_version(self) -> Version:
        """What `dbt --version` would take a process to say."""
        return Version(importlib.metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        """No connection of its own: it only serves `fetch_column_metadata` and `fetch_row_counts`."""
        return None


def resources() -> dict[str, Any]:
    """The resources by the names that assets ask for."""
    dbt = Dbt(
        project_dir=str(manifest.PROJECT),
        dbt_executable=sys.executable,
        global_config_flags=["-m", dbt_process.__name__, "--no-use-colors"],
    )
    return {"lake": Lake(), "dbt": dbt}
