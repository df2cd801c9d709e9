from __future__ import annotations

from ingestion.contract import Event, contract
from ingestion.fields import LongText, ShortText, State, Uuid, ZipCode


@contract(
    stream="products",
    version=1,
    owner="content",
    key="merchant_id",
    keep_days=2557,
    route="business",
)
class StorefrontPublished(Event, frozen=True, kw_only=True):
    """A merchant published its storefront, or published it anew with other words."""

    merchant_id: Uuid
    name: ShortText
    description: LongText = ""
    zip_code: ZipCode | None = None
    state: State | None = None
