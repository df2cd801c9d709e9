"""Where the dbt project lies and how its nodes are named in the asset graph."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject

FOLDER = Path(__file__).resolve().parent.parent / "dbt"


def project() -> DbtProject:
    """The dbt project, parsed if nobody has; dbt's own DBT_TARGET_PATH says where to."""
    found = DbtProject(
        project_dir=FOLDER,
        profiles_dir=FOLDER,
        target_path=Path(os.environ.get("DBT_TARGET_PATH", "target")),
    )
    found.prepare_if_dev()
    if not found.manifest_path.is_file():
        found.preparer.prepare(found)
    return found


class Translator(DagsterDbtTranslator):
    """Assets are keyed as analysts know the tables: schema, then name."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        schema = dbt_resource_props["schema"]
        name = dbt_resource_props.get("alias") or dbt_resource_props["name"]
        return dg.AssetKey([schema, name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props["schema"])
