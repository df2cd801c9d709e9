"""The Dagster code location: everything that the modules in `defs/` declare, with its resources."""

from __future__ import annotations

import dagster as dg

from pipelines import defs as declared
from pipelines.resources import resources


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors; adding a file to `defs/` edits no list."""
    found = dg.load_definitions_from_package_module(declared)
    return dg.Definitions.merge(found, dg.Definitions(resources=resources()))
