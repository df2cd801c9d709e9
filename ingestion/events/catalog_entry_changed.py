from __future__ import annotations

from typing import Literal

from ingestion.contract import Event, contract
from ingestion.fields import Key, LongText, ShortText


@contract(stream="users", version=1, owner="catalogs", key="entry_id", keep_days=2557)
class CatalogEntryChanged(Event, frozen=True, kw_only=True):
    """An entry of the charity or family catalogue was added, changed or removed.

    For charities the entry is one line of the IRS's EO BMF extract and `entry_id` its EIN;
    the codes are the extract's own (publication "EO BMF Information Sheet").
    A removal carries the entry's last known values.
    """

    catalog: Literal["charities", "families"]
    entry_id: Key
    change: Literal["added", "changed", "removed"]
    name: ShortText
    city: LongText
    state: LongText
    zip_code: LongText
    subsection: LongText | None = None
    status: LongText | None = None
    deductibility: LongText | None = None
    ntee_code: LongText | None = None
    changed_fields: tuple[ShortText, ...] = ()
    snapshot: ShortText
