from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from ingestion import envelope
from ingestion.streams.kinesis import KinesisStream
from local.imports.commands import import_group
from local.imports.sample import write_sample_extract

if TYPE_CHECKING:
    from tests.conftest import LocalAws

LINES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice
1,A,Apple,2,2010-12-01 08:00:00,1.5
1,A,Apple,two,2010-12-01 08:00:00,1.5
"""


def run(*words: object) -> Result:
    return CliRunner().invoke(import_group, [str(word) for word in words])


def types_on(aws: LocalAws, name: str) -> Iterator[str]:
    stream = KinesisStream(aws.client("kinesis"), name)
    for shard in stream.shards():
        yield from (envelope.read(record.body)[0].event_type for record in stream.read(shard))


@pytest.mark.integration
def test_charities_reach_the_stream_and_a_second_import_finds_nothing_new(
    running: Path, aws: LocalAws, tmp_path: Path
) -> None:
    extract = write_sample_extract(tmp_path / "eo_2026-05.csv", 9)
    first = run("charities", extract)
    assert first.exit_code == 0, first.output
    assert "snapshot 2026-05: 40 added, 0 changed, 0 removed, 0 unchanged" in first.output
    assert "0 added, 0 changed, 0 removed, 40 unchanged" in run("charities", extract).output
    assert list(types_on(aws, "heyblue-users")) == ["CatalogEntryChanged"] * 40


@pytest.mark.integration
def test_a_goods_history_reaches_the_stream_once(
    running: Path, aws: LocalAws, tmp_path: Path
) -> None:
    (tmp_path / "lines.csv").write_text(LINES)
    first = run("goods-history", "lines.csv", "--merchant-name", "Shop")
    assert first.exit_code == 0, first.output
    assert "1 goods, 1 estimated receipts, 1 invoice lines; 4 of 4 events sent" in first.output
    assert "1 lines quarantined to" in first.output
    again = run("goods-history", "lines.csv", "--merchant-name", "Shop")
    assert "0 of 4 events sent" in again.output
    assert sorted(types_on(aws, "heyblue-products")) == [
        "GoodListed",
        "GoodsIssued",
        "StockReceived",
        "StorefrontPublished",
    ]
    assert (running / "imports" / "quarantine").is_dir()


@pytest.mark.integration
def test_what_cannot_be_read_ends_with_its_name(running: Path, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n")
    assert "other.csv is no EO BMF extract" in run("charities", "other.csv").output
    result = run("goods-history", "other.csv")
    assert result.exit_code == 1
    assert "other.csv has no column Description, InvoiceDate" in result.output


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--time-zone", "Mars/Olympus", "no IANA time zone"),
        ("--encoding", "klingon", "no encoding"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_read(
    option: str, value: str, reason: str
) -> None:
    result = run("goods-history", "absent.csv", option, value)
    assert (result.exit_code, reason in result.output) == (2, True)


def test_without_a_platform_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEYBLUE_BUILD", str(tmp_path))
    result = run("charities", "x.csv")
    assert result.exit_code == 1
    assert "no platform is running" in result.output
