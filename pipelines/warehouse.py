"""The dbt project as Dagster sees it: where it lies and how its nodes are named as assets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject

from pipelines import manifest


def project() -> DbtProject:
    """The dbt project, parsed. Raises ManifestError when dbt cannot read it."""
    manifest.begin().wait()
    return DbtProject(
        project_dir=manifest.PROJECT,
        profiles_dir=manifest.PROJECT,
        target_path=manifest.target_path(),
    )


class Translator(DagsterDbtTranslator):
    """Assets are keyed as analysts know the tables: schema, then name."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        schema = dbt_resource_props["schema"]
        name = dbt_resource_props.get("alias") or dbt_resource_props["name"]
        return dg.AssetKey([schema, name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props["schema"])
