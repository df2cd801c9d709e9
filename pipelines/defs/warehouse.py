"""The dbt project as assets and asset checks: one `dbt build` for whatever is selected."""

# Dagster refuses a context whose annotation is text: no `from __future__ import annotations`.

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from pipelines.warehouse import Translator, project


def defs() -> dg.Definitions:
    found = project()

    @dbt_assets(
        manifest=found.manifest_path,
        project=found,
        dagster_dbt_translator=Translator(),
        # Everything but the look at the raw border waits for it.
        op_tags={"dagster/priority": "1"},
    )
    def warehouse(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        """Build staging, intermediate and marts, and run their tests."""
        # Unit tests are of the SQL, not of the data, and belong to the test suite:
        # https://docs.getdbt.com/docs/build/unit-tests
        build = ["build", "--exclude-resource-type", "unit_test"]
        yield from dbt.cli(build, context=context).stream()

    return dg.Definitions(assets=[warehouse])
