from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion import glue, lock
from ingestion.errors import ContractError
from ingestion.generate import ROOT, SCHEMAS
from ingestion.lake import COLUMNS
from ingestion.registry import Registry, registry
from ingestion.settings import Settings
from tests.conftest import LocalAws

pytestmark = pytest.mark.integration
SETTINGS = Settings(prefix="publishing", lake_bucket="lake-of-tests", athena_bucket="unused")


@pytest.fixture(scope="module")
def client(aws: LocalAws) -> Iterator[Any]:
    client = aws.client("glue")
    client.create_database(DatabaseInput={"Name": "raw"})
    yield client
    client.delete_database(Name="raw")


def test_every_contract_is_registered_once(client: Any) -> None:
    first = glue.publish_schemas(client, registry(), ROOT / SCHEMAS, SETTINGS)
    assert len(first) == len(registry())
    assert glue.publish_schemas(client, registry(), ROOT / SCHEMAS, SETTINGS) == []
    listed = client.list_schemas(RegistryId={"RegistryName": "publishing"}, MaxResults=100)
    assert {s["SchemaName"] for s in listed["Schemas"]} == {
        cls.contract.schema_name for cls in registry().values()
    }


def test_a_definition_that_glue_refuses_is_an_error(client: Any, tmp_path: Path) -> None:
    """A folder that claims a first revision, then one that breaks it."""
    known: Registry = {key: registry()[key] for key in [("QrIssued", 1)]}
    settings = Settings(prefix="refusing", lake_bucket="unused", athena_bucket="unused")
    (name,) = [n for n in lock.files(known, tmp_path) if n.endswith("1.0.json")]
    text = lock.files(known, tmp_path)[name]
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(text)
    (tmp_path / name.replace("1.0", "1.1")).write_text(text.replace('"string"', '"integer"'))
    with pytest.raises(ContractError, match=r"qr_issued\.v1"):
        glue.publish_schemas(client, known, tmp_path, settings)


def test_raw_tables_are_created_once_and_brought_up_to_date(client: Any) -> None:
    created = glue.publish_tables(client, registry(), SETTINGS)
    assert set(created) == {cls.contract.table for cls in registry().values()}
    assert glue.publish_tables(client, registry(), SETTINGS) == []
    table = client.get_table(DatabaseName="raw", Name="qr_issued")["Table"]
    assert [c["Name"] for c in table["StorageDescriptor"]["Columns"]] == list(COLUMNS)
    assert [key["Name"] for key in table["PartitionKeys"]] == ["dt", "hour"]

    moved = Settings(prefix="publishing", lake_bucket="another", athena_bucket="unused")
    assert glue.publish_tables(client, registry(), moved) == []
    table = client.get_table(DatabaseName="raw", Name="qr_issued")["Table"]
    assert table["StorageDescriptor"]["Location"].startswith("s3://another/raw/activity/")
