"""What the deployment tells the code, read from the environment when asked for and never at import."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ingestion.errors import MissingSetting


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of what the stack created. `prefix` starts every physical name, e.g. `heyblue`."""

    prefix: str
    lake_bucket: str
    athena_bucket: str

    @property
    def ledger_table(self) -> str:
        return f"{self.prefix}-ledger"

    @property
    def catalog_table(self) -> str:
        return f"{self.prefix}-catalog"

    @property
    def workgroup(self) -> str:
        return self.prefix

    @property
    def registry(self) -> str:
        return self.prefix

    @property
    def user_pool(self) -> str:
        return f"{self.prefix}-users"

    @property
    def tracker(self) -> str:
        return f"{self.prefix}-devices"

    @property
    def geofences(self) -> str:
        return f"{self.prefix}-officers"

    def stream(self, dataset: str) -> str:
        return f"{self.prefix}-{dataset}"

    def delivery_stream(self, dataset: str) -> str:
        return f"{self.prefix}-lake-{dataset}"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises MissingSetting naming the variable that is absent."""
    environ = os.environ if environ is None else environ
    return Settings(
        prefix=require("HEYBLUE_PREFIX", environ),
        lake_bucket=require("HEYBLUE_LAKE_BUCKET", environ),
        athena_bucket=require("HEYBLUE_ATHENA_BUCKET", environ),
    )


def require(name: str, environ: Mapping[str, str] | None = None) -> str:
    """The value of an environment variable. Raises MissingSetting when unset or empty."""
    value = (os.environ if environ is None else environ).get(name, "")
    if not value:
        raise MissingSetting(name)
    return value
