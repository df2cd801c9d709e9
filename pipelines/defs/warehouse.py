"""The dbt project as assets and asset checks: one `dbt build` for whatever is selected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from pipelines.warehouse import Translator, project

PROJECT = project()


@dbt_assets(manifest=PROJECT.manifest_path, project=PROJECT, dagster_dbt_translator=Translator())
def warehouse(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Build staging, intermediate and marts, and run their tests."""
    yield from dbt.cli(["build"], context=context).stream()
