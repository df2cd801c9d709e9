"""How a merchant's file is to be read: which column holds what, and how its values are written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what. The defaults are those of UCI's Online Retail data set."""

    invoice: str = "InvoiceNo"
    code: str = "StockCode"
    description: str = "Description"
    quantity: str = "Quantity"
    time: str = "InvoiceDate"
    price: str = "UnitPrice"


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file: its columns, the zone of times without one, and its text encoding.

    `time_format` is strptime's; None means ISO 8601.
    """

    columns: Columns = Columns()
    time_zone: str = "UTC"
    time_format: str | None = None
    encoding: str = "utf-8"
