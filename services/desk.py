"""What a process opens once, when first needed: the ledger, and the producer of plain events."""

from __future__ import annotations

from functools import cache

from ingestion.producer import Producer, kinesis_producer
from ingestion.settings import load
from services.clients import client
from services.dynamo_store import DynamoStore
from services.ledger import Ledger


@cache
def ledger() -> Ledger:
    """The ledger over the table that the settings name."""
    return Ledger(DynamoStore(client("dynamodb"), load().ledger_table))


@cache
def producer() -> Producer:
    """The producer over the stack's Kinesis streams."""
    return kinesis_producer(client("kinesis"), load())
