from __future__ import annotations

import boto3
import botocore.session
import pytest

from pipelines.dbt_process import share_service_models


def test_two_sessions_read_a_service_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.session, "create_loader", botocore.session.create_loader)
    share_service_models()
    clients = [boto3.Session("a", "b", region_name="us-east-1").client("glue") for _ in range(2)]
    first, second = (client.meta.service_model.metadata for client in clients)
    assert first is second
