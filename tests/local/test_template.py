"""The generated template: what follows from datasets and services, and rules that hold for all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.generate import ROOT
from local import template


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(template.text(ROOT))["Resources"]
    return found


def of_type(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [r["Properties"] for r in resources.values() if r["Type"] == kind]


def test_a_new_service_is_a_folder_with_its_facts(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    shutil.copy(ROOT / template.BASE, tmp_path / template.BASE)
    folder = tmp_path / "services" / "greeting"
    folder.mkdir(parents=True)
    (folder / "function.yml").write_text(
        "description: Says hello.\nhandler: services.greeting.handler.handler\n"
        "timeout_s: 3\nmemory_mb: 128\nhttp: true\n"
    )
    made = yaml.safe_load(template.text(tmp_path))["Resources"]
    assert made["GreetingFunction"]["Properties"]["Timeout"] == 3
    assert made["GreetingRoute"]["Properties"]["RouteKey"] == "ANY /greeting/{proxy+}"


def test_every_bucket_is_private_encrypted_and_tls_only(resources: dict[str, Any]) -> None:
    buckets = of_type(resources, "AWS::S3::Bucket")
    assert buckets
    for bucket in buckets:
        assert all(bucket["PublicAccessBlockConfiguration"].values())
        assert "BucketEncryption" in bucket
    denied = of_type(resources, "AWS::S3::BucketPolicy")
    assert len(denied) == len(buckets)


def test_streams_and_tables_are_encrypted_at_rest(resources: dict[str, Any]) -> None:
    assert all("StreamEncryption" in s for s in of_type(resources, "AWS::Kinesis::Stream"))
    tables = of_type(resources, "AWS::DynamoDB::Table")
    assert all(table["SSESpecification"]["SSEEnabled"] for table in tables)


def test_no_function_may_do_everything(resources: dict[str, Any]) -> None:
    for role in of_type(resources, "AWS::IAM::Role"):
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert not any(action.endswith("*") for action in statement["Action"])
