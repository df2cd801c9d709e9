"""The code location as Dagster loads it, and a local AWS whose lake can be filled by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.stack import aws_environment
from tests.conftest import LocalAws

BUCKET = "heyblue-lake-tests"
NAMES = {
    "HEYBLUE_PREFIX": "heyblue",
    "HEYBLUE_LAKE_BUCKET": BUCKET,
    "HEYBLUE_ATHENA_BUCKET": "heyblue-athena-tests",
}


@dataclass(frozen=True)
class RawZone:
    """The raw folder of a lake bucket."""

    client: Any

    def land(self, folder: str, name: str, body: bytes = b"x") -> str:
        key = f"{folder}{name}.parquet"
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)
        return key

    def clear(self) -> None:
        for entry in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
            self.client.delete_object(Bucket=BUCKET, Key=entry["Key"])


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt's manifest goes, parsed by whoever comes first."""
    return tmp_path_factory.mktemp("target")


@pytest.fixture
def environment(target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the code location reads, with an AWS that answers nothing."""
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    variables = {
        **aws_environment("http://127.0.0.1:9"),
        **NAMES,
        "DAGSTER_HOME": str(tmp_path),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(tmp_path),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "HEYBLUE_BOARDS": str(tmp_path / "boards"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return {**os.environ, **variables}


@pytest.fixture
def raw_zone(
    aws: LocalAws, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[RawZone]:
    """An empty lake on the local AWS, which the environment then points to."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    zone = RawZone(aws.client("s3"))
    zone.client.create_bucket(Bucket=BUCKET)
    zone.clear()
    yield zone
    zone.clear()
