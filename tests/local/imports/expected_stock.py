"""Stock per good and day as pandas computes it from the published file; shares no code with the import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd


def expected_stock_per_day(path: Path) -> Any:
    """A DataFrame with good_id, day, opening, received, issued and closing units.

    One row per good and day, from the first day of the month in which the good first left the
    shelf to the last day of the file. A month's receipt covers what leaves in the month.
    """
    lines = pd.read_parquet(path)
    lines["good_id"] = lines["StockCode"].str.strip()
    lines["day"] = pd.to_datetime(lines["InvoiceDate"]).dt.normalize()
    lines["month"] = lines["day"].dt.to_period("M").dt.to_timestamp()
    issued = lines.groupby(["good_id", "day"])["Quantity"].sum()
    received = lines.groupby(["good_id", "month"])["Quantity"].sum()
    received.index = received.index.set_names(["good_id", "day"])
    moved = pd.DataFrame({"received": received, "issued": issued}).fillna(0).astype("int64")
    days = pd.date_range(lines["month"].min(), lines["day"].max(), name="day")
    every = pd.MultiIndex.from_product([sorted(lines["good_id"].unique()), days])
    stock = moved.reindex(every.set_names(["good_id", "day"]), fill_value=0)
    by_good = stock.groupby(level="good_id")
    started = by_good["received"].cumsum() > 0
    stock["closing"] = by_good["received"].cumsum() - by_good["issued"].cumsum()
    stock["opening"] = stock["closing"] - stock["received"] + stock["issued"]
    columns = ["good_id", "day", "opening", "received", "issued", "closing"]
    return stock[started].reset_index()[columns]
