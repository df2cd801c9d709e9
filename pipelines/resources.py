"""What assets reach the world through; each is configured from the environment when first used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pandas as pd
from dagster_dbt import DbtCliResource

from dashboards.query import athena_query
from ingestion.settings import Settings, load, require
from pipelines.warehouse import project

BOARDS_FOLDER = "HEYBLUE_BOARDS"


class Lake(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The lake of the environment's stack: its settings, its clients, its Athena."""

    @cached_property
    def settings(self) -> Settings:
        return load()

    @cached_property
    def query(self) -> Callable[[str], pd.DataFrame]:
        return athena_query(self.settings.workgroup, "marts")

    def client(self, service: str) -> Any:
        session: Any = boto3.Session()
        return session.client(service)

    def ledger(self) -> Any:
        session: Any = boto3.Session()
        return session.resource("dynamodb").Table(self.settings.ledger_table)

    def boards_folder(self) -> Path:
        return Path(require(BOARDS_FOLDER))


def resources() -> dict[str, Any]:
    return {"lake": Lake(), "dbt": DbtCliResource(project_dir=project())}
