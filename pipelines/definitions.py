"""The Dagster code location: everything that the modules in `defs/` declare, with its resources."""

from __future__ import annotations

import importlib
import pkgutil

import dagster as dg

from pipelines import defs as declared
from pipelines.resources import resources


@dg.definitions
def defs() -> dg.Definitions:
    """What `defs()` of every module in `defs/` returns; adding a file there edits no list."""
    names = sorted(info.name for info in pkgutil.iter_modules(declared.__path__))
    modules = [importlib.import_module(f"{declared.__name__}.{name}") for name in names]
    shared = dg.Definitions(
        resources=resources(),
        # Steps wait for Athena and dbt; a process for each would mostly import.
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(shared, *(module.defs() for module in modules))
