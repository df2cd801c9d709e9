"""Lets a city live on a running platform: gives it the catalogue, the gateway and a way past both."""

from __future__ import annotations

from collections.abc import Callable

from ingestion.producer import kinesis_producer
from local.city.books import Books
from local.city.gateway import Gateway
from local.city.knobs import Knobs
from local.city.life import Day, Pace, list_families, live
from local.stack import Connection
from services.catalog_store import CatalogStore


def visit(
    connection: Connection,
    knobs: Knobs,
    *,
    on_day: Callable[[Day], None] = lambda day: None,
    pace: Pace | None = None,
    gateway_url: str | None = None,
) -> Books:
    """List the city's families, then live; returns what must now be true of the platform.

    Raises TooFewCharities and NoGateway.
    """
    kinesis, settings = connection.client("kinesis"), connection.settings()

    def put_raw(dataset: str, key: str, body: bytes) -> None:
        kinesis.put_record(StreamName=settings.stream(dataset), PartitionKey=key, Data=body)

    store = CatalogStore(connection.client("dynamodb"), settings.catalog_table)
    listed = list_families(knobs, store, kinesis_producer(kinesis, settings))
    gateway = Gateway(gateway_url or connection.gateway_url)
    try:
        charities = store.entries("charities")
        books = live(knobs, charities, gateway, put_raw, on_day=on_day, pace=pace)
    finally:
        gateway.close()
    books.events["CatalogEntryChanged"] += listed
    books.records["users"] += listed
    return books
