"""The ASGI face: what it answers to, in which form, and that it refuses the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.firehose.app import FirehoseApp, create_app
from local.firehose.settings import Settings

from .servers import ACCOUNT, REGION, served

pytestmark = pytest.mark.integration
TARGET = {"x-amz-target": "Firehose_20150804.ListDeliveryStreams"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FirehoseApp]:
    made = create_app(Settings("http://127.0.0.1:9", REGION, ACCOUNT, tmp_path))
    yield made
    made.stop()


@pytest.fixture
def http(app: FirehoseApp) -> Iterator[httpx.Client]:
    with served(app) as url, httpx.Client(base_url=url) as opened:
        yield opened


def test_an_operation_is_answered_as_aws_json(http: httpx.Client) -> None:
    answer = http.post("/", headers=TARGET, content=b"{}")
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert answer.json() == {"DeliveryStreamNames": [], "HasMoreDeliveryStreams": False}


def test_a_refusal_names_its_code(http: httpx.Client) -> None:
    answer = http.post("/", headers=TARGET, content=b"{")
    assert (answer.status_code, answer.json()["__type"]) == (400, "ValidationException")


def test_counts_and_flush_of_a_stream_that_is_not_there_are_refused(http: httpx.Client) -> None:
    for answer in (
        http.get("/_heyblue/firehose/none"),
        http.post("/_heyblue/firehose/flush", json={"name": "none"}),
        http.post("/_heyblue/firehose/flush?name=none"),
    ):
        assert (answer.status_code, answer.json()["__type"]) == (400, "ResourceNotFoundException")


def test_a_flush_of_nothing_is_done_at_once(http: httpx.Client) -> None:
    assert http.post("/_heyblue/firehose/flush").json() == {}


def test_another_address_is_not_answered(http: httpx.Client) -> None:
    assert http.get("/elsewhere").status_code == 404
