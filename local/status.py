"""Says how the running platform is: servers, deliveries, quarantine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, get_args

import httpx

from ingestion.contract import Dataset
from ingestion.quarantine import quarantined
from local.report import Report
from local.stack import Connection, connect

DELIVERY_COLUMNS = ("incoming", "delivered", "failed", "dropped", "pending", "objects", "bytes")


def show(build: Path) -> None:
    """Print addresses, what each delivery stream did and what lies in quarantine."""
    connection, report = connect(build), Report()
    report.console.print(f"local AWS  {connection.aws_url}")
    report.console.print(f"services   {connection.gateway_url}")
    report.console.print(f"state      {connection.state}")
    rows = [
        [dataset, *(facts[column] for column in DELIVERY_COLUMNS)]
        for dataset, facts in deliveries(connection).items()
    ]
    report.table("Delivery to the lake", ["stream", *DELIVERY_COLUMNS], rows)
    reasons = quarantine_reasons(connection)
    if reasons:
        report.table("Quarantine", ["reason", "records"], list(reasons.most_common()))
    else:
        report.console.print("nothing lies in quarantine")


def deliveries(connection: Connection) -> dict[str, dict[str, Any]]:
    """Each dataset's delivery counts, as the Firehose plane keeps them."""
    settings = connection.settings()
    url = f"{connection.aws_url}/_heyblue/firehose"
    return {
        dataset: httpx.get(f"{url}/{settings.delivery_stream(dataset)}").raise_for_status().json()
        for dataset in get_args(Dataset)
    }


def quarantine_reasons(connection: Connection) -> Counter[str]:
    """How many records of each stream were refused for which reason."""
    found = quarantined(connection.client("s3"), connection.settings().lake_bucket)
    return Counter(f"{record.dataset}: {record.reason}" for record in found)
